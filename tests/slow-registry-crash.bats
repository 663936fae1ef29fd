# What a crash or a fault at any moment leaves of a registry (mlregistry(5), WRITING).
#
# strace stops mlversion at the k-th call of one system call, for every k until the command ends by
# itself.  Only calls that change something, or stand between such, are walked: between two of them
# the disk is the same.

load helper

CALLS='openat write fsync rename symlink unlink mkdir ftruncate close fcntl exit_group'

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	unset MLREGISTRY
	export ASAN_OPTIONS=detect_leaks=0 # a process can't be traced by two
	printf 'one\n' >one
	printf 'two\n' >two
	strace -qq -e trace=exit_group -e inject=fsync:error=EIO -o strace.out true ||
		skip "strace can't run here"
	mkdir base
	mlversion -R base/r init
	mlversion -R base/r add --kind other fraud one
	mlversion -R base/r add --kind other fraud two
	mlversion -R base/r alias fraud champion 1
	mlversion -R base/r alias fraud champion 2
}

# What there is, in $state and without times: versions, their aliases and objects; empty without a
# registry.  With "links" also that each link leads where the log says.
look() {
	local name version aliases hash link

	state=
	mlversion -R r ls >ls.out 2>ls.err || return 0
	while IFS=, read -r name version aliases _ _ hash _; do
		state+="$name $version $aliases $hash;"
		[ "$1" = links ] && [ "$name" != name ] || continue
		for link in "$version" $aliases; do
			[ "r/models/$name/$link" -ef "r/objects/${hash:0:2}/${hash:2}" ] ||
				{ echo "link $name/$link lags behind a writer"; return 1; }
		done
	done <ls.out
}

fault() { # INJECTION COMMAND...: runs it on a fresh copy in ./r
	local injection=$1

	shift
	rm -rf r
	cp -a base/. .
	status=0
	# strace dies of the signal that its child died of, and the shell would tell.
	{ strace -f -qq -o strace.out -e "trace=${injection%%:*}" -e "inject=$injection" "$@" \
		>out 2>err || status=$?; } 2>/dev/null
	steps=$((steps + 1))
}

# Old or new; new if it was said to be done; sound; and the next writer goes on.
check() {
	look
	[ "$state" = "$old" ] || [ "$state" = "$new" ] || { echo "neither old nor new: $state"; return 1; }
	if [ "$status" -eq 0 ] || { [ -s out ] && [ "$(<out)" = "$said" ]; }; then
		[ "$state" = "$new" ] || { echo "acknowledged and lost"; return 1; }
	fi
	[ -n "$state" ] || mlversion -R r init || return 1
	mlversion -R r verify >verified || { cat verified; return 1; }
	mlversion -R r add --kind other fraud two >added || return 1
	look links || return 1
	[ ! -e r/objects/new ] || { echo "a file too many"; return 1; }
}

# What the command does when nothing happens to it, and how often it makes each call (least[call] +
# 1 to most[call]) from where it first touches the registry.
learn() {
	local call line

	rm -rf r
	cp -a base/. .
	look
	old=$state
	strace -f -qq -o calls -e "trace=${CALLS// /,}" "$@" >out
	said=$(<out)
	look
	new=$state
	steps=0
	least=()
	most=()
	while read -r _ line; do
		call=${line%%(*}
		most[$call]=$((${most[$call]:-0} + 1))
	done <calls
	while read -r _ line; do
		[[ $line != *'"r'* ]] || break
		call=${line%%(*}
		least[$call]=$((${least[$call]:-0} + 1))
	done <calls
}

walk_kill() { # COMMAND...
	local call k
	local -A least most

	learn "$@"
	for call in $CALLS; do
		for ((k = ${least[$call]:-0} + 1; k <= ${most[$call]:-0}; k++)); do
			fault "$call:signal=KILL:when=$k" "$@"
			[ "$status" -eq 137 ] || { echo "not killed at $call $k"; return 1; }
			check || { echo "killed at $call $k: $*"; cat err; return 1; }
		done
	done
	echo "$steps steps: $*"
	[ "$steps" -ge 20 ]
}

# Every call of ours that fails is status 2 and one message, but for the close of a file that was
# only read or is synced already, and for what libc opens.
walk_fault() { # COMMAND...
	local fault call k
	local -A least most

	learn "$@"
	for fault in write:error=ENOSPC fsync:error=EIO rename:error=EIO symlink:error=ENOSPC \
		mkdir:error=ENOSPC ftruncate:error=EIO openat:error=EMFILE close:error=EIO; do
		call=${fault%%:*}
		for ((k = ${least[$call]:-0} + 1; k <= ${most[$call]:-0}; k++)); do
			fault "$fault:when=$k" "$@"
			check || { echo "$fault at $k: $*"; cat err; return 1; }
			case "$call $status" in
			"openat 0" | "close 0") ;;
			*" 2") [ "$(wc -l <err)" -eq 1 ] || { cat err; return 1; } ;;
			*) echo "$fault at $k: status $status"; return 1 ;;
			esac
		done
	done
	echo "$steps faults: $*"
	[ "$steps" -ge 20 ]
}

# A disk that stays full or broken from the k-th call on.
walk_lasting() { # COMMAND...
	local fault call k
	local -A least most

	learn "$@"
	for fault in write:error=ENOSPC fsync:error=EIO; do
		call=${fault%%:*}
		for ((k = 1; k <= ${most[$call]:-0}; k++)); do
			fault "$fault:when=$k+" "$@"
			check || { echo "$fault from $k on: $*"; cat err; return 1; }
			[ "$status" -eq 2 ] || { echo "$fault from $k on: status $status"; return 1; }
		done
	done
}

@test "killed at any step, init can be done again" {
	rm -rf base
	mkdir base
	walk_kill mlversion -R r init
}

@test "killed at any step, add leaves old or new" {
	printf 'three\n' >three
	walk_kill mlversion -R r add --kind other fraud three
}

@test "killed at any step, add of a first version leaves old or new" {
	walk_kill mlversion -R r add --kind other churn one
}

@test "killed at any step, alias leaves old or new" {
	walk_kill mlversion -R r alias fraud champion 1
}

@test "killed at any step, the removal of an alias leaves old or new" {
	walk_kill mlversion -R r alias fraud champion --remove
}

@test "killed at any step, rollback leaves old or new" {
	walk_kill mlversion -R r rollback fraud champion
}

@test "killed while it cuts off a torn record, a writer leaves old or new" {
	printf '{"seq":6,"time"' >>base/r/log
	walk_kill mlversion -R r alias fraud champion 1
}

@test "a fault at any step of init is status 2" {
	rm -rf base
	mkdir base
	walk_fault mlversion -R r init
}

@test "a fault at any step of add is status 2, old or new" {
	printf 'three\n' >three
	walk_fault mlversion -R r add --kind other fraud three
	walk_lasting mlversion -R r add --kind other fraud three
}

@test "a fault at any step of alias and rollback is status 2, old or new" {
	walk_fault mlversion -R r alias fraud champion 1
	walk_lasting mlversion -R r rollback fraud champion
}

@test "a fault while a torn record is cut off is status 2, old or new" {
	printf '{"seq":6,"time"' >>base/r/log
	walk_fault mlversion -R r alias fraud champion 1
}

@test "a record whose sync failed is taken back" {
	cp -a base/. .
	look
	old=$state
	fault fsync:error=EIO:when=1 mlversion -R r alias fraud champion 1
	[ "$status" -eq 2 ]
	grep -q "cannot sync 'r/log'" err
	look
	[ "$state" = "$old" ]
	cmp r/log base/r/log
}

@test "a writer that stands still is waited for, and leaves no lock when it dies" {
	cp -a base/. .
	strace -f -qq -o strace.out -e trace=fsync -e inject=fsync:signal=STOP:when=1 \
		mlversion -R r alias fraud champion 1 >/dev/null 2>&1 3>&- &
	tracer=$!
	for _ in $(seq 1 100); do
		writer=$(sed -n 's/^\([0-9]*\) .*stopped by SIGSTOP.*/\1/p' strace.out)
		[ -z "$writer" ] || break
		sleep 0.05
	done
	status=0
	mlversion -R r alias fraud other 1 --lock-timeout 0.2 2>err || status=$?
	mlversion -R r ls >ls.out || status=none
	kill -KILL "$writer"
	wait "$tracer" || true
	[ "$status" -eq 2 ]
	grep -q "'r' is locked by another process" err
	mlversion -R r alias fraud other 1 --lock-timeout 5
	mlversion -R r verify
}

# A kill leaves what the kernel has; only the order of the calls says what a power cut leaves.
@test "everything is synced before it is relied on, and all of it before the answer" {
	printf 'three\n' >three
	cp -a base/. .
	strace -f -qq -o calls -y -e trace=write,fsync,rename,symlink mlversion -R r add --kind other fraud three
	sed -n 's/^[0-9]* *\([a-z]*\)([^<"]*[<"]\([^>"]*\)[>"].*/\1 \2/p' calls |
		sed "s|$PWD/||; s|objects/../.*|objects/ab/cdef|; s|objects/..\$|objects/ab|; s|symlink .*|symlink|" >found
	printf '%s\n' 'fsync r/objects' 'write r/objects/new' 'fsync r/objects/new' 'rename r/objects/new' \
		'fsync r/objects/ab' 'write r/log' 'fsync r/log' 'symlink' 'rename r/models/fraud/.new' \
		'fsync r/models/fraud' >wanted
	head -n -1 found | diff wanted -
	[[ $(tail -n 1 found) == "write "* ]]
}
