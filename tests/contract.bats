# What every tool promises, whatever it does.  A new tool needs a line in `work` and no more.
load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	mltrain -t class "$SAMPLES/iris.csv" -o iris.model
	mlpredict -m iris.model --proba "$SAMPLES/iris.csv" -o predictions.csv
	export MLREGISTRY=$BATS_FILE_TMPDIR/registry
	mlversion init
	mlversion add iris iris.model
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	MODEL=$BATS_FILE_TMPDIR/iris.model
}

# work TOOL: a small job of it, as an array and the table that it reads ("": it reads none).
work() {
	input=$SAMPLES/iris.csv
	case $1 in
	mltrain) job=(mltrain -t class) ;;
	mlpredict) job=(mlpredict -m "$MODEL") ;;
	mleval) job=(mleval -t class) input=$BATS_FILE_TMPDIR/predictions.csv ;;
	mldrift) job=(mldrift -m "$MODEL") ;;
	mlprep) job=(mlprep check) ;;
	mlversion) job=(mlversion ls) input= ;;
	*) fail "contract.bats: what is a small job of $1?" ;;
	esac
}

# The tools that read a table.
readers() {
	for tool in $(tools); do
		work "$tool"
		[ -z "$input" ] || echo "$tool"
	done
}

@test "--help of every tool and verb goes to standard output, and nothing else anywhere" {
	for tool in $(tools); do
		for verb in '' $(verbs "$tool"); do
			run --separate-stderr "$tool" $verb --help
			[ "$status" -eq 0 ] && [ -z "$stderr" ] || fail "$tool $verb: $status $stderr"
			[[ ${lines[0]} == "usage: $tool $verb"* ]] || fail "$tool: ${lines[0]}"
		done
	done
}

@test "--version names tool and version" {
	for tool in $(tools); do
		run --separate-stderr "$tool" --version
		[ "$status" -eq 0 ] && [ -z "$stderr" ] || fail "$tool: $status $stderr"
		[[ $output =~ ^$tool' (mlutils) '[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "$output"
	done
}

@test "an unknown option is trouble in one line" {
	for tool in $(tools); do
		for verb in '' $(verbs "$tool"); do
			trouble 2 "$tool" $verb --no-such-option
			[[ $stderr == *no-such-option* ]] || fail "$stderr"
			trouble 2 "$tool" $verb '-?'
		done
	done
}

@test "too many operands, a wrong number and a wrong choice are trouble in one line" {
	for tool in $(readers); do
		work "$tool"
		trouble 2 "${job[@]}" -j many "$input"
		trouble 2 "${job[@]}" -j -1 "$input"
		trouble 2 "${job[@]}" --progress=perhaps "$input"
		trouble 2 "${job[@]}" --on-error=perhaps "$input"
		trouble 2 "${job[@]}" "$input" "$input"
	done
}

@test "a standard output that is closed or full is trouble" {
	for tool in $(tools); do
		work "$tool"
		for arguments in --help --version ''; do
			command=("${job[@]}" ${input:+"$input"})
			[ -z "$arguments" ] || command=("$tool" "$arguments")
			status=0
			"${command[@]}" 2>message >&- || status=$?
			[ "$status" -eq 2 ] || fail "${command[*]} >&-: $status"
			[ "$(wc -l <message)" -eq 1 ] || fail "${command[*]} >&-: $(cat message)"
			status=0
			"${command[@]}" 2>message >/dev/full || status=$?
			[ "$status" -eq 2 ] || fail "${command[*]} >/dev/full: $status"
			grep -qi 'no space left on device' message || fail "$(cat message)"
			[ "$(wc -l <message)" -eq 1 ] || fail "${command[*]} >/dev/full: $(cat message)"
		done
	done
}

@test "with descriptors 0, 1 or 2 closed nothing is read or written that shouldn't be" {
	for tool in $(readers); do
		work "$tool"
		"${job[@]}" "$input" >expected
		"${job[@]}" "$input" >got <&-
		cmp expected got || fail "$tool <&-"
		"${job[@]}" "$input" >got 2>&-
		cmp expected got || fail "$tool 2>&-"
		status=0
		"${job[@]}" >got 2>message <&- || status=$?
		[ "$status" -eq 2 ] && [ ! -s got ] || fail "$tool <&-: $status"
		[ "$(wc -l <message)" -eq 1 ] || fail "$tool <&-: $(cat message)"
	done
}

@test "an empty input, a missing file and a folder are trouble in one line" {
	for tool in $(readers); do
		work "$tool"
		trouble 2 "${job[@]}" </dev/null
		trouble 2 "${job[@]}" no-such-file
		[[ $stderr == *"no-such-file"*"no such file or directory"* ]] || fail "$stderr"
		trouble 2 "${job[@]}" "$BATS_TEST_TMPDIR"
	done
}

@test "a ragged row is an error that names file and line, and leaves no output" {
	for tool in $(readers); do
		work "$tool"
		{ awk 'NR % 7 == 1' "$input" && echo 'one,two'; } >ragged.csv
		line=$(wc -l <ragged.csv)
		run --separate-stderr "${job[@]}" ragged.csv
		[ "$status" -eq 2 ] || fail "$tool: $status"
		[[ ${#stderr_lines[@]} -eq 1 && $stderr == *"ragged.csv:$line: "* ]] || fail "$tool: $stderr"
		# Any answer will do, even that the rows are too few.
		"${job[@]}" --on-error=skip ragged.csv >/dev/null 2>message || [ $? -ne 2 ] || fail "$tool: $(cat message)"
		grep -q 1 message || fail "$tool doesn't say what it left out: $(cat message)"
		grep -q -- '--output' <<<"$("$tool" --dump-options | cut -f2 | sed 's/^/--/')" || continue
		trouble 2 "${job[@]}" ragged.csv -o output
		[ -z "$(ls output* 2>/dev/null)" ] || fail "$tool left $(ls output*)"
	done
}

@test "file, pipe, 1-byte reads and any number of threads give the same bytes" {
	for tool in $(readers); do
		work "$tool"
		"${job[@]}" -j 1 "$input" >expected
		[ -s expected ] || fail "$tool gave nothing"
		for way in '-j 2' '-j 4' ''; do
			"${job[@]}" $way "$input" >got
			cmp expected got || fail "$tool $way FILE"
			cat "$input" | "${job[@]}" $way >got
			cmp expected got || fail "$tool $way from a pipe"
			MLUTILS_READ_SIZE=1 "${job[@]}" $way <"$input" >got
			cmp expected got || fail "$tool $way, 1-byte reads"
		done
	done
}

@test "CRLF, a BOM and quotes around every field mean the same" {
	for tool in $(readers); do
		[ "$tool" != mlpredict ] || continue # passes its input through
		work "$tool"
		"${job[@]}" "$input" >expected
		sed 's/$/\r/' "$input" | "${job[@]}" >got
		cmp expected got || fail "$tool: CRLF"
		{ printf '\357\273\277' && cat "$input"; } | "${job[@]}" >got
		cmp expected got || fail "$tool: BOM"
		sed 's/[^,]*/"&"/g' "$input" | "${job[@]}" >got
		cmp expected got || fail "$tool: quotes"
		tr , '\t' <"$input" | "${job[@]}" -T >got
		cmp expected got || fail "$tool: tabs"
	done
}

@test "a reader that goes away ends a tool quietly" {
	for tool in $(tools); do
		status=0
		{ "$tool" --help 2>message || echo $? >status; } | true
		[ ! -s message ] || fail "$tool: $(cat message)"
	done
	{ sed 1q "$SAMPLES/iris.csv" && for i in {1..2000}; do sed 1d "$SAMPLES/iris.csv"; done; } >many.csv
	# At once, and so far behind that any thread may be the one that notices.
	for bytes in 50 2500000 2500000 2500000 2500000 2500000; do
		{
			status=0
			mlpredict -j 4 -m "$MODEL" many.csv 2>message || status=$?
			echo "$status" >status
		} | head -c $bytes >/dev/null
		[ ! -s message ] || fail "$(cat message)"
		[ "$(cat status)" -eq 141 ] || fail "status $(cat status)"
	done
}

@test "a locale with a decimal comma changes nothing" {
	command -v localedef >/dev/null && [ -f /usr/share/i18n/locales/de_DE ] || skip 'no localedef'
	localedef -i de_DE -f UTF-8 ./de_DE.UTF-8 || [ -d de_DE.UTF-8 ]
	export LOCPATH=$PWD
	[ "$(LC_ALL=de_DE.UTF-8 bash -c 'printf "%.1f" 1,5')" = 1,5 ] || skip 'the locale is not in force'
	for tool in $(readers); do
		work "$tool"
		"${job[@]}" "$input" >expected
		LC_ALL=de_DE.UTF-8 "${job[@]}" "$input" >got
		cmp expected got || fail "$tool"
	done
}

@test "underscores, abbreviations and --config say what the long option says" {
	for tool in $(readers); do
		work "$tool"
		"${job[@]}" --on-error=skip "$input" >expected
		"${job[@]}" --on_error=skip "$input" >got
		cmp expected got || fail "$tool: --on_error"
		"${job[@]}" --on-err skip "$input" >got
		cmp expected got || fail "$tool: --on-err"
		printf '# a remark\non-error = skip\nthreads = 2\n' >settings
		"${job[@]}" --config settings "$input" >got
		cmp expected got || fail "$tool: --config"
	done
}

@test "every tool has a manual page that names it, and completion that the shell takes" {
	for tool in $(tools); do
		page=$ROOT/man/$tool.1
		[ -f "$page" ] || fail "no $page"
		grep -q "^\.Nm $tool" "$page" || fail "$page doesn't name it"
		grep -q "^\.Sh EXAMPLES" "$page" || fail "$page has no examples"
		"$tool" --completion bash >completion
		bash -n completion
		grep -q -- '--help' completion
		for shell in zsh fish; do
			"$tool" --completion $shell | grep -q "$tool" || fail "$tool: $shell"
		done
	done
}
