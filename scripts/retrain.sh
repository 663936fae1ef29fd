#!/bin/sh
# retrain.sh: one round of the loop, for cron or a timer.  On drift, or always: trains a challenger,
# holds it against the champion on the same fresh rows, and lets the alias "champion" mean it if it
# is at least as good.  The tools do the work; this decides.  Settings come from the environment:
#   NAME       of the model in the registry                        required
#   TARGET     the column to predict                               required
#   METRIC     what counts, one of mleval --list-metrics           required
#   DATA       file with all rows to learn from, or                one of the two is required
#   COMMAND    shell command that prints them
#   TIME       column of time: the newest rows are the fresh ones.  Without it they are chosen by
#              chance, and the champion may have learned from some: that favours it.
#   HOLDOUT    share of the rows that are the fresh ones           default 0.2
#   ALGORITHM  for mltrain, and OPTIONS, as words                  default auto, none
#   WHEN       drift (fresh rows unlike the champion's) or always  default drift
#   COOLDOWN   seconds from one training to the next               default 72000 (20 hours)
#   REGISTRY   folder, made if it is not there                     default ./mlregistry
#   STATE      folder of the lock and the ledger                   default ./retrain-NAME
# A round that came to a decision adds one line of JSON to STATE/ledger.jsonl: first, promoted,
# kept, current (the challenger is the champion, byte for byte), worthless (no champion yet, and no
# better than the baseline), calm (no drift).  Safe to start at any time and to kill at any point:
# one round at a time, and the same rows with the same settings are looked at once.
# Exit status: 0 done, whatever was decided; 2 trouble.
export LC_ALL=C
set -u

# end STATUS TEXT
end() {
	echo "retrain ${NAME:-}: $2" >&2
	exit "$1"
}

# recorded FIELD: its last value among lines of the ledger on standard input.
recorded() {
	sed -n 's/.*"'"$1"'":"\{0,1\}\([^",}]*\).*/\1/p' | tail -n 1
}

# record DECISION: the ledger's line for this round, and the end.
record() {
	{
		cat "$ledger"
		printf '{"time":"%s","epoch":%s,"key":"%s","data":"%s","decision":"%s","drift":"%s","metric":"%s",' \
			"$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$now" "$key" "$digest" "$1" "$drift" "$METRIC"
		printf '"champion":"%s","champion_value":%s,"challenger":"%s","challenger_value":%s}\n' \
			"${champion:+$NAME@$champion}" "${old_value:-null}" "${version:+$NAME@$version}" "${new_value:-null}"
	} >"$work/ledger" || end 2 "cannot write $work/ledger"
	mv "$work/ledger" "$ledger" || end 2 "cannot replace $ledger"
	end 0 "$1 (drift: $drift, $METRIC of the champion ${old_value:--}, of the challenger ${new_value:--})"
}

# versions COLUMN WORD: lines "version hash" of this name where COLUMN has WORD.
versions() {
	mlversion ls -R "$REGISTRY" >"$work/versions.csv" || return
	awk -F, -v name="$NAME" -v column="$1" -v word="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["name"] == name && index(" " $at[column] " ", " " word " ") { print $at["version"], $at["hash"] }
	' "$work/versions.csv"
}

# measure MODEL [REQUIREMENT]: its figure on the fresh rows; status 1 if the requirement fails.
measure() {
	mlpredict -R "$REGISTRY" -m "$1" $proba "$work/fresh.csv" >"$work/predictions.csv" || return 2
	mleval -q -t "$TARGET" --metric "$METRIC" ${2:+--require "$2"} "$work/predictions.csv" >"$work/figure.csv"
	set -- $?
	awk -F, 'NR == 2 { print $2 }' "$work/figure.csv"
	return "$1"
}

if [ $# -gt 0 ]; then
	sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
	exit "$([ "$1" = -h ] && echo 0 || echo 2)"
fi
: "${NAME:=}" "${TARGET:=}" "${METRIC:=}" "${DATA:=}" "${COMMAND:=}" "${ALGORITHM:=auto}" "${OPTIONS:=}"
: "${HOLDOUT:=0.2}" "${TIME:=}" "${WHEN:=drift}" "${COOLDOWN:=72000}" "${REGISTRY:=./mlregistry}" "${STATE:=./retrain-$NAME}"
for setting in "$NAME" "$TARGET" "$METRIC" "$DATA$COMMAND"; do
	[ -n "$setting" ] || end 2 "NAME, TARGET, METRIC and one of DATA and COMMAND must be set (see -h)"
done
case $WHEN in drift | always) ;; *) end 2 "WHEN: expected drift or always, not '$WHEN'" ;; esac
ledger=$STATE/ledger.jsonl work=$STATE/work now=$(date +%s)
champion='' version='' drift=unasked old_value='' new_value='' proba=''
facts=$(mleval --list-metrics | awk -F, -v name="$METRIC" '$1 == name { print $2, $3 }')
[ -n "$facts" ] || end 2 "METRIC: no metric '$METRIC' (see mleval --list-metrics)"
case $facts in class*) proba=--proba ;; esac
case $facts in *higher) as_good='>=' better='>' ;; *) as_good='<=' better='<' ;; esac

mkdir -p "$STATE" || end 2 "cannot make $STATE"
exec 9>"$STATE/lock" # which ends it with 2 if it cannot
command -v flock >/dev/null || end 2 "flock (util-linux) is missing: its lock cannot go stale"
flock -n 9 || end 0 "another round is on its way" # or a child of a killed one
rm -rf "$work"
mkdir "$work" || end 2 "cannot make $work"
touch "$ledger" || end 2 "cannot write $ledger"
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM

# All rows as they are now.  What was decided for them, with these settings, stays decided.
if [ -n "$DATA" ]; then
	cp "$DATA" "$work/all.csv" || end 2 "cannot read the data"
else
	sh -c "$COMMAND" >"$work/all.csv" || end 2 "the command for the data failed"
fi
digest=$(sha256sum <"$work/all.csv" | cut -d ' ' -f 1)
key=$(printf '%s\n' "$digest" "$TARGET" "$METRIC" "$TIME" "$HOLDOUT" "$ALGORITHM" "$OPTIONS" "$WHEN" |
	sha256sum | cut -c 1-16)
! grep -q "\"key\":\"$key\"" "$ledger" || end 0 "nothing is new"
last=$(grep -v '"decision":"calm"' "$ledger" | recorded epoch)
[ $((now - ${last:-0})) -ge "$COOLDOWN" ] || end 0 "cooling down"

mlversion init -R "$REGISTRY" || end 2 "there is no registry"
mlprep split --test "$HOLDOUT" ${TIME:+--time "$TIME"} -o "$work/old.csv" -o "$work/fresh.csv" \
	"$work/all.csv" || end 2 "cannot split the data"
found=$(versions aliases champion) || end 2 "cannot read the registry"
champion=${found%% *}
if [ "$WHEN" = drift ] && [ -n "$champion" ]; then
	mldrift -q -R "$REGISTRY" -m "$NAME@champion" "$work/fresh.csv" >"$work/drift.csv"
	case $? in
	0) drift=no && record calm ;;
	1) drift=$(awk -F, '/,yes$/ { gsub(/["\\[:cntrl:]]/, ""); print $1 }' "$work/drift.csv" | sort -u | paste -s -d ' ' -) ;;
	3) drift=undecided && record calm ;;
	*) end 2 "cannot tell whether there is drift" ;;
	esac
fi

# shellcheck disable=SC2086 # OPTIONS are words
mltrain -t "$TARGET" -a "$ALGORITHM" $OPTIONS -o "$work/challenger.model" "$work/old.csv" ||
	end 2 "cannot train"
hash=$(sha256sum <"$work/challenger.model" | cut -d ' ' -f 1)
[ "${found#* }" != "$hash" ] || record current

# The gate: as good as the champion on the same rows; the first must be better than the baseline.
gate=$METRIC${better}baseline worse=worthless as_wanted=first
if [ -n "$champion" ]; then
	old_value=$(measure "$NAME@champion") || end 2 "cannot measure the champion"
	[ -n "$old_value" ] || end 2 "the champion has no $METRIC on the fresh rows"
	gate=$METRIC$as_good$old_value worse=kept as_wanted=promoted
fi
new_value=$(measure "$work/challenger.model" "$gate")
case $? in 0) ;; 1) record $worse ;; *) end 2 "cannot measure the challenger" ;; esac

# A round that was killed behind "add" has left the version: take that one.
version=$(versions hash "$hash") || end 2 "cannot read the registry"
version=${version%% *}
if [ -z "$version" ]; then
	version=$(mlversion add -R "$REGISTRY" --metric "$METRIC=$new_value" --note "$gate on fresh rows" \
		"$NAME" "$work/challenger.model") || end 2 "cannot add the challenger"
	version=${version#*@}
fi
mlversion alias -R "$REGISTRY" --expect "${champion:-0}" "$NAME" champion "$version" \
	--why "$METRIC $new_value, gate $gate; drift: $drift; data sha256 $digest" ||
	end 2 "cannot promote the challenger"
record $as_wanted
