# The tables of options, and what main.c makes of them.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# "TOOL VERB", "TOOL" or "TOOL -a ALGORITHM": all commands that have a list of options.
commands() {
	for tool in $(tools); do
		echo "$tool"
		for verb in $(verbs "$tool"); do
			echo "$tool $verb"
		done
	done
	for name in $(algorithms); do
		echo "mltrain -a $name"
	done
}

@test "letters and names are unique within a command, aliases among them" {
	commands | while read -r command; do
		$command --dump-options >options
		[ "$(wc -l <options)" -gt 4 ] || fail "$command: $(cat options)"
		cut -f1 options | grep -v '^-$' | sort | uniq -d >twice
		[ ! -s twice ] || fail "$command: the letters $(cat twice)"
		cut -f2,3 options | tr '\t ' '\n\n' | sed '/^$/d' | sort | uniq -d >twice
		[ ! -s twice ] || fail "$command: the names $(cat twice)"
		cut -f2,3 options | tr '\t ' '\n\n' | sed '/^$/d' >names
		! grep -vE '^[a-z][a-z0-9-]*$' names || fail "$command: a name that can't be typed"
	done
}

# Hyper-parameters belong to their algorithms, so their other names may differ.
@test "a word means the same everywhere: one letter for a name, one name for a letter" {
	commands | while read -r command; do
		$command --dump-options | cut -f1-3 | sed "s/\$/\t${command#mltrain -a }/"
	done | awk -F'\t' '
		$2 in letter && letter[$2] != $1 { print "--" $2 ": -" letter[$2] ", -" $1 }
		$1 != "-" && $1 in name && name[$1] != $2 { print "-" $1 ": --" name[$1] ", --" $2 }
		$1 != "-" && $1 in also && also[$1] != $3 { print "-" $1 ": also " also[$1] "; also " $3 }
		{ letter[$2] = $1 }
		$1 != "-" { name[$1] = $2; also[$1] = $3 }
		$4 ~ /^ml/ { n = split($3, other, " "); for (i = 1; i <= n; i++) alias[other[i]] = $2; names[$2] = 1 }
		END {
			for (word in alias)
				if (word in names)
					print "--" word ": a name, and an alias of --" alias[word]
			for (word in letter)
				if ("no-" word in letter)
					print "--" word ": --no-" word " too"
		}' | sort -u >differ
	[ ! -s differ ] || fail "$(cat differ)"
}

@test "--no-NAME is a negation wherever it is, or nowhere" {
	commands | while read -r command; do
		$command --dump-options | cut -f2 | { grep '^no-' || true; } | while read -r name; do
			if $command "--${name#no-}" --help >/dev/null 2>&1; then
				trouble 2 $command "--no-$name" --help >&2
				echo "$name negates"
			else
				echo "$name is a flag"
			fi
		done
	done | sort -u | tee kinds | cut -d' ' -f1 | uniq -d >differ
	grep -qx 'no-output-header negates' kinds
	[ ! -s differ ] || fail "$(cat differ)"
}

@test "help fits 79 columns and says defaults and ranges" {
	commands | while read -r command; do
		$command --help >help
		awk -v command="$command" 'length > 79 { print command ": " $0 }' help >long
		[ ! -s long ] || fail "$(cat long)"
		! grep -q '^verbs:' help || continue
		$command --dump-options | awk -F'\t' '$5 != "" { print "default " $5 }
			$6 ~ /^[^ ]+\.\.[^ ]+$/ { print $6 }' >facts
		while read -r fact; do
			grep -qF -- "$fact" help || fail "$command --help doesn't say $fact"
		done <facts
	done
}

@test "every default is within its range or among its choices" {
	commands | while read -r command; do
		$command --dump-options | awk -F'\t' -v command="$command" '
			$5 == "" || $6 == "" { next }
			$6 ~ /^[^ ]+\.\.[^ ]+$/ {
				split($6, ends, /\.\./)
				if ($5 + 0 < ends[1] + 0 || $5 + 0 > ends[2] + 0) print command " --" $2 ": " $5
				next
			}
			index(" " $6 " ", " " $5 " ") == 0 { print command " --" $2 ": " $5 }' >out
		[ ! -s out ] || fail "$(cat out)"
	done
}

# complete TOOL WORD...: what bash offers for the last word.
complete_words() {
	bash --norc -c '
		tool=$1
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		source <("$tool" --completion bash)
		"_$tool"
		printf "%s\n" "${COMPREPLY[@]}"' complete "$1" "$@"
}

@test "bash completes options, choices and verbs" {
	for tool in $(tools); do
		"$tool" --completion bash >script
		bash -n script || fail "$tool"
	done
	[ "$(complete_words mltrain --ta)" = $'--target\n--task' ]
	[ "$(complete_words mltrain --config x --tar)" = --target ]
	[ "$(complete_words mltrain --task '')" = $'auto\nclass\nregress' ]
	[ "$(complete_words mltrain --task = reg)" = regress ]
	[ "$(complete_words mltrain data)" = '' ]
	[ "$(complete_words mlversion ali)" = alias ]
	[ "$(complete_words mlprep sp)" = split ]
	[ "$(complete_words mlversion add --met)" = --metric ]
	[ "$(complete_words mlprep split --stra)" = --stratify ]
	[ "$(complete_words mlprep split --delim)" = --delimiter ]
	[ "$(complete_words mlprep columns --stra)" = '' ]
	[ "$(complete_words mlprep check --on-error s)" = skip ]
	[ "$(complete_words mlversion alias --lock)" = --lock-timeout ]
	# every option of every verb, once
	for tool in $(tools); do
		for verb in $(verbs "$tool"); do
			complete_words "$tool" "$verb" -- | sort >offered
			"$tool" "$verb" --dump-options | cut -f2 | sed 's/^/--/' | sort | cmp - offered
		done
	done
}

@test "zsh takes its completion" {
	command -v zsh >/dev/null || skip 'no zsh'
	for tool in $(tools); do
		"$tool" --completion zsh >script
		zsh -n script || fail "$tool"
	done
}

@test "fish takes its completion" {
	command -v fish >/dev/null || skip 'no fish'
	for tool in $(tools); do
		"$tool" --completion fish >script
		fish -n script || fail "$tool"
	done
}

@test "settings come from a file or a pipe, and may decide on the algorithm" {
	mltrain -q -t petal_width_cm -C class -a lasso --penalty 0.01 "$SAMPLES/iris.csv" -o expected.model
	# abbreviated, underscored, an alias
	printf 'algo = lasso\r\nnot_col = class\nlambda=0.01\n' >settings
	mltrain -q --config settings -t petal_width_cm "$SAMPLES/iris.csv" -o got.model
	cmp expected.model got.model
	mltrain -q --config <(cat settings) -t petal_width_cm "$SAMPLES/iris.csv" -o got.model
	cmp expected.model got.model
	mltrain -q --config=- -t petal_width_cm "$SAMPLES/iris.csv" -o got.model <settings
	cmp expected.model got.model
	mltrain -q --config settings -t petal_width_cm -a lasso --penalty 0.5 "$SAMPLES/iris.csv" -o got.model
	run ! cmp -s expected.model got.model
	echo 'penatly = 3' >>settings
	trouble 2 mltrain --config settings -t petal_width_cm "$SAMPLES/iris.csv"
	[[ $stderr == *"settings:4: unknown option '--penatly' (did you mean '--penalty'?)"* ]]
	trouble 2 mltrain --config nowhere -t petal_width_cm "$SAMPLES/iris.csv"
	[[ $stderr == *"nowhere"*"no such file or directory"* ]]
	printf 'config = settings\n' >nested
	trouble 2 mltrain --config nested -t petal_width_cm "$SAMPLES/iris.csv"
}
