# make             build all tools          make test       every test (installs what they need)
# make check-quick the fast half, < 60 s    make test-asan  the same under sanitizers
# make demo        install, build, run the loop on a real sample
# make lint        format, layers, manuals, scripts, banned functions
# make install     PREFIX=/usr/local DESTDIR=
# make DEV=1       warnings are errors      make SAN=address,undefined   a build with sanitizers
VERSION = 0.1.0
PREFIX = /usr/local
BINDIR = $(PREFIX)/bin
LIBDIR = $(PREFIX)/lib
INCLUDEDIR = $(PREFIX)/include
MANDIR = $(PREFIX)/share/man
DATADIR = $(PREFIX)/share

comma := ,
# Short lines unless V=1.
Q = $(if $(V),,@echo "  $(@:$(B)/%=%)";)
B = build/$(if $(SAN),$(subst $(comma),-,$(SAN)),release)

CFLAGS = -O3 -g
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
       -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wvla -Wundef -Wformat=2 \
       -Wimplicit-fallthrough -Wcast-qual $(if $(DEV),-Werror)
# What a result may depend on is decided here: no contraction, no trapping, no fast-math.
FLOAT = -ffp-contract=off -fno-trapping-math -fno-math-errno
HARDEN = $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer, \
           -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection) \
         -fno-strict-aliasing -fno-common -fPIE
HARDEN_LD = $(if $(SAN),-fsanitize=$(SAN)) -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed

ALL_CFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L -DML_VERSION='"$(VERSION)"' -Ilib -Icmd -pthread \
             $(WARN) $(HARDEN) $(CFLAGS) $(FLOAT) $(CPPFLAGS)
LIBS = -lcsv -ljansson -lsodium -lm
# Only the tools that train are linked with BLAS: it costs 2.4 ms a start (num/matrix.h).
BLAS = -Wl,--no-as-needed -lopenblas -llapacke -Wl,--as-needed
TRAINERS = mltrain

LIB = $(B)/libmlutils.a
OBJ = $(patsubst %.c,$(B)/%.o,$(wildcard lib/*/*.c))
TOOLS = $(patsubst cmd/%.c,%,$(wildcard cmd/ml*.c))
BIN = $(TOOLS:%=$(B)/bin/%)
UNIT = $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))

all: $(BIN)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(OBJ)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BIN): $(B)/bin/%: $(B)/cmd/%.o $(B)/cmd/main.o $(B)/cmd/complete.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HARDEN_LD) $(LDFLAGS) -pthread -o $@ $^ $(LIBS) $(if $(filter $*,$(TRAINERS)),$(BLAS))

$(UNIT): $(B)/unit/%: $(B)/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HARDEN_LD) $(LDFLAGS) -pthread -o $@ $^ $(LIBS) $(BLAS)

unit: $(UNIT)

clean:
	rm -rf build

.PHONY: all unit clean
.SECONDARY:
-include $(OBJ:.o=.d) $(wildcard $(B)/cmd/*.d $(B)/tests/unit/*.d)
