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

struct ml_str
ml_csv_cut(struct ml_str *record, char delimiter)
{
	struct ml_str field = {record->p, 0};
	bool quoted = false, start = true;

	for (; field.n < record->n; field.n++) {
		char c = record->p[field.n];

		if (c == '"' && (quoted || start))
			quoted = !quoted;
		else if (c == delimiter && !quoted)
			break;
		start = (start && (c == ' ' || c == '\t')) || (c == '"' && !quoted);
	}
	record->p += field.n + (field.n < record->n);
	record->n -= field.n + (field.n < record->n);
	return field;
}

void
ml_csv_value(struct ml_buf *out, struct ml_str field)
{
	while (field.n > 0 && (*field.p == ' ' || *field.p == '\t')) {
		field.p++;
		field.n--;
	}
	while (field.n > 0 && (field.p[field.n - 1] == ' ' || field.p[field.n - 1] == '\t'))
		field.n--;
	if (field.n < 2 || field.p[0] != '"') {
		ml_buf_add(out, field.p, field.n);
		return;
	}
	for (size_t i = 1; i + 1 < field.n; i++) {
		ml_buf_char(out, field.p[i]);
		i += field.p[i] == '"'; /* "" stands for one */
	}
}
