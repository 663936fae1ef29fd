#include <string.h>

#include "table/csv_inner.h"

static bool
is_missing_word(struct ml_str field)
{
	for (const char *p = ML_CSV_MISSING; *p != '\0';) {
		size_t n = strcspn(p, ",");

		if (field.n == n && memcmp(field.p, p, n) == 0)
			return true;
		p += n + (p[n] == ',');
	}
	return false;
}

/*
 * Whether a reader would take the text, unquoted, for something else: control bytes and the byte
 * order mark are what other formats start with.
 */
static bool
needs_quotes(struct ml_str field, char delimiter)
{
	if (field.n == 0 || field.p[0] == ' ' || field.p[field.n - 1] == ' ' ||
	    (field.n >= 3 && memcmp(field.p, "\xEF\xBB\xBF", 3) == 0))
		return true;
	for (size_t i = 0; i < field.n; i++) {
		char c = field.p[i];

		if (c == delimiter || c == '"' || (unsigned char)c < ' ')
			return true;
	}
	return is_missing_word(field);
}

void
ml_csv_put(struct ml_buf *out, struct ml_str field, char delimiter)
{
	if (field.p == NULL)
		return;
	if (!needs_quotes(field, delimiter)) {
		ml_buf_add(out, field.p, field.n);
		return;
	}
	ml_buf_char(out, '"');
	for (size_t i = 0; i < field.n; i++) {
		if (field.p[i] == '"')
			ml_buf_char(out, '"');
		ml_buf_char(out, field.p[i]);
	}
	ml_buf_char(out, '"');
}
