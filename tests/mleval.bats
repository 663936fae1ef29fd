# mleval from the outside.  The metrics' numbers: unit/metric.c; here a few of scikit-learn 1.2.1
# again, through a file, so that reading is held to them too.

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	printf '%s\n' y,s 0,.1 0,.4 1,.35 1,.8 0,.4 1,.4 0,.2 1,.9 1,.6 0,.6 >score.csv
	cat >two.csv <<-'END'
		id,y,prediction,p_no,p_yes
		1,no,no,.9,.1
		2,no,no,.6,.4
		3,yes,no,.65,.35
		4,yes,yes,.2,.8
	END
	cat >three.csv <<-'END'
		y,prediction,p_a,p_b,p_c
		a,a,.7,.2,.1
		a,b,.3,.4,.3
		b,b,.2,.5,.3
		c,c,.1,.2,.7
		b,a,.4,.3,.3
		c,c,.2,.2,.6
	END
	cat >number.csv <<-'END'
		y,prediction
		3,2.5
		-.5,0
		2,2
		7,8
		0,.5
		10,9
	END
}

fails() { # STATUS TEXT COMMAND...: one line on standard error that says TEXT, nothing on standard output
	local want=$1 text=$2 status=0

	shift 2
	"$@" >out 2>err || status=$?
	[ "$status" -eq "$want" ] && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ] && grep -qF -- "$text" err ||
		{ echo "status $status"; cat out err; return 1; }
}

says() { # STATUS TEXT COMMAND...: the same with a report on standard output
	local want=$1 text=$2 status=0

	shift 2
	"$@" >out 2>err || status=$?
	[ "$status" -eq "$want" ] && [ -s out ] && grep -qF -- "$text" err ||
		{ echo "status $status"; cat out err; return 1; }
}

value() { # METRIC FILE OPTION...: its value, rounded to 12 digits
	local metric=$1

	shift
	mleval --metric "$metric" --digits 12 --no-output-header "$@" | cut -d, -f2
}

@test "a score: the report is scikit-learn's" {
	mleval -t y --score s --digits 12 score.csv >out
	cat >want <<-'END'
		metric,value,lower,upper,baseline,rows
		accuracy,0.7,,,0.5,10
		balanced_accuracy,0.7,,,0.5,10
		precision,0.75,,,,10
		recall,0.6,,,0,10
		f1,0.666666666667,,,0,10
		mcc,0.408248290464,,,0,10
		kappa,0.4,,,0,10
		auc,0.78,,,0.5,10
		average_precision,0.789285714286,,,0.5,10
		log_loss,0.507188859349,,,0.69314718056,10
		brier,0.17225,,,0.25,10
	END
	diff want out
}

@test "three classes: the report has means and each class" {
	mleval -t y --digits 6 three.csv >out
	cat >want <<-'END'
		metric,value,lower,upper,baseline,rows
		accuracy,0.666667,,,0.333333,6
		balanced_accuracy,0.666667,,,0.333333,6
		precision_macro,0.666667,,,0.111111,6
		precision_weighted,0.666667,,,0.111111,6
		recall_macro,0.666667,,,0.333333,6
		recall_weighted,0.666667,,,0.333333,6
		f1_macro,0.666667,,,0.166667,6
		f1_weighted,0.666667,,,0.166667,6
		mcc,0.5,,,0,6
		kappa,0.5,,,0,6
		auc,0.916667,,,0.5,6
		average_precision,0.888889,,,0.333333,6
		log_loss,0.720878,,,1.09861,6
		brier,0.396667,,,0.666667,6
		precision[a],0.5,,,0.333333,2
		precision[b],0.5,,,,2
		precision[c],1,,,,2
		recall[a],0.5,,,1,2
		recall[b],0.5,,,0,2
		recall[c],1,,,0,2
		f1[a],0.5,,,0.5,2
		f1[b],0.5,,,0,2
		f1[c],1,,,0,2
	END
	diff want out
}

@test "numbers are regression" {
	[ "$(mleval -t y number.csv | cut -d, -f1 | tr '\n' ' ')" = "metric mse rmse mae medae r2 mape " ]
	[ "$(value r2 -t y number.csv)" = 0.967726161369 ]
	[ "$(value mae -t y <number.csv)" = 0.583333333333 ]
	[ "$(value pinball -t y --quantile .5 number.csv)" = 0.291666666667 ]
	mleval -t y --quantile 0.9 number.csv | grep -q '^pinball,'
}

@test "0 and 1 are classes, other numbers are not, --task decides otherwise" {
	printf 'y,prediction\n0,0\n1,1\n1.0,0\n' >binary.csv
	[ "$(value accuracy -t y binary.csv)" = 0.666666666667 ]
	mleval -t y binary.csv | grep -q '^accuracy,'
	mleval -t y --task regress binary.csv | grep -q '^rmse,'
	mleval -t y --task class number.csv | grep -q '^accuracy,0.1666'
	# Wherever the first other value comes.
	{ cat binary.csv; yes 1,1 | head -n 20000; echo 2,2; } >late.csv
	mleval -t y late.csv | grep -q '^rmse,'
	{ cat binary.csv; yes 3,3 | head -n 20000; echo no,no; } >late.csv
	mleval -t y late.csv | grep -q '^accuracy,0.99'
}

@test "labels of two programs: 1 is 1.0, text is text" {
	printf 'y,prediction\n1,1.0\n2,2e0\n10,10\n3,03\n' >labels.csv
	[ "$(value accuracy -t y --task class labels.csv)" = 1 ]
	[ "$(mleval -t y --confusion labels.csv | tail -n 1)" = 10,10,1 ] # sorted as numbers
	printf 'y,prediction\nyes,yes\nyes,Yes\nno,no\n' >labels.csv
	[ "$(value accuracy -t y labels.csv)" = 0.666666666667 ]
	printf 'y,prediction\n9007199254740993,9007199254740992\n5,5\n' >labels.csv
	[ "$(value accuracy -t y --task class labels.csv)" = 0.5 ]
}

@test "another program's file: columns in any order and with other names, tabs, quotes" {
	printf 'p_yes\tx\tguess\tp_no\ttruth\n.8\t"a\tb"\tyes\t.2\tyes\n.3\t\tno\t.7\tno\n' >other.tsv
	[ "$(value accuracy -T -t truth -p guess other.tsv)" = 1 ]
	[ "$(value brier -T -t truth -p guess other.tsv)" = 0.065 ] # by hand: (.04 + .09) / 2
	printf '.9,1\n.2,0\n' | mleval -H -t 2 --score 1 --metric auc | grep -q '^auc,1,'
}

@test "a feature called p_x is no probability when there are some behind the prediction" {
	sed 's/^id,/p_id,/' two.csv >feature.csv
	cmp <(mleval -t y two.csv) <(mleval -t y feature.csv)
	printf 'p_load,y,prediction\n7,1.5,2\n8,3,3\n' | mleval -t y | grep -q '^rmse,'
}

@test "two probabilities say the same as one score" {
	awk -F, -v OFS=, 'NR == 1 {print "y,p_0,p_1"; next} {print $1, 1 - $2, $2}' score.csv >pair.csv
	diff <(mleval -t y --score s --digits 12 score.csv) <(mleval -t y --digits 12 pair.csv)
}

@test "--positive" {
	[ "$(value recall -t y two.csv)" = 0.5 ]
	[ "$(value recall -t y --positive no two.csv)" = 1 ]
	[ "$(value 'recall[no]' -t y two.csv)" = 1 ]
	[ "$(value auc -t y --positive no two.csv)" = "$(value auc -t y two.csv)" ]
	[ "$(value average_precision -t y --positive no two.csv)" = "$(value 'average_precision[no]' -t y two.csv)" ]
	fails 2 "no row has class 'yess' (did you mean 'yes'?)" mleval -t y --positive yess two.csv
	fails 2 "has 3 classes ('0', '1', '2'), and a score is of two" mleval -t y --score s --positive 2 score.csv
}

@test "--threshold predicts anew, even where there are predictions" {
	[ "$(mleval -t y --threshold .35 --confusion --no-output-header two.csv | tr '\n' ' ')" = \
		"no,no,1 no,yes,1 yes,no,0 yes,yes,2 " ]
	[ "$(value recall -t y --score s --threshold .4 score.csv)" = 0.8 ]
	fails 2 "expected a number, not 'x'" mleval -t y --score s --threshold x score.csv
	fails 2 "option '--threshold' needs --score" mleval -t y --threshold .4 three.csv
}

@test "weights: a row of weight 2 is that row twice" {
	awk -F, -v OFS=, 'NR == 1 {print $0, "w"; next} {print $0, NR % 3}' three.csv >weight.csv
	awk -F, 'NR == 1 {print; next} {for (i = 0; i < NR % 3; i++) print}' three.csv >twice.csv
	diff <(mleval -t y --weight w --digits 12 weight.csv | cut -d, -f1-5) \
		<(mleval -t y --digits 12 twice.csv | cut -d, -f1-5)
	awk -F, -v OFS=, 'NR == 1 {print $0, "w"; next} {print $0, NR - 1}' score.csv >weight.csv
	[ "$(value auc -t y --score s --weight w weight.csv)" = 0.764 ]
	[ "$(value log_loss -t y --score s --weight w weight.csv)" = 0.534293668529 ]
	sed -i '3s/2$/-2/' weight.csv
	fails 2 "weight.csv:3: column 3 'w': negative weight" mleval -t y --score s --weight w weight.csv
	awk -F, -v OFS=, 'NR == 1 {print $0, "w"; next} {print $0, 0}' score.csv >weight.csv
	fails 3 "all weights are 0" mleval -t y --score s --weight w weight.csv
}

@test "--confusion" {
	cat >want <<-'END'
		truth,predicted,rows
		a,a,1
		a,b,1
		a,c,0
		b,a,1
		b,b,1
		b,c,0
		c,a,0
		c,b,0
		c,c,2
	END
	diff want <(mleval -t y --confusion three.csv)
	fails 2 "'--confusion' is for classes" mleval -t y --confusion --task regress number.csv
}

@test "--metric: a list, forms, one class" {
	[ "$(mleval -t y --metric 'f1_macro,recall[c],auc[a],accuracy' three.csv | cut -d, -f1 | tr '\n' ' ')" = \
		"metric f1_macro recall[c] auc[a] accuracy " ]
	[ "$(mleval -t y --metric f1 three.csv | cut -d, -f1 | tr '\n' ' ')" = \
		"metric f1_macro f1_weighted f1[a] f1[b] f1[c] " ]
	fails 2 "unknown metric 'acuracy' (did you mean 'accuracy'?)" mleval -t y --metric acuracy two.csv
	fails 2 "metric 'f1[d]': no row is of class 'd'" mleval -t y --metric 'f1[d]' three.csv
	fails 2 "'rmse' is for numbers and 'f1' for classes" mleval -t y --metric rmse,f1 two.csv
	fails 2 "two.csv:2: column 2 'y': not a number: 'no'" mleval -t y --metric rmse two.csv
	fails 2 "metric 'auc' is for classes" mleval -t y --task regress --metric auc number.csv
}

@test "gates: status 0, 1 and 3" {
	mleval -t y --require 'auc>=0.75' --require 'f1 > baseline' --require 'brier<=.2' two.csv >out
	says 1 "requirement not met: auc>=0.8: auc is 0.75, short by 0.05" mleval -t y --require 'auc>=0.8' two.csv
	says 1 "requirement not met: auc>0.75: auc is 0.75, short by 0" mleval -t y --require 'auc>0.75' two.csv
	says 1 "log_loss is 0.472288, over by 0.372288" mleval -t y --require 'log_loss<.1' two.csv
	says 1 "accuracy is 0.75, the baseline 0.5, over by 0.25" mleval -t y --require 'accuracy<baseline' two.csv
	says 1 "recall[a]" mleval -t y --require 'recall[a]>.9' three.csv
	mleval -t y --require 'rmse<baseline' number.csv >out
	says 3 "requirement cannot be decided: precision>=baseline: the baseline is undefined" \
		mleval -t y --require 'precision>=baseline' two.csv
	# A requirement that is not met decides, whatever the others are.
	says 1 "cannot be decided" mleval -t y --require 'precision>=baseline' --require 'auc>1' two.csv
	mleval -t y --metric auc --require 'accuracy>.5' two.csv | grep -q '^accuracy,'
	status=0
	mleval -q -t y --require 'auc>1' two.csv 2>err || status=$?
	[ "$status" -eq 1 ] && [ ! -s err ]
}

@test "gates that make no sense" {
	for gate in auc 'auc=1' 'auc>' 'auc>x' '>1' 'auk>1' 'auc>1e999'; do
		fails 2 "requirement" mleval -t y --require "$gate" two.csv
	done
	fails 2 "f1_macro, f1_weighted or f1[CLASS]" mleval -t y --require 'f1>.5' three.csv
	fails 2 "for numbers" mleval -t y --require 'rmse<1' --task class two.csv
}

@test "one class only: AUC is undefined, not 0 and not 0.5" {
	printf 'y,s\n1,.9\n1,.2\n' >one.csv
	says 0 "auc is undefined: all rows are on one side" mleval -v -t y --score s one.csv
	grep -q '^auc,,,,,2$' out
	says 3 "requirement cannot be decided: auc>.5: auc is undefined" mleval -t y --score s --require 'auc>.5' one.csv
	printf 'y,s\nyes,.9\nyes,.2\n' >one.csv
	fails 3 "has a single class, 'yes'" mleval -t y --score s one.csv
	mleval -t y --score s --positive fraud --metric accuracy one.csv | grep -q '^accuracy,0.5,'
}

@test "scores that are no probabilities rank, and have no log loss" {
	printf 'y,s\nyes,10\nno,-2\nno,3\n' >raw.csv
	[ "$(value auc -t y --score s raw.csv)" = 1 ]
	[ -z "$(value log_loss -t y --score s raw.csv)" ]
	says 0 "log_loss is undefined: the scores are not probabilities" mleval -v -t y --score s --metric log_loss raw.csv
	printf 'y,p_a,p_b\na,1.5,-.5\n' >raw.csv
	fails 2 "raw.csv:2: column 2 'p_a': not a probability: not in 0..1" mleval -t y raw.csv
	printf 'y,p_a,p_b\na,.5,.5\na,.5,.4\n' >raw.csv
	fails 2 "raw.csv:3: column 3 'p_b': the probabilities of the row don't add up to 1" mleval -t y raw.csv
}

@test "a class that the model did not know has probability 0; none known is an error" {
	printf 'y,p_a,p_b\na,.8,.2\nb,.3,.7\nc,.3,.7\n' >unknown.csv
	says 0 "1 rows have a class without a column p_CLASS (such as 'c')" mleval -t y unknown.csv
	# By hand: -(ln .8 + ln .7 + ln 2^-52) / 3
	[ "$(value log_loss -t y unknown.csv 2>err)" = 12.2078239615 ]
	printf 'y,p_a,p_b\nA,.8,.2\n' >unknown.csv
	fails 2 "no class of column 'y' has a column p_CLASS: 'A', for example" mleval -t y unknown.csv
}

@test "input that is not right" {
	fails 2 "two.csv: no column 'yy'" mleval -t yy two.csv
	fails 2 "two.csv: no column 'p_yess' (did you mean 'p_yes'?)" mleval -t y --score p_yess two.csv
	fails 2 "no column 'predicton' (did you mean 'prediction'?)" mleval -t y -p predicton number.csv
	fails 2 "no column 'w'" mleval -t y --weight w two.csv
	fails 2 "no column 'prediction'" mleval -t y score.csv
	fails 2 "option '--target' is missing" mleval two.csv
	fails 2 "asked for as two things" mleval -t y -p y two.csv
	fails 2 "empty input" mleval -t y /dev/null
	printf 'y,prediction\n' >empty.csv
	fails 3 "empty.csv: no rows" mleval -t y empty.csv
	printf 'y,prediction\n1,1\n2,2,2\n' >ragged.csv
	fails 2 "ragged.csv:3: row has 3 fields, expected 2" mleval -t y ragged.csv
	printf 'y,prediction\n1,a\n2,b\n' >mixed.csv
	fails 2 "mixed.csv:2: column 'prediction': not a number, and column 'y' has numbers" mleval -t y mixed.csv
	seq 1 1100 | awk 'BEGIN {print "y,prediction"} {print "c" $1 ",x"}' >many.csv
	fails 2 "more than 1024 classes" mleval -t y many.csv
}

@test "a missing truth, prediction or score is an error at its place, or left out and counted" {
	printf 'y,prediction\n1,1\n,0\n0,NA\n0,0\n' >hole.csv
	fails 2 "hole.csv:3: column 1 'y': missing value" mleval -t y hole.csv
	says 0 "records left out: 2" mleval -t y --on-error skip hole.csv
	grep -q '^accuracy,1,,,0.5,2$' out
	says 0 "records left out: 2" mleval -t y --on-error reject=rejected.csv hole.csv
	grep -q ',0$' rejected.csv
	printf 'y,s\n1,\n0,.5\n' >hole.csv
	fails 2 "hole.csv:2: column 2 's': missing value" mleval -t y --score s hole.csv
}

@test "formats: the same content" {
	mleval -t y --format json --metric auc,precision two.csv >out
	[ "$(head -n 1 out)" = '{"metric":"auc","value":0.75,"lower":null,"upper":null,"baseline":0.5,"rows":4}' ]
	[ "$(wc -l <out)" -eq 2 ]
	mleval -t y --format text --metric auc,precision two.csv >out
	[ "$(sed -n 2p out | tr -s ' ')" = "auc 0.75 0.5 4" ]
	[ "$(mleval -t y --no-output-header --metric auc two.csv)" = auc,0.75,,,0.5,4 ]
	printf 'y,prediction\n"a ""b"", c",x\nx,x\n' | mleval -t y --metric 'recall[a "b", c]' --no-output-header >out
	[ "$(cat out)" = '"recall[a ""b"", c]",0,,,1,1' ]
}

@test "-o: a file, complete or not at all" {
	mleval -t y -o report.csv two.csv
	cmp report.csv <(mleval -t y two.csv)
	fails 2 "no/where" mleval -t y -o no/where two.csv
	fails 2 "" mleval -t yy -o other.csv two.csv
	[ ! -e other.csv ]
}

@test "the same bytes for any number of threads, from a file, a pipe and small reads" {
	awk 'BEGIN {srand(1); print "y,p_a,p_b,p_c,w"; for (i = 0; i < 30000; i++) {
		a = rand(); b = rand() * (1 - a); y = rand();
		printf "%s,%.4f,%.4f,%.4f,%.3f\n", y < a ? "a" : y < a + b ? "b" : "c", a, b, 1 - a - b, rand()}}' >big.csv
	mleval -j 1 -t y --weight w big.csv >one
	cmp one <(mleval -j 2 -t y --weight w big.csv)
	cmp one <(mleval -j 4 -t y --weight w <big.csv)
	cmp one <(dd if=big.csv bs=7 status=none | mleval -j 3 -t y --weight w)
}

@test "--list-metrics lists each metric of the manual" {
	for metric in $(mleval --list-metrics --no-output-header | cut -d, -f1); do
		grep -q "^\.It Cm \(.* , \)*$metric\( ,.*\)*\$" "$BATS_TEST_DIRNAME/../man/mleval.1" || { echo "$metric"; return 1; }
	done
	[ "$(mleval --list-metrics | wc -l)" -eq 19 ]
}
