# What every algorithm promises: a loop over `mltrain --list-algorithms`, so that a new one is tested
# without a word here.
load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	# Hours as numbers, the weather as a category.
	awk 'NR == 1 || NR % 12 == 0' "$SAMPLES/bike_hour.csv" | cut -d, -f3-14,17 |
		awk -F, 'BEGIN { OFS = "," } NR > 1 { $8 = "w" $8 } { print }' >regression.csv
	cp "$SAMPLES/penguins.csv" classification.csv
}

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# Calls "$1 ALGORITHM TABLE TARGET" for each algorithm and each of its tasks.
each() {
	local algorithm
	for algorithm in $(algorithms classification); do
		"$1" "$algorithm" "$BATS_FILE_TMPDIR/classification.csv" species || fail "$algorithm, classes"
	done
	for algorithm in $(algorithms regression); do
		"$1" "$algorithm" "$BATS_FILE_TMPDIR/regression.csv" cnt || fail "$algorithm, numbers"
	done
}

# The predictions of MODEL for a table, alone.
predictions() {
	mlpredict -m "$1" --only "$2"
}

# close_to A B TOLERANCE: numbers of two columns agree, words are equal.
close_to() {
	paste -d, "$1" "$2" | awk -F, -v tolerance="$3" '
		function size(x) { return x < 0 ? -x : x }
		{ far = $1 ~ /^[-0-9.e]+$/ ? size($1 - $2) > tolerance * (1 + size($1)) : $1 != $2 }
		far { print FNR ": " $0; bad = 1 }
		END { exit bad || NR < 2 }'
}

same_bytes() {
	mltrain -a "$1" -t "$3" -j 1 "$2" >expected
	[ -s expected ]
	for threads in 2 4; do
		mltrain -a "$1" -t "$3" -j $threads "$2" >got
		cmp expected got || fail "-j $threads"
	done
	cat "$2" | mltrain -a "$1" -t "$3" >got
	cmp expected got || fail 'from a pipe'
	MLUTILS_READ_SIZE=1 mltrain -a "$1" -t "$3" <"$2" >got
	cmp expected got || fail '1-byte reads'
	mltrain -a "$1" -t "$3" "$2" -o got
	cmp expected got || fail '-o'
	# Predictions too.
	mlpredict -m expected -j 1 "$2" >one
	MLUTILS_READ_SIZE=1 mlpredict -m expected -j 4 <"$2" >other
	cmp one other || fail 'predictions'
}

@test "the model is the same bytes from file, pipe and 1-byte reads, for any number of threads" {
	each same_bytes
}

beats_nothing() {
	mltrain -a "$1" -t "$3" "$2" >model
	mlpredict -m model --proba "$2" >out
	[ "$(wc -l <out)" -eq "$(wc -l <"$2")" ]
	metric=accuracy
	[ "$3" = species ] || metric=rmse
	mleval -t "$3" --metric $metric out >result
	awk -F, -v lower="$([ $metric = rmse ] && echo y)" -v simple="$([ "$1" = baseline ] && echo y)" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{
			value = $at["value"]; baseline = $at["baseline"]
			exit !(simple ? value == baseline : lower ? value < 0.9 * baseline : value > baseline + 0.2)
		}' result || fail "$(cat result)"
}

@test "learns its sample: better than the baseline, and the baseline just as good" {
	each beats_nothing
}

by_name() {
	mltrain -a "$1" -t "$3" "$2" >model
	predictions model "$2" >expected
	# The columns in reverse order, one more, and no target.
	awk -F, -v target="$3" 'BEGIN { OFS = "," }
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == target) skip = i }
		{ line = FNR; for (i = NF; i > 0; i--) if (i != skip) line = line "," $i; print line }' "$2" |
		sed '1s/^1/extra/' >turned.csv
	predictions model turned.csv >got
	cmp expected got || fail 'other order'
	[ "$1" != baseline ] || return 0
	first=$(sed 1q "$2" | cut -d, -f2)
	cut -d, -f1,3- "$2" >without.csv
	run --separate-stderr mlpredict -m model without.csv
	[ "$status" -eq 2 ] || fail "without a column: $status"
	[[ $stderr == *"$first"* ]] || fail "$stderr"
}

@test "columns are matched by name; a missing one is named" {
	each by_name
}

odd_values() {
	mltrain -a "$1" -t "$3" "$2" >model
	# All missing, then categories never seen (numbers stay numbers).
	{
		sed 1q "$2"
		sed -n 2p "$2" | sed 's/[^,]//g'
		sed -n 2p "$2" | sed 's/[A-Za-z][A-Za-z0-9]*/never-seen/g'
		sed -n 2p "$2" | sed 's/[0-9][0-9.]*/1e300/g'
	} >odd.csv
	predictions model odd.csv >got || fail 'no predictions'
	[ "$(wc -l <got)" -eq 4 ] || fail "$(cat got)"
	! grep -qiE '^$|nan|inf' got || fail "$(cat got)"
}

@test "missing values, unseen categories and huge numbers get a prediction" {
	each odd_values
}

# mltrain ends with an answer or with one line; never otherwise.
answers() {
	status=0
	mltrain "$@" >model 2>message || status=$?
	case $status in
	0) [ -s model ] ;;
	2 | 3) [ ! -s model ] && [ "$(wc -l <message)" -eq 1 ] ;;
	*) false ;;
	esac || fail "mltrain $*: $status: $(cat message)"
}

few_rows() {
	for rows in 0 1 2; do
		sed "$((rows + 1))q" "$2" >few.csv
		answers -a "$1" -t "$3" few.csv
	done
	# A constant column, one that is all missing, one that is different in each row.
	awk -v OFS=, 'NR == 1 { print $0, "constant", "empty", "unique"; next } { print $0, 7, "", "u" NR }' \
		"$2" >columns.csv
	mltrain -a "$1" -t "$3" -C unique columns.csv >model
	mltrain -a "$1" -t "$3" "$2" >plain
	predictions model columns.csv >got
	predictions plain "$2" >expected
	close_to expected got 1e-9 || fail 'constant and empty columns change the model'
	answers -a "$1" -t "$3" columns.csv
	# Only a constant column.
	awk -F, -v target="$3" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == target) at = i; print "constant," target; next }
		{ print "7," $at }' "$2" >constant.csv
	answers -a "$1" -t "$3" constant.csv
	# The same target everywhere.
	awk -F, -v OFS=, -v target="$3" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == target) at = i }
		NR == 2 { first = $at } NR > 1 { $at = first } { print }' "$2" >one.csv
	answers -a "$1" -t "$3" one.csv
	[ "$3" = species ] || return 0
	# Of a single class: certain, whatever the row.  The baseline always has an answer.
	[ "$1" != baseline ] || [ "$status" -eq 0 ] || fail "$(cat message)"
	[ "$status" -ne 0 ] || [ "$(mlpredict -m model --only --proba "$2" | sort -u)" = $'Adelie,1\nprediction,p_Adelie' ] ||
		fail 'a single class'
}

@test "no row, one, two; constant and empty columns; one class: an answer or one line" {
	each few_rows
}

weights() {
	awk -v OFS=, 'NR == 1 { print $0, "n"; next } { print $0, 1 + (NR % 3 == 0) }' "$2" >weighted.csv
	awk 'NR > 1 && NR % 3 == 0 { print } { print }' "$2" >twice.csv
	mltrain -a "$1" -t "$3" -w n weighted.csv >model
	predictions model "$2" >got
	mltrain -a "$1" -t "$3" twice.csv >model
	predictions model "$2" >expected
	close_to expected got 1e-5
}

@test "a row given twice is a row of weight two" {
	each weights
}

@test "an unknown algorithm is trouble, and a near name is suggested" {
	trouble 2 mltrain -a logstic -t species "$BATS_FILE_TMPDIR/classification.csv"
	[[ $stderr == *"did you mean 'logistic'"* ]] || fail "$stderr"
}

@test "an algorithm that doesn't do the task says so" {
	for algorithm in $(algorithms); do
		if ! algorithms classification | grep -qx "$algorithm"; then
			trouble 2 mltrain -a "$algorithm" -t species "$BATS_FILE_TMPDIR/classification.csv"
		fi
		if ! algorithms regression | grep -qx "$algorithm"; then
			trouble 2 mltrain -a "$algorithm" --task regress -t cnt "$BATS_FILE_TMPDIR/regression.csv"
		fi
	done
}
