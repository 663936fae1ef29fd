#include "test.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

static const char *
word(const void *ctx, size_t i)
{
	return ((const char *const *)ctx)[i];
}

int
main(void)
{
	test_case("errors are built from the inside out, and the first cause stays");
	{
		struct ml_err err = {0};

		CHECK(ml_fail(&err, ML_EINPUT, "not a number: %s", "'abc'") == ML_EINPUT);
		CHECK(ml_fail(&err, ML_ESYS, "second") == ML_EINPUT);
		ml_within(&err, "column '%s'", "age");
		CHECK(ml_within(&err, "%s:%d", "train.csv", 17) == ML_EINPUT);
		CHECK_TEXT(err.text, "train.csv:17: column 'age': not a number: 'abc'");
	}

	test_case("foreign bytes are escaped and cut");
	{
		char out[ML_QUOTED];

		CHECK_TEXT(ml_quote(out, "a\x1b[31m\n'\\", 9), "'a\\x1b[31m\\x0a\\x27\\x5c'");
		CHECK_TEXT(ml_quote(out, "caf\xc3\xa9 \xe9", 7), "'caf\xc3\xa9 \\xe9'");
		CHECK_TEXT(ml_quote(out, "\xc2\x9b", 2), "'\\xc2\\x9b'");
		CHECK(strlen(ml_quote(out, (char[200]){0}, 200)) == 60 * 4 + 5);
	}

	test_case("an arena gives aligned zeroed memory and remembers a failure");
	{
		struct ml_arena arena = {0};
		double *a = ML_NEW(&arena, double, 100000);
		char *b = ml_arena_text(&arena, "hello", 5);
		char *c = ML_NEW(&arena, char, 1);

		CHECK(a != NULL && (size_t)a % 64 == 0 && a[99999] == 0);
		CHECK_TEXT(b, "hello");
		CHECK(c != NULL && (size_t)c % 64 == 0);
		CHECK(ml_arena_get(&arena, (size_t)-1 / 4, 8) == NULL);
		CHECK(ml_arena_failed(&arena));
		CHECK(ML_NEW(&arena, char, 1) == NULL);
		ml_arena_free(&arena);
		CHECK(!ml_arena_failed(&arena));
	}

	test_case("UTF-8 is what RFC 3629 says");
	CHECK(ml_utf8_valid("z\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", 10));
	CHECK(!ml_utf8_valid("\xc0\x80", 2));
	CHECK(!ml_utf8_valid("\xed\xa0\x80", 3));
	CHECK(!ml_utf8_valid("\xf4\x90\x80\x80", 4));
	CHECK(!ml_utf8_valid("\xe2\x82", 2));

	test_case("a buffer grows");
	{
		struct ml_buf buf = {0};

		for (int i = 0; i < 1000; i++)
			ml_buf_format(&buf, "%d,", i);
		CHECK(!buf.failed && buf.n == 3890);
		CHECK(memcmp(buf.p + buf.n - 4, "999,", 4) == 0);
		ml_buf_free(&buf);
	}

	test_case("the nearest word is suggested, a far one is not");
	{
		const char *const names[] = {"species", "sepal_length", "id"};

		CHECK_TEXT(ml_nearest("speices", 3, word, names), "species");
		CHECK(ml_nearest("colour", 3, word, names) == NULL);
	}
	return test_end();
}
