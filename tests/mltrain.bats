# mltrain: options, roles of columns, and what it refuses.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	PENGUINS=$SAMPLES/penguins.csv
	HOURS=$SAMPLES/bike_hour.csv
}

# differ FILE FILE
differ() {
	run -1 cmp "$1" "$2"
}

# facts MODEL: what the registry shows of it.
facts() {
	rm -rf look
	mlversion init -R look
	mlversion add -R look model "$1" >/dev/null
	mlversion show -R look model@1
}

# predicted MODEL TABLE: the predictions alone.
predicted() {
	mlpredict -m "$1" --only "$2"
}

@test "a model goes to the output, and without a word" {
	run -0 --separate-stderr bash -c "mltrain -t species '$PENGUINS' | wc -c"
	[ "$output" -gt 1000 ]
	[ -z "$stderr" ]
	same "mltrain -t species '$PENGUINS' -o m && cat m" "mltrain -t species <'$PENGUINS'"
	same "mltrain -t species '$PENGUINS'" "mltrain --label=species -a logistic -- '$PENGUINS'"
}

@test "the target decides: classes for text and for 0 and 1, regression for other numbers" {
	mltrain -t species "$PENGUINS" -o m
	facts m | grep -x algorithm,logistic
	mltrain -t holiday -c temp,hum "$HOURS" -o m
	facts m | grep -x algorithm,logistic
	facts m | grep -x classes,2
	mltrain -t cnt -c temp,hum "$HOURS" -o m
	facts m | grep -x algorithm,ridge
	mltrain -t holiday -c temp,hum --task regress "$HOURS" -o m
	facts m | grep -x algorithm,ridge
	mltrain -t season -c temp,hum --task class "$HOURS" -o m
	facts m | grep -x classes,4
	mltrain -t holiday -a lasso -c temp,hum "$HOURS" -o m
	facts m | grep -x task,regression
	trouble 2 mltrain -t species --task regress "$PENGUINS"
	trouble 2 mltrain -t cnt --task regress -a logistic "$HOURS"
}

@test "-c and -C choose columns, and the model asks for these only" {
	mltrain -t cnt -c temp,hum,3-5 "$HOURS" -o chosen
	mltrain -t cnt -c 11,13,season,4,mnth "$HOURS" -o by_number
	cmp chosen by_number
	cut -d , -f 3-5,11,13 "$HOURS" | mlpredict -m chosen --only >/dev/null
	mltrain -t cnt -C instant,dteday,casual,registered "$HOURS" -o left
	mltrain -t cnt -c 3-14 "$HOURS" -o right
	cmp left right
	# The target is no feature, even if it is in the list.
	mltrain -t cnt -c 3-14,cnt "$HOURS" -o right
	cmp left right
	trouble 2 mltrain -t cnt -c tmp "$HOURS"
	[[ $stderr == *"did you mean 'temp'?"* ]] || fail "$stderr"
	trouble 2 mltrain -t cnt -c 18 "$HOURS"
	trouble 2 mltrain -t cnt -c cnt "$HOURS"
	[[ $stderr == *"no column is left to learn from" ]] || fail "$stderr"
}

@test "a constant column and one that is all missing are left out, with a word about it" {
	printf 'x,same,none,y\n1,7,,2\n2,7,NA,3.5\n3,7,,6\n' >t.csv
	run -0 --separate-stderr bash -c 'mltrain -t y t.csv >m'
	[[ $stderr == *"column 'same' is left out: it is constant"* ]]
	[[ $stderr == *"column 'none' is left out"* ]]
	run -0 --separate-stderr bash -c 'mltrain -q -t y t.csv >m'
	[ -z "$stderr" ]
	printf 'x\n9\n' | mlpredict -m m
}

@test "--categorical takes codes for what they are, --numeric insists on numbers" {
	awk 'BEGIN { print "zone,y"; for (i = 0; i < 90; i++) print 1 + i % 3, (i % 3 == 1 ? 10 : 0) }' |
		tr ' ' , >t.csv
	mltrain -t y --l2 0 -a ridge --task regress t.csv -o line
	mltrain -t y --l2 0 -a ridge --task regress --categorical zone t.csv -o levels
	# No line goes through 0, 10, 0; three levels do.
	mlpredict -m levels --digits 6 t.csv | mleval -t y --task regress --require 'rmse<1e-6' >/dev/null
	run -1 bash -c "mlpredict -m line t.csv | mleval -t y --task regress --require 'rmse<4'"
	printf 'a,y\n1,1\n2,3\nx,5\n' >t.csv
	mltrain -t y t.csv >/dev/null
	trouble 2 mltrain -t y --numeric a t.csv
	[[ $stderr == *"t.csv:4: column 1 'a': not a number: 'x'" ]] || fail "$stderr"
}

@test "text after a million numbers makes a category" {
	{ echo x,y && seq 20000 | awk '{ print $1 % 7 "," $1 % 5 }' && echo 'n/a or so,5'; } >t.csv
	mltrain -t y t.csv -o m
	mltrain -t y - <t.csv | cmp - m
	mltrain -t y < <(cat t.csv) | cmp - m
	run -2 mlpredict -m m <<<$'y\n1'
	[[ $output == *"'x'"* ]]
}

@test "weights count like repeated rows" {
	awk -F, 'NR == 1 { print $0 ",w"; next } NR % 50 == 0 { print $0 "," (NR % 3) }' "$HOURS" >weighted.csv
	awk -F, 'NR == 1 { print; next } { for (i = 0; i < $NF; i++) print }' weighted.csv >repeated.csv
	for algorithm in linear ridge; do
		mltrain -a $algorithm -t cnt -c temp,hum,hr -w w weighted.csv -o a
		mltrain -a $algorithm -t cnt -c temp,hum,hr repeated.csv -o b
		paste -d , <(predicted a "$HOURS") <(predicted b "$HOURS") |
			awk -F, 'NR > 1 { d = $1 - $2; if (d > 1e-6 || d < -1e-6) exit 1 }' || fail $algorithm
	done
	trouble 2 mltrain -t cnt -w wait weighted.csv
	trouble 2 mltrain -t y -w w <<<$'x,y,w\n1,2,1\n2,3,-1'
	[[ $stderr == *"column 'w'"*"negative"* ]] || fail "$stderr"
	trouble 2 mltrain -t y -w w <<<$'x,y,w\n1,2,1\n2,3,'
	trouble 2 mltrain -t y -w w <<<$'x,y,w\n1,2,1\n2,3,heavy'
	trouble 2 mltrain -t y -w w <<<$'x,y,w\n1,2,0\n2,3,0'
}

@test "--class-weight: balanced is what the shares say, and a list is a list" {
	awk 'BEGIN { print "x,y"; for (i = 0; i < 100; i++) print i % 37 "," (i % 10 ? "no" : "yes") }' >t.csv
	mltrain -t y --class-weight balanced t.csv -o balanced
	# n / (k n_c): 100 / (2 * 10) and 100 / (2 * 90), as scikit-learn has it.
	mltrain -t y --class-weight yes=5,no=0.5555555555555556 t.csv -o listed
	paste -d , <(mlpredict -m balanced --only --proba t.csv) <(mlpredict -m listed --only --proba t.csv) |
		awk -F, 'NR > 1 { d = $3 - $6; if (d > 1e-9 || d < -1e-9) exit 1; n++ } END { exit n != 100 }'
	mltrain -t y t.csv -o plain
	share() { mlpredict -m "$1" --only --proba t.csv | awk -F, 'NR > 1 { s += $3 } END { printf "%.2f", s / (NR - 1) }'; }
	[ "$(share plain)/$(share balanced)" = 0.10/0.50 ]
	for bad in c=2 yes=-1 yes=much balance yes; do
		trouble 2 mltrain -t y --class-weight $bad t.csv
	done
}

@test "--positive turns scores round" {
	printf 'x,y\n1,a\n2,b\n3,a\n4,b\n' >t.csv
	mltrain -t y t.csv -o last
	mltrain -t y --positive a t.csv -o first
	[ "$(mlpredict -m last --only --proba t.csv | sed 1q)" = prediction,p_a,p_b ]
	paste -d , <(mlpredict -m last --only --raw t.csv) <(mlpredict -m first --only --raw t.csv) |
		awk -F, 'NR > 1 { d = $2 + $4; if ($1 != $3 || d > 1e-9 || d < -1e-9) exit 1 }'
	trouble 2 mltrain -t y --positive c t.csv
}

@test "rows without a target are left out; without any target there is nothing to learn" {
	printf 'x,y\n1,2\n2,\n3,7\n4,9\n' >t.csv
	grep -v ',$' t.csv | mltrain -t y -o m
	run -0 --separate-stderr bash -c 'mltrain -t y t.csv | cmp - m'
	[[ $stderr == *"rows without a target, left out: 1"* ]]
	trouble 2 mltrain -t y <<<x,y
	trouble 2 mltrain -t y <<<$'x,y\n1,\n2,NA'
}

@test "a target of one class has nothing to tell apart" {
	trouble 2 mltrain -t y <<<$'x,y\n1,a\n2,a'
	[[ $stderr == *"only one class"* ]] || fail "$stderr"
}

@test "an unknown target, algorithm or option is trouble, with the nearest name" {
	trouble 2 mltrain "$PENGUINS"
	[[ $stderr == *"'--target' is missing"* ]] || fail "$stderr"
	trouble 2 mltrain -t specie "$PENGUINS"
	[[ $stderr == *"did you mean 'species'?"* ]] || fail "$stderr"
	trouble 2 mltrain -t species -a logistics "$PENGUINS"
	[[ $stderr == *"did you mean 'logistic'?"* ]] || fail "$stderr"
	trouble 2 mltrain -t species -a ridge "$PENGUINS"
	[[ $stderr == *"target 'species' is text: regression needs numbers" ]] || fail "$stderr"
	# Hyper-parameters belong to their algorithm.
	trouble 2 mltrain -t species -a bayes --l2 1 "$PENGUINS"
	trouble 2 mltrain -t species -a logistic --l2 -1 "$PENGUINS"
	trouble 2 mltrain -t species -a logistic --l2 much "$PENGUINS"
	trouble 2 mltrain -t species --impute=guess "$PENGUINS"
	trouble 2 mltrain -t species --scale=big "$PENGUINS"
}

@test "a bad record is trouble with its place, or left out and counted" {
	printf 'x,y\n1,2\n2,3,4\n3,4\n' >t.csv
	trouble 2 mltrain -t y t.csv -o m
	[[ $stderr == *"t.csv:3: row has 3 fields, expected 2"* ]] || fail "$stderr"
	[ ! -e m ]
	run -0 --separate-stderr bash -c 'mltrain -t y --on-error reject=bad.csv t.csv >m'
	[[ $stderr == *"records left out: 1"* ]]
	[ "$(cat bad.csv)" = $'x,y\n2,3,4' ]
	grep -v ',4$' t.csv | cat - <(echo 3,4) | mltrain -t y | cmp - m
}

@test "hyper-parameters, their aliases and --config mean the same, and are kept in the model" {
	mltrain -t cnt -c temp,hum -a ridge --l2 3 "$HOURS" -o m
	facts m | grep -x option.l2,3
	mltrain -t cnt -c temp,hum -a ridge --alpha=3 "$HOURS" | cmp - m
	printf 'target = cnt\nalgorithm = ridge\nl2 = 3\ncolumns = temp,hum\n' >settings
	mltrain --config settings "$HOURS" | cmp - m
	mltrain --config settings --l2 5 "$HOURS" >other
	differ other m
	facts other | grep -x option.l2,5
	mltrain -t cnt -c temp,hum -a elasticnet --l1-ratio 1 --penalty 0.1 "$HOURS" -o m
	facts m | grep -x option.mixture,1
	mltrain -t cnt -c temp,hum -a lasso --penalty 0.1 "$HOURS" -o l
	cmp <(predicted m "$HOURS") <(predicted l "$HOURS")
}

@test "preparation: imputation, indicators, scaling, encoding, rare levels" {
	printf 'x,c,y\n1,a,1\n,b,2\n3,a,4\n4,b,4\n9,c,9\n7,d,3\n' >t.csv
	mltrain -t y t.csv -o plain
	for options in --impute=median --impute=constant=-5 --impute-indicator --scale=minmax --scale=robust \
		--scale=none --encode=ordinal --min-level=2 --max-levels=2; do
		mltrain -t y "$options" t.csv -o m
		differ <(predicted m t.csv) <(predicted plain t.csv)
	done
	# A constant that equals the mean, 24/5, is the mean.
	mltrain -t y --impute constant=4.8 t.csv -o m
	cmp <(predicted m t.csv) <(predicted plain t.csv)
	trouble 2 mltrain -t y --impute constant=x t.csv
}

@test "the list of algorithms, and their options in the help" {
	run -0 mltrain --list-algorithms
	[ "${lines[0]}" = algorithm,classification,regression,description ]
	[ "${#lines[@]}" -ge 8 ]
	for algorithm in $(algorithms); do
		mltrain -a "$algorithm" --help >help
		grep -q "^algorithm $algorithm:" help || fail "$algorithm: $(tail -n 30 help)"
	done
}

@test "a terminal gets no model" {
	command -v script >/dev/null || skip 'no script(1)'
	run -0 script -qec "mltrain -t species '$PENGUINS'; echo status \$?" /dev/null
	[[ $output == *"not for a terminal"* && $output == *"status 2"* ]]
}

@test "an output that fails leaves nothing" {
	trouble 2 mltrain -t species "$PENGUINS" -o nowhere/m
	run -2 bash -c "mltrain -t species '$PENGUINS' >/dev/full"
	echo old >m
	trouble 2 mltrain -t species -a ridge "$PENGUINS" -o m
	[ "$(cat m)" = old ]
}
