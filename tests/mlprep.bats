# mlprep: splitting, checking, listing columns.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	HOURS=$SAMPLES/bike_hour.csv
}

# rows FILE: without the header.
rows() {
	sed 1d "$1"
}

@test "the parts have all rows, byte for byte and in their order, each behind the header" {
	mlprep split --test 0.2 -o train.csv -o test.csv "$HOURS"
	[ "$(rows train.csv | wc -l)" -eq 13903 ]
	[ "$(rows test.csv | wc -l)" -eq 3476 ]
	for part in train test; do
		cmp <(sed 1q $part.csv) <(sed 1q "$HOURS")
		# In order: the rows are numbered in their first column.
		rows $part.csv | sort -c -n -t , -k 1,1
	done
	# Merged by that number they are the table again.
	{ sed 1q "$HOURS" && sort -m -n -t , -k 1,1 <(rows train.csv) <(rows test.csv); } | cmp - "$HOURS"
}

@test "the share is exact for any number of rows" {
	for n in 2 3 5 7 10 99 4095 4096 4097 10001; do
		{ echo x && seq "$n"; } | mlprep split --test 0.5 -o a -o b
		[ "$(rows b | wc -l)" -eq $((n / 2)) ] || [ "$(rows b | wc -l)" -eq $(((n + 1) / 2)) ] ||
			fail "$n rows: $(rows b | wc -l)"
		[ $(($(rows a | wc -l) + $(rows b | wc -l))) -eq "$n" ]
	done
	{ echo x && seq 1000; } | mlprep split --shares 0.6,0.3,0.1 -o a -o b -o c
	[ "$(cat a b c | grep -c '[0-9]')" -eq 1000 ]
	[ "$(wc -l <a)/$(wc -l <b)/$(wc -l <c)" = 601/301/101 ]
}

@test "the seed decides, not threads, reads or pipes" {
	mlprep split --test 0.3 -j 1 -o a -o b "$HOURS"
	for way in --threads=2 --threads=4 --seed=1; do
		mlprep split --test 0.3 "$way" -o c -o d "$HOURS"
		cmp a c
		cmp b d
	done
	MLUTILS_READ_SIZE=1 mlprep split --test 0.3 -o c -o d <"$HOURS"
	cmp a c
	cmp b d
	mlprep split --test 0.3 -o c -o d - < <(cat "$HOURS")
	cmp a c
	cmp b d
	mlprep split --test 0.3 --seed 2 -o c -o d "$HOURS"
	run -1 cmp -s b d
	# Two splits by chance have 0.3 of their test rows in common: 1564 of 5214, give or take
	# four standard deviations (hypergeometric, 27.7).
	common=$(comm -12 <(rows b | sort) <(rows d | sort) | wc -l)
	[ "$common" -gt 1453 ]
	[ "$common" -lt 1675 ]
}

@test "--stratify gives every class its share, a missing one too" {
	mlprep split --test 0.2 --stratify -t class -o a -o b "$SAMPLES/iris.csv"
	[ "$(rows b | cut -d , -f 5 | sort | uniq -c | tr -s ' \n' ' ')" = ' 10 setosa 10 versicolor 10 virginica ' ]
	{ echo x,y && for i in $(seq 100); do printf 'r%s,%s\n' "$i" "$([ $((i % 10)) -gt 0 ] && echo no)"; done; } |
		mlprep split --test 0.3 --stratify -t y -o a -o b
	[ "$(grep -c ',no$' b)/$(grep -c '^r.*,$' b)" = 27/3 ]
	mlprep split --test 0.2 --stratify -t income -o a -o b "$SAMPLES/adult.csv"
	# Within one row in each class, and exact in the whole.
	awk -F, 'NR == FNR { if (FNR > 1) all[$NF]++; next }
		FNR > 1 { got[$NF]++; n++ }
		END {
			for (c in all) { off = got[c] - 0.2 * all[c]; if (off > 1 || off < -1) exit 1; total += all[c] }
			off = n - 0.2 * total
			exit off > 0.5 || off < -0.5
		}' "$SAMPLES/adult.csv" b
}

@test "--group keeps rows of one value together" {
	mlprep split --test 0.2 --group dteday -o a -o b "$HOURS"
	[ -z "$(comm -12 <(rows a | cut -d , -f 2 | sort -u) <(rows b | cut -d , -f 2 | sort -u))" ]
	n=$(rows b | wc -l)
	[ "$n" -gt 3450 ]
	[ "$n" -lt 3500 ]
	# By chance, not the last ones.
	rows b | cut -d , -f 2 | grep -q '^2011-0'
}

@test "--time takes the last share and shuffles nothing, in whatever order the rows are" {
	{ sed 1q "$HOURS" && rows "$HOURS" | sort -t , -k 17,17n -k 1,1; } >mixed.csv
	mlprep split --test 0.2 --time dteday -o a -o b mixed.csv
	[[ $(rows a | cut -d , -f 2 | sort | tail -n 1) < $(rows b | cut -d , -f 2 | sort | head -n 1) ]]
	n=$(rows b | wc -l) # whole days: nearest to 3475.8
	[ "$n" -ge 3464 ]
	[ "$n" -le 3488 ]
	diff <(rows mixed.csv | grep -F -x -f <(rows b)) <(rows b)
	# Numbers by value: 9 is before 10, and 1e1 is 10.
	printf 't\n10\n9\n1e1\n8\n11\n' | mlprep split --test 0.6 --time t -o a -o b
	[ "$(tr '\n' ' ' <a)" = 't 9 8 ' ]
	[ "$(tr '\n' ' ' <b)" = 't 10 1e1 11 ' ]
}

@test "times without an order are refused" {
	for times in '01/02/2011 02/02/2011' '2011-01-02 2011-01-02T05:00' 'yesterday today' \
		'2011-01-02T05:00+01:00 2011-01-02T05:00+02:00' '2011-01-02 17'; do
		printf 't,x\n%s,1\n%s,1\n' "${times% *}" "${times#* }" >bad.csv
		trouble 2 mlprep split --test 0.5 --time t -o a -o b bad.csv
		[[ $stderr == "mlprep: bad.csv: column t: "* ]] || fail "$stderr"
		[ ! -e a ]
		[ ! -e b ]
	done
	printf 't,x\n2011-01-02,1\n,2\n' >bad.csv
	trouble 2 mlprep split --test 0.5 --time t -o a -o b bad.csv
	[[ $stderr == *"bad.csv:3: column 1 't': the time is missing" ]] || fail "$stderr"
	trouble 2 mlprep split --test 0.5 --group t -o a -o b bad.csv
	printf 't,x\n2011-01-03,1\n,2\n2011-01-02,3\n' >some.csv
	run -0 --separate-stderr mlprep split --test 0.5 --time t --on-error skip -o a -o b some.csv
	[[ $stderr == *"records left out: 1"* ]]
	[ "$(cat a)" = $'t,x\n2011-01-02,3' ]
}

@test "quotes, line ends, a BOM and line breaks in fields pass through" {
	printf '\357\273\277"a ""x""",b\r\n"1,5",x\r\n2,"two\r\nlines"\r\n 3 ,\r\n4,"4"' >odd.csv
	mlprep split --test 0.5 -o a -o b odd.csv
	{ sed 1q a && rows a && rows b; } | sort >got
	{ sed 's/^\xef\xbb\xbf//' odd.csv && printf '\n'; } | sort >expected
	cmp got expected
	printf '1\n2\n3\n4\n' | mlprep split --no-header --test 0.5 -o a -o b
	[ "$(sort a b | tr '\n' ' ')" = '1 2 3 4 ' ]
}

@test "--no-output-header, of every verb" {
	mlprep split --test 0.25 --no-output-header -o train.csv -o test.csv "$SAMPLES/iris.csv"
	cmp <(sort train.csv test.csv) <(sed 1d "$SAMPLES/iris.csv" | sort)
	for verb in check columns; do
		mlprep "$verb" --no-output-header "$SAMPLES/iris.csv" |
			cmp - <(mlprep "$verb" "$SAMPLES/iris.csv" | sed 1d)
	done
}

@test "outputs appear all or none" {
	mkdir folder
	trouble 2 mlprep split --test 0.5 -o a -o nowhere/b "$SAMPLES/iris.csv"
	trouble 2 mlprep split --test 0.5 -o a -o /dev/full/b "$SAMPLES/iris.csv"
	{ cat "$SAMPLES/iris.csv" && echo ragged; } >bad.csv
	trouble 2 mlprep split --test 0.5 -o a -o b bad.csv
	[ "$(ls -d [!s]*)" = $'bad.csv\nfolder' ]
	trouble 2 mlprep split --test 0.5 -o a -o folder "$SAMPLES/iris.csv"
	[[ $stderr == *"cannot create 'folder': is a directory" ]] || fail "$stderr"
	# A disk that is full after some rows, and a limit that ends the program.
	run -2 bash -c "trap '' XFSZ; ulimit -f 1; mlprep split --test 0.9 -o a -o b '$SAMPLES/iris.csv'"
	[[ $output == "mlprep: cannot write b: "* ]] || fail "$output"
	run -153 bash -c "ulimit -f 1; ulimit -c 0; mlprep split --test 0.9 -o a -o b '$SAMPLES/iris.csv'"
	[ "$(ls -d [!s]*)" = $'bad.csv\nfolder' ]
	# One part may be the standard output.
	mlprep split --test 0.2 -o train.csv -o - "$SAMPLES/iris.csv" >test.csv
	[ "$(wc -l <test.csv)/$(wc -l <train.csv)" = 31/121 ]
	run -2 bash -c 'mlprep split --test 0.2 -o other.csv -o - >/dev/full' <"$SAMPLES/iris.csv"
	[ ! -e other.csv ]
}

@test "a part without rows cannot be: 3" {
	printf 'x\n1\n2\n' >two.csv
	trouble 3 mlprep split --test 0.1 -o a -o b two.csv
	[[ $stderr == *"part 2 of 2 would be empty: 2 rows" ]] || fail "$stderr"
	trouble 3 mlprep split --test 0.5 -o a -o b <<<x
	printf 'x\n1\n1\n' >same.csv
	trouble 3 mlprep split --test 0.5 --group x -o a -o b same.csv
	trouble 3 mlprep split --test 0.5 --time x -o a -o b same.csv
	[ ! -e a ]
	[ ! -e b ]
}

@test "what makes no sense is refused" {
	iris=$SAMPLES/iris.csv
	trouble 2 mlprep split -o a -o b "$iris"
	trouble 2 mlprep split --test 0.2 --shares 0.5,0.5 -o a -o b "$iris"
	trouble 2 mlprep split --test 1 -o a -o b "$iris"
	trouble 2 mlprep split --test 1.5 -o a -o b "$iris"
	trouble 2 mlprep split --test 0.2 -o a "$iris"
	trouble 2 mlprep split --test 0.2 -o a -o a "$iris"
	trouble 2 mlprep split --shares 0.5,0.4 -o a -o b "$iris"
	trouble 2 mlprep split --test 0.2 --stratify -o a -o b "$iris"
	trouble 2 mlprep split --test 0.2 -t class -o a -o b "$iris"
	trouble 2 mlprep split --test 0.2 --group class --time class -o a -o b "$iris"
	trouble 2 mlprep split --test 0.2 --group clas -o a -o b "$iris"
	[[ $stderr == *"did you mean 'class'?"* ]] || fail "$stderr"
	trouble 2 mlprep "$iris"
	[ ! -e a ]
}

@test "check: what each column holds" {
	run -0 --separate-stderr mlprep check "$SAMPLES/penguins.csv"
	[ "${lines[0]}" = column,type,rows,missing,distinct,min,max,mean,problem,line,text ]
	[ "${lines[1]}" = island,categorical,344,0,3,,,,,, ]
	# summary(palmerpenguins::penguins): mean 43.92193, 172 to 231, 2 missing; sex 11 missing.
	[[ ${lines[2]} == bill_length_mm,numeric,344,2,164,32.1,59.6,43.92192982456*,,, ]]
	[[ ${lines[4]} == flipper_length_mm,numeric,344,2,55,172,231,200.9152046783*,,, ]]
	[ "${lines[6]}" = sex,categorical,344,11,2,,,,,, ]
	[ "${lines[8]}" = ,table,344,19,344,,,,,, ]
	run -0 mlprep check --format json --digits 4 "$SAMPLES/penguins.csv"
	[[ ${lines[1]} == '{"column":"bill_length_mm",'*'"mean":43.92,"problem":null,'* ]]
}

@test "check: what is wrong with a column" {
	{
		echo id,same,none,mixed,twin,y,key,real
		for i in $(seq 30); do
			mixed=$i
			[ "$i" -lt 20 ] || mixed="about $i"
			echo "$i,7,NA,$mixed,$((1 - i % 2)),$([ $((i % 2)) -eq 0 ] && echo yes || echo no),k$i,$i.5"
		done
	} >bad.csv
	run -1 --separate-stderr mlprep check -t y bad.csv
	problems() { cut -d , -f 1,9-11 <<<"$output"; }
	[ "$(problems)" = "column,problem,line,text
id,id-like,,
same,constant,,
none,all-missing,,
mixed,mixed,21,about 20
twin,leak,,
y,,,
key,id-like,,
real,,,
,,," ]
	run -0 mlprep check bad.csv
	run -0 mlprep check -t y --fail-on none bad.csv
	run -1 mlprep check --fail-on constant,mixed bad.csv
	run -1 mlprep check --fail-on all bad.csv
	trouble 2 mlprep check --fail-on everything bad.csv
	run -1 mlprep check -t same bad.csv
	[[ ${lines[2]} == same,*,no-target,, ]]
	# Euro and cents, but not two measurements.
	{ echo a,b,c,y && for i in $(seq 40); do echo "$((i * 100)),$((i * 37 % 41)),-$i,$i.25"; done; } >money.csv
	run -1 mlprep check -t y money.csv
	[[ ${lines[1]} == a,*,leak,, && ${lines[2]} == b,*,id-like,, && ${lines[3]} == c,*,leak,, ]]
}

@test "check: rows that repeat" {
	printf 'x,y\n1,a\n2,b\n1,a\n1,a\n' >twice.csv
	run -0 mlprep check twice.csv
	[ "${lines[3]}" = ,table,4,0,2,,,,duplicates,4, ]
	run -1 mlprep check --fail-on duplicates twice.csv
	mlprep check twice.csv -o report
	cmp report <(mlprep check <twice.csv)
}

@test "check: a table without rows, or with two columns of one name, is trouble" {
	trouble 2 mlprep check <<<x,y
	trouble 2 mlprep check <<<$'x,x\n1,2'
	trouble 2 mlprep check -t z <<<$'x,y\n1,2'
}

@test "columns: names and numbers" {
	run -0 mlprep columns "$SAMPLES/iris.csv"
	[ "${lines[0]}/${lines[1]}/${lines[5]}/${#lines[@]}" = number,name/1,sepal_length_cm/5,class/6 ]
	run -0 mlprep columns --no-header <<<$'5,6\n7,8'
	[ "$output" = $'number,name\n1,1\n2,2' ]
	run -0 mlprep columns --format json <<<'"a,b",c'
	[ "${lines[0]}" = '{"number":1,"name":"a,b"}' ]
}
