# What the manuals and the README say can be typed, can be typed.
load helper

@test "the examples of every manual work" {
	for page in "$ROOT"/man/*.[1-9]; do
		"$ROOT/scripts/manexamples" "$page"
	done
}

@test "the loop of the README works" {
	run "$ROOT/scripts/manexamples" "$ROOT/README.md"
	[ "$status" -eq 0 ] || fail "$output"
	[[ $output == *" 1 examples" ]] || fail "$output"
}

@test "the demonstration works, and leaves nothing behind" {
	mkdir "$BATS_TEST_TMPDIR/empty"
	TMPDIR=$BATS_TEST_TMPDIR/empty run "$ROOT/scripts/demo" "$MLUTILS_BIN"
	[ "$status" -eq 0 ] || fail "$output"
	[[ $output == *"Where to go next"* ]]
	left=$(ls "$BATS_TEST_TMPDIR/empty")
	[ -z "$left" ] || fail "left: $left"
}

@test "a manual without an example, or with one that fails, is found out" {
	printf '.Dd $Mdocdate$\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd x\n.Sh EXAMPLES\n' >"$BATS_TEST_TMPDIR/x.1"
	run "$ROOT/scripts/manexamples" "$BATS_TEST_TMPDIR/x.1"
	[ "$status" -eq 1 ] && [[ $output == *" 0 examples" ]] || fail "$output"
	printf '.Bd -literal\n$ true |\n  grep -c . iris.csv\n# exit 0\n$ false\n# exit 1\n.Ed\n' >>"$BATS_TEST_TMPDIR/x.1"
	run "$ROOT/scripts/manexamples" "$BATS_TEST_TMPDIR/x.1"
	[ "$status" -eq 0 ] && [[ $output == *" 2 examples" ]] || fail "$output"
	printf '.Dl $ false\n' >>"$BATS_TEST_TMPDIR/x.1"
	run "$ROOT/scripts/manexamples" "$BATS_TEST_TMPDIR/x.1"
	[ "$status" -eq 1 ] || fail "$output"
}
