#include "table/check.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "num/sort.h"
#include "table/flow.h"

const char *const ml_problem_names[ML_PROBLEMS] = {
    "", "no-target", "all-missing", "constant", "leak", "mixed", "id-like", "duplicates"};

enum { ID_ROWS = 20 };

int
ml_problems_parse(const char *list, bool set[ML_PROBLEMS], struct ml_err *err)
{
	for (const char *p = list;; p++) {
		struct ml_str word = {p, strcspn(p, ",")};
		bool all = ml_str_is(word, "all"), known = all || ml_str_is(word, "none");
		char quoted[ML_QUOTED];

		for (size_t i = 1; i < ML_PROBLEMS; i++)
			if (all || ml_str_is(word, ml_problem_names[i]))
				known = set[i] = true;
		if (!known)
			return ml_fail(err, ML_EUSAGE, "no problem is called %s",
				       ml_quote(quoted, word.p, word.n));
		p += word.n;
		if (*p == '\0')
			return ML_OK;
	}
}

/* What is needed while checking. */
struct checking {
	const struct ml_table *table;
	struct ml_check *check;
	double *value, *scratch; /* n_rows each */
	/* Second pass. */
	struct ml_dict records;
	size_t n_mixed; /* still to be found */
};

static int
no_memory(struct ml_err *err)
{
	return ml_fail(err, ML_ENOMEM, "no memory to check the table");
}

/* The values of column C that are there, sorted, each once; returns how many. */
static size_t
distinct_values(struct checking *c, size_t column, size_t *present)
{
	size_t n = 0, distinct = 0;

	for (size_t f = 0; f < c->table->n_frames; f++) {
		const struct ml_frame *frame = &c->table->frame[f];

		for (size_t i = 0; i < frame->n; i++)
			if (!isnan(frame->number[column][i]))
				c->value[n++] = frame->number[column][i];
	}
	ml_sort(c->value, n, c->scratch);
	for (size_t i = 0; i < n; i++)
		if (distinct == 0 || c->value[distinct - 1] < c->value[i])
			c->value[distinct++] = c->value[i];
	*present = n;
	return distinct;
}

static double
mean_of(const struct ml_table *table, size_t column, size_t present)
{
	double sum = 0;

	for (size_t f = 0; f < table->n_frames; f++)
		for (size_t i = 0; i < table->frame[f].n; i++) {
			double v = table->frame[f].number[column][i];

			sum += isnan(v) ? 0 : v;
		}
	return sum / (double)present;
}

static void
check_numbers(struct checking *c, size_t column, struct ml_check_column *out)
{
	size_t present;
	bool whole = true;

	out->distinct = distinct_values(c, column, &present);
	out->missing = c->table->n_rows - present;
	if (present == 0)
		return;
	out->min = c->value[0];
	out->max = c->value[out->distinct - 1];
	out->mean = mean_of(c->table, column, present);
	for (size_t i = 0; i < out->distinct && whole; i++)
		whole = floor(c->value[i]) >= c->value[i];
	if (whole && out->distinct == c->table->n_rows && out->distinct >= ID_ROWS)
		out->problem = ML_PROBLEM_ID;
}

static void
check_categories(struct checking *c, size_t column, struct ml_check_column *out)
{
	const struct ml_dict *levels = &c->table->schema.column[column].levels;
	size_t numbers = 0, present;
	double number;

	for (size_t f = 0; f < c->table->n_frames; f++) {
		const struct ml_frame *frame = &c->table->frame[f];

		for (size_t i = 0; i < frame->n; i++) {
			int32_t code = frame->code[column][i];

			if (code < 0)
				out->missing++;
			else
				numbers += ml_num_parse(levels->text[code], &number) != ML_NUM_NO;
		}
	}
	out->distinct = levels->n;
	present = c->table->n_rows - out->missing;
	if (2 * numbers >= present && present > 0)
		out->problem = ML_PROBLEM_MIXED;
	else if (out->distinct == c->table->n_rows && out->distinct >= ID_ROWS)
		out->problem = ML_PROBLEM_ID;
}

/* By row: the code of a category, or the place of a number among those that occur; -1 missing. */
static bool
ranks(struct checking *c, size_t column, int32_t *rank)
{
	bool category = c->table->schema.column[column].type == ML_CATEGORY;
	size_t present, n = category ? 0 : distinct_values(c, column, &present), row = 0;

	if (n > INT32_MAX)
		return false;
	for (size_t f = 0; f < c->table->n_frames; f++) {
		const struct ml_frame *frame = &c->table->frame[f];

		for (size_t i = 0; i < frame->n; i++, row++) {
			size_t low = 0, high = n;

			if (category) {
				rank[row] = frame->code[column][i];
				continue;
			}
			while (low < high) {
				size_t middle = low + (high - low) / 2;

				if (c->value[middle] < frame->number[column][i])
					low = middle + 1;
				else
					high = middle;
			}
			rank[row] = isnan(frame->number[column][i]) ? ML_MISSING : (int32_t)low;
		}
	}
	return true;
}

/*
 * Whether A and B (codes below DISTINCT) stand for each other in all rows.  Where most values
 * differ, as those of two measurements may, it must be in the same or the opposite order.
 */
static bool
say_the_same(const int32_t *a, const int32_t *b, size_t n, size_t distinct, int32_t *there,
	     int32_t *back)
{
	bool up = true, down = true;

	for (size_t l = 0; l < distinct; l++)
		there[l] = back[l] = -1;
	for (size_t i = 0; i < n; i++) {
		if ((a[i] < 0) != (b[i] < 0))
			return false;
		if (a[i] < 0)
			continue;
		if (there[a[i]] < 0 && back[b[i]] < 0) {
			there[a[i]] = b[i];
			back[b[i]] = a[i];
		}
		if (there[a[i]] != b[i] || back[b[i]] != a[i])
			return false;
		up = up && a[i] == b[i];
		down = down && (size_t)a[i] + (size_t)b[i] + 1 == distinct;
	}
	return up || down || 2 * distinct <= n;
}

static int
find_leaks(struct checking *c, size_t target, struct ml_err *err)
{
	struct ml_check_column *column = c->check->column;
	size_t n = c->table->n_rows, distinct = column[target].distinct;
	struct ml_arena arena = {0};
	int32_t *truth = ML_NEW(&arena, int32_t, n), *rank = ML_NEW(&arena, int32_t, n);
	int32_t *there = ML_NEW(&arena, int32_t, distinct),
		*back = ML_NEW(&arena, int32_t, distinct);

	if (ml_arena_failed(&arena)) {
		ml_arena_free(&arena);
		return no_memory(err);
	}
	if (ranks(c, target, truth))
		for (size_t j = 0; j < c->check->n_columns; j++)
			if (j != target && column[j].distinct == distinct && ranks(c, j, rank) &&
			    say_the_same(truth, rank, n, distinct, there, back))
				column[j].problem = ML_PROBLEM_LEAK;
	ml_arena_free(&arena);
	return ML_OK;
}

static int
check_columns(struct checking *c, int64_t target, struct ml_err *err)
{
	struct ml_check *check = c->check;
	struct ml_check_column *all = &check->column[check->n_columns];

	for (size_t j = 0; j < check->n_columns; j++) {
		struct ml_check_column *out = &check->column[j];
		const struct ml_column *in = &c->table->schema.column[j];

		*out = (struct ml_check_column){.min = NAN, .max = NAN, .mean = NAN};
		out->name = ml_arena_text(&check->arena, in->name, ml_str(in->name).n);
		out->type = in->type;
		if (in->type == ML_NUMERIC)
			check_numbers(c, j, out);
		else
			check_categories(c, j, out);
		all->missing += out->missing;
	}
	if (target >= 0 && check->column[target].distinct > 1)
		ML_TRY(find_leaks(c, (size_t)target, err));
	for (size_t j = 0; j < check->n_columns; j++) {
		struct ml_check_column *out = &check->column[j];

		if (out->distinct < 2)
			out->problem = (int64_t)j == target ? ML_PROBLEM_TARGET
				       : out->distinct == 0 ? ML_PROBLEM_EMPTY
							    : ML_PROBLEM_CONSTANT;
		c->n_mixed += out->problem == ML_PROBLEM_MIXED;
	}
	return ml_arena_failed(&check->arena) ? no_memory(err) : ML_OK;
}

static void
note_place(struct ml_check *check, struct ml_check_column *column, uint64_t line,
	   struct ml_str text)
{
	column->line = line;
	column->text = ml_arena_text(&check->arena, text.p, text.n);
}

/* Finds the first text of each mixed column, and rows that were there before. */
static int
second_look(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err)
{
	struct checking *c = ctx;
	struct ml_check_column *column = c->check->column, *all = column + c->check->n_columns;
	double number;

	(void)own;
	for (size_t j = 0; j < c->check->n_columns && c->n_mixed > 0; j++)
		for (size_t i = 0; i < batch->n_rows; i++) {
			struct ml_str text;

			if (column[j].problem != ML_PROBLEM_MIXED || column[j].line > 0)
				break;
			text = batch->cells[j].text[i];
			if (text.p == NULL || ml_num_parse(text, &number) != ML_NUM_NO)
				continue;
			note_place(c->check, &column[j], batch->line[i], text);
			c->n_mixed--;
		}
	for (size_t i = 0; i < batch->n_rows; i++) {
		size_t before = c->records.n;

		if (ml_dict_add(&c->records, batch->record[i]) < 0)
			return no_memory(err);
		if (c->records.n > before || all->problem == ML_PROBLEM_DUPLICATES)
			continue;
		all->problem = ML_PROBLEM_DUPLICATES;
		note_place(c->check, all, batch->line[i], (struct ml_str){"", 0});
	}
	return ml_arena_failed(&c->check->arena) ? no_memory(err) : ML_OK;
}

static int
look_again(struct checking *c, struct ml_csv *csv, struct ml_pool *pool, struct ml_say *say,
	   struct ml_err *err)
{
	struct ml_check *check = c->check;
	enum ml_want *want = ML_NEW(&check->arena, enum ml_want, check->n_columns);
	struct ml_csv_flow flow = {.what = "checking", .want = want, .sink = second_look};

	if (want == NULL)
		return no_memory(err);
	for (size_t j = 0; j < check->n_columns; j++)
		want[j] =
		    check->column[j].problem == ML_PROBLEM_MIXED ? ML_WANT_TEXT : ML_WANT_NOTHING;
	ML_TRY(ml_csv_rewind(csv, err));
	ML_TRY(ml_csv_flow_run(csv, &flow, pool, say, c, err));
	check->column[check->n_columns].distinct = c->records.n;
	return ML_OK;
}

static int
run(struct checking *c, struct ml_csv *csv, int64_t target, struct ml_pool *pool,
    struct ml_say *say, struct ml_err *err)
{
	struct ml_check *check = c->check;

	check->n_rows = c->table->n_rows;
	check->n_columns = c->table->schema.n;
	if (check->n_rows == 0)
		return ml_fail(err, ML_EINPUT, "%s: no rows behind the header", ml_csv_path(csv));
	check->column = ML_NEW(&check->arena, struct ml_check_column, check->n_columns + 1);
	c->value = ml_alloc(check->n_rows, sizeof *c->value);
	c->scratch = ml_alloc(check->n_rows, sizeof *c->scratch);
	if (check->column == NULL || c->value == NULL || c->scratch == NULL)
		return no_memory(err);
	ML_TRY(check_columns(c, target, err));
	return look_again(c, csv, pool, say, err);
}

int
ml_check_table(struct ml_csv *csv, const char *target, struct ml_pool *pool, struct ml_say *say,
	       struct ml_check *check, struct ml_err *err)
{
	struct checking c = {.check = check};
	struct ml_table *table = NULL;
	int64_t column = -1;
	int status;

	if (target != NULL && (column = ml_csv_find(csv, target, err)) < 0)
		return err->status;
	ML_TRY(ml_table_read(csv, &(struct ml_table_options){0}, pool, say, &table, err));
	c.table = table;
	status = run(&c, csv, column, pool, say, err);
	ml_dict_free(&c.records);
	ml_free(c.value);
	ml_free(c.scratch);
	ml_table_free(table);
	return status;
}

void
ml_check_free(struct ml_check *check)
{
	ml_arena_free(&check->arena);
}

void
ml_check_show(const struct ml_check *check, struct ml_report *report)
{
	static const char *const columns[] = {"column",	  "type", "rows", "missing",
					      "distinct", "min",  "max",  "mean",
					      "problem",  "line", "text"};

	report->column = columns;
	report->n_columns = sizeof columns / sizeof *columns;
	for (size_t j = 0; j <= check->n_columns; j++) {
		const struct ml_check_column *c = &check->column[j];
		bool whole = j == check->n_columns, number = !whole && c->type == ML_NUMERIC;

		ml_report_text(report, whole ? (struct ml_str){0} : ml_str(c->name));
		ml_report_text(report, ml_str(whole    ? "table"
					      : number ? "numeric"
						       : "categorical"));
		ml_report_number(report, (double)check->n_rows);
		ml_report_number(report, (double)c->missing);
		ml_report_number(report, (double)c->distinct);
		ml_report_number(report, number ? c->min : NAN);
		ml_report_number(report, number ? c->max : NAN);
		ml_report_number(report, number ? c->mean : NAN);
		ml_report_text(report, c->problem == ML_PROBLEM_NONE
					   ? (struct ml_str){0}
					   : ml_str(ml_problem_names[c->problem]));
		ml_report_number(report, c->line > 0 ? (double)c->line : NAN);
		ml_report_text(report, c->text != NULL && c->text[0] != '\0' ? ml_str(c->text)
									     : (struct ml_str){0});
	}
}
