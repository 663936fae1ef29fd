#include "eval/split.h"

#include <string.h>

#include "base/dict.h"
#include "base/num.h"
#include "table/flow.h"
#include "table/table.h"

/* Both passes over the input see the same rows: those that are good, with a group or a time. */
struct pass {
	const struct ml_split *split;
	const struct ml_csv *csv;
	int64_t column; /* -1: none is needed */
	/* First pass: what each row's column says. */
	struct ml_dict found;
	int32_t *code; /* by row; missing is ML_MISSING */
	size_t n_rows, room;
	/* Second pass. */
	const uint8_t *part;
	size_t row; /* next */
	struct ml_out *out;
	struct ml_buf *lines; /* by part: on their way out */
};

static int
no_memory(struct ml_err *err)
{
	return ml_fail(err, ML_ENOMEM, "no memory to split the rows");
}

/* A row without a group or a time is a bad record. */
static int
check_cells(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err)
{
	const struct pass *pass = ctx;
	const char *what = pass->split->by == ML_SPLIT_GROUPS ? "group" : "time";

	(void)own;
	if (pass->split->by != ML_SPLIT_GROUPS && pass->split->by != ML_SPLIT_TIME)
		return ML_OK;
	for (size_t row = 0; row < batch->n_rows;) {
		if (batch->cells[pass->column].text[row].p != NULL) {
			row++;
			continue;
		}
		ml_fail(err, ML_EINPUT, "the %s is missing", what);
		ML_TRY(ml_csv_place(pass->csv, batch, row, (size_t)pass->column, err));
	}
	return ML_OK;
}

static int
take_codes(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err)
{
	struct pass *pass = ctx;
	size_t n = batch->n_rows;

	(void)own;
	if (pass->column < 0) {
		pass->n_rows += n;
		return ML_OK;
	}
	if (pass->room - pass->n_rows < n) {
		size_t room = 2 * pass->room + ML_BLOCK;
		int32_t *code = ml_realloc(pass->code, room, sizeof *code);

		if (code == NULL)
			return no_memory(err);
		pass->code = code;
		pass->room = room;
	}
	for (size_t i = 0; i < n; i++) {
		struct ml_str text = batch->cells[pass->column].text[i];
		int32_t code = text.p == NULL ? ML_MISSING : ml_dict_add(&pass->found, text);

		if (code < 0 && text.p != NULL)
			return no_memory(err);
		pass->code[pass->n_rows++] = code;
	}
	return ML_OK;
}

static int
write_lines(struct pass *pass, struct ml_err *err)
{
	for (size_t p = 0; p < pass->split->shares.n; p++) {
		struct ml_buf *lines = &pass->lines[p];

		if (lines->failed)
			return no_memory(err);
		ML_TRY(ml_out_write(&pass->out[p], lines->p, lines->n, err));
		lines->n = 0;
	}
	return ML_OK;
}

/* The line end that stands behind RECORD: the bytes behind it are readable. */
static const char *
line_end(struct ml_str record)
{
	return record.p[record.n] == '\r' && record.p[record.n + 1] == '\n' ? "\r\n" : "\n";
}

static int
deal_rows(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err)
{
	struct pass *pass = ctx;
	struct ml_str header =
	    pass->split->no_header ? (struct ml_str){0} : ml_csv_header(pass->csv);

	(void)own;
	for (size_t p = 0; p < pass->split->shares.n; p++) {
		if (pass->row > 0 || batch->n_rows == 0 || header.p == NULL)
			break;
		ml_buf_add(&pass->lines[p], header.p, header.n);
		ml_buf_text(&pass->lines[p], line_end(batch->record[0]));
	}
	for (size_t i = 0; i < batch->n_rows; i++) {
		struct ml_buf *lines;

		if (pass->row == pass->n_rows)
			return ml_fail(err, ML_EINPUT, "%s has grown meanwhile",
				       ml_csv_path(pass->csv));
		lines = &pass->lines[pass->part[pass->row++]];
		ml_buf_add(lines, batch->record[i].p, batch->record[i].n);
		ml_buf_text(lines, line_end(batch->record[i]));
	}
	return write_lines(pass, err);
}

/* What an ISO date or time looks like: "2011-01-31", "20110131T0700Z", ... */
static bool
is_date(struct ml_str text)
{
	for (size_t i = 0; i < 4; i++)
		if (i >= text.n || text.p[i] < '0' || text.p[i] > '9')
			return false;
	return text.n == 4 || text.p[4] == '-' || (text.p[4] >= '0' && text.p[4] <= '9');
}

/* Digits where the other has digits, and else the same bytes; the same offset from UTC. */
static bool
same_form(struct ml_str a, struct ml_str b)
{
	bool offset = false;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		bool digits =
		    a.p[i] >= '0' && a.p[i] <= '9' && b.p[i] >= '0' && b.p[i] <= '9' && !offset;

		if (!digits && a.p[i] != b.p[i])
			return false;
		offset |= i > 10 && (a.p[i] == '+' || a.p[i] == '-');
	}
	return true;
}

/* Whether the order of the texts, as levels are sorted, is that of the times. */
static int
check_times(const struct ml_dict *times, struct ml_err *err)
{
	bool numbers = true;
	double value;

	for (size_t i = 0; i < times->n && numbers; i++)
		numbers = ml_num_parse(times->text[i], &value) == ML_NUM_YES;
	for (size_t i = 0; i < times->n && !numbers; i++) {
		struct ml_str text = times->text[i];
		char quoted[ML_QUOTED], first[ML_QUOTED];

		if (!is_date(text))
			return ml_fail(err, ML_EINPUT, "neither a number nor an ISO date: %s",
				       ml_quote(quoted, text.p, text.n));
		if (!same_form(times->text[0], text))
			return ml_fail(err, ML_EINPUT,
				       "times of different form have no order: %s and %s",
				       ml_quote(first, times->text[0].p, times->text[0].n),
				       ml_quote(quoted, text.p, text.n));
	}
	return ML_OK;
}

/* Codes become ranks: those of equal numbers are equal. */
static int
rank_times(struct pass *pass, struct ml_err *err)
{
	struct ml_dict sorted = {0};
	int32_t *rank = ml_alloc(pass->found.n, sizeof *rank), equal = 0;
	int32_t *merged = ml_alloc(pass->found.n, sizeof *merged);
	int status = check_times(&pass->found, err);

	if (status < 0)
		ml_within(err, "%s: column %s", ml_csv_path(pass->csv), pass->split->column);
	else if (rank == NULL || merged == NULL)
		status = no_memory(err);
	else
		status = ml_levels_sort(&pass->found, &sorted, rank, err);
	for (size_t r = 1; status == ML_OK && r < sorted.n; r++) {
		double a = 0, b = 1;

		equal += ml_num_parse(sorted.text[r - 1], &a) == ML_NUM_YES &&
			 ml_num_parse(sorted.text[r], &b) == ML_NUM_YES && !(a < b);
		merged[r] = (int32_t)r - equal;
	}
	for (size_t i = 0; status == ML_OK && i < pass->n_rows; i++)
		pass->code[i] = merged[rank[pass->code[i]]];
	ml_dict_free(&sorted);
	ml_free(rank);
	ml_free(merged);
	return status;
}

/* Missing becomes a level of its own, behind the others. */
static void
name_missing(struct pass *pass)
{
	for (size_t i = 0; i < pass->n_rows; i++)
		if (pass->code[i] == ML_MISSING)
			pass->code[i] = (int32_t)pass->found.n;
}

static int
decide(struct pass *pass, uint8_t *part, struct ml_err *err)
{
	const struct ml_shares *shares = &pass->split->shares;
	uint64_t seed = pass->split->seed;
	size_t levels = pass->found.n, n = pass->n_rows;

	switch (pass->split->by) {
	case ML_SPLIT_CHANCE:
		return ml_split_random(shares, seed, NULL, 1, n, part, err);
	case ML_SPLIT_LEVELS:
		name_missing(pass);
		return ml_split_random(shares, seed, pass->code, levels + 1, n, part, err);
	case ML_SPLIT_GROUPS:
		return ml_split_groups(shares, seed, pass->code, levels, n, part, err);
	case ML_SPLIT_TIME:
		ML_TRY(rank_times(pass, err));
		return ml_split_ranks(shares, pass->code, levels, n, part, err);
	}
	return ML_OK;
}

static int
check_parts(const struct pass *pass, const uint8_t *part, struct ml_say *say, struct ml_err *err)
{
	size_t rows[ML_PARTS_MOST] = {0};

	for (size_t i = 0; i < pass->n_rows; i++)
		rows[part[i]]++;
	for (size_t p = 0; p < pass->split->shares.n; p++) {
		if (rows[p] == 0)
			return ml_fail(err, ML_EFEW, "%s: part %zu of %zu would be empty: %zu rows",
				       ml_csv_path(pass->csv), p + 1, pass->split->shares.n,
				       pass->n_rows);
		ml_note(say, "part %zu: %zu rows", p + 1, rows[p]);
	}
	return ML_OK;
}

static int
two_passes(struct pass *pass, struct ml_csv *csv, struct ml_pool *pool, struct ml_say *say,
	   struct ml_arena *arena, struct ml_err *err)
{
	enum ml_want *want = ML_NEW(arena, enum ml_want, ml_csv_columns(csv));
	struct ml_csv_flow flow = {.what = "reading", .want = want, .work = check_cells};
	uint8_t *part;

	pass->lines = ML_NEW(arena, struct ml_buf, pass->split->shares.n);
	if (ml_arena_failed(arena))
		return no_memory(err);
	if (pass->column >= 0)
		want[pass->column] = ML_WANT_TEXT;
	flow.sink = take_codes;
	ML_TRY(ml_csv_flow_run(csv, &flow, pool, say, pass, err));
	if ((pass->part = part = ML_NEW(arena, uint8_t, pass->n_rows)) == NULL)
		return no_memory(err);
	ML_TRY(decide(pass, part, err));
	ML_TRY(check_parts(pass, part, say, err));
	ML_TRY(ml_csv_rewind(csv, err));
	flow.what = "writing";
	flow.sink = deal_rows;
	ML_TRY(ml_csv_flow_run(csv, &flow, pool, say, pass, err));
	if (pass->row < pass->n_rows)
		return ml_fail(err, ML_EINPUT, "%s has shrunk meanwhile", ml_csv_path(csv));
	return ML_OK;
}

int
ml_split(const struct ml_split *split, struct ml_csv *csv, struct ml_pool *pool, struct ml_say *say,
	 struct ml_out *out, struct ml_err *err)
{
	struct pass pass = {.split = split, .csv = csv, .column = -1, .out = out};
	struct ml_arena arena = {0};
	int status = ML_OK;

	if (split->column != NULL && (pass.column = ml_csv_find(csv, split->column, err)) < 0)
		status = err->status;
	if (status == ML_OK)
		status = two_passes(&pass, csv, pool, say, &arena, err);
	for (size_t p = 0; pass.lines != NULL && p < split->shares.n; p++)
		ml_buf_free(&pass.lines[p]);
	ml_dict_free(&pass.found);
	ml_free(pass.code);
	ml_arena_free(&arena);
	return status;
}
