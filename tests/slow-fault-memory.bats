# Memory that ends at any moment: the n-th allocation fails (base/mem.h), for n from 1 until the
# command ends as if nothing were.  Some n here; every one with FAULTS=all, as in `make fault`.
#
# Under the sanitizers (make test-asan) a leak on the way out fails too.
load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	# Three classes, categories, and missing values in both kinds of columns.
	awk 'NR == 1 || NR % 9 == 4' "$SAMPLES/penguins.csv" >penguins.csv
	cut -d, -f2-5 penguins.csv >numbers.csv
	mltrain -t species penguins.csv -o penguins.model
	mlpredict -m penguins.model --proba penguins.csv -o predictions.csv
	# Names of classes that outgrow a buffer's first 64 bytes.
	awk -v OFS=, 'BEGIN { for (i = 0; i < 70; i++) long = long "x"; print "x,y"
		for (i = 0; i < 30; i += 3) print i, long "\n" i + 1, "\"b, " long "\"\n" i + 2, "c" }' >long.csv
	mltrain -q -a bayes -t y long.csv -o long.model
	mlversion -R registry init
	mlversion -R registry add --kind other penguins penguins.csv
	mlversion -R registry add --kind other penguins predictions.csv
	mlversion -R registry alias penguins champion 1
}

setup() {
	DATA=$BATS_FILE_TMPDIR
	INPUT=/dev/null # what comes through a pipe
	STEP=7
	[ "${FAULTS:-}" != all ] || STEP=1
	mkdir "$BATS_TEST_TMPDIR/here"
	cd "$BATS_TEST_TMPDIR/here"
}

# once N COMMAND...: with the N-th allocation failing; sets status.
once() {
	local n=$1
	shift
	status=0
	cat "$INPUT" | MLUTILS_FAIL_ALLOC=$n timeout 60 "$@" >../out 2>../err || status=$?
}

# Status 2 and one line that names the tool and the cause.
refused() {
	[ "$status" -eq 2 ] || fail "status $status: $(cat ../err)"
	[ "$(wc -l <../err)" -eq 1 ] && grep -q "^$1: .*memory" ../err || fail "message: $(cat ../err)"
}

# walk COMMAND...: each n ends in status 2 and no file, or in all that the command does undisturbed.
walk() {
	local n whole quiet=0 refusals=0
	once 0 "$@"
	whole=$status
	[[ $whole == [013] ]] || fail "undisturbed: $status $(cat ../err)"
	rm -rf ../expected
	mkdir ../expected
	mv ../out ../err ../expected
	cp -R . ../expected/here
	for ((n = 1; quiet < 20; n += STEP)); do
		rm -rf output second
		once "$n" "$@"
		if [ "$status" -eq "$whole" ]; then
			{ cmp ../out ../expected/out && cmp ../err ../expected/err && diff -r . ../expected/here; } ||
				fail "allocation $n of $*: a wrong success"
			quiet=$((quiet + STEP))
		else
			refused "$1" || fail "allocation $n of $*"
			[ -z "$(ls)" ] || fail "allocation $n of $* leaves $(ls)"
			refusals=$((refusals + 1))
			quiet=0
		fi
	done
	rm -rf output second
	echo "$refusals refusals: $*"
	[ "$refusals" -ge 4 ]
}

# walk_registry COMMAND...: the registry is as before or as after, and sound.
walk_registry() {
	local n whole quiet=0 refusals=0 state
	rm -rf r
	cp -a "$DATA/registry" r
	mlversion -R r ls >../old
	once 0 "$@"
	[ "$status" -eq 0 ] || fail "undisturbed: $status $(cat ../err)"
	cp ../out ../said
	mlversion -R r ls >../new
	for ((n = 1; quiet < 20; n += STEP)); do
		rm -rf r
		cp -a "$DATA/registry" r
		once "$n" "$@"
		mlversion -R r verify >../verified || fail "allocation $n of $*: $(cat ../verified)"
		mlversion -R r ls >../state
		if [ "$status" -eq 0 ]; then
			cmp ../out ../said || fail "allocation $n of $*: a wrong success"
			state=../new
			quiet=$((quiet + STEP))
		else
			refused mlversion || fail "allocation $n of $*"
			# Past the point of no return the message must say so.
			state=../old
			! grep -q 'the record is in the log' ../err || state=../new
			refusals=$((refusals + 1))
			quiet=0
		fi
		# Times differ from run to run.
		diff <(cut -d, -f1-3,5- $state | without_time) <(cut -d, -f1-3,5- ../state | without_time) ||
			fail "allocation $n of $*: status $status and another registry"
	done
	echo "$refusals refusals: $*"
	[ "$refusals" -ge 4 ]
}

without_time() {
	sed 's/[0-9-]*T[0-9:.]*Z//'
}

@test "mltrain: logistic regression with categories and missing values" {
	walk mltrain -t species -j 1 "$DATA/penguins.csv" -o output
	walk mltrain -t species -j 2 "$DATA/penguins.csv" -o output
	INPUT=$DATA/penguins.csv
	walk mltrain -q -a logistic -t sex -j 1 --l1 1 --class-weight balanced
}

@test "mltrain: naive Bayes and the baseline" {
	walk mltrain -a bayes -t species -j 1 "$DATA/penguins.csv" -o output
	walk mltrain -a baseline -t species -j 2 "$DATA/penguins.csv" -o output
}

@test "mltrain: ridge in one pass, from a pipe, and with categories" {
	walk mltrain -a ridge -t body_mass_g -j 1 "$DATA/numbers.csv" -o output
	walk mltrain -a ridge -t body_mass_g -j 1 "$DATA/penguins.csv" -o output
	INPUT=$DATA/numbers.csv
	walk mltrain -a ridge -t body_mass_g -j 2 -o output
	INPUT=$DATA/penguins.csv
	walk mltrain -a lasso -t body_mass_g -j 1
}

@test "mlpredict: probabilities, a log, and the model from a pipe" {
	walk mlpredict -m "$DATA/penguins.model" --proba --log ../log -j 1 "$DATA/penguins.csv" -o output
	walk mlpredict -m "$DATA/penguins.model" --raw --keep sex -j 2 "$DATA/penguins.csv" -o output
	STEP=1 walk mlpredict -m "$DATA/long.model" --proba --raw --log ../log -j 1 "$DATA/long.csv" -o output
	INPUT=$DATA/penguins.model
	walk mlpredict -m - -j 1 "$DATA/penguins.csv" -o output
}

@test "mleval: all metrics of classes and numbers" {
	walk mleval -t species -j 1 "$DATA/predictions.csv" -o output
	walk mleval -t species --confusion --format json -j 2 "$DATA/predictions.csv"
	walk mleval -t body_mass_g --prediction bill_depth_mm --require 'rmse<1e6' "$DATA/penguins.csv"
}

@test "mldrift: a model's profile, and a table" {
	walk mldrift -m "$DATA/penguins.model" -j 1 "$DATA/penguins.csv" -o output
	walk mldrift -r "$DATA/penguins.csv" --format json -j 2 "$DATA/penguins.csv"
}

@test "mlprep: split, check and columns" {
	walk mlprep split --test 0.3 -t species --stratify -j 1 "$DATA/penguins.csv" -o output -o second
	walk mlprep check -j 1 "$DATA/penguins.csv"
	walk mlprep columns --format json "$DATA/penguins.csv"
}

@test "mlversion: add, alias, rollback, ls" {
	walk_registry mlversion -R r add --kind other penguins "$DATA/numbers.csv"
	walk_registry mlversion -R r add --kind other --note 'first of all' --metric auc=.9 numbers "$DATA/numbers.csv"
	walk_registry mlversion -R r alias penguins champion 2
	walk_registry mlversion -R r ls
	walk_registry mlversion -R r log
}
