/*
 * Numbers and text: any bytes are scanned and compared with a plain reading of the grammar and
 * with strtod; any eight bytes are written as a double and read again.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "number: %s\n", what);
		abort();
	}
}

static size_t
digits(const char *text, size_t n, size_t i)
{
	while (i < n && text[i] >= '0' && text[i] <= '9')
		i++;
	return i;
}

/* The length of the longest number at the start of TEXT, byte by byte; 0 if there is none. */
static size_t
number_length(const char *text, size_t n)
{
	size_t first = n > 0 && (text[0] == '+' || text[0] == '-');
	size_t whole = digits(text, n, first), end = whole, exponent;

	if (end < n && text[end] == '.')
		end = digits(text, n, end + 1);
	if (end == first || (end == first + 1 && whole == first)) /* nothing, or the point alone */
		return 0;
	if (end == n || (text[end] != 'e' && text[end] != 'E'))
		return end;
	exponent = end + 1;
	if (exponent < n && (text[exponent] == '+' || text[exponent] == '-'))
		exponent++;
	return digits(text, n, exponent) > exponent ? digits(text, n, exponent) : end;
}

static bool
same(double a, double b)
{
	return memcmp(&a, &b, sizeof a) == 0;
}

static void
check_scan(const char *text, size_t n)
{
	size_t length = number_length(text, n);
	const char *stop = NULL;
	double value = 42, whole = 42, expected;
	enum ml_num_kind kind = ml_num_scan(text, text + n, &stop, &value);
	char *copy;

	must((size_t)(stop - text) == length, "the scan stops elsewhere");
	must((kind == ML_NUM_NO) == (length == 0), "the grammar says otherwise");
	must(ml_num_parse((struct ml_str){text, n}, &whole) == (length == n ? kind : ML_NUM_NO),
	     "the whole is another kind");
	if (kind == ML_NUM_NO)
		return;
	if ((copy = malloc(length + 1)) == NULL)
		return;
	memcpy(copy, text, length);
	copy[length] = '\0';
	expected = strtod(copy, NULL);
	free(copy);
	must((kind == ML_NUM_RANGE) == (isinf(expected) != 0), "out of range or not");
	if (kind == ML_NUM_YES) {
		must(same(value, expected), "not what strtod reads");
		must(length != n || same(whole, value), "the whole is another number");
	} else {
		must(value == 42, "a value out of range is stored");
	}
}

static void
check_integer(const char *text, size_t n)
{
	int64_t value;
	char again[32];
	size_t zeros = n > 0 && (text[0] == '+' || text[0] == '-');
	bool minus = zeros > 0 && text[0] == '-';
	int length;

	if (!ml_int_parse((struct ml_str){text, n}, &value))
		return;
	while (zeros + 1 < n && text[zeros] == '0')
		zeros++;
	length = snprintf(again, sizeof again, "%s%lld", minus && value == 0 ? "-" : "",
			  (long long)value);
	must((size_t)length - minus == n - zeros &&
		 memcmp(again + minus, text + zeros, n - zeros) == 0 && (value < 0) <= minus,
	     "not the integer of the text");
}

static void
check_format(const char *bytes)
{
	char text[ML_NUM_TEXT], rounded[ML_NUM_TEXT];
	double value, again = 0;
	size_t n;

	memcpy(&value, bytes, sizeof value);
	n = ml_num_format(text, value);
	must((n == 0) == !isfinite(value), "a text for what has none, or none");
	if (n == 0)
		return;
	must(n <= 25, "a long text");
	must(ml_num_parse((struct ml_str){text, n}, &again) == ML_NUM_YES && same(value, again),
	     "does not read back");
	n = ml_num_round(rounded, value, 17);
	must(ml_num_parse((struct ml_str){rounded, n}, &again) == ML_NUM_YES && same(value, again),
	     "17 digits do not read back");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data;

	check_scan(text, n);
	check_integer(text, n);
	if (n >= sizeof(double))
		check_format(text);
	return 0;
}
