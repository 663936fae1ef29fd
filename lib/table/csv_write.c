#include <string.h>

#include "table/csv.h"

/* The words that mean missing unless --na says otherwise. */
static const char *const missing_words[] = {"NA", "N/A", "NaN", "nan", "null", "NULL"};

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
	for (size_t i = 0; i < sizeof missing_words / sizeof *missing_words; i++)
		if (ml_str_is(field, missing_words[i]))
			return true;
	return false;
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
