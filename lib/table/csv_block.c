#include <string.h>

#include "table/csv_inner.h"
#include "table/csv_scan.h"

/*
 * Bytes to blocks.  A line end outside quotes ends a record, and a quote opens only where a
 * field starts; so where a block ends depends on the bytes alone, not on how they arrive.
 */

/* What a search step leaves to do. */
enum cut {
	CUT_ON,	   /* search on */
	CUT_AGAIN, /* the same, from SCAN, which has moved */
	CUT_FULL,  /* the block has all its records */
	CUT_HUGE,  /* the record at RECORD is too long to be one */
};

static void
start_record(struct ml_csv *csv, size_t record)
{
	csv->record = record;
	csv->closed = ML_CSV_NONE;
	csv->inside = csv->overlong = false;
}

static bool
all_blank(const struct ml_csv *csv, const char *p, size_t n)
{
	if (n > 0 && p[n - 1] == '\r')
		n--;
	for (size_t i = 0; i < n; i++)
		if (!ml_csv_blank(p[i], csv->delimiter))
			return false;
	return true;
}

/*
 * The line from RECORD to END (behind its line end, or the end of the input).  Blank lines are no
 * records where there are several columns; one before the block's first record moves AT.
 */
static int
end_record(struct ml_csv *csv, struct ml_batch *batch, size_t end, bool line_end)
{
	int status = CUT_ON;
	const char *p = csv->in.p + csv->at + csv->record;
	struct ml_csv_work *work = batch->own;

	if ((unsigned char)*p > ' ' || csv->n_columns == 1 ||
	    !all_blank(csv, p, end - csv->record - line_end)) {
		batch->start[batch->n_records++] = (uint32_t)csv->record;
		batch->start[batch->n_records] = (uint32_t)end;
	} else if (batch->n_records > 0) {
		work->gaps = true;
	} else {
		csv->at += end;
		csv->line += line_end;
		end = 0;
		status = CUT_AGAIN;
	}
	start_record(csv, end);
	csv->scan = end;
	return status;
}

/* Notes that the quoted field of the record that ends next was not closed within the limit. */
static bool
note_cut(struct ml_batch *batch)
{
	struct ml_csv_work *work = batch->own;

	if (work->n_cut == work->cut_room) {
		size_t room = work->cut_room * 2 + 16;
		uint32_t *cut = ml_realloc(work->cut, room, sizeof *cut);

		if (cut == NULL)
			return false;
		work->cut = cut;
		work->cut_room = room;
	}
	work->cut[work->n_cut++] = (uint32_t)batch->n_records;
	return true;
}

/*
 * The record's quoted field has no end, as far as AT: it is cut off at the first line end in the
 * field, now or (false) when one comes.
 */
static bool
cut_off(struct ml_csv *csv, struct ml_batch *batch, size_t at)
{
	const char *field = csv->in.p + csv->at + csv->field;
	const char *line_end = memchr(field, '\n', at - csv->field);

	csv->inside = false;
	csv->overlong = true;
	if (line_end != NULL)
		end_record(csv, batch, csv->field + (size_t)(line_end - field) + 1, true);
	return line_end != NULL;
}

/* A quote opens a field with nothing but blanks before it, and again right behind a closing one. */
static void
turn_quote(struct ml_csv *csv, size_t at)
{
	const char *base = csv->in.p + csv->at;
	size_t before = at;

	if (csv->inside) {
		csv->inside = false;
		csv->closed = at + 1;
		return;
	}
	if (at == csv->closed) {
		csv->inside = true;
		return;
	}
	while (before > csv->record && ml_csv_blank(base[before - 1], csv->delimiter))
		before--;
	if (before == csv->record || base[before - 1] == csv->delimiter) {
		csv->inside = true;
		csv->field = before;
	}
}

static bool
too_long(const struct ml_csv *csv, size_t at)
{
	return csv->inside && at - csv->field > csv->max_field;
}

/* The marks of up to a step of bytes at SCAN. */
static struct ml_marks
look(const struct ml_csv *csv, size_t n)
{
	const char *p = csv->in.p + csv->at + csv->scan;
	char last[ML_CSV_STEP];

	if (n == ML_CSV_STEP)
		return ml_marks(p);
	memset(last, ' ', sizeof last);
	memcpy(last, p, n);
	return ml_marks(last);
}

/* A quote, or a line end outside quotes, at HERE; the order of the checks keeps arrival out. */
static int
event(struct ml_csv *csv, struct ml_batch *batch, size_t here, bool quote, struct ml_err *err)
{
	if (quote && too_long(csv, here)) {
		if (!note_cut(batch))
			return ml_fail(err, ML_ENOMEM, "no memory for a block");
		return cut_off(csv, batch, here) ? CUT_AGAIN : CUT_ON;
	}
	if (!csv->inside && here - csv->record > csv->max_record)
		return CUT_HUGE;
	if (here >= UINT32_MAX)
		return ml_fail(err, ML_EINPUT, "%s: a block of %d records is over 4 GiB", csv->path,
			       ML_BLOCK);
	if (!quote)
		return end_record(csv, batch, here + 1, true);
	turn_quote(csv, here);
	return CUT_ON;
}

/* Searches up to a step of bytes for ends of records. */
static int
step(struct ml_csv *csv, struct ml_batch *batch, size_t limit, size_t n, struct ml_err *err)
{
	struct ml_marks marks = look(csv, n);
	struct ml_csv_work *work = batch->own;
	size_t from = csv->scan;

	work->carriage_return |= marks.carriage_return;
	work->nul |= marks.nul;
	work->high |= marks.high;
	for (uint64_t bits = marks.line_end | marks.quote; bits != 0; bits &= bits - 1) {
		bool quote = (marks.quote & bits & -bits) != 0;
		int status;

		batch->quoted |= quote;
		if (quote ? csv->overlong : csv->inside)
			continue;
		status = event(csv, batch, from + (size_t)__builtin_ctzll(bits), quote, err);
		if (status != CUT_ON)
			return status;
		if (batch->n_records == limit)
			return CUT_FULL;
	}
	csv->scan = from + n;
	return CUT_ON;
}

/* Searches all there is. */
static int
cut(struct ml_csv *csv, struct ml_batch *batch, size_t limit, struct ml_err *err)
{
	while (batch->n_records < limit) {
		size_t n = csv->in.n - csv->at - csv->scan;
		int status;

		if (n == 0 && !too_long(csv, csv->scan))
			return !csv->inside && csv->scan - csv->record > csv->max_record ? CUT_HUGE
											 : CUT_ON;
		status = n == 0 ? event(csv, batch, csv->scan, true, err)
				: step(csv, batch, limit, n < ML_CSV_STEP ? n : ML_CSV_STEP, err);
		if (status < 0 || status == CUT_HUGE)
			return status;
	}
	return CUT_FULL;
}

/* The input has ended: what is left is the last record.  False: nothing is left to search. */
static bool
end_input(struct ml_csv *csv, struct ml_batch *batch)
{
	size_t end = csv->in.n - csv->at;

	if (csv->record == end)
		return false;
	if (csv->inside && cut_off(csv, batch, end))
		return true;
	end_record(csv, batch, end, false);
	batch->last_unended = batch->n_records > 0 && batch->start[batch->n_records] == end;
	return false;
}

/* The next bytes: of what was kept, or of the source. */
static int
take(struct ml_csv *csv, char *p, size_t *got, struct ml_err *err)
{
	size_t left = csv->kept.n - csv->kept_at;

	if (left > 0) {
		*got = left < csv->read_size ? left : csv->read_size;
		memcpy(p, csv->kept.p + csv->kept_at, *got);
		csv->kept_at += *got;
		return ML_OK;
	}
	ML_TRY(ml_io_some(csv->fd, csv->path, p, csv->read_size, got, err));
	if (csv->replay && csv->size < 0) {
		ml_buf_add(&csv->kept, p, *got);
		csv->kept_at = csv->kept.n;
		if (csv->kept.failed)
			return ml_fail(err, ML_ENOMEM, "no memory to keep %s", csv->path);
	}
	return ML_OK;
}

int
ml_csv_refill(struct ml_csv *csv, struct ml_err *err)
{
	struct ml_buf *in = &csv->in;
	size_t got;

	if (csv->at > 0 && !csv->hold) {
		memmove(in->p, in->p + csv->at, in->n - csv->at);
		in->n -= csv->at;
		csv->at = 0;
	}
	if (!ml_buf_reserve(in, csv->read_size))
		return ml_fail(err, ML_ENOMEM, "no memory for a block of %s", csv->path);
	ML_TRY(take(csv, in->p + in->n, &got, err));
	in->n += got;
	csv->taken += got;
	csv->ended = got == 0;
	return ML_OK;
}

size_t
ml_csv_line_ends(const char *p, const char *end)
{
	size_t n = 0;

	for (; end - p >= ML_CSV_STEP; p += ML_CSV_STEP)
		n += (size_t)__builtin_popcountll(ml_marks(p).line_end);
	for (; p < end; p++)
		n += *p == '\n';
	return n;
}

/* Makes BATCH an empty one, for up to LIMIT records. */
static int
begin(struct ml_batch *batch, size_t limit, struct ml_err *err)
{
	struct ml_csv_work *work = batch->own;

	if (work == NULL)
		work = batch->own = ml_alloc(1, sizeof *work);
	if (batch->start == NULL)
		batch->start = ml_alloc(limit + 1, sizeof *batch->start);
	if (work == NULL || batch->start == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory for a block");
	work->carriage_return = work->nul = work->high = work->gaps = false;
	work->n_cut = 0;
	batch->bytes.n = batch->n_records = batch->n_rows = batch->n_bad = 0;
	batch->quoted = batch->last_unended = false;
	return ML_OK;
}

/* Moves the records found out of IN. */
static int
give(struct ml_csv *csv, struct ml_batch *batch, struct ml_err *err)
{
	struct ml_csv_work *work = batch->own;
	size_t n = batch->start[batch->n_records];
	const char *p = csv->in.p + csv->at;

	if (!ml_buf_reserve(&batch->bytes, n + ML_CSV_STEP))
		return ml_fail(err, ML_ENOMEM, "no memory for a block of %s", csv->path);
	memcpy(batch->bytes.p, p, n);
	memset(batch->bytes.p + n, 0, ML_CSV_STEP);
	batch->bytes.n = n;
	batch->index = csv->index++;
	batch->first_line = csv->line;
	csv->line += batch->quoted || work->gaps ? ml_csv_line_ends(p, p + n) : batch->n_records;
	csv->at += n;
	csv->scan = 0;
	start_record(csv, 0);
	return 1;
}

int
ml_csv_block(struct ml_csv *csv, struct ml_batch *batch, size_t limit, struct ml_err *err)
{
	const char *p;
	int status;

	ML_TRY(begin(batch, limit, err));
	while ((status = cut(csv, batch, limit, err)) == CUT_ON) {
		if (csv->ended) {
			if (!end_input(csv, batch))
				break;
			continue;
		}
		if (csv->partial && batch->n_records > 0 && csv->kept_at == csv->kept.n &&
		    !ml_io_ready(csv->fd))
			break;
		ML_TRY(ml_csv_refill(csv, err));
	}
	if (status < 0)
		return status;
	if (batch->n_records > 0)
		return give(csv, batch, err);
	if (status != CUT_HUGE)
		return 0;
	p = csv->in.p + csv->at;
	ml_fail(err, ML_EINPUT, "record is over %zu bytes", csv->max_record);
	return ml_within(err, "%s:%llu", csv->path,
			 (unsigned long long)(csv->line + ml_csv_line_ends(p, p + csv->record)));
}

int
ml_csv_next(struct ml_csv *csv, struct ml_batch *batch, struct ml_err *err)
{
	return ml_csv_block(csv, batch, ML_BLOCK, err);
}
