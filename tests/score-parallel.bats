# scripts/score-parallel.sh gives what one mlpredict gives.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	HOURS=$SAMPLES/bike_hour.csv
	mltrain -q -t cnt -c 3-14 "$HOURS" -o m
}

@test "any number of processes gives the bytes of one" {
	mlpredict -m m --digits 6 "$HOURS" >expected
	for jobs in 1 2 3 7; do
		JOBS=$jobs "$ROOT/scripts/score-parallel.sh" m "$HOURS" --digits 6 | cmp - expected
	done
	# More processes than rows, and a last line without an end.
	printf '%s\n%s' "$(sed 1q "$HOURS")" "$(sed -n 2p "$HOURS")" >one.csv
	JOBS=9 "$ROOT/scripts/score-parallel.sh" m one.csv | cmp - <(mlpredict -m m one.csv)
}

@test "trouble in any part is trouble, and prints nothing" {
	{ cat "$HOURS" && echo ragged; } >bad.csv
	run -2 --separate-stderr "$ROOT/scripts/score-parallel.sh" m bad.csv
	[ -z "$output" ]
	run -2 "$ROOT/scripts/score-parallel.sh" nowhere "$HOURS"
	run -2 "$ROOT/scripts/score-parallel.sh" m
	run -2 "$ROOT/scripts/score-parallel.sh" m nowhere.csv
	{ sed 's/$/,note/;1q' "$HOURS" && sed -n '2s/$/,"two/p' "$HOURS" && echo 'lines"'; } >broken.csv
	run -2 "$ROOT/scripts/score-parallel.sh" m broken.csv
	[[ $output == *"broken.csv:2: a field has a line break"* ]]
}
