#include <string.h>

#include "base/num.h"
#include "table/csv_inner.h"

/* Columns by name and by number. */

static int
compare(const char *a, struct ml_str b)
{
	return ml_str_compare(ml_str(a), b);
}

/* The column called NAME, or -1. */
static int64_t
look_up(const struct ml_csv *csv, struct ml_str name)
{
	size_t low = 0, high = csv->n_columns;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(csv->name[csv->by_name[middle]], name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == csv->n_columns || compare(csv->name[csv->by_name[low]], name) != 0)
		return -1;
	return (int64_t)csv->by_name[low];
}

static const char *
name_at(const void *ctx, size_t i)
{
	return ((const struct ml_csv *)ctx)->name[i];
}

static int
unknown(const struct ml_csv *csv, struct ml_str name, struct ml_err *err)
{
	char quoted[ML_QUOTED], word[64] = {0};
	const char *near;

	ml_quote(quoted, name.p, name.n);
	memcpy(word, name.p, name.n < sizeof word ? name.n : sizeof word - 1);
	near = ml_nearest(word, csv->n_columns, name_at, csv);
	if (near != NULL) {
		char other[ML_QUOTED];

		return ml_fail(err, ML_EINPUT, "%s: no column %s (did you mean %s?)", csv->path,
			       quoted, ml_quote(other, near, strlen(near)));
	}
	if (csv->n_columns == 1 && strpbrk(ml_csv_name(csv, 0), ",;\t|") != NULL)
		return ml_fail(
		    err, ML_EINPUT,
		    "%s: no column %s; there is but one: another delimiter (-T, -d ';')?",
		    csv->path, quoted);
	return ml_fail(err, ML_EINPUT, "%s: no column %s", csv->path, quoted);
}

int64_t
ml_csv_find(const struct ml_csv *csv, const char *name, struct ml_err *err)
{
	int64_t column = look_up(csv, ml_str(name));

	if (column < 0)
		unknown(csv, ml_str(name), err);
	return column;
}

/* A column number at the whole of TEXT; false if it is none. */
static int
read_number(const struct ml_csv *csv, struct ml_str text, size_t *column, struct ml_err *err)
{
	int64_t number = 0;

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			return 0;
	if (text.n == 0)
		return 0;
	if (!ml_int_parse(text, &number) || number < 1 || (uint64_t)number > csv->n_columns)
		return ml_fail(err, ML_EINPUT, "%s: no column %.*s, there are %zu", csv->path,
			       text.n < 20 ? (int)text.n : 20, text.p, csv->n_columns);
	*column = (size_t)number - 1;
	return 1;
}

/* One member of a list: a name, a number or a range of numbers. */
static int
add_member(const struct ml_csv *csv, struct ml_str item, bool *member, struct ml_err *err)
{
	int64_t column = look_up(csv, item);
	size_t first = 0, last;
	const char *dash;
	int is_number;

	if (column >= 0) {
		member[column] = true;
		return ML_OK;
	}
	ML_TRY(is_number = read_number(csv, item, &first, err));
	last = first;
	dash = memchr(item.p, '-', item.n);
	if (!is_number && dash != NULL) {
		struct ml_str left = {item.p, (size_t)(dash - item.p)};
		struct ml_str right = {dash + 1, item.n - left.n - 1};

		ML_TRY(is_number = read_number(csv, left, &first, err));
		if (is_number && right.n == 0)
			last = csv->n_columns - 1;
		else if (is_number)
			ML_TRY(is_number = read_number(csv, right, &last, err));
		if (is_number && last < first)
			return ml_fail(err, ML_EINPUT, "columns %.*s: the range runs backwards",
				       (int)item.n, item.p);
	}
	if (!is_number)
		return unknown(csv, item, err);
	for (; first <= last; first++)
		member[first] = true;
	return ML_OK;
}

/* Reads the quoted name at *P into NAME and moves *P behind it. */
static bool
quoted_name(const char **p, struct ml_buf *name)
{
	const char *q = *p + 1;

	for (name->n = 0; *q != '\0'; q++) {
		if (*q == '"' && *++q != '"') {
			*p = q;
			return *q == ',' || *q == '\0';
		}
		ml_buf_char(name, *q);
	}
	return false;
}

int
ml_csv_list(const struct ml_csv *csv, const char *list, bool *member, struct ml_err *err)
{
	struct ml_buf name = {0};
	const char *p = list;
	int status = ML_OK;

	memset(member, 0, csv->n_columns * sizeof *member);
	for (;;) {
		struct ml_str item = {p, strcspn(p, ",")};

		if (*p == '"' && look_up(csv, item) < 0) {
			if (!quoted_name(&p, &name)) {
				char quoted[ML_QUOTED];

				status = ml_fail(err, ML_EUSAGE, "columns: bad quotes in %s",
						 ml_quote(quoted, list, strlen(list)));
				break;
			}
			item = (struct ml_str){name.p == NULL ? "" : name.p, name.n};
			status = look_up(csv, item) < 0 ? unknown(csv, item, err)
							: add_member(csv, item, member, err);
		} else {
			p += item.n;
			status = add_member(csv, item, member, err);
		}
		if (status < 0 || *p == '\0')
			break;
		p++;
	}
	if (name.failed)
		status = ml_fail(err, ML_ENOMEM, "no memory for a list of columns");
	ml_buf_free(&name);
	return status;
}
