# mlpredict: rows in, the same rows out with predictions behind them.
load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	mltrain -t species "$SAMPLES/penguins.csv" -o species.model
	mltrain -t y -o line.model <<<$'x,y\n1,3\n2,5\n3,7.5\n4,9'
	awk 'BEGIN { print "x,c,y"; for (i = 0; i < 60; i++) print i % 7 "," substr("abc", 1 + i % 3, 1) "," (i % 4 ? "no" : "yes") }' |
		mltrain -t y -o yes.model
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	PENGUINS=$SAMPLES/penguins.csv
	SPECIES=$BATS_FILE_TMPDIR/species.model
	LINE=$BATS_FILE_TMPDIR/line.model
	YES=$BATS_FILE_TMPDIR/yes.model
}

@test "the row is kept, the prediction is behind it" {
	mlpredict -m "$SPECIES" "$PENGUINS" >got
	[ "$(sed 1q got)" = "$(sed 1q "$PENGUINS"),prediction" ]
	cut -d , -f 1-7 got | cmp - "$PENGUINS"
	[ "$(cut -d , -f 8 got | sort -u | tr '\n' ' ')" = 'Adelie Chinstrap Gentoo prediction ' ]
	# Nearly all are right: a linear model tells these species apart.
	awk -F, 'NR > 1 && $7 == $8 { n++ } END { exit n < 340 }' got
}

@test "--proba: one column a class, which add up to 1, the largest being the prediction" {
	mlpredict -m "$SPECIES" --proba "$PENGUINS" >got
	[[ $(sed 1q got) == *,species,prediction,p_Adelie,p_Chinstrap,p_Gentoo ]]
	awk -F, 'NR == 1 { for (i = 9; i <= 11; i++) class[i] = substr($i, 3); next }
		{
			best = 9
			for (i = 9; i <= 11; i++) if ($i > $best) best = i
			off = $9 + $10 + $11 - 1
			if (off > 1e-12 || off < -1e-12 || class[best] != $8) exit 1
		}' got
}

@test "--raw: the log-odds of the positive class, or a score for each" {
	mlpredict -m "$YES" --proba --raw --only >got <<<$'x,c\n1,a\n2,b\n5,c'
	[ "$(sed 1q got)" = prediction,p_no,p_yes,score ]
	awk -F, 'NR > 1 { d = log($3 / $2) - $4; if (d > 1e-9 || d < -1e-9) exit 1 }' got
	[[ $(mlpredict -m "$SPECIES" --raw --only "$PENGUINS" | sed 1q) == prediction,score_Adelie,score_Chinstrap,score_Gentoo ]]
	trouble 2 mlpredict -m "$LINE" --proba <<<$'x\n1'
}

@test "--only, --keep and --no-output-header" {
	mlpredict -m "$SPECIES" "$PENGUINS" >all
	mlpredict -m "$SPECIES" --only "$PENGUINS" | cmp - <(cut -d , -f 8 all)
	mlpredict -m "$SPECIES" --keep species,1,3-4 "$PENGUINS" | cmp - <(cut -d , -f 1,3,4,7,8 all)
	mlpredict -m "$SPECIES" --no-output-header "$PENGUINS" | cmp - <(sed 1d all)
	trouble 2 mlpredict -m "$SPECIES" --keep iland "$PENGUINS"
	[[ $stderr == *"did you mean 'island'?"* ]] || fail "$stderr"
	trouble 2 mlpredict -m "$SPECIES" --keep island --only "$PENGUINS"
}

@test "--digits rounds; without it numbers read back the same" {
	run -0 mlpredict -m "$LINE" --only <<<$'x\n0.1\n1e6'
	[ "${#lines[1]}" -gt 12 ]
	run -0 mlpredict -m "$LINE" --only --digits 3 <<<$'x\n10\n1e6'
	[[ ${lines[1]} =~ ^[0-9]{2}\.?[0-9]?$ && ${lines[2]} =~ ^[0-9]{3}0000$ ]] || fail "$output"
	trouble 2 mlpredict -m "$LINE" --digits 18 <<<$'x\n1'
}

@test "columns are matched by name: order, further columns and the target don't matter" {
	mlpredict -m "$SPECIES" --only --proba "$PENGUINS" >expected
	awk -F, -v OFS=, '{ print "id" NR, $6, $5, $4, $3, $2, $1 }' "$PENGUINS" | sed '1s/^id1/id/' >turned.csv
	mlpredict -m "$SPECIES" --only --proba turned.csv | cmp - expected
	cut -d , -f 1-5 "$PENGUINS" >less.csv
	trouble 2 mlpredict -m "$SPECIES" less.csv
	[[ $stderr == *"no column 'sex'"* ]] || fail "$stderr"
	sed '1s/sex/sec/' "$PENGUINS" >near.csv
	trouble 2 mlpredict -m "$SPECIES" near.csv
	[[ $stderr == *"'sex' (did you mean 'sec'?)"* ]] || fail "$stderr"
}

@test "missing values and unseen categories have a prediction" {
	mlpredict -m "$YES" --only --proba >got <<<$'x,c\n,a\nNA,b\n3,\n3,zebra\n,'
	[ "$(wc -l <got)" -eq 6 ]
	run -1 grep -v '^prediction\|^\(no\|yes\),0[.0-9e-]*,0[.0-9e-]*$' got
	# A missing number is the mean of the training rows: 2.9.
	cmp <(sed -n 2p got) <(mlpredict -m "$YES" --only --proba <<<$'x,c\n2.9,a' | sed -n 2p)
	run -2 --separate-stderr mlpredict -m "$YES" <<<$'x,c\nmany,a'
	[[ $stderr == *"standard input:2: column 1 'x': not a number: 'many'"* ]] || fail "$stderr"
}

@test "bytes pass through: quotes, blanks, line breaks in fields, other delimiters" {
	printf '"x", c ,"a ""note"""\r\n"1", a ,"one, two"\r\n 2 ,"b","two\r\nlines"\r\n3,c,\r\n' >odd.csv
	mlpredict -m "$YES" odd.csv >got
	mlpredict -m "$YES" --only <<<$'x,c\n1,a\n2,b\n3,c' >labels
	tr -d '\r' <got | sed 's/,[a-z]*$//; 4s/$/,/' | head -n 4 >front
	[ "$(sed -n 1p got)" = $'"x", c ,"a ""note""",prediction' ] || [ "$(sed -n 1p got)" = $'"x", c ,"a ""note""",prediction\r' ]
	grep -q -F '"1", a ,"one, two",' got
	grep -q -F $' 2 ,"b","two\r' got
	[ "$(tr -d '\r' <got | awk -F, '{ print $NF }' | grep -v two | paste -s -d ' ' -)" = "$(paste -s -d ' ' labels)" ]
	printf 'x\tc\n1\ta,b\n' | mlpredict -m "$YES" -T >got
	[[ $(sed -n 2p got) == $'1\ta,b\t'* ]]
	printf 'x;c\n1;a\n' | mlpredict -m "$YES" -d ';' >got
	[[ $(sed -n 2p got) == '1;a;'* ]]
	printf 'x,c\n1,a' | mlpredict -m "$YES" >got
	[[ $(sed -n 2p got) == 1,a,* ]]
}

@test "without a header columns are numbers, in training too" {
	printf '1,3\n2,5\n3,7\n4,8\n' >t.csv
	mltrain --no-header -t 2 t.csv -o m
	run -0 mlpredict -H -m m t.csv
	[ "${lines[0]}/${#lines[@]}" = 1,2,prediction/5 ]
	[[ ${lines[1]} == 1,3,* ]]
	run -0 mlpredict -H --no-output-header -m m t.csv
	[[ ${lines[0]} == 1,3,* ]]
}

@test "order is kept over many blocks, for any number of threads and any reads" {
	{ echo id,x,c && awk 'BEGIN { for (i = 1; i <= 50000; i++) print i "," i % 11 "," substr("abcd", 1 + i % 4, 1) }'; } >many.csv
	mlpredict -j 1 -m "$YES" --proba many.csv >expected
	cut -d , -f 1-3 expected | cmp - many.csv
	for threads in 2 4; do
		mlpredict -j $threads -m "$YES" --proba many.csv | cmp - expected
	done
	mlpredict -m "$YES" --proba < <(cat many.csv) | cmp - expected
	MLUTILS_READ_SIZE=7 mlpredict -m "$YES" --proba <many.csv | cmp - expected
}

@test "each row shows at once where the input pauses" {
	mkfifo in
	mlpredict -m "$LINE" <in >out &
	local pid=$! lines
	exec 7>in
	echo x >&7
	for ((i = 1; i <= 3; i++)); do
		echo "$i" >&7
		for ((wait = 0; wait < 100; wait++)); do
			lines=$(wc -l <out)
			[ "$lines" -le "$i" ] || break
			sleep 0.05
		done
		[ "$lines" -eq $((i + 1)) ] || fail "row $i: $lines lines"
	done
	# Half a row waits for its other half.
	printf 4 >&7
	sleep 0.2
	[ "$(wc -l <out)" -eq 4 ]
	echo 0 >&7
	exec 7>&-
	wait "$pid"
	[[ $(tail -n 1 out) == 40,* ]]
}

@test "the model may come from standard input, the data then from a file" {
	mlpredict -m "$LINE" --only <<<$'x\n5' >expected
	printf 'x\n5\n' >x.csv
	mlpredict -m - --only x.csv <"$LINE" | cmp - expected
	mltrain -t y <<<$'x,y\n1,3\n2,5\n3,7.5\n4,9' | mlpredict -m - --only x.csv | cmp - expected
	trouble 2 mlpredict -m - <"$LINE"
	trouble 2 mlpredict -m - - <"$LINE"
}

@test "the model may come from the registry" {
	export MLREGISTRY=$PWD/registry
	mlversion init
	mlversion add line "$LINE"
	mlversion alias line champion 1
	mlpredict -m "$LINE" <<<$'x\n5' >expected
	mlpredict -m line@champion <<<$'x\n5' | cmp - expected
	mlpredict -m line@1 <<<$'x\n5' | cmp - expected
	unset MLREGISTRY
	mlpredict -R registry -m line@1 --log log <<<$'x\n5' | cmp - expected
	grep -q '"model":"line","version":1,' log
	trouble 2 mlpredict -R registry -m line@2 <<<$'x\n5'
	trouble 2 mlpredict -R registry -m lime@champion <<<$'x\n5'
	trouble 2 mlpredict -m line@1 <<<$'x\n5'
}

@test "no model, a broken one, one cut short: trouble" {
	trouble 2 mlpredict <<<$'x\n5'
	[[ $stderr == *"'--model' is missing"* ]] || fail "$stderr"
	trouble 2 mlpredict -m nowhere.model <<<$'x\n5'
	head -c 500 "$LINE" >cut.model
	trouble 2 mlpredict -m cut.model <<<$'x\n5'
	# One bit in the middle.
	size=$(wc -c <"$LINE")
	{ head -c $((size / 2)) "$LINE" && printf '\377' && tail -c +$((size / 2 + 2)) "$LINE"; } >bent.model
	trouble 2 mlpredict -m bent.model <<<$'x\n5'
	trouble 2 mlpredict -m "$PENGUINS" <<<$'x\n5'
}

@test "--log appends a line of JSON for each row" {
	printf 'x,c\n1,a\n2,"b ""q"""\n' >t.csv
	mlpredict -m "$YES" --log log.jsonl --log-columns c,x t.csv >plain
	mlpredict -m "$YES" t.csv | cmp - plain
	mlpredict -m "$YES" --log log.jsonl t.csv >/dev/null
	[ "$(wc -l <log.jsonl)" -eq 4 ]
	line=$(sed -n 2p log.jsonl)
	for part in '"time":"' '"model":"' '"digest":"' '"inputs":{' '"c":"b \"q\""' '"x":"2"' '"prediction":"' '"probability":0.'; do
		[[ $line == *"$part"* ]] || fail "no $part in $line"
	done
	run -0 sed -n 4p log.jsonl
	[[ $output != *'"c":'* ]]
	[ "$(jq -s length log.jsonl)" -eq 4 ]
	trouble 2 mlpredict -m "$YES" --log-columns c t.csv
	trouble 2 mlpredict -m "$YES" --log nowhere/log t.csv
	trouble 2 mlpredict -m "$YES" --log log --log-columns d t.csv
	[[ $stderr == *"no column 'd'"* ]] || fail "$stderr"
}

@test "the log is JSON whatever stands in the row, and null for missing" {
	printf 'x,c,"a ""b"", \303\251"\r\n1,NA,""\r\n2,,"tab\there, \377"\r\n1e5,"NA","two\r\nlines"\r\n' >t.csv
	mlpredict -m "$YES" --log log.jsonl --log-columns 3,x,c t.csv >got
	run -0 jq -c '[.inputs.x, .inputs.c, .inputs["a \"b\", é"]]' log.jsonl
	[ "${lines[0]}" = '["1",null,""]' ]
	[ "${lines[1]}" = '["2",null,"tab\there, �"]' ]
	[ "${lines[2]}" = '["1e5","NA","two\r\nlines"]' ]
	jq -e '(.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{3}Z$")) and (.digest | length == 64)' log.jsonl
	trouble 2 mlpredict -m "$YES" --log /dev/full t.csv -o full.csv
	[ ! -e full.csv ]
}

@test "labels and names that need quotes have them" {
	printf 'x,kind\n1,"k,""1"""\n2,plain\n3,"k,""1"""\n4,plain\n5,d e\n6,d e\n' >t.csv
	mltrain -t kind t.csv -o m
	mlpredict -m m --proba --raw --keep kind t.csv >got
	[ "$(sed 1q got)" = 'kind,prediction,p_d e,"p_k,""1""",p_plain,score_d e,"score_k,""1""",score_plain' ]
	mlprep columns got >names
	[ "$(wc -l <names)" -eq 9 ]
	[[ $(sed -n 2p got) == '"k,""1""",'*,* ]]
	# what is written reads back: mleval finds the labels and their probabilities
	[[ $(mleval -t kind --metric log_loss got | sed -n 2p) == log_loss,[0-9]* ]]
	# a tab as delimiter asks for other quotes
	sed 's/,/\t/; s/"k,""1"""/k,1/' t.csv | mlpredict -T -m m --proba --only | sed 1q | grep -qF $'p_d e\t"p_k,""1"""\tp_plain'
}

@test "a column of the name of a new one is trouble, unless it stays behind" {
	printf 'x,prediction,p_no\n1,a,b\n' >t.csv
	printf 'x,c,prediction\n1,a,b\n' >u.csv
	trouble 2 mlpredict -m "$LINE" t.csv
	[[ $stderr == *"there is a column 'prediction' already: use --only or --keep"* ]]
	[ "$(mlpredict -m "$LINE" --keep x,p_no t.csv | sed 1q)" = x,p_no,prediction ]
	[ "$(mlpredict -m "$LINE" --only t.csv | sed 1q)" = prediction ]
	[ "$(mlpredict -m "$YES" --proba --keep x,c u.csv | sed 1q)" = x,c,prediction,p_no,p_yes ]
	printf 'x,c,p_no\n1,a,b\n' >v.csv
	mlpredict -m "$YES" v.csv >got
	trouble 2 mlpredict -m "$YES" --proba v.csv
	[[ $stderr == *"column 'p_no'"* ]]
	# without a header there is no name to repeat
	mlpredict -m "$LINE" --no-output-header t.csv
}

@test "--keep takes fields as they stand: quotes, delimiters and line ends in them, CRLF behind" {
	printf 'x,a,"b,c"\r\n1,"q,\r\nz",2\r\n2, "" ,3\r\n3,,""""\r\n' >t.csv
	mlpredict -m "$LINE" --keep a,3 --digits 1 t.csv >got
	printf 'a,"b,c",prediction\n"q,\r\nz",2,4\n "" ,3,5\n,"""",7\n' >expected
	cmp expected got
	mlpredict -m "$LINE" --keep '"b,c"' --digits 1 t.csv | sed 1q >got
	[ "$(cat got)" = '"b,c",prediction' ]
}

@test "several processes share a log without mixing lines" {
	{ echo x,c && for i in $(seq 3000); do echo "$i,a"; done; } >t.csv
	for i in 1 2 3; do
		mlpredict -m "$YES" --log shared.jsonl --log-columns x t.csv >/dev/null &
		pids[i]=$!
	done
	wait "${pids[@]}"
	[ "$(wc -l <shared.jsonl)" -eq 9000 ]
	run -1 grep -v '^{"time":.*}$' shared.jsonl
	[ "$(grep -c '"x":"3000"}' shared.jsonl)" -eq 3 ]
}

@test "a bad record is trouble with its place, or left out and counted" {
	printf 'x,c\n1,a\n2,b,3\n3,c\n' >t.csv
	run -2 --separate-stderr mlpredict -m "$YES" t.csv -o out
	[[ $stderr == *"t.csv:3: row has 3 fields, expected 2"* ]]
	[ ! -e out ]
	run -0 --separate-stderr mlpredict -m "$YES" --on-error reject=bad.csv t.csv
	[[ $stderr == *"records left out: 1"* ]]
	[ "${#lines[@]}" -eq 3 ]
	[ "$(cat bad.csv)" = $'x,c\n2,b,3' ]
	run -0 --separate-stderr mlpredict -m "$YES" --on-error skip <<<$'x,c\nmany,a\n2,b'
	[ "${#lines[@]}" -eq 2 ]
}

@test "a row whose prediction is beyond the doubles is a bad record" {
	mltrain -a linear -t y -o steep.model <<<$'x,y\n1,3\n2,500\n3,700\n4,950'
	printf 'x,note\n1,a\n1e308,b\n2,c\n-1e308,d\n3,e\n' >t.csv
	run -2 --separate-stderr mlpredict -m steep.model --log log.jsonl t.csv -o out
	[ "$stderr" = 'mlpredict: t.csv:3: the prediction is not a finite number' ]
	[ ! -e out ]
	printf 'x,note\n1,a\n2,c\n3,e\n' >good.csv
	mlpredict -m steep.model good.csv >expected
	run -0 --separate-stderr mlpredict -m steep.model --log log.jsonl --log-columns x --on-error reject=bad.csv t.csv -o got
	[ "$stderr" = 'mlpredict: records left out: 2' ] || fail "$stderr"
	cmp got expected
	[ "$(cat bad.csv)" = $'x,note\n1e308,b\n-1e308,d' ]
	[ "$(jq -c '[.inputs.x, (.prediction | type)]' log.jsonl | tr '\n' ' ')" = '["1","number"] ["2","number"] ["3","number"] ' ]
	# the raw scores of classes too, of which no class is the best
	awk 'BEGIN { print "x,y"; for (i = 0; i < 60; i++) print i % 7 "," (i % 7 < 3 ? "low" : i % 7 < 5 ? "mid" : "high") }' |
		mltrain -q -a logistic --scale none --l2 0.001 -t y -o classes.model
	run -0 --separate-stderr mlpredict -m classes.model --raw --proba --only --on-error skip <<<$'x\n1e308\n1'
	[ "${#lines[@]}" -eq 2 ] && [[ $stderr == *"records left out: 1" ]] || fail "$output $stderr"
}

@test "a table without rows gives its header" {
	run -0 --separate-stderr mlpredict -m "$YES" --proba <<<x,c
	[ "$output" = x,c,prediction,p_no,p_yes ]
	trouble 2 mlpredict -m "$YES" </dev/null
}

@test "memory doesn't grow with the stream" {
	[[ $MLUTILS_BIN != *address* ]] || skip 'a sanitizer takes all the room there is'
	mkfifo in
	mlpredict -j 2 -m "$YES" <in >/dev/null &
	local pid=$! note early late
	exec 7>in
	echo x,c,note >&7
	note=$(printf '%0250d' 0)
	# What is in the pipe still is little; `yes` ends by SIGPIPE.
	{ yes "12345.5,a,$note" || true; } | head -c "$((400000 * 261))" >&7
	early=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$pid/status")
	{ yes "12345.5,b,$note" || true; } | head -c "$((1600000 * 261))" >&7
	late=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$pid/status")
	exec 7>&-
	wait "$pid"
	# 104 MB, in which all blocks were on their way at times, and 522 MB; in KiB.
	echo "$early $late"
	[ "$late" -le $((64 * 1024)) ]
	[ "$late" -le $((early + 8 * 1024)) ]
}
