# The quality of each algorithm on each sample is kept in quality.csv, and doesn't change unnoticed.
load helper

@test "every algorithm reaches on every sample what quality.csv says" {
	"$ROOT/scripts/quality" "$MLUTILS_BIN" >"$BATS_TEST_TMPDIR/now"
	# A thousandth of difference is other hardware; more is a change.
	run awk -F, '
		function size(x) { return x < 0 ? -x : x }
		{ key = $1 "," $2 "," $3 }
		FNR == NR { kept[key] = $4; next }
		!(key in kept) { print "not in quality.csv: " $0; bad = 1; next }
		FNR > 1 && size($4 - kept[key]) > 0.001 * (0.01 + size(kept[key])) { print $0 ", was " kept[key]; bad = 1 }
		{ delete kept[key] }
		END { for (key in kept) { print "gone: " key; bad = 1 } exit bad }' \
		"$ROOT/tests/quality.csv" "$BATS_TEST_TMPDIR/now"
	[ "$status" -eq 0 ] || fail "$output"
}

@test "no algorithm is worse than the baseline at what it is made for" {
	run awk -F, '
		NR > 1 && $2 == "baseline" { base[$1 "," $3] = $4 }
		NR > 1 && $3 ~ /^(accuracy|auc|r2)$/ && $4 < base[$1 "," $3] { print; bad = 1 }
		END { exit bad }' "$ROOT/tests/quality.csv"
	[ "$status" -eq 0 ] || fail "$output"
}
