#include "test.h"

#include <float.h>
#include <locale.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/num_short.h"

static uint64_t
next(uint64_t *state) /* xorshift64 (Marsaglia 2003) */
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t
bits_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static double
from_bits(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

static bool
reads_as(const char *text, double expected)
{
	double value = 42;

	return ml_num_parse(ml_str(text), &value) == ML_NUM_YES &&
	       bits_of(value) == bits_of(expected);
}

static const char *
formatted(double value)
{
	static char text[ML_NUM_TEXT + 1];

	text[ml_num_format(text, value)] = '\0';
	return text;
}

static const char *
rounded(double value, int digits)
{
	static char text[ML_NUM_TEXT + 1];

	text[ml_num_round(text, value, digits)] = '\0';
	return text;
}

/* Where the number at the start of TEXT stops, or -1. */
static long
scanned(const char *text)
{
	const char *stop = NULL;
	double value = 0;
	enum ml_num_kind kind = ml_num_scan(text, text + strlen(text), &stop, &value);

	return kind == ML_NUM_NO ? -1 : stop - text;
}

static enum ml_num_kind
parsed(const char *text)
{
	double value = 0;

	return ml_num_parse(ml_str(text), &value);
}

/* Agrees with the C library about TEXT, read from memory that ends where the text does. */
static bool
same_as_library(const char *text)
{
	size_t n = strlen(text);
	char *copy = malloc(n + 1); /* + 1: malloc(0) */
	double expected = strtod(text, NULL), value = 0;
	enum ml_num_kind kind;
	bool same;

	memcpy(copy + 1, text, n);
	kind = ml_num_parse((struct ml_str){copy + 1, n}, &value);
	same = isinf(expected) ? kind == ML_NUM_RANGE
			       : kind == ML_NUM_YES && bits_of(value) == bits_of(expected);
	free(copy);
	if (!same)
		printf("# %s: %d, %a instead of %a\n", text, (int)kind, value, expected);
	return same;
}

static void
test_grammar(void)
{
	static const char *const numbers[] = {"0",   "1.",   ".5",   "+1",	  "-1.5",
					      "1e5", "1E+5", "1e-5", "1.e5",	  "-.5e-0",
					      "007", "-0",   "1e05", "+00.10e+00"};
	static const char *const others[] = {"",     ".",    "+",   "-",     "e5",  ".e5",
					     "+.",   "1e",   "1e+", "1.5.2", " 1",  "1 ",
					     "0x10", "inf",  "nan", "--1",   "+-1", "1,5",
					     "1_0",  "1e5.", "1 0", "1e 5",  "1d5", "infinity"};

	test_case("numbers by the grammar, and nothing else");
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		CHECK(parsed(numbers[i]) == ML_NUM_YES);
		CHECK(same_as_library(numbers[i]));
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		CHECK(parsed(others[i]) == ML_NUM_NO);
	CHECK(ml_num_parse((struct ml_str){NULL, 0}, &(double){0}) == ML_NUM_NO);
	CHECK(ml_num_parse((struct ml_str){"1\0", 2}, &(double){0}) == ML_NUM_NO);

	test_case("a scan stops behind the longest number");
	CHECK(scanned("12,34") == 2);
	CHECK(scanned("123456789012345,34") == 15);
	CHECK(scanned("-1.5e3\n") == 6);
	CHECK(scanned("1e") == 1);
	CHECK(scanned("1e+") == 1);
	CHECK(scanned("1e+x") == 1);
	CHECK(scanned("1.e5,") == 4);
	CHECK(scanned("1.;") == 2);
	CHECK(scanned("1.2.3") == 3);
	CHECK(scanned("0x10") == 1);
	CHECK(scanned("1234567:") == 7); /* the neighbours of the digits in ASCII */
	CHECK(scanned("1234567/") == 7);
	CHECK(scanned("12\xb1\xb2\xb3\xb4\xb5\xb6\xb7") == 2);
	CHECK(scanned(".") == -1);
	CHECK(scanned("-") == -1);
	CHECK(scanned("") == -1);

	test_case("a scan looks at nothing behind the end");
	{
		const char text[] = "1234567890123456e5";
		const char *stop;
		double value;

		for (int n = 1; n <= 16; n++) {
			CHECK(ml_num_scan(text, text + n, &stop, &value) == ML_NUM_YES);
			CHECK(stop == text + n &&
			      value == floor(1234567890123456 / pow(10, 16 - n)));
		}
	}
}

static void
test_reading(void)
{
	static const struct {
		const char *text;
		double value;
	} hard[] = {
	    {"-0", -0.0},
	    {"0e999999999999999999999", 0},
	    {"-0.000e-5", -0.0},
	    {"0.1", 0x1.999999999999ap-4},
	    {"6.02214076e23", 0x1.fe185ca57c517p+78},
	    {"1e22", 0x1.0f0cf064dd592p+73},
	    {"1e23", 0x1.52d02c7e14af6p+76}, /* Gay 1990 */
	    {"8.533e+68", 0x1.fa69165a8eea2p+228},
	    {"4.1006e-184", 0x1.be0d1c7ea60c9p-610},
	    {"9.998e+307", 0x1.1cc0a350ca87bp+1023},
	    {"9007199254740993", 0x1p53}, /* halfway: to even */
	    {"9007199254740993.0", 0x1p53},
	    {"9007199254740992.99999999999999999999", 0x1p53},
	    {"9007199254740993.00000000000000000001", 0x1.0000000000001p53},
	    {"9007199254740995", 0x1.0000000000002p53},
	    {"123456789012345678901234567890", 0x1.8ee90ff6c373ep+96},
	    {"18446744073709551615", 0x1p64},
	    {"9999999999999999999", 9999999999999999999.0},
	    /* The PHP and Java hangs of 2010 and 2011: around the smallest normal number. */
	    {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022},
	    {"2.2250738585072012e-308", 0x1p-1022},
	    {"2.2250738585072014e-308", 0x1p-1022},
	    {"5e-324", 0x1p-1074},
	    {"4.9e-324", 0x1p-1074},
	    {"2.4703282292062327208e-324", 0}, /* below half of the smallest */
	    {"2.4703282292062328e-324", 0x1p-1074},
	    {"1e-400", 0},
	    {"-1e-400", -0.0},
	    {"1e-99999999999999999999", 0},
	    {"1.7976931348623157e308", DBL_MAX},
	    {"1.7976931348623158e308", DBL_MAX},
	    {"0.00000000000000000000000000000000000000000000000000000017e55", 1.7},
	    /*
	     * V. Paxson, "A program for testing IEEE decimal-binary conversion", 1991, tables 1
	     * and 2: close to the middle of two doubles.  The values are Python 3's.
	     */
	    {"5e125", 0x1.7a2ecc414a03fp+417},
	    {"69e267", 0x1.0b7cb60c994dap+893},
	    {"999e-26", 0x1.82782afe1869ep-77},
	    {"7861e-34", 0x1.fe3544145e9d8p-101},
	    {"75569e-254", 0x1.5a462d91c6ab3p-828},
	    {"928609e-261", 0x1.be2dd66200befp-848},
	    {"9210917e80", 0x1.da232347e6032p+288},
	    {"84863171e114", 0x1.06e98f5ec8f37p+405},
	    {"653777767e273", 0x1.20223f2b3a881p+936},
	    {"5232604057e-298", 0x1.465b896c24520p-958},
	    {"27235667517e-109", 0x1.7d41824d64fb2p-328},
	    {"9e-265", 0x1.d05244fe5066ap-878},
	    {"85e-37", 0x1.698ccdc60015ap-117},
	    {"623e100", 0x1.640a62f3a83dfp+341},
	    {"3571e263", 0x1.62644c61d41aap+885},
	    {"81661e153", 0x1.7ca8e3d68578ep+524},
	    {"920657e-23", 0x1.53a9985dbde6cp-57},
	    {"4603285e-24", 0x1.53a9985dbde6cp-58},
	    {"87575437e-309", 0x1.e07320602056cp-1001},
	    {"245540327e122", 0x1.1b6231e18c5cbp+433},
	    {"6138508175e120", 0x1.1b6231e18c5cbp+431},
	    {"83356057653e193", 0x1.544e6daee2a18p+677},
	    /* 1 + 2^-53, halfway, and its neighbours. */
	    {"1.00000000000000011102230246251565404236316680908203125", 1},
	    {"1.00000000000000011102230246251565404236316680908203124", 1},
	    {"1.00000000000000011102230246251565404236316680908203126", 0x1.0000000000001p0},
	};

	test_case("hard numbers are read to the nearest double");
	for (size_t i = 0; i < sizeof hard / sizeof *hard; i++) {
		CHECK(same_as_library(hard[i].text));
		if (!reads_as(hard[i].text, hard[i].value))
			test_fail(__FILE__, __LINE__, hard[i].text);
	}

	test_case("beyond the doubles is a kind of its own");
	CHECK(parsed("1.7976931348623159e308") == ML_NUM_RANGE);
	CHECK(parsed("-1e309") == ML_NUM_RANGE);
	CHECK(parsed("1e999999999999999999999999") == ML_NUM_RANGE);
	CHECK(parsed("1e309x") == ML_NUM_NO);

	test_case("more digits than any buffer still decide the last bit");
	{
		static char text[5000];

		memset(text, '0', sizeof text - 1);
		memcpy(text, "9007199254740993.", 17);
		CHECK(reads_as(text, 0x1p53));
		text[4998] = '1';
		CHECK(reads_as(text, 0x1.0000000000001p53));
		memset(text, '0', sizeof text - 1);
		memcpy(text, "0.", 2);
		memcpy(text + 4000, "25e4000", 8);
		CHECK(reads_as(text, 25.0));
	}
}

/* 1 to 25 digits with a point anywhere or none, an exponent of -330 to 310 or none. */
static void
random_text(uint64_t *state, char text[64])
{
	int digits = 1 + (int)(next(state) % 25), point = (int)(next(state) % 32);
	char *p = text;

	if (next(state) % 4 == 0)
		*p++ = "+-"[next(state) % 2];
	for (int i = 0; i < digits; i++) {
		if (i == point)
			*p++ = '.';
		*p++ = (char)('0' + next(state) % 10);
	}
	*p = '\0';
	if (next(state) % 4 != 0)
		snprintf(p, 16, "%c%d", "eE"[next(state) % 2], (int)(next(state) % 641) - 330);
}

static void
test_reading_at_random(void)
{
	uint64_t state = 20110314;
	char text[64];

	test_case("text of 1 to 25 digits reads as strtod reads it");
	for (int i = 0; i < 500000; i++) {
		random_text(&state, text);
		CHECK(same_as_library(text));
	}

	test_case("middles of two doubles, and texts close to them, read as strtod reads them");
	for (int i = 0; i < 20000; i++) {
		/* An odd number of 54 bits times a power of two, which a long double holds. */
		uint64_t odd = next(&state) >> 10 | (uint64_t)1 << 53 | 1;
		long double middle = ldexpl((long double)odd, (int)(next(&state) % 120) - 90);
		char long_text[160];

		snprintf(text, sizeof text, "%.*Le", 16 + (int)(next(&state) % 15), middle);
		CHECK(same_as_library(text));
		snprintf(long_text, sizeof long_text, "%.120Le", middle);
		CHECK(same_as_library(long_text));
		snprintf(text, sizeof text, "%llu", (unsigned long long)odd << next(&state) % 11);
		CHECK(same_as_library(text));
		snprintf(text, sizeof text, "%llu.%0*d", (unsigned long long)odd,
			 1 + (int)(next(&state) % 20), (int)(next(&state) % 2));
		CHECK(same_as_library(text));
	}
}

/*
 * Up to 16 bytes: mostly a number as measured values are, then often with one byte changed; the
 * bytes behind are neighbours in a record.  Returns the length.
 */
static size_t
random_field(uint64_t *state, char text[64])
{
	static const char odd[] = "0123456789.-+eE ,\n/:\0\xb0";
	double size = ldexp(1, (int)(next(state) % 50) - 25);
	double value = ((double)(next(state) >> 11) * 0x1p-53 - 0.5) * size;
	int n = next(state) % 4 != 0
		    ? snprintf(text, 40, "%.*g", 3 + (int)(next(state) % 13), value)
		    : snprintf(text, 40, "%.*f", (int)(next(state) % 5), value);
	size_t length = (size_t)n < 17 ? (size_t)n : next(state) % 17;

	if (next(state) % 4 == 0)
		length = next(state) % 17;
	for (size_t i = length; i < 40; i++)
		text[i] = odd[next(state) % (sizeof odd - 1)];
	for (uint64_t changes = next(state) % 8; changes >= 6; changes--)
		text[next(state) % 16] = odd[next(state) % (sizeof odd - 1)];
	return length;
}

/* [-] digits [. digits] or [-] . digits, no more than 15 bytes. */
static bool
is_short(const char *text, size_t n)
{
	size_t i = n > 0 && text[0] == '-';
	bool point = false;

	if (n == 0 || n > 15 || text[n - 1] < '0' || text[n - 1] > '9')
		return false;
	for (; i < n; i++) {
		if (text[i] == '.' ? point : text[i] < '0' || text[i] > '9')
			return false;
		point |= text[i] == '.';
	}
	return true;
}

static bool
same_short(const char *text, size_t n)
{
	double value = 42, expected = 42;
	bool should = ML_NUM_SHORT > 0 && is_short(text, n);

	if (ml_num_short(text, n, &value) != should)
		return false;
	return should ? ml_num_parse((struct ml_str){text, n}, &expected) == ML_NUM_YES &&
			    bits_of(value) == bits_of(expected)
		      : bits_of(value) == bits_of(42);
}

static void
test_short(void)
{
	static const char *const texts[] = {
	    "",
	    "-",
	    ".",
	    "-.",
	    "0",
	    "-0",
	    "-0.0",
	    "-.5",
	    ".5",
	    "5.",
	    "+5",
	    "--5",
	    "1-5",
	    "1.2.3",
	    "..5",
	    "1e5",
	    "99999999999999",
	    "999999999999999",
	    "1,",
	    "1\n",
	    "-.0.",
	    "1 ",
	    " 1",
	    "1/2",
	    "1:2",
	    "-99999999999.99",
	    "9999999999999999",
	};
	uint64_t state = 19900101;
	char text[64];
	size_t n_short = 0;
	bool same = true;

	test_case("short numbers are read as others are, and only those");
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		memset(text, '7', sizeof text);
		memcpy(text, texts[i], strlen(texts[i]));
		if (!same_short(text, strlen(texts[i])))
			test_fail(__FILE__, __LINE__, texts[i]);
	}
	for (int i = 0; i < 2000000 && same; i++) {
		size_t n = random_field(&state, text);

		same = same_short(text, n);
		n_short += is_short(text, n);
		if (!same)
			printf("# %.*s\n", (int)n, text);
	}
	CHECK(same && n_short > 500000);

	test_case("a short number is looked for in 16 bytes");
	for (size_t n = 0; n <= 16; n++) {
		char *bytes = malloc(16);

		memset(bytes, '8', 16);
		CHECK(same_short(bytes, n));
		free(bytes);
	}
}

static void
test_integers(void)
{
	int64_t value = 42;

	test_case("integers that fit");
	CHECK(ml_int_parse(ml_str("0"), &value) && value == 0);
	CHECK(ml_int_parse(ml_str("-0"), &value) && value == 0);
	CHECK(ml_int_parse(ml_str("+17"), &value) && value == 17);
	CHECK(ml_int_parse(ml_str("9223372036854775807"), &value) && value == INT64_MAX);
	CHECK(ml_int_parse(ml_str("-9223372036854775808"), &value) && value == INT64_MIN);
	value = 42;
	CHECK(!ml_int_parse(ml_str("9223372036854775808"), &value));
	CHECK(!ml_int_parse(ml_str("-9223372036854775809"), &value));
	CHECK(!ml_int_parse(ml_str("99999999999999999999"), &value));
	CHECK(!ml_int_parse(ml_str(""), &value));
	CHECK(!ml_int_parse(ml_str("-"), &value));
	CHECK(!ml_int_parse(ml_str("1.0"), &value));
	CHECK(!ml_int_parse(ml_str("1e3"), &value));
	CHECK(!ml_int_parse(ml_str(" 1"), &value));
	CHECK(!ml_int_parse((struct ml_str){NULL, 0}, &value));
	CHECK(value == 42);
}

static void
test_writing(void)
{
	/* The digits are those of Python 3's repr(), the form is ours. */
	static const struct {
		double value;
		const char *text;
	} known[] = {
	    {0, "0"},
	    {-0.0, "-0"},
	    {1, "1"},
	    {-1.5, "-1.5"},
	    {0.1, "0.1"},
	    {0.3, "0.3"},
	    {0.1 + 0.2, "0.30000000000000004"},
	    {2.0 / 3, "0.6666666666666666"},
	    {100000, "100000"},
	    {123456.789, "123456.789"},
	    {0.00012, "0.00012"},
	    {0.00001, "0.00001"},
	    {-0.000012345678901234567, "-0.000012345678901234568"},
	    {0.0000099, "9.9e-6"},
	    {1.5e-7, "1.5e-7"},
	    {1e16, "10000000000000000"},
	    {12345678901234568, "12345678901234568"},
	    {99999999999999984, "99999999999999980"},
	    {1e17, "1e17"},
	    {1e20, "1e20"},
	    {1e22, "1e22"},
	    {1e23, "1e23"},
	    {1e100, "1e100"},
	    {6.02214076e23, "6.02214076e23"},
	    {123456789012345678901234567890.0, "1.2345678901234568e29"},
	    {9007199254740992, "9007199254740992"},
	    {5e-324, "5e-324"},
	    {-5e-324, "-5e-324"},
	    {1e-323, "1e-323"},
	    {0x0.fffffffffffffp-1022, "2.225073858507201e-308"},
	    {DBL_MIN, "2.2250738585072014e-308"},
	    {DBL_MAX, "1.7976931348623157e308"},
	    {-DBL_MAX, "-1.7976931348623157e308"},
	    {2e-44, "2e-44"},
	    {0x1p-44, "5.684341886080802e-14"}, /* powers of two: an uneven interval */
	    {0x1p-1019, "1.7800590868057611e-307"},
	    {0x1p89, "6.189700196426902e26"},
	    {9.5367431640625e-07, "9.5367431640625e-7"},
	    {4.35e-322, "4.35e-322"},
	    {2.98023223876953125e-8, "2.9802322387695312e-8"},
	};

	test_case("the shortest text that reads back");
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		CHECK_TEXT(formatted(known[i].value), known[i].text);
	CHECK_TEXT(formatted((double)NAN), "");
	CHECK_TEXT(formatted((double)INFINITY), "");

	test_case("rounded to significant digits");
	CHECK_TEXT(rounded(2.0 / 3, 3), "0.667");
	CHECK_TEXT(rounded(1234567, 3), "1230000");
	CHECK_TEXT(rounded(-999.96, 4), "-1000");
	CHECK_TEXT(rounded(0.5, 17), "0.5");
	CHECK_TEXT(rounded(0.1, 17), "0.10000000000000001");
	CHECK_TEXT(rounded(2.5, 1), "2");    /* exactly in the middle: to even, as printf */
	CHECK_TEXT(rounded(0.15, 1), "0.1"); /* 0.1499999999999999944... */
	CHECK_TEXT(rounded(1.26e-9, 2), "1.3e-9");
	CHECK_TEXT(rounded(9.99e16, 1), "1e17");
	CHECK_TEXT(rounded(9.96e-6, 2), "0.00001");
	CHECK_TEXT(rounded(-0.0, 3), "-0");
	CHECK_TEXT(rounded((double)NAN, 3), "");
	CHECK_TEXT(rounded(5e-324, 17), "4.9406564584124654e-324");
}

/* Round trip, and no longer than %.17g, which is plain only from 1e-4 on. */
static bool
comes_back(double value)
{
	char text[ML_NUM_TEXT + 1], longest[40];
	size_t n = ml_num_format(text, value);
	bool plain = fabs(value) >= 1e-5 && fabs(value) < 1e-4;
	double again = 0;

	text[n] = '\0';
	snprintf(longest, sizeof longest, "%.17g", value);
	return ml_num_parse((struct ml_str){text, n}, &again) == ML_NUM_YES &&
	       bits_of(again) == bits_of(value) && bits_of(strtod(text, NULL)) == bits_of(value) &&
	       n <= strlen(longest) + (plain ? 2 : 0);
}

/*
 * By definition: one digit less, correctly rounded, doesn't read back, and the same number of
 * digits, correctly rounded, is the text.  (Not so for powers of two: see above.)
 */
static bool
is_shortest(double value)
{
	char other[40];
	int digits = 0, zeros = 0;

	for (const char *p = formatted(value); *p != '\0' && *p != 'e'; p++) {
		if (*p == '.' || *p == '-' || (*p == '0' && digits == 0))
			continue;
		digits++;
		zeros = *p == '0' ? zeros + 1 : 0;
	}
	digits -= zeros;
	if (strcmp(rounded(value, digits), formatted(value)) != 0)
		return false;
	snprintf(other, sizeof other, "%.*e", digits < 2 ? 0 : digits - 2, value);
	return digits == 1 || bits_of(strtod(other, NULL)) != bits_of(value);
}

static void
test_round_trip(void)
{
	uint64_t state = 88172645463325252;

	test_case("every power of two and its neighbours come back");
	for (uint64_t e = 1; e < 2047; e++) {
		CHECK(comes_back(from_bits(e << 52)));
		CHECK(comes_back(from_bits((e << 52) + 1)));
		CHECK(comes_back(from_bits((e << 52) - 1)));
		CHECK(is_shortest(from_bits((e << 52) + 1)));
		CHECK(is_shortest(from_bits((e << 52) - 1)));
	}

	test_case("two million patterns of bits come back");
	for (int i = 0; i < 2000000; i++) {
		uint64_t bits = next(&state);

		/* Every other number of a size as data has it, some with few bits. */
		if (i % 2 == 0)
			bits = (bits & ~(UINT64_C(2047) << 52)) | (1023 - 20 + bits % 60) << 52;
		if (i % 8 == 0)
			bits &= ~UINT64_C(0) << (bits >> 8 & 31);
		if ((bits >> 52 & 2047) == 2047)
			continue;
		CHECK(comes_back(from_bits(bits)));
		if (i % 16 == 1)
			CHECK(is_shortest(from_bits(bits)));
	}

	test_case("small decimal fractions are written as they were typed");
	for (int i = 1; i < 100000; i++) {
		char text[40];

		snprintf(text, sizeof text, "%d.%04d", i / 10000, i % 10000);
		for (size_t n = strlen(text); text[n - 1] == '0' || text[n - 1] == '.'; n--) {
			text[n - 1] = '\0';
			if (strchr(text, '.') == NULL)
				break;
		}
		CHECK_TEXT(formatted(i / 10000.0), text);
	}
}

/* Any locale of the system whose decimal point is another. */
static bool
set_comma_locale(void)
{
	static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8",  "fr_FR.UTF-8",
					    "de_CH.UTF-8", "es_ES.UTF-8", "ru_RU.UTF-8",
					    "de_DE"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (setlocale(LC_ALL, names[i]) != NULL && localeconv()->decimal_point[0] != '.')
			return true;
	return false;
}

int
main(void)
{
	test_grammar();
	test_reading();
	test_reading_at_random();
	test_short();
	test_integers();
	test_writing();
	test_round_trip();

	if (set_comma_locale()) {
		test_case("a locale with a decimal comma changes nothing");
		CHECK(reads_as("1.5", 1.5));
		CHECK(reads_as("1.00000000000000011102230246251565404236316680908203126",
			       0x1.0000000000001p0));
		CHECK(reads_as("2.2250738585072011e-308", 0x0.fffffffffffffp-1022));
		CHECK(parsed("1,5") == ML_NUM_NO);
		CHECK_TEXT(formatted(0.3), "0.3");
		CHECK_TEXT(rounded(2.0 / 3, 3), "0.667");
		CHECK_TEXT(rounded(1.26e-9, 2), "1.3e-9");
	}
	return test_end();
}
