# Figures of other programs that anybody can repeat: every fifth row, the first among them, is the
# test.  tests/oracle/anchors.md has the table, where each figure comes from and those sets that are
# too big to be here.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
}

split() { # TABLE
	awk 'NR == 1 { print >"train.csv"; print >"test.csv"; next }
		{ print >((NR - 2) % 5 ? "train.csv" : "test.csv") }' "$1"
}

# gives TARGET METRIC=VALUE,... OPTION...: within one unit of the last digit given.
gives() {
	local target=$1 expected=$2 proba=--proba task=class
	shift 2
	[[ $expected != rmse* ]] || proba='' task=regress
	mltrain -q -t "$target" --task $task "$@" train.csv -o model
	mlpredict -m model $proba test.csv -o out.csv
	mleval -t "$target" --task $task out.csv >figures
	tr , '\n' <<<"$expected" | awk -F'[,=]' '
		FNR == NR { got[$1] = $2; next }
		{
			digits = index($2, ".") ? length($2) - index($2, ".") : 0
			far = got[$1] - $2
			if (!($1 in got) || (far < 0 ? -far : far) > 0.51 * 10 ^ -digits) { print $1 " is " got[$1] ", not " $2; bad = 1 }
			n++
		}
		END { exit bad || n == 0 }' figures - || fail "$*"
}

@test "iris" {
	split "$SAMPLES/iris.csv"
	gives class accuracy=.3333 -a baseline
	gives class accuracy=.9667,log_loss=.1149477769 -a bayes
	gives class accuracy=.9667,log_loss=.1122584 -a logistic
}

@test "wine" {
	split "$ROOT/tests/golden/wine.csv"
	gives cultivar accuracy=.3889 -a baseline
	gives cultivar accuracy=.9444,log_loss=.2250297731 -a bayes
	gives cultivar accuracy=1,log_loss=.0468844 -a logistic
}

@test "breast cancer" {
	split "$SAMPLES/breast_cancer.csv"
	gives class accuracy=.6491 -a baseline
	gives class accuracy=.9211,log_loss=.9733895406,auc=.9777027027 -a bayes
	gives class accuracy=.9649,log_loss=.0941683,auc=.9962837838 -a logistic
}

@test "diabetes of the Pima" {
	split "$ROOT/tests/golden/pima.csv"
	gives diabetes accuracy=.6234 -a baseline
	gives diabetes accuracy=.7857,log_loss=.4507139393,auc=.8688936782 -a bayes
	gives diabetes accuracy=.7987,log_loss=.4314517,auc=.8751795977 -a logistic
}

@test "diabetes, a number" {
	split "$ROOT/tests/golden/diabetes.csv"
	gives y rmse=76.394 -a baseline
	gives y rmse=52.68714240 -a linear
	gives y rmse=52.63764499 -a ridge --l2 .1 --scale none
	gives y rmse=52.80448418 -a lasso --penalty .1 --scale none
}
