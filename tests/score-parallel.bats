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

@test "options mean for the parts what they mean for the whole" {
	mltrain -q -a bayes --task class -t season -c 3-14 "$HOURS" -o classes
	tr , '\t' <"$HOURS" >hours.tsv
	way() {
		local file=$1
		shift
		mlpredict -m classes "$@" "$file" >expected
		JOBS=3 "$ROOT/scripts/score-parallel.sh" classes "$file" "$@" >got
		cmp got expected || fail "$*"
	}
	way "$HOURS" --only
	way "$HOURS" --proba --raw --keep 2,hr
	way "$HOURS" --no-output-header -j 2
	way "$HOURS" --na 0,1 --digits 3 --on-error fail --max-field 99
	way hours.tsv -qT
	way hours.tsv -d tab
	# Rows that can't be read are left out of any part.
	awk 'NR % 1000 == 5 { print "ragged"; next } { print }' "$HOURS" >bad.csv
	way bad.csv --on-error skip -q
	# The parts share a log: a line for each row.
	JOBS=3 "$ROOT/scripts/score-parallel.sh" classes "$HOURS" --log log.jsonl >/dev/null
	[ "$(wc -l <log.jsonl)" -eq "$(($(wc -l <"$HOURS") - 1))" ]
}

@test "options that would repeat a row or overwrite a file are refused" {
	for options in -H -qTH --no-header --no_head -oout '-o out' -To --output=out '--outp out' \
		'--on-error reject=bad' --on-error=reject=bad --on_err=reject=bad '--config settings'; do
		run -2 --separate-stderr "$ROOT/scripts/score-parallel.sh" m "$HOURS" $options
		[ -z "$output" ] && [[ $stderr == "score-parallel: option '"*"': "* ]] || fail "$options: $stderr"
		[ "${#stderr_lines[@]}" -eq 1 ]
	done
	[ ! -e out ] && [ ! -e bad ]
	# What only looks like one of them is none.
	tr , H <"$HOURS" >h.csv
	JOBS=2 "$ROOT/scripts/score-parallel.sh" m h.csv -dH --digits 4 | cmp - <(mlpredict -m m -dH --digits 4 h.csv)
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
