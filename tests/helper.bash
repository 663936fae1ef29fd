# What all bats files share:  load helper
bats_require_minimum_version 1.5.0

ROOT=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
SAMPLES=$ROOT/data/samples
# The tools under test; scripts/test says which.  The default serves `bats tests/x.bats`.
MLUTILS_BIN=${MLUTILS_BIN:-$ROOT/build/release/bin}
PATH=$MLUTILS_BIN:$PATH
export PATH SAMPLES ROOT MLUTILS_BIN LC_ALL=C

# The names of all tools.
tools() {
	(cd "$MLUTILS_BIN" && echo ml*)
}

# The verbs of a tool, if it has any.
verbs() {
	"$1" --help | sed -n '/^verbs:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p'
}

# The algorithms that do "classification" or "regression"; all without a task.
algorithms() {
	mltrain --list-algorithms | awk -F, -v task="${1:-}" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == task) column = i; next }
		task == "" || $column == "yes" { print $1 }'
}

fail() {
	echo "$*" >&2
	return 1
}

# trouble STATUS COMMAND...: it ends with STATUS, writes nothing to standard output, and one line,
# "tool: ...", to standard error.
trouble() {
	local expected=$1
	shift
	run --separate-stderr "$@"
	[ "$status" -eq "$expected" ] || fail "$*: status $status, not $expected: $stderr"
	[ -z "$output" ] || fail "$*: wrote to standard output: $output"
	[ "${#stderr_lines[@]}" -eq 1 ] || fail "$*: not one line: $stderr"
	[[ $stderr == ml[a-z]*": "?* ]] || fail "$*: not a message: $stderr"
}

# same COMMAND COMMAND: two ways to say one thing give the same bytes, and something.
same() {
	bash -o pipefail -c "$1" >"$BATS_TEST_TMPDIR/one" || fail "failed: $1"
	bash -o pipefail -c "$2" >"$BATS_TEST_TMPDIR/other" || fail "failed: $2"
	[ -s "$BATS_TEST_TMPDIR/one" ] || fail "no output: $1"
	cmp "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/other" || fail "these differ: $1 | $2"
}
