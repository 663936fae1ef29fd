#!/bin/sh
# score-parallel.sh MODEL FILE [OPTION...]: predictions for a big file by several processes, in the
# order of its rows, on standard output: the same bytes as  mlpredict -m MODEL OPTION... FILE  gives.
# mlpredict uses all cores by itself; this shows how to cut, score and join, and is the frame for a
# batch system, where score() is a job, or with GNU parallel:
#   parallel -k --pipepart --header : --block -1 -a FILE mlpredict -j 1 -m MODEL --only
#   JOBS     how many processes                    default: one for each core
#   TMPDIR   has room for the file and the result
# A field with a line break in it cannot be cut so: such a file is refused.  So are options that
# don't mean for a part what they mean for the whole: -H, -o, --on-error reject=, --config.
# Exit status: 0 done; 2 trouble, and then what was printed is void.
export LC_ALL=C
set -u

die() {
	echo "score-parallel: $*" >&2
	exit 2
}

[ $# -ge 2 ] || die "usage: score-parallel.sh MODEL FILE [OPTION...]"
model=$1 file=$2
shift 2
[ -f "$file" ] || die "no file '$file'"

# Abbreviated, with underscores, or behind other letters: -qH.
for option; do
	case $(printf '%s\n' "$option" | sed 'y/_/-/; s/^-[Tqv]*/-/') in
	-H* | --no-h*)
		die "option '$option': the first line of '$file' must be its header" ;;
	-o* | --ou*)
		die "option '$option': the result goes to standard output" ;;
	reject=* | --on-*=reject=*)
		die "option '$option': the parts would overwrite each other's rejects" ;;
	--co*)
		die "option '$option': say what it says on the command line" ;;
	esac
done
work=$(mktemp -d) || die "no room for the parts"
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM

line=$(awk 'gsub(/"/, "") % 2 { print FNR; exit }' <"$file")
[ -z "$line" ] || die "$file:$line: a field has a line break, use mlpredict alone"
sed 1q <"$file" >"$work/header"
split -a 4 -n "l/${JOBS:-$(getconf _NPROCESSORS_ONLN)}" - "$work/part." <"$file" || die "cannot cut '$file'"

# score PART: only the first part has the header, and prints it.
score() {
	part=$1
	shift
	case $part in
	*.aaaa) mlpredict -j 1 -m "$model" "$@" "$part" ;;
	*) cat "$work/header" "$part" | mlpredict -j 1 -m "$model" "$@" --no-output-header ;;
	esac >"$part.out" || : >"$work/failed"
}

for part in "$work"/part.????; do
	[ ! -s "$part" ] || score "$part" "$@" &
done
wait
[ ! -e "$work/failed" ] || die "a part failed"
cat "$work"/part.*.out || die "cannot write the result"
