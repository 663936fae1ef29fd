# scripts/deps installs what is missing, and nothing twice: with a package manager that only notes.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir bin
	: >log
	: >installed
	cat >bin/dpkg-query <<-'END'
		#!/bin/sh
		grep -qx "$3" installed && printf 'installed ' || printf 'not-installed '
	END
	cat >bin/apt-get <<-'END'
		#!/bin/sh
		echo "$*" >>log
		[ "$1" != install ] || { shift; for word; do case $word in
			-*) ;;
			"$BROKEN") exit 100 ;;
			*) echo "$word" >>installed ;;
		esac; done; }
	END
	printf '#!/bin/sh\necho 0\n' >bin/id
	chmod +x bin/*
	PATH=$PWD/bin:$PATH
	export BROKEN=
}

@test "what is missing is installed once, and named" {
	printf '%s\n' bats mandoc parallel strace locales >installed
	run -0 --separate-stderr "$ROOT/scripts/deps" test
	[ "$output" = $'installing jq\ninstalling fish zsh' ] && [ -z "$stderr" ] || fail "$output $stderr"
	[ "$(wc -l <log)" -eq 3 ]
	run -0 "$ROOT/scripts/deps" test
	[ -z "$output" ] && [ "$(wc -l <log)" -eq 3 ] || fail "$output $(cat log)"
}

@test "without what is needed it fails; without what is wished it says what is not tested" {
	BROKEN=zsh run -0 --separate-stderr "$ROOT/scripts/deps" test
	[[ $stderr == 'deps: tests are skipped that need fish locales zsh' ]] || fail "$stderr"
	: >installed
	BROKEN=jq run -100 "$ROOT/scripts/deps" test
	run ! grep -q zsh installed
	run -2 "$ROOT/scripts/deps" nothing
}
