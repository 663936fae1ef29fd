# How good each algorithm is on each sample stays as it is recorded: a change of tests/quality.csv is
# a diff to justify (scripts/quality says how to redo it).
load helper

@test "the quality of each algorithm on each sample is that of quality.csv" {
	"$ROOT/scripts/quality" "$MLUTILS_BIN" >"$BATS_TEST_TMPDIR/now.csv"
	awk -F, '
		function size(x) { return x < 0 ? -x : x }
		{ key = $1 "," $2 "," $3 }
		FNR == NR { was[key] = $4; next }
		!(key in was) { print "+" $0; bad = 1; next }
		# NaN and empty are texts, to be the same.
		{
			if ($4 ~ /^[-+.e0-9]+$/ && was[key] ~ /^[-+.e0-9]+$/)
				far = size($4 - was[key]) > 1e-6 * size(was[key])
			else
				far = $4 != was[key]
			if (far) { print "-" key "," was[key]; print "+" $0; bad = 1 }
			delete was[key]
		}
		END { for (key in was) { print "-" key "," was[key]; bad = 1 } exit bad }
	' "$ROOT/tests/quality.csv" "$BATS_TEST_TMPDIR/now.csv"
	# Eight samples and at least three algorithms each.
	[ "$(wc -l <"$BATS_TEST_TMPDIR/now.csv")" -gt 60 ]
}
