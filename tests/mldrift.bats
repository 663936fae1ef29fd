#!/usr/bin/env bats
# mldrift: what it finds, how it answers.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
}

# table ROWS SEED SHIFT: a number with some missing values, whole numbers, a category of four
# levels, a constant.  Park and Miller's generator, so every awk makes the same rows.
table() {
	awk -v n="$1" -v seed="$2" -v shift="$3" '
	function u() { seed = (seed * 16807) % 2147483647; return seed / 2147483647 }
	BEGIN {
		print "x,whole,level,same"
		for (i = 0; i < n; i++) {
			z = u() + u() + u() + u() + u() + u() + u() + u() + u() + u() + u() + u() - 6
			w = int(10 * u() * u())
			c = substr("aaaaabbbcd", 1 + int(10 * u()), 1)
			printf "%s,%d,%s,1\n", u() < 0.05 ? "" : sprintf("%.4f", z + shift), w, c
		}
	}'
}

# column NAME of the rows with METHOD for COLUMN
value() {
	awk -F, -v name="$1" -v column="$2" -v method="$3" '
	NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
	$1 == column && $3 == method { print $at }'
}

@test "the same source is no drift: 0" {
	table 1000 1 0 >ref.csv
	table 400 2 0 >now.csv
	run -0 --separate-stderr mldrift -r ref.csv now.csv
	[ -z "$stderr" ]
	[ "${lines[0]}" = "column,type,method,definition,rows_ref,rows,missing_ref,missing,statistic,p_value,effect,threshold,alpha,drift" ]
	[ "${#lines[@]}" -eq 13 ]
	[[ "$output" != *yes* ]]
}

@test "a shift is drift: 1, in its column only" {
	table 1000 1 0 >ref.csv
	table 100 2 1 >now.csv
	run -1 mldrift -r ref.csv now.csv
	[ "$(value drift x ks <<<"$output")" = yes ]
	[ "$(grep -c ',yes$' <<<"$output")" -eq 1 ]
	run -1 mldrift -r ref.csv --method psi,js -c x now.csv
	[ "$(value drift x psi <<<"$output")" = yes ]
	[ "$(value drift x js <<<"$output")" = yes ]
}

@test "the rate of false alarms is alpha, over all columns together" {
	table 500 1 0 >ref.csv
	alarms=0
	for seed in $(seq 101 160); do
		table 40 "$seed" 0 | mldrift -q -r ref.csv --min-effect 0 --alpha 0.1 >out || alarms=$((alarms + 1))
	done
	# 60 runs at 0.1: 13 or more once in a hundred
	[ "$alarms" -le 12 ]
}

@test "too few rows can't be decided: 3, with the number that would do" {
	table 1000 1 0 >ref.csv
	table 29 2 0 >now.csv
	run -3 --separate-stderr mldrift -r ref.csv now.csv
	[[ "$stderr" == *"too few rows"*", 30 would do"* ]]
	[ "$(value drift whole ks <<<"$output")" = undecided ]
	run -0 mldrift -r ref.csv --min-rows 20 now.csv
	run -3 mldrift -q -r ref.csv <<<"x,whole,level,same"
}

@test "missing values, new levels and values out of range are found" {
	table 1000 1 0 >ref.csv
	table 400 2 0 | awk -F, -v OFS=, 'NR > 1 && NR % 4 == 0 { $1 = "" } NR > 1 && NR % 10 == 0 { $2 = 77; $3 = "new" } 1' >now.csv
	run -1 mldrift -r ref.csv now.csv
	[ "$(value drift x missing <<<"$output")" = yes ]
	[ "$(value drift level new_categories <<<"$output")" = yes ]
	[ "$(value statistic level new_categories <<<"$output")" = 0.1 ]
	[ "$(value drift whole range <<<"$output")" = yes ]
	[ "$(value statistic whole range <<<"$output")" = 0.1 ]
	[ "$(value drift whole missing <<<"$output")" = no ]
}

@test "a column that is all missing now is drift, not trouble" {
	table 1000 1 0 >ref.csv
	table 100 2 0 | sed '2,$s/^[^,]*//' >now.csv
	run -1 mldrift -q -r ref.csv now.csv
	[ "$(value drift x missing <<<"$output")" = yes ]
	[ "$(value drift x ks <<<"$output")" = undecided ]
}

@test "an effect below the floor is no alarm" {
	table 9000 1 0 >ref.csv
	table 9000 2 0.08 >now.csv
	run -0 mldrift -r ref.csv now.csv
	run -1 mldrift -r ref.csv --min-effect ks=0.02 now.csv
	run -0 mldrift -r ref.csv --min-effect 0.5 now.csv
}

@test "golden: 1..100 against 11..110" {
	{ echo v && seq 1 100; } >ref.csv
	{ echo v && seq 11 110; } >now.csv
	run -0 mldrift -r ref.csv now.csv
	# scipy 1.10: 0.1 and 0.70205698286648...
	[[ "$(value statistic v ks <<<"$output")" == 0.1* ]]
	[[ "$(value p_value v ks <<<"$output")" == 0.702056982866* ]]
}

@test "columns are matched by name; a missing one is named; lists choose" {
	table 1000 1 0 >ref.csv
	table 200 2 0 | awk -F, -v OFS=, '{ print "id" NR, $4, $3, $2, $1 }' | sed '1s/^[^,]*/id/' >now.csv
	run -0 mldrift -r ref.csv now.csv
	run -0 mldrift -r ref.csv -C x now.csv
	[[ "$output" != *$'\n'x,* ]]
	cut -d, -f1-4 now.csv >less.csv
	run -2 mldrift -r ref.csv less.csv
	[[ "$output" == *"'x'"* ]]
	run -0 mldrift -r ref.csv -c same,level less.csv
	[ "${#lines[@]}" -eq 7 ]
	run -2 mldrift -r ref.csv -c id now.csv
	[[ "$output" == *"'id' is not in the reference"* ]]
}

@test "pipe and file, one thread and four, all the same" {
	table 20000 1 0 >ref.csv
	table 30000 2 0.02 >now.csv
	mldrift -r ref.csv -j 1 now.csv >a || true
	mldrift -r ref.csv -j 4 <now.csv >b || true
	cmp a b
	[ -s a ]
}

@test "a model carries its reference; its target may be absent, and is watched if it is there" {
	table 1000 1 0 >ref.csv
	mltrain -q -t level ref.csv >m.model
	table 300 2 0 >now.csv
	run -0 mldrift -m m.model now.csv
	[ "$(value drift level chi2 <<<"$output")" = no ]
	[ "$(value p_value x ks <<<"$output")" = "$(mldrift -r ref.csv now.csv | value p_value x ks)" ]
	cut -d, -f1,2,4 now.csv >less.csv
	run -0 mldrift -m - less.csv <m.model
	[ -z "$(value drift level chi2 <<<"$output")" ]
	table 300 2 1 | run -1 mldrift -m m.model
	run -2 mldrift -m ref.csv now.csv
	run -2 mldrift -m - <m.model
}

@test "json has the same content; text has the worst first" {
	table 1000 1 0 >ref.csv
	table 400 2 0.6 >now.csv
	run -1 --separate-stderr mldrift -r ref.csv --format json now.csv
	[ "$stderr" = "mldrift: drift in 'x'" ]
	[ "${#lines[@]}" -eq 12 ]
	[[ "${lines[0]}" == '{"column":"x","type":"numeric","method":"ks",'*'"drift":"yes"}' ]]
	run -1 mldrift -r ref.csv --format text now.csv
	[[ "${lines[1]}" == x*ks*yes ]]
}

@test "what makes no sense is refused: 2" {
	table 100 1 0 >ref.csv
	run -2 mldrift ref.csv
	run -2 mldrift -r ref.csv -m x ref.csv
	run -2 mldrift -r ref.csv --method t-test ref.csv
	[[ "$output" == *"'t-test'"*ks*chi2* ]]
	run -2 mldrift -r ref.csv -c x -C x ref.csv
	run -2 mldrift -r - <ref.csv
	run -2 mldrift -r nowhere.csv ref.csv
	run -2 bash -c 'mldrift -r ref.csv ref.csv >/dev/full'
	run -2 mldrift -r ref.csv <<<$'x,whole,level,same\noops,1,a,1'
	[[ "$output" == *"column 1 'x': not a number: 'oops'"* ]]
}

@test "bad records: an error, left out of both sides, or kept aside, those of the input only" {
	{ table 1000 1 0 && echo 1,2,bad; } >bad-ref.csv
	table 1000 1 0 >ref.csv
	{ table 300 2 0 && echo 3,4,5,6,bad && echo 7; } >now.csv
	run -2 --separate-stderr mldrift -r bad-ref.csv ref.csv
	[[ "$stderr" == *"bad-ref.csv:1002: row has 3 fields, expected 4"* ]]
	run -0 --separate-stderr mldrift -r bad-ref.csv --on-error skip now.csv
	[ "$stderr" = $'mldrift: reference: records left out: 1\nmldrift: records left out: 2' ]
	[ "$(mldrift -r ref.csv <(table 300 2 0))" = "$output" ]
	run -0 --separate-stderr mldrift -r ref.csv --on-error reject=aside now.csv
	[ "$stderr" = 'mldrift: records left out: 2' ]
	[ "$(cat aside)" = $'x,whole,level,same\n3,4,5,6,bad\n7' ]
	rm aside
	run -2 --separate-stderr mldrift -r bad-ref.csv --on-error reject=aside now.csv
	[[ "$stderr" == *"bad-ref.csv:1002: row has 3 fields, expected 4"* ]]
	[ ! -e aside ]
}

@test "a reference from a pipe may turn from numbers to text" {
	{ echo v && seq 1 5000 && yes text | head -n 9000; } >ref.csv
	run -0 mldrift -r ref.csv ref.csv
	[ "$(mldrift -r <(cat ref.csv) ref.csv)" = "$output" ]
}

@test "the list of tests is in the manual" {
	run -0 mldrift --list-tests
	for test in $(cut -d, -f1 <<<"$output" | tail -n +2); do
		grep -q "^\.It Cm $test " "$BATS_TEST_DIRNAME/../man/mldrift.1"
	done
}
