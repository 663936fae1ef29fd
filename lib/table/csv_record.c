#include <math.h>
#include <stdio.h>
#include <string.h>

#include "table/csv_inner.h"
#include "table/csv_scan.h"

/*
 * Records as they stand: their fields, what is wrong with their shape, where that is, and the
 * records that are left out for it.
 */

struct ml_str
ml_csv_record(const struct ml_csv *csv, const struct ml_batch *batch, size_t i)
{
	const struct ml_csv_work *work = batch->own;
	const char *p = batch->bytes.p + batch->start[i];
	const char *last = batch->bytes.p + batch->start[i + 1], *end;

	for (;;) {
		if (last > p && last[-1] == '\n')
			last--;
		end = last;
		if (!work->gaps)
			break;
		while (last > p && (ml_csv_blank(last[-1], csv->delimiter) || last[-1] == '\r'))
			last--;
		if (last == p || last[-1] != '\n')
			break;
	}
	/* What stands at the end of the last bytes is a NUL. */
	if (end > p && end[-1] == '\r' && *end == '\n')
		end--;
	return (struct ml_str){p, (size_t)(end - p)};
}

static const char *
skip_blanks(const char *p, const char *end, char delimiter)
{
	while (p < end && ml_csv_blank(*p, delimiter))
		p++;
	return p;
}

struct ml_csv_raw
ml_csv_raw(const char *p, const char *end, char delimiter)
{
	const char *first = skip_blanks(p, end, delimiter), *quote;
	struct ml_csv_raw raw = {.stop = end};
	struct ml_str value;

	if (first == end || *first != '"') {
		raw.stop = ml_find_byte(p, end, delimiter);
		value = ml_csv_trim(p, raw.stop, delimiter);
		raw.p = value.p;
		raw.n = value.n;
		if (memchr(value.p, '"', value.n) != NULL)
			raw.wrong = "quote in an unquoted field";
		return raw;
	}
	raw.quoted = true;
	raw.p = quote = first + 1;
	while ((quote = ml_find_byte(quote, end, '"')) < end - 1 && quote[1] == '"')
		quote += 2;
	raw.n = (size_t)(quote - raw.p);
	if (quote == end) {
		raw.wrong = "quote is not closed";
		return raw;
	}
	raw.stop = skip_blanks(quote + 1, end, delimiter);
	if (raw.stop < end && *raw.stop != delimiter) {
		raw.wrong = *raw.stop == '\r' ? NULL : "text after a closing quote";
		raw.stop = ml_find_byte(raw.stop, end, delimiter);
	}
	return raw;
}

struct ml_str
ml_csv_cut(struct ml_str *record, char delimiter)
{
	const char *p = record->p, *end = p + record->n;
	const char *stop = ml_csv_raw(p, end, delimiter).stop;

	record->p = stop < end ? stop + 1 : end;
	record->n = (size_t)(end - record->p);
	return (struct ml_str){p, (size_t)(stop - p)};
}

bool
ml_csv_value(const struct ml_csv *csv, struct ml_str field, struct ml_buf *out)
{
	struct ml_csv_raw raw = ml_csv_raw(field.p, field.p + field.n, csv->delimiter);

	if (!raw.quoted)
		ml_buf_add(out, raw.p, raw.n);
	for (size_t i = 0; raw.quoted && i < raw.n; i++) {
		ml_buf_char(out, raw.p[i]);
		i += raw.p[i] == '"'; /* "" stands for one */
	}
	return !ml_csv_missing(csv, raw.p, raw.n, raw.quoted);
}

/* A carriage return outside quotes, or NULL; END is behind the field. */
static const char *
bare_return(const struct ml_csv_raw *raw, const char *start)
{
	const char *from = raw->quoted ? raw->p + raw->n : start;

	return memchr(from, '\r', (size_t)(raw->stop - from));
}

/*
 * What is wrong with the field from P to RAW->stop, or NULL; CUT: its record was cut off in it.
 * *LIMIT: the length of the longest field ends the text.
 */
static const char *
field_fault(const struct ml_csv *csv, const struct ml_csv_raw *raw, const char *p, bool cut,
	    bool *limit)
{
	bool unclosed = raw->wrong != NULL && raw->quoted && raw->stop == raw->p + raw->n;

	*limit = false;
	if (memchr(p, '\0', (size_t)(raw->stop - p)) != NULL)
		return "NUL byte";
	if (bare_return(raw, p) != NULL)
		return "bare carriage return (old Mac line ends?)";
	*limit = unclosed ? cut : (size_t)(raw->stop - p) > csv->max_field;
	if (*limit)
		return unclosed ? "quote is not closed within" : "field is over";
	return raw->wrong;
}

bool
ml_csv_shape(const struct ml_csv *csv, struct ml_str record, bool cut,
	     struct ml_csv_problem *problem)
{
	const char *p = record.p, *end = p + record.n;
	size_t n = 0;

	for (;; n++) {
		struct ml_csv_raw raw = ml_csv_raw(p, end, csv->delimiter);
		bool limit;
		const char *what = field_fault(csv, &raw, p, cut, &limit);

		if (what != NULL) {
			*problem = (struct ml_csv_problem){
			    what, n, ml_csv_trim(p, raw.stop, csv->delimiter), limit, n};
			return false;
		}
		if (raw.stop == end)
			break;
		p = raw.stop + 1;
	}
	if (csv->n_columns != 0 && ++n != csv->n_columns) {
		*problem = (struct ml_csv_problem){.n_fields = n};
		return false;
	}
	return true;
}

bool
ml_csv_missing(const struct ml_csv *csv, const char *p, size_t n, bool quoted)
{
	if (quoted && !csv->quoted_na)
		return false;
	if (n == 0)
		return true;
	if (!csv->na_first[(unsigned char)*p])
		return false;
	for (size_t i = 0; i < csv->n_na; i++)
		if (csv->na[i].n == n && memcmp(csv->na[i].p, p, n) == 0)
			return true;
	return false;
}

/* The start of field COLUMN as it stands in RECORD. */
static const char *
find_field(struct ml_str record, size_t column, char delimiter)
{
	const char *p = record.p, *end = p + record.n;

	while (column-- > 0) {
		struct ml_csv_raw raw = ml_csv_raw(p, end, delimiter);

		if (raw.stop == end)
			break;
		p = raw.stop + 1;
	}
	return p;
}

/* "file:line: column 2 'x'" before the failure; AT in RECORD tells the line. */
static int
put_place(const struct ml_csv *csv, struct ml_str record, uint64_t line, size_t column,
	  const char *at, struct ml_err *err)
{
	char quoted[ML_QUOTED];
	const char *name = csv->name == NULL || column == ML_CSV_NONE ? NULL : csv->name[column];

	if (name != NULL)
		ml_within(err, "column %zu %s", column + 1, ml_quote(quoted, name, strlen(name)));
	else if (column != ML_CSV_NONE)
		ml_within(err, "column %zu", column + 1);
	line += ml_csv_line_ends(record.p, at);
	return ml_within(err, "%s:%llu", csv->path, (unsigned long long)line);
}

int
ml_csv_report(const struct ml_csv *csv, struct ml_str record, uint64_t line,
	      const struct ml_csv_problem *problem, struct ml_err *err)
{
	char quoted[ML_QUOTED], limit[40] = "";
	bool known = csv->n_columns == 0 || problem->column < csv->n_columns;

	if (problem->what == NULL) {
		ml_fail(err, ML_EINPUT, "row has %zu field%s, expected %zu", problem->n_fields,
			problem->n_fields == 1 ? "" : "s", csv->n_columns);
		return put_place(csv, record, line, ML_CSV_NONE, record.p, err);
	}
	if (problem->has_limit)
		snprintf(limit, sizeof limit, " %zu bytes", csv->max_field);
	ml_fail(err, ML_EINPUT, "%s%s: %s", problem->what, limit,
		ml_quote(quoted, problem->text.p, problem->text.n));
	return put_place(csv, record, line, known ? problem->column : ML_CSV_NONE,
			 find_field(record, problem->column, csv->delimiter), err);
}

int
ml_csv_leave_out(const struct ml_csv *csv, struct ml_batch *batch, struct ml_str record,
		 struct ml_err *err)
{
	size_t i = batch->n_bad;

	if (batch->bad == NULL)
		batch->bad = ml_alloc(((struct ml_csv_work *)batch->own)->room, sizeof *batch->bad);
	if (batch->bad == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory for a block of %s", csv->path);
	for (; i > 0 && batch->bad[i - 1].p > record.p; i--)
		batch->bad[i] = batch->bad[i - 1];
	batch->bad[i] = record;
	batch->n_bad++;
	return ML_OK;
}

/* The first row from ROW on whose number in COLUMN is out of range, or -1. */
static int64_t
find_out_of_range(const struct ml_csv *csv, const struct ml_batch *batch, size_t column, size_t row)
{
	for (; row < batch->n_rows; row++) {
		struct ml_str record = batch->record[row];
		struct ml_csv_raw raw;

		if (!isnan(batch->cells[column].number[row]))
			continue;
		raw = ml_csv_raw(find_field(record, column, csv->delimiter), record.p + record.n,
				 csv->delimiter);
		if (!ml_csv_missing(csv, raw.p, raw.n, raw.quoted))
			return (int64_t)row;
	}
	return -1;
}

/* Takes row ROW out of the arrays of a parsed batch. */
static void
drop_row(const struct ml_csv *csv, struct ml_batch *batch, size_t row)
{
	size_t n = --batch->n_rows - row;

	memmove(batch->record + row, batch->record + row + 1, n * sizeof *batch->record);
	memmove(batch->line + row, batch->line + row + 1, n * sizeof *batch->line);
	for (size_t i = 0; i < csv->n_columns; i++) {
		struct ml_cells *cells = &batch->cells[i];

		if (cells->number != NULL)
			memmove(cells->number + row, cells->number + row + 1,
				n * sizeof *cells->number);
		if (cells->text != NULL)
			memmove(cells->text + row, cells->text + row + 1, n * sizeof *cells->text);
		if (cells->out_of_range == (int64_t)row)
			cells->out_of_range = find_out_of_range(csv, batch, i, row);
		else if (cells->out_of_range > (int64_t)row)
			cells->out_of_range--;
	}
}

int
ml_csv_place(const struct ml_csv *csv, struct ml_batch *batch, size_t row, size_t column,
	     struct ml_err *err)
{
	struct ml_str record = batch->record[row];

	if (csv->on_error == ML_CSV_FAIL || err->status != ML_EINPUT)
		return put_place(csv, record, batch->line[row], column,
				 find_field(record, column, csv->delimiter), err);
	*err = (struct ml_err){0};
	ML_TRY(ml_csv_leave_out(csv, batch, record, err));
	drop_row(csv, batch, row);
	return ML_OK;
}
