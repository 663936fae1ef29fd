# make install, as a packager does it, and what others do with what it installs.
load helper

# Why there is nothing to install, or nothing.
reason() {
	[ -f "$(dirname "$MLUTILS_BIN")/libmlutils.a" ] || echo 'an installed copy, not a build'
	case $MLUTILS_BIN in
	*address* | *undefined*) echo 'a build with sanitizers is not for installing' ;;
	esac
}

setup_file() {
	[ -z "$(reason)" ] || return 0
	cd "$ROOT"
	unset MAKEFLAGS MFLAGS MAKELEVEL
	make -s install DESTDIR="$BATS_FILE_TMPDIR" PREFIX=/opt/ml >/dev/null
}

setup() {
	reason=$(reason)
	[ -z "$reason" ] || skip "$reason"
	cd "$ROOT"
	prefix=$BATS_FILE_TMPDIR/opt/ml
	unset MAKEFLAGS MFLAGS MAKELEVEL
}

@test "everything is in its place" {
	for tool in $(tools); do
		[ -x "$prefix/bin/$tool" ] || fail "no $tool"
		[ -f "$prefix/share/man/man1/$tool.1" ] || fail "no manual of $tool"
		[ -s "$prefix/share/bash-completion/completions/$tool" ] || fail "no completion of $tool"
		[ -s "$prefix/share/zsh/site-functions/_$tool" ] || fail "no zsh completion of $tool"
		[ -s "$prefix/share/fish/vendor_completions.d/$tool.fish" ] || fail "no fish completion of $tool"
	done
	[ -f "$prefix/share/man/man7/mlutils.7" ]
	[ -f "$prefix/share/mlutils/samples/iris.csv" ]
	[ -f "$prefix/lib/libmlutils.a" ]
	# Nothing that only this tree needs, and no trace of where it was built.
	[ ! -e "$prefix/share/mlutils/scripts/lint" ]
	! grep -rqF "$ROOT" "$prefix/lib/pkgconfig" "$prefix/share" || fail 'a path of the build'
}

@test "uninstall leaves nothing behind" {
	cp -R "$BATS_FILE_TMPDIR/opt" "$BATS_TEST_TMPDIR"
	make -s uninstall DESTDIR="$BATS_TEST_TMPDIR" PREFIX=/opt/ml >/dev/null
	left=$(find "$BATS_TEST_TMPDIR/opt" ! -type d)
	[ -z "$left" ] || fail "left: $left"
}

@test "a program finds library and header through pkg-config" {
	cat >"$BATS_TEST_TMPDIR/use.c" <<-'END'
		#include <mlutils.h>
		#include <stdio.h>
		int
		main(int argc, char **argv)
		{
			struct ml_err err = {0};
			struct ml_csv *csv;
			struct ml_csv_options options = {.delimiter = ",", .na = "NA", .on_error = "fail", .max_field = 1000};

			if (argc < 2 || ml_csv_open(&csv, argv[1], &options, &err) < 0)
				return fprintf(stderr, "%s\n", err.text), 2;
			printf("%zu columns\n", ml_csv_columns(csv));
			ml_csv_abandon(csv);
			return 0;
		}
	END
	flags=$(PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --define-variable=prefix="$prefix" \
		--define-variable=libdir="$prefix/lib" --define-variable=includedir="$prefix/include/mlutils" \
		--cflags --libs mlutils)
	cc -std=c11 -o "$BATS_TEST_TMPDIR/use" "$BATS_TEST_TMPDIR/use.c" $flags
	run "$BATS_TEST_TMPDIR/use" "$SAMPLES/iris.csv"
	[ "$output" = '5 columns' ] || fail "$output"
}
