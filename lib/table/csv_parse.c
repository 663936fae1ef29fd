#include <csv.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "table/csv_inner.h"
#include "table/csv_scan.h"

/*
 * A block to cells, record by record: one with a quote goes through libcsv, any other
 * through the splitter, and both hand a cell that is not a plain number to read_cell.  What
 * is wrong with the shape of a record is found by look_at_shape alone, once either stops.
 */

/* What is done with the cells of a column in this block. */
enum { SKIP, NUMBER, TEXT, EITHER, TURNED /* EITHER, and a text was found */ };

/* Why a record is bad. */
struct problem {
	const char *what; /* NULL: it has too many or too few fields */
	size_t column;
	const char *at; /* in the record */
	struct ml_str text;
	bool has_limit; /* WHAT ends with the length of the longest field */
	size_t n_fields;
};

/* A block being parsed. */
struct parse {
	const struct ml_csv *csv;
	struct ml_batch *batch;
	struct ml_csv_work *work;
	struct ml_csv_column *column;
	size_t row, index;    /* of the next good row, of the record */
	struct ml_str record; /* without line end */
	uint64_t line;
	struct problem problem;
	int status; /* a failure that is not the record's */
	/* while libcsv reads */
	size_t next;	    /* column */
	const char *cursor; /* start of its field, as it stands in the record */
	bool stopped;	    /* the record is bad */
	bool ended;	    /* libcsv saw its end */
};

/* A field as it stands in a record. */
struct raw {
	const char *p; /* the value: between the quotes, or without the blanks around it */
	size_t n;
	const char *stop; /* the delimiter behind it, or the record's end */
	bool quoted;
	const char *wrong; /* what is wrong with its quotes, or NULL */
};

static const char *
skip_blanks(const char *p, const char *end, char delimiter)
{
	while (p < end && ml_csv_blank(*p, delimiter))
		p++;
	return p;
}

/* The value between P and STOP without the blanks around it. */
static inline struct ml_str
trim(const char *p, const char *stop, char delimiter)
{
	while (p < stop && ml_csv_blank(*p, delimiter))
		p++;
	while (p < stop && ml_csv_blank(stop[-1], delimiter))
		stop--;
	return (struct ml_str){p, (size_t)(stop - p)};
}

static struct raw
raw_field(const char *p, const char *end, char delimiter)
{
	const char *first = skip_blanks(p, end, delimiter), *quote;
	struct raw raw = {.stop = end};
	struct ml_str value;

	if (first == end || *first != '"') {
		raw.stop = ml_find_byte(p, end, delimiter);
		value = trim(p, raw.stop, delimiter);
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

/* A carriage return outside quotes, or NULL; END is behind the field. */
static const char *
bare_return(const struct raw *raw, const char *start)
{
	const char *from = raw->quoted ? raw->p + raw->n : start;

	return memchr(from, '\r', (size_t)(raw->stop - from));
}

static bool
was_cut(const struct parse *in)
{
	for (size_t i = 0; i < in->work->n_cut; i++)
		if (in->work->cut[i] == in->index)
			return true;
	return false;
}

/* What is wrong with the field from P to RAW->stop, as text, or NULL. */
static const char *
field_fault(const struct parse *in, const struct raw *raw, const char *p, bool *limit)
{
	bool unclosed = raw->wrong != NULL && raw->quoted && raw->stop == raw->p + raw->n;

	*limit = false;
	if (memchr(p, '\0', (size_t)(raw->stop - p)) != NULL)
		return "NUL byte";
	if (bare_return(raw, p) != NULL)
		return "bare carriage return (old Mac line ends?)";
	*limit = unclosed ? was_cut(in) : (size_t)(raw->stop - p) > in->csv->max_field;
	if (*limit)
		return unclosed ? "quote is not closed within" : "field is over";
	return raw->wrong;
}

/*
 * Walks over the fields of the record; false if its shape is wrong: quotes, forbidden bytes, a
 * field too long, their number (unless that is not known yet).
 */
static bool
look_at_shape(struct parse *in)
{
	const char *p = in->record.p, *end = p + in->record.n;
	struct problem problem = {.at = p};

	for (;;) {
		struct raw raw = raw_field(p, end, in->csv->delimiter);

		problem.what = field_fault(in, &raw, p, &problem.has_limit);
		if (problem.what != NULL) {
			problem.at = p;
			problem.column = problem.n_fields;
			problem.text = trim(p, raw.stop, in->csv->delimiter);
			in->problem = problem;
			return false;
		}
		problem.n_fields++;
		if (raw.stop == end)
			break;
		p = raw.stop + 1;
	}
	if (in->csv->n_columns == 0 || problem.n_fields == in->csv->n_columns) {
		in->next = problem.n_fields;
		return true;
	}
	in->problem = problem;
	return false;
}

static bool
is_missing(const struct ml_csv *csv, const char *p, size_t n, bool quoted)
{
	if (quoted)
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

static bool
refuse(struct parse *in, size_t column, const char *what, struct ml_str text)
{
	in->problem = (struct problem){.what = what, .column = column, .text = text};
	return false;
}

/* A text was found in a column that might have been numeric. */
static bool
turn(struct parse *in, struct ml_csv_column *column)
{
	if (column->text == NULL)
		column->text = ml_alloc(in->work->room, sizeof *column->text);
	if (column->text == NULL) {
		in->status = ML_ENOMEM;
		return false;
	}
	column->mode = TURNED;
	column->turned = (uint32_t)in->row;
	return true;
}

/* One cell, in any of its forms; false if the record is bad.  TEXT lives as long as the batch. */
static bool
read_cell(struct parse *in, size_t index, struct ml_str text, bool quoted)
{
	struct ml_csv_column *column = &in->column[index];
	bool missing = is_missing(in->csv, text.p, text.n, quoted);

	if (column->mode == NUMBER || column->mode == EITHER) {
		double *number = &column->number[in->row];

		switch (missing ? ML_NUM_YES : ml_num_parse(text, number)) {
		case ML_NUM_YES:
			if (missing)
				*number = NAN;
			return true;
		case ML_NUM_RANGE:
			if (column->mode == NUMBER)
				return refuse(in, index, "beyond the range of numbers", text);
			*number = NAN;
			if (column->out_of_range < 0)
				column->out_of_range = (int64_t)in->row;
			return true;
		case ML_NUM_NO:
			if (column->mode == NUMBER)
				return refuse(in, index, "not a number", text);
			if (!turn(in, column))
				return false;
		}
	}
	if (column->mode == TEXT || column->mode == TURNED) {
		if (in->work->high && !ml_utf8_valid(text.p, text.n))
			return refuse(in, index,
				      "not UTF-8 (Latin-1? convert with iconv -f LATIN1 -t UTF-8)",
				      text);
		column->text[in->row] = missing ? (struct ml_str){0} : text;
	}
	return true;
}

/* A record without a quote: one pass, numbers read where they stand. */
static bool
split(struct parse *in)
{
	const struct ml_csv *csv = in->csv;
	const char *p = in->record.p, *end = p + in->record.n;
	const char delimiter = csv->delimiter;
	const size_t n_columns = csv->n_columns, row = in->row;
	const bool plain = !csv->na_number;

	for (size_t i = 0; i < n_columns; i++) {
		struct ml_csv_column *column = &in->column[i];
		const char *stop;

		if ((column->mode == NUMBER || column->mode == EITHER) && plain &&
		    ml_num_scan(p, end, &stop, &column->number[row]) == ML_NUM_YES &&
		    (stop == end || *stop == delimiter)) {
			/* read */
		} else {
			stop = ml_find_byte(p, end, delimiter);
			if (column->mode != SKIP &&
			    !read_cell(in, i, trim(p, stop, delimiter), false))
				return false;
		}
		if (stop == end)
			return i + 1 == n_columns;
		p = stop + 1;
	}
	return false;
}

static void
take_field(void *p, size_t n, void *ctx)
{
	struct parse *in = ctx;
	struct ml_buf *kept = &in->work->text;
	size_t index = in->next++;
	struct raw raw;
	int mode;

	if (in->stopped || index >= in->csv->n_columns)
		return;
	raw = raw_field(in->cursor, in->record.p + in->record.n, in->csv->delimiter);
	in->cursor = raw.stop + 1;
	mode = in->column[index].mode;
	if (mode == SKIP)
		return;
	/* KEPT has room for the whole block: what was kept before stays where it is. */
	if (n > 0)
		memcpy(kept->p + kept->n, p, n);
	in->stopped = !read_cell(in, index, (struct ml_str){kept->p + kept->n, n}, raw.quoted);
	mode = in->column[index].mode;
	if (mode == TEXT || mode == TURNED || in->stopped)
		kept->n += n;
}

static void
take_record(int line_end, void *ctx)
{
	struct parse *in = ctx;

	(void)line_end;
	in->ended = true;
	in->stopped |= in->next != in->csv->n_columns;
}

/* The line end alone ends a record; whatever else libcsv takes for one was refused before. */
static int
is_line_end(unsigned char c)
{
	return c == '\n';
}

static void *
grow(void *p, size_t n)
{
	return ml_realloc(p, n, 1);
}

static int
start_libcsv(struct csv_parser *libcsv, char delimiter)
{
	enum { STEP = 4096 };

	if (csv_init(libcsv, CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL) != 0)
		return -1;
	csv_set_delim(libcsv, (unsigned char)delimiter);
	csv_set_term_func(libcsv, is_line_end);
	csv_set_realloc_func(libcsv, grow);
	csv_set_free_func(libcsv, ml_free);
	csv_set_blk_size(libcsv, STEP);
	return 0;
}

/*
 * A record through libcsv.  Its line end is given apart, which says that the quotes are closed.
 * The record's length and its longest field are within their limits, hence libcsv's memory too.
 */
static bool
by_libcsv(struct parse *in)
{
	struct csv_parser *libcsv = in->work->libcsv;

	in->next = 0;
	in->cursor = in->record.p;
	in->stopped = in->ended = false;
	if (csv_parse(libcsv, in->record.p, in->record.n, take_field, take_record, in) ==
		in->record.n &&
	    csv_parse(libcsv, "\n", 1, take_field, take_record, in) == 1 && in->ended)
		return !in->stopped;
	if (csv_error(libcsv) == CSV_ENOMEM || csv_error(libcsv) == CSV_ETOOBIG)
		in->status = ML_ENOMEM;
	csv_free(libcsv);
	start_libcsv(libcsv, in->csv->delimiter);
	return false;
}

/* A line of blanks, which is a record where there is one column; libcsv would not report it. */
static bool
is_blank(const struct parse *in)
{
	return trim(in->record.p, in->record.p + in->record.n, in->csv->delimiter).n == 0;
}

/* Whether the shape must be looked at before anything is read. */
static bool
suspicious(const struct parse *in)
{
	const struct ml_csv_work *work = in->work;
	struct ml_str record = in->record;

	return (work->carriage_return && memchr(record.p, '\r', record.n) != NULL) ||
	       (work->nul && memchr(record.p, '\0', record.n) != NULL) ||
	       record.n > in->csv->max_field;
}

/* Reads the record to row ROW; false if it is bad (PROBLEM) or there is no memory (STATUS). */
static bool
read_record(struct parse *in)
{
	bool quoted = in->batch->quoted && memchr(in->record.p, '"', in->record.n) != NULL;
	bool good;

	if (suspicious(in) && !look_at_shape(in))
		return false;
	in->problem = (struct problem){0};
	good = (quoted || in->csv->only_libcsv) && !is_blank(in) ? by_libcsv(in) : split(in);
	if (good || in->status < 0)
		return good;
	/* A column must not turn for a record that is left out. */
	for (size_t i = 0; i < in->csv->n_columns; i++) {
		struct ml_csv_column *column = &in->column[i];

		if (column->mode == TURNED && column->turned == in->row)
			column->mode = EITHER;
		if (column->out_of_range == (int64_t)in->row)
			column->out_of_range = -1;
	}
	/* A wrong shape is the better answer than the cell that it spoilt. */
	if (look_at_shape(in) && in->problem.what == NULL)
		in->problem.what = "libcsv refuses it";
	return false;
}

/* The start of field COLUMN as it stands in RECORD. */
static const char *
find_field(struct ml_str record, size_t column, char delimiter)
{
	const char *p = record.p, *end = p + record.n;

	while (column-- > 0) {
		struct raw raw = raw_field(p, end, delimiter);

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

/* Makes the problem of the record a failure. */
static int
report(const struct parse *in, struct ml_err *err)
{
	const struct problem *problem = &in->problem;
	char quoted[ML_QUOTED], limit[40] = "";
	size_t column = problem->column < in->csv->n_columns ? problem->column : ML_CSV_NONE;

	if (problem->what == NULL) {
		ml_fail(err, ML_EINPUT, "row has %zu fields, expected %zu", problem->n_fields,
			in->csv->n_columns);
		return put_place(in->csv, in->record, in->line, ML_CSV_NONE, in->record.p, err);
	}
	if (in->csv->n_columns == 0)
		column = problem->column;
	if (problem->has_limit)
		snprintf(limit, sizeof limit, " %zu bytes", in->csv->max_field);
	ml_fail(err, ML_EINPUT, "%s%s: %s", problem->what, limit,
		ml_quote(quoted, problem->text.p, problem->text.n));
	return put_place(in->csv, in->record, in->line, column,
			 find_field(in->record, problem->column, in->csv->delimiter), err);
}

/* Takes over the arrays of the last block that were not taken away, and gets those that lack. */
static int
prepare(struct parse *in, const enum ml_want *want, struct ml_err *err)
{
	static const int mode[] = {SKIP, NUMBER, TEXT, EITHER};
	struct ml_batch *batch = in->batch;
	struct ml_csv_work *work = in->work;
	size_t n = in->csv->n_columns;

	if (work->column == NULL) {
		work->column = ml_alloc(n, sizeof *work->column);
		batch->cells = ml_alloc(n, sizeof *batch->cells);
		batch->record = ml_alloc(work->room, sizeof *batch->record);
		batch->line = ml_alloc(work->room, sizeof *batch->line);
	}
	if (work->column == NULL || batch->cells == NULL || batch->record == NULL ||
	    batch->line == NULL)
		goto failed;
	work->n_columns = n;
	in->column = work->column;
	for (size_t i = 0; i < n; i++) {
		struct ml_csv_column *column = &work->column[i];
		struct ml_cells *cells = &batch->cells[i];

		if (cells->number != NULL)
			column->number = cells->number;
		if (cells->text != NULL)
			column->text = cells->text;
		*cells = (struct ml_cells){.out_of_range = -1};
		column->mode = mode[want[i]];
		column->out_of_range = -1;
		if (column->number == NULL && (column->mode == NUMBER || column->mode == EITHER) &&
		    (column->number = ml_alloc(work->room, sizeof *column->number)) == NULL)
			goto failed;
		if (column->text == NULL && column->mode == TEXT &&
		    (column->text = ml_alloc(work->room, sizeof *column->text)) == NULL)
			goto failed;
	}
	work->text.n = 0;
	if (!batch->quoted && !in->csv->only_libcsv)
		return ML_OK;
	if (!ml_buf_reserve(&work->text, batch->bytes.n + 1))
		goto failed;
	if (work->libcsv != NULL)
		return ML_OK;
	work->libcsv = ml_alloc(1, sizeof *work->libcsv);
	if (work->libcsv != NULL && start_libcsv(work->libcsv, in->csv->delimiter) == 0)
		return ML_OK;
failed:
	return ml_fail(err, ML_ENOMEM, "no memory for a block of %s", in->csv->path);
}

/*
 * The texts of a turned column's rows before the first that is no number.  Those are numbers and
 * missing values, so between quotes nothing is doubled.
 */
static void
fill_turned(struct parse *in)
{
	size_t n_rows = 0, n_columns = 0;

	for (size_t i = 0; i < in->csv->n_columns; i++)
		if (in->column[i].mode == TURNED) {
			n_columns = i + 1;
			n_rows = in->column[i].turned > n_rows ? in->column[i].turned : n_rows;
		}
	for (size_t row = 0; row < n_rows; row++) {
		const char *p = in->batch->record[row].p, *end = p + in->batch->record[row].n;

		for (size_t i = 0; i < n_columns; i++) {
			struct ml_csv_column *column = &in->column[i];
			struct raw raw = raw_field(p, end, in->csv->delimiter);

			p = raw.stop + 1;
			if (column->mode != TURNED || column->turned <= row)
				continue;
			column->text[row] = (struct ml_str){raw.p, raw.n};
			if (is_missing(in->csv, raw.p, raw.n, raw.quoted))
				column->text[row] = (struct ml_str){0};
		}
	}
}

/* Hands the arrays to the batch. */
static void
publish(struct parse *in)
{
	for (size_t i = 0; i < in->csv->n_columns; i++) {
		struct ml_csv_column *column = &in->column[i];
		struct ml_cells *cells = &in->batch->cells[i];

		if (column->mode == NUMBER || column->mode == EITHER) {
			cells->number = column->number;
			cells->out_of_range = column->out_of_range;
			column->number = NULL;
		} else if (column->mode == TEXT || column->mode == TURNED) {
			cells->text = column->text;
			column->text = NULL;
		}
	}
}

/* Puts a record among the bad ones, which stand in the order of the input. */
static int
leave_out(const struct ml_csv *csv, struct ml_batch *batch, struct ml_str record,
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

/* The record that starts at p, without the blank lines behind it (up to END) and its line end. */
static struct ml_str
trim_record(const struct parse *in, const char *p, const char *end)
{
	const char *last = end;

	for (;;) {
		if (last > p && last[-1] == '\n')
			last--;
		end = last;
		if (!in->work->gaps)
			break;
		while (last > p && (ml_csv_blank(last[-1], in->csv->delimiter) || last[-1] == '\r'))
			last--;
		if (last == p || last[-1] != '\n')
			break;
	}
	if (end > p && end[-1] == '\r' && *end == '\n')
		end--;
	return (struct ml_str){p, (size_t)(end - p)};
}

int
ml_csv_parse(const struct ml_csv *csv, const enum ml_want *want, struct ml_batch *batch,
	     struct ml_err *err)
{
	struct parse in = {.csv = csv, .batch = batch, .work = batch->own};

	ML_TRY(prepare(&in, want, err));
	in.line = batch->first_line;
	for (; in.index < batch->n_records; in.index++) {
		const char *p = batch->bytes.p + batch->start[in.index];
		const char *end = batch->bytes.p + batch->start[in.index + 1];

		in.record = trim_record(&in, p, end);
		if (read_record(&in)) {
			batch->record[in.row] = in.record;
			batch->line[in.row++] = in.line;
		} else if (in.status < 0) {
			return ml_fail(err, in.status, "no memory for a block of %s", csv->path);
		} else if (csv->on_error == ML_CSV_FAIL) {
			return report(&in, err);
		} else {
			ML_TRY(leave_out(csv, batch, in.record, err));
		}
		in.line += batch->quoted || in.work->gaps ? ml_csv_line_ends(p, end) : 1;
	}
	batch->n_rows = in.row;
	fill_turned(&in);
	publish(&in);
	return ML_OK;
}

int
ml_csv_count(const struct ml_csv *csv, const struct ml_batch *batch, size_t *n, struct ml_err *err)
{
	struct parse in = {.csv = csv, .work = batch->own, .line = batch->first_line};

	in.record = trim_record(&in, batch->bytes.p, batch->bytes.p + batch->start[1]);
	if (!look_at_shape(&in))
		return report(&in, err);
	*n = in.next;
	return ML_OK;
}

/* The first row from ROW on whose number in COLUMN is out of range, or -1. */
static int64_t
find_out_of_range(const struct ml_csv *csv, const struct ml_batch *batch, size_t column, size_t row)
{
	for (; row < batch->n_rows; row++) {
		struct ml_str record = batch->record[row];
		struct raw raw;

		if (!isnan(batch->cells[column].number[row]))
			continue;
		raw = raw_field(find_field(record, column, csv->delimiter), record.p + record.n,
				csv->delimiter);
		if (!is_missing(csv, raw.p, raw.n, raw.quoted))
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
	ML_TRY(leave_out(csv, batch, record, err));
	drop_row(csv, batch, row);
	return ML_OK;
}

void
ml_batch_free(struct ml_batch *batch)
{
	struct ml_csv_work *work = batch->own;

	ml_buf_free(&batch->bytes);
	ml_free(batch->start);
	ml_free(batch->record);
	ml_free(batch->line);
	ml_free(batch->bad);
	for (size_t i = 0; work != NULL && i < work->n_columns; i++) {
		ml_free(batch->cells[i].number);
		ml_free(batch->cells[i].text);
		ml_free(work->column[i].number);
		ml_free(work->column[i].text);
	}
	ml_free(batch->cells);
	if (work != NULL) {
		if (work->libcsv != NULL)
			csv_free(work->libcsv);
		ml_free(work->libcsv);
		ml_free(work->column);
		ml_free(work->cut);
		ml_buf_free(&work->text);
		ml_free(work);
	}
	*batch = (struct ml_batch){0};
}
