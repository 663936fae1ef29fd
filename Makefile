# make             build all tools          make test       every test (installs what they need)
# make check-quick the fast half, < 60 s    make test-asan  the same under sanitizers
# make demo        install what is missing, build, run the loop on a real sample
# make lint        format, layers, manuals, scripts, banned functions
# make install     PREFIX=/usr/local DESTDIR=               make uninstall
# make fuzz        FUZZ_SECONDS=60 each     make fault, make bench   long; by hand
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
BLAS = -Wl,--no-as-needed -lopenblas -Wl,--as-needed
TRAINERS = mltrain

LIB = $(B)/libmlutils.a
OBJ = $(patsubst %.c,$(B)/%.o,$(wildcard lib/*/*.c))
TOOLS = $(patsubst cmd/%.c,%,$(wildcard cmd/ml*.c))
BIN = $(TOOLS:%=$(B)/bin/%)
UNIT = $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
TARGETS = $(filter-out replay,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))
FUZZ = $(TARGETS:%=$(B)/fuzz/%)
BENCH = $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/*.c))
REPLAY = $(TARGETS:%=$(B)/replay/%)

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

# The fuzz targets over the files given: what the fuzzers have found stays found.
$(REPLAY): $(B)/replay/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/replay.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HARDEN_LD) $(LDFLAGS) -pthread -o $@ $^ $(LIBS) $(BLAS)

$(BENCH): $(B)/bench/%: $(B)/tests/bench/%.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HARDEN_LD) $(LDFLAGS) -pthread -o $@ $^ $(LIBS) $(BLAS)

unit: $(UNIT) $(REPLAY)

# What is missing of the Debian packages; says what it does, and nothing when all are there.
deps:
	@scripts/deps build
deps-test: deps
	@scripts/deps test
deps-dev: deps-test
	@scripts/deps dev

# The builds are sub-makes, so that they start when the packages are there.
test: deps-test
	@$(MAKE) --no-print-directory all unit
	@scripts/test -b $(B)
check-quick: deps-test
	@$(MAKE) --no-print-directory all unit
	@scripts/test -q -b $(B)
test-asan:
	@$(MAKE) --no-print-directory SAN=address,undefined CFLAGS='-O1 -g' test
fault: deps-test
	@$(MAKE) --no-print-directory all
	@FAULTS=all scripts/test -b $(B) tests/slow-fault*.bats
demo: deps
	@$(MAKE) --no-print-directory all
	@scripts/demo $(B)/bin
lint: deps-dev
	@$(MAKE) --no-print-directory all
	@scripts/lint $(B)/bin
programs: $(BENCH)
bench: deps
	@$(MAKE) --no-print-directory all programs
	@scripts/bench $(B)/bin

# Each tests/fuzz/NAME.c under libFuzzer, from the seeds in tests/fuzz/NAME/.
FUZZ_SECONDS = 60
$(FUZZ): $(B)/fuzz/%: $(B)/tests/fuzz/%.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) -fsanitize=fuzzer,address,undefined $(LDFLAGS) -pthread -o $@ $^ $(LIBS) $(BLAS)
fuzzers: $(FUZZ)
fuzz: deps-dev
	@$(MAKE) --no-print-directory CC=clang SAN=fuzzer-no-link,address,undefined CFLAGS='-O1 -g' fuzzers
	@scripts/fuzz build/fuzzer-no-link-address-undefined/fuzz $(FUZZ_SECONDS)

# Where things go; uninstall takes the same list.
D = $(DESTDIR)
SHARE = $(DATADIR)/mlutils
BASH_DIR = $(DATADIR)/bash-completion/completions
ZSH_DIR = $(DATADIR)/zsh/site-functions
FISH_DIR = $(DATADIR)/fish/vendor_completions.d
HEADERS = lib/mlutils.h $(wildcard lib/*/*.h)
PAGES = $(wildcard man/*.[1-9])
# Scripts for users end in .sh; the others here are for this tree.
SHARED = $(wildcard scripts/*.sh)

install: all
	install -d $(D)$(BINDIR) $(D)$(LIBDIR)/pkgconfig $(D)$(SHARE)/scripts/examples $(D)$(SHARE)/samples \
		$(D)$(BASH_DIR) $(D)$(ZSH_DIR) $(D)$(FISH_DIR)
	install $(BIN) $(D)$(BINDIR)
	install -m 644 $(LIB) $(D)$(LIBDIR)
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@VERSION@|$(VERSION)|; s|@LIBS@|$(LIBS)|' mlutils.pc.in >$(D)$(LIBDIR)/pkgconfig/mlutils.pc
	for f in $(HEADERS:lib/%=%); do install -D -m 644 lib/$$f $(D)$(INCLUDEDIR)/mlutils/$$f || exit 1; done
	for f in $(PAGES); do install -D -m 644 $$f $(D)$(MANDIR)/man$${f##*.}/$${f##*/} || exit 1; done
	install $(SHARED) $(D)$(SHARE)/scripts
	install -m 644 scripts/examples/* $(D)$(SHARE)/scripts/examples
	install -m 644 data/samples/* $(D)$(SHARE)/samples
	for t in $(TOOLS); do $(B)/bin/$$t --completion bash >$(D)$(BASH_DIR)/$$t && \
		$(B)/bin/$$t --completion zsh >$(D)$(ZSH_DIR)/_$$t && \
		$(B)/bin/$$t --completion fish >$(D)$(FISH_DIR)/$$t.fish || exit 1; done

uninstall:
	rm -f $(TOOLS:%=$(D)$(BINDIR)/%) $(D)$(LIBDIR)/libmlutils.a $(D)$(LIBDIR)/pkgconfig/mlutils.pc
	rm -f $(TOOLS:%=$(D)$(BASH_DIR)/%) $(TOOLS:%=$(D)$(ZSH_DIR)/_%) $(TOOLS:%=$(D)$(FISH_DIR)/%.fish)
	rm -rf $(D)$(INCLUDEDIR)/mlutils $(D)$(SHARE)
	for f in $(PAGES); do rm -f $(D)$(MANDIR)/man$${f##*.}/$${f##*/}; done

clean:
	rm -rf build

.PHONY: all unit programs fuzzers deps deps-test deps-dev test check-quick test-asan fault demo lint bench fuzz \
	install uninstall clean
.SECONDARY:
-include $(OBJ:.o=.d) $(wildcard $(B)/cmd/*.d $(B)/tests/*/*.d)
