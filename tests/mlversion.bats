# mlversion by its verbs.  What a crash leaves: slow-registry-crash.bats; the format: unit/registry.c.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	unset MLREGISTRY
	printf 'one\n' >one
	printf 'two\n' >two
	printf 'three\n' >three
	mlversion init
}

add() {
	mlversion add --kind other "$@"
}

# Three versions, champion at 2.
fill() {
	add fraud one --note 'the "first"' --metric auc=0.90 --metric data=q1
	add fraud two
	add fraud three
	mlversion alias fraud champion 1
	mlversion alias fraud champion 2 --why 'better on fresh rows'
}

field() {
	cut -d, -f"$1" | tr '\n' ' '
}

fails() { # STATUS TEXT COMMAND...: trouble, and the message says TEXT
	local text=$2

	trouble "$1" "${@:3}"
	[[ $stderr == *"$text"* ]] || fail "no '$text' in: $stderr"
}

@test "add prints the version, cat gives its bytes back, path names the file" {
	[ "$(add fraud one)" = fraud@1 ]
	[ "$(add fraud - <two)" = fraud@2 ]
	[ "$(add churn one)" = churn@1 ]
	mlversion cat fraud@1 | cmp - one
	mlversion cat fraud | cmp - two
	cmp "$(mlversion path fraud@2)" two
	cmp mlregistry/models/fraud/1 one
	[ "$(find mlregistry/objects -type f | wc -l)" -eq 2 ]
}

@test "objects lie under their SHA-256 and can't be written" {
	add fraud one
	hash=$(sha256sum <one | cut -c1-64)
	file=mlregistry/objects/$(printf %s "$hash" | cut -c1-2)/$(printf %s "$hash" | cut -c3-)
	[ "$(stat -c %a "$file")" = 444 ]
	[ "$(mlversion path fraud@1)" = "$file" ]
}

@test "the umask is kept" {
	(umask 077 && mlversion -R private init && mlversion -R private add --kind other m one)
	[ -z "$(find private ! -type l -perm /077)" ]
}

@test "the registry is -R, else MLREGISTRY, else ./mlregistry" {
	mlversion init -R r1
	MLREGISTRY=r2 mlversion init
	MLREGISTRY=r2 add in-r2 one
	MLREGISTRY=r2 mlversion add --kind other -R r1 in-r1 one
	add here one
	[ "$(mlversion ls -R r1 | tail -n +2 | field 1)" = "in-r1 " ]
	[ "$(mlversion ls -R r2/ | tail -n +2 | field 1)" = "in-r2 " ]
	[ "$(MLREGISTRY='' mlversion ls | tail -n +2 | field 1)" = "here " ]
}

@test "without a registry every verb but init fails and says how to make one" {
	for verb in "add m one" ls "show m" "alias m a 1" "rollback m a" log "path m" "cat m"; do
		# shellcheck disable=SC2086
		fails 2 "'mlversion init' makes one" mlversion -R none $verb
	done
	fails 2 "no registry in 'none'" mlversion -R none verify
	[ ! -e none ]
}

@test "init twice is one registry" {
	cp mlregistry/log before
	mlversion init
	cmp before mlregistry/log
}

@test "a file that is no model needs --kind" {
	fails 2 "not a model" mlversion add fraud one
	[ "$(mlversion ls | wc -l)" -eq 1 ]
	[ "$(find mlregistry/objects -type f | wc -l)" -eq 0 ]
	mlversion add --kind data fraud one
	mlversion log --format json | grep -q '"detail":{"kind":"data","bytes":4}'
}

@test "a model is added as it is, and shown with what is in it" {
	mltrain -t class "$SAMPLES/iris.csv" >iris.model
	[ "$(mlversion add iris - <iris.model)" = iris@1 ]
	mlversion cat iris | cmp - iris.model
	mlversion show iris >out
	for fact in kind,model target,class task,classification classes,3 rows,150 "bytes,$(stat -c %s iris.model)"; do
		grep -qx "$fact" out
	done
	mlversion alias iris champion 1
	same "mlpredict -m iris@champion $SAMPLES/iris.csv" "mlpredict -m iris.model $SAMPLES/iris.csv"
	head -c -1 iris.model >short.model
	fails 2 "not a model" mlversion add iris short.model
}

@test "a file that can't be read adds nothing" {
	fails 2 "cannot open 'none'" mlversion add --kind other fraud none
	fails 2 "is a folder" mlversion add --kind other fraud mlregistry
	[ "$(mlversion log | wc -l)" -eq 2 ]
}

@test "ls lists versions by name and number, with their aliases" {
	fill
	add churn one
	mlversion alias fraud best 2
	mlversion ls >out
	[ "$(head -n 1 out)" = name,version,aliases,time,actor,hash,note ]
	[ "$(tail -n +2 out | cut -d, -f1-3 | tr '\n' ' ')" = \
		"churn,1, fraud,1, fraud,2,best champion fraud,3, " ]
	[ "$(mlversion ls fraud | tail -n +2 | field 2)" = "1 2 3 " ]
	grep -q 'fraud,1,,.*,"the ""first"""$' out
	[ "$(sed -n 2p out | cut -d, -f6)" = "$(sha256sum <one | cut -c1-64)" ]
	fails 2 "did you mean 'fraud'?" mlversion ls fruad
}

@test "log has its columns, in order, and shows who, when and why" {
	fill
	mlversion log >out
	[ "$(head -n 1 out)" = seq,time,actor,event,name,version,alias,detail ]
	[ "$(tail -n +2 out | field 1)" = "1 2 3 4 5 6 " ]
	[ "$(tail -n +2 out | field 4)" = "init add add add alias alias " ]
	grep -Eq '^6,[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z,[^,]+@[^,]+,alias,fraud,2,champion,' out
	grep -qF '"{""old"":1,""why"":""better on fresh rows""}"' out
	mlversion log --format json | sed -n 6p | grep -qF '"detail":{"old":1,"why":"better on fresh rows"}}'
	add churn one
	[ "$(mlversion log churn | wc -l)" -eq 2 ]
}

@test "show gives the facts, the same in each format" {
	fill
	mlversion show fraud@1 >out
	[ "$(head -n 1 out)" = fact,value ]
	grep -qx 'metric.auc,0.9' out
	grep -qx 'metric.data,q1' out
	grep -qx 'note,"the ""first"""' out
	grep -qx "hash,$(sha256sum <one | cut -c1-64)" out
	grep -qx 'bytes,4' out
	mlversion show --format json fraud@1 | grep -qF '"metric.auc":0.9,"metric.data":"q1"'
	mlversion show --format text fraud@champion | grep -Eqx 'version +2'
}

@test "a metric is name=value" {
	fails 2 "expected name=value" mlversion add --kind other fraud one --metric auc
	fails 2 "expected name=value" mlversion add --kind other fraud one --metric =1
	fails 2 "detail" mlversion add --kind other fraud one --metric a=1 --metric a=2
}

@test "an alias moves, is rolled back, and back again" {
	fill
	[ "$(mlversion rollback fraud champion --why 'false alarms')" = fraud@1 ]
	mlversion cat fraud@champion | cmp - one
	cmp mlregistry/models/fraud/champion one
	[ "$(mlversion rollback fraud champion)" = fraud@2 ]
	cmp mlregistry/models/fraud/champion two
	mlversion verify
}

@test "an alias that is there already is no event" {
	fill
	cp mlregistry/log before
	mlversion alias fraud champion 2
	mlversion alias fraud champion 2 --expect 2
	cmp before mlregistry/log
}

@test "an alias can be removed, by --remove or by version 0" {
	fill
	mlversion alias fraud champion --remove
	fails 2 "no alias 'champion' of 'fraud'" mlversion cat fraud@champion
	[ ! -L mlregistry/models/fraud/champion ]
	mlversion alias fraud champion --remove
	[ "$(mlversion rollback fraud champion)" = fraud@2 ]
	mlversion alias fraud champion 0
	fails 2 "expected" mlversion alias fraud champion
	fails 2 "expected" mlversion alias fraud champion 1 --remove
	fails 2 "no alias 'champ'" mlversion alias fraud champ --remove
	mlversion verify
}

@test "--expect fails exactly when the alias is elsewhere" {
	fill
	fails 2 "is at version 2, expected 1" mlversion alias fraud champion 3 --expect 1
	fails 2 "is at version 2, expected 0" mlversion alias fraud champion 3 --expect 0
	mlversion alias fraud champion 3 --expect 2
	mlversion alias fraud fresh 3 --expect 0
	mlversion cat fraud@champion | cmp - three
}

@test "what doesn't exist is refused by name" {
	fill
	fails 2 "no version 4 of 'fraud': expected 1 to 3" mlversion alias fraud champion 4
	fails 2 "not a version: 'x'" mlversion alias fraud champion x
	fails 2 "no version 9 of 'fraud'" mlversion path fraud@9
	fails 2 "no alias 'prod' of 'fraud'" mlversion rollback fraud prod
	fails 2 "no model 'none'" mlversion show none
	fails 2 "was at no version before" \
		sh -c 'mlversion alias fraud once 1 && mlversion rollback fraud once'
}

@test "names with other letters, and aliases that are numbers, are refused" {
	add fraud one
	fails 2 "can't name a model" mlversion add --kind other ../up one
	fails 2 "can't name a model" mlversion add --kind other Fraud one
	fails 2 "can't name a model" mlversion add --kind other 'a b' one
	fails 2 "'a\\x1b[2J' can't name a model" mlversion add --kind other "$(printf 'a\033[2J')" one
	fails 2 "digits mean a version" mlversion alias fraud 12 1
	fails 2 "can't name an alias" mlversion alias fraud a/b 1
	[ "$(mlversion log | wc -l)" -eq 3 ]
}

@test "verify says ok, and what is wrong by a stable word" {
	fill
	[ "$(mlversion verify)" = "ok: 6 records, 3 objects, head $(tail -n 1 mlregistry/log |
		sed 's/.*"self":"//; s/"}$//')" ]
	chmod u+w "$(mlversion path fraud@1)"
	printf 'ONE\n' >"$(mlversion path fraud@1)"
	rm -f "$(mlversion path fraud@2)"
	run mlversion verify
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} == "object-damaged: "*"fraud@1"* ]]
	[[ ${lines[1]} == "object-missing: "*"fraud@2"* ]]
	fails 2 "fraud@1 is damaged" mlversion cat fraud@1
	fails 2 "cannot read fraud@2" mlversion path fraud@2
}

@test "a changed log is damage for every verb, with its line" {
	fill
	sed -i '3s/"add"/"sub"/' mlregistry/log
	fails 2 "mlregistry/log:3: the record was changed" mlversion ls
	fails 2 "mlregistry/log:3: " add fraud one
	fails 2 "mlregistry/log:3: " mlversion init
	run mlversion verify
	[ "$status" -eq 1 ]
	[[ ${lines[0]} == "record-damaged: mlregistry/log:3: "* ]]
}

@test "a kept head finds a log that was cut at a line end" {
	fill
	head=$(mlversion verify | sed 's/.*head //')
	add fraud one
	mlversion verify --head "$head"
	sed -i '6,$d' mlregistry/log
	mlversion verify
	run mlversion verify --head "$head"
	[ "$status" -eq 1 ]
	[[ ${lines[0]} == head-missing:* ]]
	fails 2 "not a hash" mlversion verify --head xyz
}

@test "the chain can be checked with sha256sum alone, as mlregistry(5) says" {
	fill
	while IFS= read -r line; do
		printf '%s' "${line%,\"self\":*}" | sha256sum | cut -c1-64
	done <mlregistry/log >found
	sed 's/.*"self":"\(.*\)"}$/\1/' mlregistry/log >said
	cmp found said
	sed 's/.*"prev":"\([0-9a-f]*\)","self".*/\1/' mlregistry/log | tail -n +2 >prev
	head -n -1 said | cmp - prev
}

@test "a torn record is passed over, then cut off, and noted" {
	fill
	printf '{"seq":7,"time":"20' >>mlregistry/log
	[ "$(mlversion ls | wc -l)" -eq 4 ]
	mlversion verify
	add fraud one
	mlversion log --format json | tail -n 1 | grep -qF '"recovered":19'
	mlversion verify
}

@test "eight writers at once get eight versions" {
	writers=
	for i in 1 2 3 4 5 6 7 8; do
		echo "$i" >"file$i"
		add fraud "file$i" >"got$i" 3>&- &
		writers+=" $!"
	done
	# shellcheck disable=SC2086
	wait $writers
	[ "$(cat got? | sort)" = "$(printf 'fraud@%d\n' 1 2 3 4 5 6 7 8)" ]
	for i in 1 2 3 4 5 6 7 8; do
		mlversion cat "$(cat "got$i")" | cmp - "file$i"
	done
	[ "$(mlversion verify)" = "$(mlversion verify | grep '^ok: 9 records, 8 objects')" ]
}

@test "a full standard output is trouble" {
	fill
	fails 2 "cannot write standard output" sh -c 'mlversion ls >/dev/full'
	fails 2 "cannot write standard output" sh -c 'mlversion cat fraud@1 >/dev/full'
}

@test "the n-th allocation fails: status 2, one message, old or new" {
	fill
	mlversion alias fraud champion 1
	for verb in "add --kind other --note x fraud two" "alias fraud champion 3" "ls" "log" "verify" \
		"show fraud@1" "cat fraud@1"; do
		for n in $(seq 1 400); do
			status=0
			# shellcheck disable=SC2086
			MLUTILS_FAIL_ALLOC=$n mlversion $verb >out 2>err || status=$?
			[ "$status" -eq 0 ] && break
			echo "$verb, $n: $status $(cat err)"
			[ "$status" -eq 2 ]
			[ "$(wc -l <err)" -eq 1 ]
		done
		[ "$status" -eq 0 ]
		[ "$n" -gt 3 ]
	done
	mlversion verify
}

@test "show tells what a model learned, in the registry or not" {
	printf 'x,y\n0,1\n1,3\n2,5\n3,7\n' | mltrain -t y -a linear --scale none -o line.model
	run --separate-stderr mlversion show line.model
	[ "$status" -eq 0 ]
	[[ $output == *"task,regression"* ]] || false
	[ "$(awk -F, '/^(intercept|coef)/ { printf "%s=%.9f ", $1, $2 }' <<<"$output")" = \
		'intercept=1.000000000 coef[x]=2.000000000 ' ]
	mlversion init
	mlversion add line line.model
	diff <(mlversion show line@1 | grep '^coef') <(mlversion show - <line.model | grep '^coef')
}
