# Input that no tool can use is refused in one line that names the place, whatever the tool; nothing
# of it comes out.  (Ragged rows, empty input, missing files and folders: contract.bats; what the
# reader says of each kind of bad CSV: tests/csv.)
load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	mltrain -t class "$SAMPLES/iris.csv" -o iris.model
	mlpredict -m iris.model --proba "$SAMPLES/iris.csv" -o good.csv
	head=$(sed 1q good.csv)
	sed 3q good.csv >start.csv
	{ cat start.csv && sed -n 4p good.csv | tr 7 '\0'; } >nul.csv
	{ cat start.csv && sed -n 4p good.csv | sed 's/,[^,]*/,1e999/g'; } >range.csv
	{ cat start.csv && echo "\"$(sed -n '4,$p' good.csv)"; } >quote.csv
	{ echo "$head" | sed 's/sepal_width_cm/sepal_length_cm/' && sed 1d good.csv; } >twice.csv
	iconv -f UTF-8 -t UTF-16 good.csv >utf16.csv
	{ echo "$head" | sed 's/width/\xe4/' && sed 1d good.csv; } >latin1.csv
	awk 'BEGIN { printf "sepal_length_cm,"; for (i = 0; i < 1048577; i++) printf "x"; print "" }' >long-header.csv
	{ cat start.csv && awk 'BEGIN { for (i = 0; i < 1048577; i++) printf "7"; print ",1,1,1,setosa,setosa,1,0,0" }'; } >long.csv
	printf '\037\213\010\000\000\000\000\000' >gzip.csv
}

setup() {
	DATA=$BATS_FILE_TMPDIR
	mkdir "$BATS_TEST_TMPDIR/here"
	cd "$BATS_TEST_TMPDIR/here"
}

# refuses FILE PLACE CAUSE: every tool does, and leaves nothing.
refuses() {
	local file=$1 place=$2 cause=$3 tool
	for tool in 'mltrain -t class' "mlpredict -m $DATA/iris.model --only" 'mleval -t class' \
		"mldrift -m $DATA/iris.model" 'mlprep check'; do
		# What isn't asked for is not read as a number.
		[[ $tool$file != mleval*range.csv ]] || continue
		trouble 2 $tool "$DATA/$file" -o output
		[[ $stderr == *"/$file$place"*"$cause"* ]] || fail "$tool: $stderr"
		[ "${#stderr}" -lt 600 ] || fail "$tool: a message of ${#stderr} bytes"
		[ -z "$(ls)" ] || fail "$tool leaves $(ls)"
		# From a pipe, and by several threads, it is the same.
		trouble 2 $tool -j 4 -o output <"$DATA/$file"
		[[ $stderr == *"standard input$place"*"$cause"* ]] || fail "$tool: $stderr"
	done
}

@test "bytes, numbers, quotes and fields that nobody can read" {
	refuses nul.csv ":4: column 1 'sepal_length_cm'" 'NUL'
	refuses range.csv ":4: column 2 'sepal_width_cm'" 'range'
	refuses quote.csv ":4: column 1 'sepal_length_cm'" 'quote is not closed'
	refuses long.csv ":4: column 1 'sepal_length_cm'" 'over 1048576 bytes'
}

@test "headers and encodings that nobody can read" {
	refuses twice.csv ': column 2' "'sepal_length_cm'"
	refuses utf16.csv ':' 'UTF-16'
	refuses latin1.csv ':1: column 2' 'UTF-8'
	refuses long-header.csv ':1' '1048576'
	refuses gzip.csv ':' 'looks compressed'
}

@test "a column that is asked for and isn't there is named, with a near one" {
	trouble 2 mltrain -t clas "$DATA/good.csv"
	[[ $stderr == *"good.csv: no column 'clas' (did you mean 'class'?)"* ]] || fail "$stderr"
	trouble 2 mleval -t class -p predicted "$DATA/good.csv"
	[[ $stderr == *"good.csv: no column 'predicted'"* ]] || fail "$stderr"
	cut -d, -f2- "$DATA/good.csv" >cut.csv
	trouble 2 mlpredict -m "$DATA/iris.model" --only cut.csv
	[[ $stderr == *"cut.csv: no column 'sepal_length_cm'"* ]] || fail "$stderr"
	trouble 2 mldrift -m "$DATA/iris.model" cut.csv
	[[ $stderr == *"cut.csv: no column 'sepal_length_cm'"* ]] || fail "$stderr"
}

@test "nothing to learn from names the input" {
	sed 30q "$DATA/good.csv" >one-class.csv
	for algorithm in logistic bayes; do
		trouble 2 mltrain -a $algorithm -t class -c 1-4 one-class.csv
		[[ $stderr == *"one-class.csv: the target has only one class"* ]] || fail "$stderr"
	done
	trouble 2 mltrain -t class -c class "$DATA/good.csv"
	[[ $stderr == *"good.csv: no column is left to learn from"* ]] || fail "$stderr"
	awk -F, 'NR > 1 { $2 = 0 } { print $1 "," $2 "," $5 }' "$DATA/good.csv" >weightless.csv
	trouble 2 mltrain -t class -w sepal_width_cm weightless.csv
	[[ $stderr == *"weightless.csv: column 'sepal_width_cm': all weights are zero"* ]] || fail "$stderr"
}

@test "a model that is cut off anywhere is refused, and the data with it" {
	local size bytes
	size=$(stat -c %s "$DATA/iris.model")
	for bytes in 0 1 7 8 9 100 700 $((size / 2)) $((size - 8)) $((size - 1)); do
		head -c "$bytes" "$DATA/iris.model" >cut.model
		for tool in 'mlpredict --only' mldrift; do
			trouble 2 $tool -m cut.model "$DATA/good.csv"
			[[ $stderr == *"cut.model: "* ]] || fail "$tool, $bytes bytes: $stderr"
			trouble 2 $tool -m - "$DATA/good.csv" <cut.model
			[[ $stderr == *"standard input: "* ]] || fail "$tool, $bytes bytes: $stderr"
		done
	done
	trouble 2 mlpredict -m "$DATA/good.csv" "$DATA/good.csv"
	[[ $stderr == *"good.csv: not a model file"* ]] || fail "$stderr"
}

@test "a model from standard input, the data from a file" {
	mlpredict -m "$DATA/iris.model" --only "$DATA/good.csv" >expected
	mlpredict -m - --only "$DATA/good.csv" <"$DATA/iris.model" >got
	cmp expected got
	trouble 2 mlpredict -m - <"$DATA/iris.model"
	[[ $stderr == *"the model comes from standard input"* ]] || fail "$stderr"
	trouble 2 mldrift -m - - <"$DATA/iris.model"
}

@test "ten thousand columns are learned and read in seconds" {
	awk 'BEGIN {
		for (row = 0; row < 40; row++) {
			for (i = 0; i < 10000; i++)
				printf "%s,", row ? (i * 7 + row * row) % 13 : "c" i
			print row ? (row % 2 ? "yes" : "no") : "y"
		}
	}' >wide.csv
	timeout 60 mltrain -a bayes -t y wide.csv -o wide.model
	timeout 20 mlpredict -m wide.model --only wide.csv >out
	[ "$(wc -l <out)" -eq 40 ]
	timeout 20 mldrift -m wide.model wide.csv >out 2>/dev/null || [ $? -eq 3 ] || [ $? -eq 1 ]
	[ "$(wc -l <out)" -ge 10000 ]
}
