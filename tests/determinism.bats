# The same rows, options and seed give the same bytes, whatever the machine does otherwise: threads,
# the way the bytes come in, the folder, the zone, the locale.  On tables of several blocks
# (algorithms.bats has the small ones) for every algorithm of `mltrain --list-algorithms`.
load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	# Numbers only: least squares takes these in one pass.
	cut -d, -f3-14,17 "$SAMPLES/bike_hour.csv" >numbers.csv
	# Categories, missing values in both kinds, and weights that aren't whole numbers.
	awk -F, 'BEGIN { OFS = "," }
		NR == 1 { print $0, "weight"; next }
		NR % 11 == 0 { $1 = "" }
		NR % 13 == 0 { $4 = "" }
		{ print $0, 0.1 + NR % 7 / 3 }' "$SAMPLES/adult.csv" >half.csv
	{ cat half.csv && awk -F, 'BEGIN { OFS = "," } NR > 1 { $3 += NR; $13 += NR % 3; print }' half.csv; } >adult.csv
	awk -F, 'BEGIN { OFS = "," }
		NR == 1 { print $0, "weight"; next }
		NR % 11 == 0 { $10 = "" }
		{ $9 = NR % 17 ? "kind" $9 : ""; print $0, 0.1 + NR % 7 / 3 }' "$SAMPLES/bike_hour.csv" |
		cut -d, -f3-14,17,18 >hours.csv
	# A category that looks like numbers until the last row.
	{ cat numbers.csv && echo '1,0,1,0,0,6,0,late,0.24,0.2879,0.81,0,16'; } >late.csv
	# Three classes in several blocks.
	{ cat "$SAMPLES/penguins.csv" && for i in {1..39}; do sed 1d "$SAMPLES/penguins.csv"; done; } |
		awk -F, 'BEGIN { OFS = "," } NR > 1 && $3 ~ /^[0-9]/ { $3 += NR % 101 / 50 } { print }' >penguins.csv
}

setup() {
	DATA=$BATS_FILE_TMPDIR
	cd "$BATS_TEST_TMPDIR"
	[ "$(wc -l <"$DATA/penguins.csv")" -gt $((3 * 4096)) ]
	[ "$(wc -l <"$DATA/adult.csv")" -gt $((3 * 4096)) ]
	[ "$(wc -l <"$DATA/hours.csv")" -gt $((3 * 4096)) ]
}

# ways NAME OPTION...: of learning from $DATA/NAME.csv; ../model is what all give.
ways() {
	local table=$DATA/$1.csv way
	shift
	mltrain -q -j 1 "$@" "$table" >model || fail "mltrain $*"
	for way in '-j 2' '-j 4' '-j 7'; do
		mltrain -q $way "$@" "$table" >got
		cmp model got || fail "mltrain $way $* $table"
	done
	cat "$table" | mltrain -q -j 2 "$@" >got
	cmp model got || fail "mltrain $* <pipe: $table"
	MLUTILS_READ_SIZE=4093 mltrain -q -j 4 "$@" <"$table" >got
	cmp model got || fail "mltrain $*, short reads: $table"
}

each() { # TASK NAME OPTION...
	local algorithm task=$1
	shift
	for algorithm in $(algorithms "$task"); do
		ways "$@" -a "$algorithm"
	done
}

@test "classes of a mixed table with missing values" {
	each classification adult -t income -C weight
	each classification penguins -t species --impute-indicator
}

@test "classes of a mixed table with weights" {
	each classification adult -t income -w weight --class-weight balanced
}

@test "numbers of a numeric table" {
	each regression numbers -t cnt
}

@test "numbers of a mixed table with missing values and weights" {
	each regression hours -t cnt -w weight
	each regression hours -t cnt -C weight --impute median
}

@test "a column that stops being numeric in the last row" {
	each regression late -t cnt
}

@test "options of the algorithms that change the way it is solved" {
	ways numbers -a logistic -t holiday --l1 0.5
	ways penguins -a logistic -t species --l1 0.5
	ways numbers -a linear -t cnt --no-intercept
	ways hours -a ridge -t cnt --scale robust
}

@test "reads of one byte" {
	local algorithm
	sed 4500q "$DATA/hours.csv" >two-blocks.csv
	for algorithm in $(algorithms regression); do
		mltrain -q -a "$algorithm" -t cnt -w weight two-blocks.csv >model
		MLUTILS_READ_SIZE=1 mltrain -q -a "$algorithm" -t cnt -w weight <two-blocks.csv >got
		cmp model got || fail "$algorithm"
	done
	sed 4500q "$DATA/adult.csv" >two-blocks.csv
	for algorithm in $(algorithms classification); do
		mltrain -q -a "$algorithm" -t income -w weight two-blocks.csv >model
		MLUTILS_READ_SIZE=1 mltrain -q -a "$algorithm" -t income -w weight <two-blocks.csv >got
		cmp model got || fail "$algorithm"
	done
}

# Each line of the loop, for one number of threads, in the folder $1.
loop() {
	(
		mkdir -p "$1" && cd "$1"
		mltrain -q -t income -w weight -j "$2" "$DATA/adult.csv" >model
		mlpredict -m model --proba -j "$2" "$DATA/adult.csv" >predictions
		mleval -t income -j "$2" predictions >figures
		mldrift -m model -j "$2" "$DATA/adult.csv" >drift || [ $? -eq 1 ]
		sed 9000q "$DATA/adult.csv" | mldrift -m model -j "$2" --format json >drift.json || [ $? -eq 1 ]
		mlprep check -t income -j "$2" "$DATA/adult.csv" >check || [ $? -eq 1 ]
		mlprep split --test 0.25 -t income --stratify "$DATA/adult.csv" -o train -o test
	)
}

@test "the whole loop, for any number of threads" {
	loop one 1
	for threads in 2 4 0; do
		loop other $threads
		diff -r one other || fail "-j $threads"
	done
}

@test "the whole loop, in another folder, zone, locale, umask, home and user" {
	loop one 2
	local elsewhere='somewhere else/ünder'
	(
		export TZ=Asia/Kathmandu LC_ALL=C.UTF-8 LANG=de_DE.UTF-8 LANGUAGE=de HOME=/nonexistent USER=other \
			LOGNAME=other HOSTNAME=other TMPDIR=/nonexistent MLREGISTRY=/nonexistent COLUMNS=40
		umask 077
		loop "$elsewhere" 2
	)
	diff -r one "$elsewhere"
	# Nor does it depend on where memory lies, or what it held.
	(
		export MALLOC_PERTURB_=165
		loop dirty 2
	)
	diff -r one dirty
}
