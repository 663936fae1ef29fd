#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

int
ml_fail(struct ml_err *err, int status, const char *format, ...)
{
	va_list args;

	if (err->status != ML_OK)
		return err->status;
	err->status = status;
	va_start(args, format);
	vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	return status;
}

int
ml_fail_errno(struct ml_err *err, const char *format, ...)
{
	int cause = errno;
	char what[512], why[128];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	if (strerror_r(cause, why, sizeof why) != 0)
		snprintf(why, sizeof why, "error %d", cause);
	if (why[0] >= 'A' && why[0] <= 'Z' && !(why[1] >= 'A' && why[1] <= 'Z'))
		why[0] = (char)(why[0] - 'A' + 'a');
	return ml_fail(err, cause == ENOMEM ? ML_ENOMEM : ML_ESYS, "%s: %s", what, why);
}

int
ml_within(struct ml_err *err, const char *format, ...)
{
	char place[sizeof err->text];
	size_t n, keep = strlen(err->text);
	va_list args;

	va_start(args, format);
	vsnprintf(place, sizeof place, format, args);
	va_end(args);
	n = strlen(place);
	if (n + 3 > sizeof err->text)
		return err->status;
	if (keep > sizeof err->text - n - 3)
		keep = sizeof err->text - n - 3;
	memmove(err->text + n + 2, err->text, keep);
	memcpy(err->text, place, n);
	memcpy(err->text + n, ": ", 2);
	err->text[n + 2 + keep] = '\0';
	return err->status;
}

const char *
ml_quote(char out[ML_QUOTED], const char *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	enum { LONGEST = 60 };
	size_t end = n < LONGEST ? n : LONGEST, o = 0;

	while (end < n && end > 0 && ((unsigned char)p[end] & 0xC0) == 0x80)
		end--; /* not within a character */
	out[o++] = '\'';
	for (size_t i = 0; i < end; i++) {
		unsigned char c = (unsigned char)p[i];
		size_t width = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;

		if (c >= 0x80 && i + width <= end && ml_utf8_valid(p + i, width) &&
		    !(c == 0xC2 && (unsigned char)p[i + 1] < 0xA0)) { /* C1 controls */
			memcpy(out + o, p + i, width);
			o += width;
			i += width - 1;
		} else if (c < 0x20 || c >= 0x7F || c == '\\' || c == '\'') {
			out[o++] = '\\';
			out[o++] = 'x';
			out[o++] = digits[c >> 4];
			out[o++] = digits[c & 15];
		} else {
			out[o++] = (char)c;
		}
	}
	memcpy(out + o, end < n ? "...'" : "'", end < n ? 5 : 2);
	return out;
}
