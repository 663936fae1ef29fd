#include <csv.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/num_short.h"
#include "table/csv_inner.h"
#include "table/csv_scan.h"

/*
 * A block to cells, record by record: one with a quote goes through libcsv, any other
 * through the splitter, and both hand a cell that is not a plain number to read_cell.  What
 * is wrong with the shape of a record is found by ml_csv_shape alone, once either stops.
 */

/* What is done with the cells of a column in this block. */
enum { SKIP, NUMBER, TEXT, EITHER, TURNED /* EITHER, and a text was found */ };

/* Where a number is not short, short ones are not looked for in the next rows: data is alike. */
enum { LONG_ROWS = 32 };
#define NEVER UINT32_MAX

/* A block being parsed. */
struct parse {
	const struct ml_csv *csv;
	struct ml_batch *batch;
	struct ml_csv_work *work;
	struct ml_csv_column *column;
	size_t row, index;    /* of the next good row, of the record */
	struct ml_str record; /* without line end */
	uint64_t line;
	struct ml_csv_problem problem;
	int status; /* a failure that is not the record's */
	/* while libcsv reads */
	size_t next;	    /* column */
	const char *cursor; /* start of its field, as it stands in the record */
	bool stopped;	    /* the record is bad */
	bool ended;	    /* libcsv saw its end */
};

static bool
refuse(struct parse *in, size_t column, const char *what, struct ml_str text)
{
	in->problem = (struct ml_csv_problem){.what = what, .column = column, .text = text};
	return false;
}

/* The first row in which short numbers are looked for in a column of that MODE. */
static uint32_t
first_short(const struct parse *in, int mode)
{
	bool number = mode == NUMBER || mode == EITHER;

	return number && !in->csv->na_number && ML_NUM_SHORT > 0 ? 0 : NEVER;
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
	column->short_from = NEVER;
	return true;
}

/* One cell, in any of its forms; false if the record is bad.  TEXT lives as long as the batch. */
static bool
read_cell(struct parse *in, size_t index, struct ml_str text, bool quoted)
{
	struct ml_csv_column *column = &in->column[index];
	bool missing = ml_csv_missing(in->csv, text.p, text.n, quoted);

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

/* Whether the record was cut off in a quoted field that is too long. */
static bool
was_cut(const struct parse *in)
{
	for (size_t i = 0; i < in->work->n_cut; i++)
		if (in->work->cut[i] == in->index)
			return true;
	return false;
}

static bool
good_shape(struct parse *in)
{
	return ml_csv_shape(in->csv, in->record, was_cut(in), &in->problem);
}

/*
 * Reads the fields from column *INDEX on, whose field is at p, as long as they are short numbers.
 * *INDEX goes to the column that stops it, or behind the last; returns its field.  A delimiter
 * behind this record is no danger: a line end or the NUL behind the batch stands before it, which
 * is no part of a number.  Kept out of line for the registers that its loop needs.
 */
static __attribute__((noinline)) const char *
read_short(const struct parse *in, const char *p, size_t *index)
{
	const char *end = in->record.p + in->record.n;
	const char delimiter = in->csv->delimiter;
	const size_t last = in->csv->n_columns - 1, row = in->row;
	size_t i = *index;

	for (; i <= last; i++) {
		const struct ml_csv_column *column = &in->column[i];
		size_t n = ml_near_byte(p, delimiter);

		if (i == last)
			n = (size_t)(end - p);
		if (row < column->short_from || !ml_num_short(p, n, &column->number[row]))
			break;
		p += n + 1;
	}
	*index = i;
	return p;
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

		if (row >= column->short_from) {
			p = read_short(in, p, &i);
			if (i == n_columns)
				return true;
			column = &in->column[i];
		}
		if ((column->mode == NUMBER || column->mode == EITHER) && plain &&
		    ml_num_scan(p, end, &stop, &column->number[row]) == ML_NUM_YES &&
		    (stop == end || *stop == delimiter)) {
			if (row >= column->short_from)
				column->short_from = (uint32_t)row + LONG_ROWS;
		} else {
			stop = ml_find_byte(p, end, delimiter);
			if (column->mode != SKIP &&
			    !read_cell(in, i, ml_csv_trim(p, stop, delimiter), false))
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
	struct ml_csv_raw raw;
	int mode;

	if (in->stopped || index >= in->csv->n_columns)
		return;
	raw = ml_csv_raw(in->cursor, in->record.p + in->record.n, in->csv->delimiter);
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
	return ml_csv_trim(in->record.p, in->record.p + in->record.n, in->csv->delimiter).n == 0;
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

	if (suspicious(in) && !good_shape(in))
		return false;
	in->problem = (struct ml_csv_problem){0};
	good = (quoted || in->csv->only_libcsv) && !is_blank(in) ? by_libcsv(in) : split(in);
	if (good || in->status < 0)
		return good;
	/* A column must not turn for a record that is left out. */
	for (size_t i = 0; i < in->csv->n_columns; i++) {
		struct ml_csv_column *column = &in->column[i];

		if (column->mode == TURNED && column->turned == in->row) {
			column->mode = EITHER;
			column->short_from = first_short(in, EITHER);
		}
		if (column->out_of_range == (int64_t)in->row)
			column->out_of_range = -1;
	}
	/* A wrong shape is the better answer than the cell that it spoilt. */
	if (good_shape(in) && in->problem.what == NULL)
		in->problem.what = "libcsv refuses it";
	return false;
}

/* Drops the arrays of the blocks before, which have no room for this one: small tables keep small. */
static void
outgrow(struct parse *in)
{
	enum { STEP = 64 };
	struct ml_batch *batch = in->batch;
	struct ml_csv_work *work = in->work;

	for (size_t i = 0; work->column != NULL && i < in->csv->n_columns; i++) {
		ml_free(batch->cells[i].number);
		ml_free(batch->cells[i].text);
		ml_free(work->column[i].number);
		ml_free(work->column[i].text);
		batch->cells[i].number = work->column[i].number = NULL;
		batch->cells[i].text = work->column[i].text = NULL;
	}
	ml_free(batch->record);
	ml_free(batch->line);
	ml_free(batch->bad);
	batch->bad = NULL;
	work->room = (batch->n_records + STEP - 1) / STEP * STEP;
	batch->record = ml_alloc(work->room, sizeof *batch->record);
	batch->line = ml_alloc(work->room, sizeof *batch->line);
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
	}
	if (work->column != NULL && batch->cells != NULL && batch->n_records > work->room)
		outgrow(in);
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
		column->short_from = first_short(in, column->mode);
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
			struct ml_csv_raw raw = ml_csv_raw(p, end, in->csv->delimiter);

			p = raw.stop + 1;
			if (column->mode != TURNED || column->turned <= row)
				continue;
			column->text[row] = (struct ml_str){raw.p, raw.n};
			if (ml_csv_missing(in->csv, raw.p, raw.n, raw.quoted))
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

int
ml_csv_parse(const struct ml_csv *csv, const enum ml_want *want, struct ml_batch *batch,
	     struct ml_err *err)
{
	struct parse in = {.csv = csv, .batch = batch, .work = batch->own};

	ML_TRY(prepare(&in, want, err));
	in.line = batch->first_line;
	for (; in.index < batch->n_records; in.index++) {
		const char *p = batch->bytes.p;

		in.record = ml_csv_record(csv, batch, in.index);
		if (read_record(&in)) {
			batch->record[in.row] = in.record;
			batch->line[in.row++] = in.line;
		} else if (in.status < 0) {
			return ml_fail(err, in.status, "no memory for a block of %s", csv->path);
		} else if (csv->on_error == ML_CSV_FAIL) {
			return ml_csv_report(csv, in.record, in.line, &in.problem, err);
		} else {
			ML_TRY(ml_csv_leave_out(csv, batch, in.record, err));
		}
		in.line += batch->quoted || in.work->gaps
			       ? ml_csv_line_ends(p + batch->start[in.index],
						  p + batch->start[in.index + 1])
			       : 1;
	}
	batch->n_rows = in.row;
	fill_turned(&in);
	publish(&in);
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
