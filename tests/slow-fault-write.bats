# What a full, broken or slow disk, a reader that goes away, and a signal leave of an output.
#
# strace fails the k-th call of one system call, for every k (a few, unless FAULTS=all) until
# the command ends by itself.
load helper

setup_file() {
	export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 # a process can't be traced by two
	cd "$BATS_FILE_TMPDIR"
	# A big output: many blocks of a table, and a model of many numbers.
	{ cat "$SAMPLES/penguins.csv" && for i in {1..59}; do sed 1d "$SAMPLES/penguins.csv"; done; } >many.csv
	awk -F, 'BEGIN { srand(3); print "c1,c2,y"; for (i = 0; i < 5000; i++) print "a" i % 1500 ",b" i % 997 "," (i % 3 ? "yes" : "no") }' >wide.csv
	mltrain -t species "$SAMPLES/penguins.csv" -o penguins.model
	mlpredict -m penguins.model --proba many.csv -o predictions.csv
}

setup() {
	DATA=$BATS_FILE_TMPDIR
	mkdir "$BATS_TEST_TMPDIR/here"
	cd "$BATS_TEST_TMPDIR/here"
	MOST=12 # steps of a walk
	[ "${FAULTS:-}" != all ] || MOST=100000
}

can_trace() {
	# The sanitizer's search for leaks is a tracer too, and there can be one only.
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	strace -qq -e trace=write -e inject=write:error=EIO:when=9 -o ../strace.out true 2>/dev/null ||
		skip "strace can't run here"
}

# count CALL COMMAND...: sets first and last, the numbers of such calls from where the output begins.
count() {
	local call=$1
	shift
	strace -f -qq -e trace="openat,$call" -o ../calls "$@" >../out 2>../err || true
	last=$(grep -c " $call(" ../calls) || true
	# What comes before the command opens a file is the loader's.
	first=$(awk -v call=" $call\\(" -v ours="\"(output|$DATA)" '
		$0 ~ ours { print n + 1; exit } $0 ~ call { n++ }' ../calls)
}

# An output file is there complete or not at all, and no other; standard output is a prefix.
absent_or_complete() {
	[ -z "$(ls)" ] || diff -r ../expected . || fail "a part is left: $(ls)"
	head -c "$(stat -c %s ../out)" ../expected.out | cmp - ../out || fail "not a prefix"
}

# expect COMMAND...: what the command does undisturbed; sets whole.
expect() {
	whole=0
	rm -rf output ../expected
	"$@" >../expected.out 2>../err || whole=$?
	[[ $whole == [013] ]] || fail "undisturbed: $whole $(cat ../err)"
	cp -R . ../expected
}

# walk FAULT COMMAND...: each ends in status 2 and one line, or is none of the command's.
walk() {
	local fault=$1 call=${1%%:*} k first last status whole steps=0 refusals=0
	shift
	expect "$@"
	count "$call" "$@"
	# Two more, as the number may differ by what a library does once.
	for ((k = first; k <= last + 2; k += 1 + (last - first) / MOST)); do
		rm -rf output
		status=0
		timeout 60 strace -f -qq -o ../strace.out -e trace="$call" -e inject="$fault:when=$k" "$@" \
			>../out 2>../err || status=$?
		steps=$((steps + 1))
		absent_or_complete || fail "$fault at $k: $*"
		if [ "$status" -eq "$whole" ]; then
			# Libraries read files too, and the close of what was read tells nothing.
			[[ $call == openat || $call == read || $call == close ]] || ! grep -q INJECTED ../strace.out ||
				fail "$fault at $k goes unnoticed: $*"
			cmp ../out ../expected.out || fail "$fault at $k: a wrong success: $*"
		else
			[ "$status" -eq 2 ] || fail "$fault at $k: status $status: $*: $(cat ../err)"
			# strace counts by thread, so the message may be what is not written.
			[ "$(wc -l <../err)" -eq 1 ] || grep -q 'write(2, .*INJECTED' ../strace.out ||
				fail "$fault at $k: $*: $(cat ../err)"
			refusals=$((refusals + 1))
		fi
	done
	echo "$refusals of $steps: $fault $*"
	[ "$refusals" -ge 1 ]
}

# Each tool that streams or reports: WALKER FAULT, then the command, which writes to a file.
to_file() {
	"$@" mltrain -t y -j 2 "$DATA/wide.csv" -o output
	"$@" mlpredict -m "$DATA/penguins.model" --proba -j 2 "$DATA/many.csv" -o output
	"$@" mleval -t species -j 1 "$DATA/predictions.csv" -o output
	"$@" mldrift -m "$DATA/penguins.model" -j 1 "$DATA/many.csv" -o output
}

to_stdout() {
	"$@" mltrain -t y -j 2 "$DATA/wide.csv"
	"$@" mlpredict -m "$DATA/penguins.model" --proba -j 2 "$DATA/many.csv"
	"$@" mleval -t species -j 1 "$DATA/predictions.csv"
	"$@" mldrift -m "$DATA/penguins.model" -j 1 "$DATA/many.csv"
	"$@" mlprep check -j 1 "$DATA/many.csv"
}

@test "a write to a file that fails is status 2, and leaves nothing" {
	can_trace
	to_file walk write:error=ENOSPC
	to_file walk write:error=EIO
}

@test "a write to standard output that fails is status 2" {
	can_trace
	to_stdout walk write:error=ENOSPC
	to_stdout walk write:error=EIO
	to_stdout walk write:error=EPIPE
}

@test "a file that can't be made, synced, closed or renamed is status 2" {
	can_trace
	to_file walk openat:error=EMFILE
	to_file walk fsync:error=EIO
	to_file walk close:error=EIO
	to_file walk rename:error=EROFS
}

@test "a close of standard output that fails is status 2" {
	can_trace
	to_stdout walk close:error=EIO
}

@test "a read that fails is status 2, and leaves nothing" {
	can_trace
	to_file walk read:error=EIO
}

# small COMMAND...: with a full disk of 16 KiB in ./disk.
small() {
	local status=0
	expect "$@" -o output
	rm -rf output
	unshare -m sh -c 'mount -t tmpfs -o size=16k none disk && cd disk && "$@" -o output >../../out 2>../../err; s=$?; ls -A >../../left; exit $s' \
		sh "$@" || status=$?
	[ "$status" -eq 2 ] || fail "$*: status $status"
	grep -qi 'no space left on device' ../err && [ "$(wc -l <../err)" -eq 1 ] || fail "$*: $(cat ../err)"
	[ ! -s ../left ] || fail "$* leaves $(cat ../left)"
}

@test "a disk that is really full leaves nothing of a model and of predictions" {
	mkdir disk
	unshare -m mount -t tmpfs -o size=16k none disk 2>/dev/null || skip "can't mount here"
	small mltrain -t y "$DATA/wide.csv"
	small mlpredict -m "$DATA/penguins.model" "$DATA/many.csv"
}

@test "a file size limit ends a tool like a signal, and leaves nothing" {
	for command in "mltrain -t y $DATA/wide.csv" "mlpredict -m $DATA/penguins.model $DATA/many.csv"; do
		status=0
		(ulimit -f 8 && exec $command -o output) 2>../err || status=$?
		[ "$status" -eq $((128 + $(kill -l XFSZ))) ] || fail "$command: status $status"
		[ -z "$(ls)" ] || fail "$command leaves $(ls)"
	done
}

# gone COMMAND...: its reader leaves after some bytes.
gone() {
	local bytes whole
	expect "$@"
	# From afar several times: any thread may be the one that notices.
	for bytes in 1 1000 70000 2500000 2500000 2500000 2500000; do
		# What is smaller than a pipe gets through.
		[ "$(stat -c %s ../expected.out)" -gt $((bytes + 70000)) ] || continue
		{
			status=0
			"$@" 2>../err || status=$?
			echo "$status" >../status
		} | head -c $bytes >../out
		[ "$(cat ../status)" -eq 141 ] && [ ! -s ../err ] || fail "$*: $(cat ../status ../err)"
		head -c $bytes ../expected.out | cmp - ../out
		touch ../was
	done
}

@test "a reader that goes away ends a tool by SIGPIPE, without a word" {
	{ cat "$DATA/many.csv" && for i in {1..4}; do sed 1d "$DATA/many.csv"; done; } >../more.csv
	gone mlpredict -j 4 -m "$DATA/penguins.model" ../more.csv
	[ -e ../was ] && [ "$(stat -c %s ../expected.out)" -gt 2600000 ]
	rm ../was
	gone mltrain -t y "$DATA/wide.csv"
	# Where SIGPIPE is ignored, as under many schedulers, it is an error like any.
	status=0
	(trap '' PIPE && { mlpredict -m "$DATA/penguins.model" "$DATA/many.csv" 2>../err || echo $? >../status; } | true)
	[ "$(cat ../status)" -eq 2 ] && grep -qi 'broken pipe' ../err && [ "$(wc -l <../err)" -eq 1 ]
}

@test "writes that are short and interrupted give the same bytes" {
	[[ $MLUTILS_BIN != *address* ]] || skip "the sanitizers come first among preloaded libraries"
	cc -shared -fPIC -O1 -o ../short_write.so "$ROOT/tests/shim/short_write.c" -ldl || skip "no compiler"
	short() {
		expect "$@"
		rm -rf output
		status=0
		LD_PRELOAD=$PWD/../short_write.so "$@" >../out || status=$?
		[ "$status" -eq "$whole" ] || fail "$*: $status"
		cmp ../out ../expected.out
		diff -r ../expected .
	}
	to_file short
	to_stdout short
	# The shim is in force: one write of many bytes is cut.
	[ "$(LD_PRELOAD=$PWD/../short_write.so strace -qq -e trace=write -o /dev/stdout mlpredict -m \
		"$DATA/penguins.model" "$DATA/many.csv" -o output | wc -l)" -gt 100 ] || fail "no short writes"
}

@test "reads of one byte give the same bytes" {
	bytewise() {
		expect "$@"
		rm -rf output
		status=0
		MLUTILS_READ_SIZE=1 "$@" >../out || status=$?
		[ "$status" -eq "$whole" ] || fail "$*: $status"
		cmp ../out ../expected.out
		diff -r ../expected .
	}
	to_stdout bytewise
}

# A part of the time that it takes.
moment() {
	printf '0.%03d' $((RANDOM % 290 + 10))
}

# end_at SIGNAL SECONDS COMMAND...: sets status.
end_at() {
	local signal=$1 seconds=$2
	shift 2
	status=0
	timeout -s "$signal" "$seconds" "$@" >../out 2>../err || status=$?
}

@test "killed at any moment, a model is there complete or not at all" {
	local last=$((MOST < 40 ? 40 : 400)) whole killed=0
	expect mltrain -t y "$DATA/wide.csv" -o output
	for ((k = 0; k < last; k++)); do
		rm -rf output*
		end_at KILL "$(moment)" mltrain -t y "$DATA/wide.csv" -o output
		[ "$status" -eq 137 ] && killed=$((killed + 1)) || [ "$status" -eq 0 ]
		[ ! -e output ] || cmp output ../expected/output
	done
	[ "$killed" -gt 0 ]
}

@test "ended by SIGTERM, SIGINT or SIGHUP at any moment, nothing else is left" {
	local last=$((MOST < 40 ? 15 : 150)) whole ended=0
	expect mltrain -t y "$DATA/wide.csv" -o output
	for ((k = 0; k < last; k++)); do
		for signal in TERM INT HUP; do
			rm -rf output
			end_at $signal "$(moment)" mltrain -t y "$DATA/wide.csv" -o output
			# 124 is how timeout says that it did it.
			[ "$status" -eq 124 ] && ended=$((ended + 1)) || [ "$status" -eq 0 ] || fail "SIG$signal: $status"
			[ -z "$(ls)" ] || diff -r ../expected .
		done
	done
	[ "$ended" -gt 0 ]
}
