#ifndef ML_TEST_H
#define ML_TEST_H

#include <math.h>
#include <stdio.h>
#include <string.h>

/*
 * A unit test is a program of cases.  Each case prints "ok NAME" or "not ok NAME" with the place
 * of the first check that failed; main returns test_end().
 */
static int test_failed, test_bad;
static const char *test_name;

static inline void
test_case(const char *name)
{
	if (test_name != NULL && !test_bad)
		printf("ok %s\n", test_name);
	test_name = name;
	test_bad = 0;
}

static inline int
test_end(void)
{
	test_case(NULL);
	return test_failed ? 1 : 0;
}

static inline void
test_fail(const char *file, int line, const char *what)
{
	if (!test_bad)
		printf("not ok %s\n", test_name);
	printf("# %s:%d: %s\n", file, line, what);
	test_bad = 1;
	test_failed++;
}

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			test_fail(__FILE__, __LINE__, #cond);                                      \
	} while (0)

/* |a - b| <= relative * max(|b|, tiny); says both values. */
#define CHECK_NEAR(a, b, relative)                                                                 \
	do {                                                                                       \
		double test_a = (a), test_b = (b);                                                 \
		char test_text[160];                                                               \
		if (!(fabs(test_a - test_b) <= (relative)*fmax(fabs(test_b), 1e-300))) {           \
			snprintf(test_text, sizeof test_text, "%s is %.17g, not %.17g", #a,        \
				 test_a, test_b);                                                  \
			test_fail(__FILE__, __LINE__, test_text);                                  \
		}                                                                                  \
	} while (0)

#define CHECK_TEXT(a, b)                                                                           \
	do {                                                                                       \
		const char *test_a = (a), *test_b = (b);                                           \
		char test_text[1400];                                                              \
		if (strcmp(test_a, test_b) != 0) {                                                 \
			snprintf(test_text, sizeof test_text, "%s is \"%.600s\", not \"%.600s\"",  \
				 #a, test_a, test_b);                                              \
			test_fail(__FILE__, __LINE__, test_text);                                  \
		}                                                                                  \
	} while (0)

#endif
