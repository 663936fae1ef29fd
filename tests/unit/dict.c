#include "test.h"

#include <stdlib.h>

#include "base/dict.h"

static struct ml_str
number(char room[16], int i)
{
	return (struct ml_str){room, (size_t)snprintf(room, 16, "%d", i)};
}

int
main(void)
{
	struct ml_dict dict = {0};
	char room[16];

	test_case("an empty dictionary knows nothing");
	CHECK(ml_dict_find(&dict, ml_str("a")) == -1);
	CHECK(ml_dict_find(&dict, ml_str("")) == -1);
	ml_dict_clear(&dict);
	CHECK(dict.n == 0);

	test_case("codes are in order of first appearance");
	CHECK(ml_dict_add(&dict, ml_str("setosa")) == 0);
	CHECK(ml_dict_add(&dict, ml_str("virginica")) == 1);
	CHECK(ml_dict_add(&dict, ml_str("setosa")) == 0);
	CHECK(ml_dict_add(&dict, ml_str("")) == 2);
	CHECK(ml_dict_add(&dict, (struct ml_str){"a\0b", 3}) == 3);
	CHECK(ml_dict_add(&dict, (struct ml_str){"a\0c", 3}) == 4);
	CHECK(ml_dict_add(&dict, (struct ml_str){"a\0", 2}) == 5);
	CHECK(dict.n == 6);
	CHECK(ml_dict_find(&dict, ml_str("virginica")) == 1);
	CHECK(ml_dict_find(&dict, ml_str("virginic")) == -1);
	CHECK(ml_dict_find(&dict, ml_str("")) == 2);
	CHECK(ml_str_is(dict.text[1], "virginica") && dict.text[1].p[9] == '\0');

	test_case("texts are copies");
	{
		char text[] = "word";

		CHECK(ml_dict_add(&dict, ml_str(text)) == 6);
		text[0] = 'l';
		CHECK(ml_dict_find(&dict, ml_str("word")) == 6);
		CHECK(ml_dict_find(&dict, ml_str(text)) == -1);
	}

	test_case("many texts are found again, and stay where they are");
	ml_dict_clear(&dict);
	CHECK(dict.n == 0 && ml_dict_find(&dict, ml_str("setosa")) == -1);
	{
		enum { N = 300000 };
		const char *first;
		int wrong = 0;

		CHECK(ml_dict_add(&dict, number(room, 0)) == 0);
		first = dict.text[0].p;
		for (int i = 0; i < N; i++)
			wrong += ml_dict_add(&dict, number(room, i)) != i;
		for (int i = 0; i < N; i++) {
			wrong += ml_dict_find(&dict, number(room, i)) != i;
			wrong += ml_dict_find(&dict, number(room, -1 - i)) != -1;
			wrong += ml_str_compare(dict.text[i], number(room, i)) != 0;
		}
		CHECK(wrong == 0 && dict.n == N && dict.text[0].p == first);
	}

	test_case("texts of every length, differing in one byte anywhere");
	ml_dict_clear(&dict);
	{
		char text[80];
		int wrong = 0;
		int32_t code = 0;

		memset(text, 'x', sizeof text);
		for (size_t n = 1; n <= sizeof text; n++)
			for (size_t i = 0; i < n; i++) {
				text[i] = 'y';
				wrong += ml_dict_add(&dict, (struct ml_str){text, n}) != code++;
				text[i] = 'x';
			}
		CHECK(wrong == 0 && dict.n == 80 * 81 / 2);
	}

	test_case("texts longer than a page, and the memory of a cleared dictionary");
	{
		static char text[10000];

		for (int round = 0; round < 50; round++) {
			int wrong = 0;

			ml_dict_clear(&dict);
			memset(text, 'z', sizeof text);
			for (int i = 0; i < 60; i++)
				wrong +=
				    ml_dict_add(&dict, (struct ml_str){text, (size_t)i * 160}) != i;
			for (int i = 0; i < 60; i++)
				wrong += dict.text[i].n != (size_t)i * 160 ||
					 memcmp(dict.text[i].p, text, (size_t)i * 160) != 0;
			CHECK(wrong == 0);
		}
	}
	ml_dict_free(&dict);
	CHECK(dict.n == 0 && dict.slot == NULL);

	test_case("without memory nothing is added and nothing lost");
	{
		struct ml_str lost = {room, 1};

		CHECK(ml_dict_add(&dict, ml_str("a")) == 0);
		/* The first text that needs a new page can't be copied. */
		dict.arena.failed = true;
		for (size_t n = 0; n < 5000 && lost.p == room; n++) {
			static const char long_text[5000];
			struct ml_str text = {long_text, 4999 - n};

			if (ml_dict_add(&dict, text) == -1)
				lost = text;
		}
		CHECK(lost.p != room && ml_dict_find(&dict, lost) == -1);
		CHECK(ml_dict_find(&dict, ml_str("a")) == 0);
		CHECK(ml_dict_add(&dict, lost) == (int32_t)dict.n - 1);
	}
	ml_dict_free(&dict);
	return test_end();
}
