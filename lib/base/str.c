#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

struct ml_str
ml_str(const char *text)
{
	return (struct ml_str){text, text == NULL ? 0 : strlen(text)};
}

bool
ml_str_is(struct ml_str s, const char *text)
{
	return s.p != NULL && strlen(text) == s.n && memcmp(s.p, text, s.n) == 0;
}

int
ml_str_compare(struct ml_str a, struct ml_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool
ml_utf8_valid(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;

	for (size_t i = 0; i < n;) {
		unsigned char c = p[i];
		size_t width = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;

		if (c < 0x80) {
			i++;
			continue;
		}
		if (c < 0xC2 || c > 0xF4 || n - i < width)
			return false;
		for (size_t k = 1; k < width; k++)
			if ((p[i + k] & 0xC0) != 0x80)
				return false;
		if ((c == 0xE0 && p[i + 1] < 0xA0) || (c == 0xED && p[i + 1] > 0x9F) ||
		    (c == 0xF0 && p[i + 1] < 0x90) || (c == 0xF4 && p[i + 1] > 0x8F))
			return false;
		i += width;
	}
	return true;
}

bool
ml_buf_reserve(struct ml_buf *buf, size_t more)
{
	size_t room = buf->room < 64 ? 64 : buf->room;
	char *p;

	if (buf->failed || more > SIZE_MAX / 2 - buf->n) {
		buf->failed = true;
		return false;
	}
	if (buf->room - buf->n >= more && buf->p != NULL)
		return true;
	while (room - buf->n < more)
		room *= 2;
	if ((p = ml_realloc(buf->p, room, 1)) == NULL) {
		buf->failed = true;
		return false;
	}
	buf->p = p;
	buf->room = room;
	return true;
}

void
ml_buf_add(struct ml_buf *buf, const char *p, size_t n)
{
	if (n > 0 && ml_buf_reserve(buf, n)) {
		memcpy(buf->p + buf->n, p, n);
		buf->n += n;
	}
}

void
ml_buf_text(struct ml_buf *buf, const char *text)
{
	ml_buf_add(buf, text, strlen(text));
}

void
ml_buf_char(struct ml_buf *buf, char c)
{
	if (ml_buf_reserve(buf, 1))
		buf->p[buf->n++] = c;
}

void
ml_buf_format(struct ml_buf *buf, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0 || !ml_buf_reserve(buf, (size_t)n + 1)) {
		buf->failed = true;
		return;
	}
	va_start(args, format);
	vsnprintf(buf->p + buf->n, (size_t)n + 1, format, args);
	va_end(args);
	buf->n += (size_t)n;
}

void
ml_buf_free(struct ml_buf *buf)
{
	ml_free(buf->p);
	*buf = (struct ml_buf){0};
}

/* Edits (insert, delete, replace, swap of neighbours) that turn a into b; LIMIT if as many or more.
 */
static size_t
distance(const char *a, const char *b, size_t limit)
{
	enum { LONGEST = 64 };
	size_t n = strlen(a), m = strlen(b);
	size_t row[3][LONGEST + 1];

	if (n > LONGEST || m > LONGEST)
		return limit;
	for (size_t j = 0; j <= m; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *now = row[i % 3], *up = row[(i - 1) % 3], *upper = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = up[j - 1] + (a[i - 1] != b[j - 1]);

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    upper[j - 2] + 1 < best)
				best = upper[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[n % 3][m] < limit ? row[n % 3][m] : limit;
}

const char *
ml_nearest(const char *word, size_t n, const char *(*name)(const void *ctx, size_t i),
	   const void *ctx)
{
	const char *best = NULL;
	size_t least = strlen(word) / 3 + 1;

	for (size_t i = 0; i < n; i++) {
		size_t far = distance(word, name(ctx, i), least);

		if (far < least) {
			least = far;
			best = name(ctx, i);
		}
	}
	return best;
}
