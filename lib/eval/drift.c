#include "eval/drift.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "eval/drift_classes.h"
#include "num/sort.h"

#define ML_DRIFT(name, columns, floor, brief) {#name, columns, floor, brief, ml_drift_##name},
const struct ml_drift_type ml_drift_types[] = {
#include "eval/drifts.def"
    {NULL, 0, 0, NULL, NULL}};
#undef ML_DRIFT

enum { N_TYPES = sizeof ml_drift_types / sizeof *ml_drift_types - 1 };

const struct ml_opt ml_drift_opts[] = {
    ML_TEXT(0, "method", "methods", "list", struct ml_drift_options, method, "ks,chi2",
	    "tests of the distribution: ks, chi2, psi, js"),
    ML_REAL(0, "alpha", NULL, "p", struct ml_drift_options, alpha, "0.01", 1e-12, 0.5,
	    "how often there may be a false alarm, over all columns together"),
    ML_CHOICE(0, "adjust", NULL, "how", struct ml_drift_options, adjust, "holm", "holm none",
	      "how alpha is shared among the tests"),
    ML_TEXT(0, "min-effect", NULL, "list", struct ml_drift_options, min_effect, NULL,
	    "no alarm below this effect: a number, or method=number,..."),
    ML_INT(0, "min-rows", NULL, "n", struct ml_drift_options, min_rows, "30", 2, 1e9,
	   "rows with a value that a test needs on both sides"),
    ML_OPT_LAST};

/* What the options say, by row of drifts.def. */
struct plan {
	bool chosen[N_TYPES];
	double floor[N_TYPES];
};

/* The next of a list separated by commas; false behind the last. */
static bool
next_word(const char **list, struct ml_str *word)
{
	const char *p = *list;

	if (p == NULL || *p == '\0')
		return false;
	word->p = p;
	word->n = strcspn(p, ",");
	*list = p + word->n + (p[word->n] == ',');
	return true;
}

static int
find_type(struct ml_str name, struct ml_err *err)
{
	char quoted[ML_QUOTED];
	struct ml_buf names = {0};
	int status;

	for (int i = 0; i < N_TYPES; i++)
		if (ml_str_is(name, ml_drift_types[i].name))
			return i;
	for (int i = 0; i < N_TYPES; i++)
		ml_buf_format(&names, "%s%s", i > 0 ? ", " : "", ml_drift_types[i].name);
	ml_buf_char(&names, '\0');
	status = ml_fail(err, ML_EUSAGE, "there is no drift test %s; there are %s",
			 ml_quote(quoted, name.p, name.n), names.failed ? "others" : names.p);
	ml_buf_free(&names);
	return status;
}

static int
plan_methods(const char *list, struct plan *plan, struct ml_err *err)
{
	struct ml_str word;

	for (int i = 0; i < N_TYPES; i++)
		plan->chosen[i] = (ml_drift_types[i].columns & ML_DRIFT_ALWAYS) != 0;
	while (next_word(&list, &word)) {
		int i = find_type(word, err);

		if (i < 0)
			return ml_within(err, "--method");
		plan->chosen[i] = true;
	}
	return ML_OK;
}

static int
plan_floors(const char *list, struct plan *plan, struct ml_err *err)
{
	struct ml_str word;

	for (int i = 0; i < N_TYPES; i++)
		plan->floor[i] = ml_drift_types[i].min_effect;
	while (next_word(&list, &word)) {
		const char *sign = memchr(word.p, '=', word.n);
		struct ml_str number = word;
		char quoted[ML_QUOTED];
		double floor;
		int only = -1;

		if (sign != NULL) {
			word.n = (size_t)(sign - word.p);
			number = (struct ml_str){sign + 1, number.n - word.n - 1};
			if ((only = find_type(word, err)) < 0)
				return ml_within(err, "--min-effect");
		}
		if (ml_num_parse(number, &floor) != ML_NUM_YES || floor < 0)
			return ml_fail(err, ML_EUSAGE,
				       "--min-effect: not a number of 0 or more: %s",
				       ml_quote(quoted, number.p, number.n));
		for (int i = 0; i < N_TYPES; i++)
			if (only < 0 || only == i)
				plan->floor[i] = floor;
	}
	return ML_OK;
}

/* Whether test I has something to do on a column. */
static bool
applies(const struct plan *plan, int i, const struct ml_profile_column *ref)
{
	const struct ml_drift_type *type = &ml_drift_types[i];
	unsigned kind = ref->type == ML_NUMERIC ? ML_DRIFT_NUMBER : ML_DRIFT_CATEGORY;

	if (!plan->chosen[i] || (type->columns & kind) == 0)
		return false;
	return ml_profile_values(ref) > 0 || type->test == ml_drift_missing;
}

/* What a test is based on: rows, values, or the sampled values of a number's distribution. */
static size_t
basis(const struct ml_drift_type *type, const struct ml_profile_column *c)
{
	if (type->test == ml_drift_missing)
		return c->rows;
	if (c->type == ML_NUMERIC && !(type->columns & ML_DRIFT_ALWAYS))
		return c->sample;
	return ml_profile_values(c);
}

/* The p-value, or NaN where there are too few rows. */
static int
first_look(struct ml_drift_row *row, size_t min_rows, struct ml_err *err)
{
	size_t m = basis(row->method, row->ref), n = basis(row->method, row->live);
	struct ml_drift *result = &row->result;

	result->rows_ref = m;
	result->rows = n;
	result->statistic = result->p_value = (double)NAN;
	result->effect = result->threshold = (double)NAN;
	row->alpha = (double)NAN;
	row->answer = ML_DRIFT_UNDECIDED;
	snprintf(result->definition, sizeof result->definition, "too few rows: under %zu",
		 min_rows);
	if (n < min_rows || m < min_rows)
		return ML_OK;
	row->answer = ML_DRIFT_NO;
	return row->method->test(row->ref, row->live, 0, result, err);
}

/*
 * Holm 1979: the i-th smallest of k p-values against alpha / (k - i + 1), up to the first that
 * isn't below; those after it are held against the level where it stopped.
 */
static int
decide(struct ml_drift_report *report, const struct ml_drift_options *options, struct ml_err *err)
{
	bool holm = strcmp(options->adjust, "holm") == 0, open;
	struct ml_arena scratch = {0};
	double *p = ML_NEW(&scratch, double, report->n);
	size_t *order = ML_NEW(&scratch, size_t, report->n), decided = 0, left;
	struct ml_sort_item *items = ML_NEW(&scratch, struct ml_sort_item, 2 * report->n);
	int status = ML_OK;

	if (ml_arena_failed(&scratch)) {
		ml_arena_free(&scratch);
		return ml_fail(err, ML_ENOMEM, "no memory for %zu tests", report->n);
	}
	for (size_t i = 0; i < report->n; i++) {
		p[i] = report->row[i].result.p_value;
		decided += p[i] == p[i];
	}
	ml_sort_index(p, order, report->n, items);
	left = decided;
	for (size_t i = 0; i < decided && status == ML_OK; i++) {
		struct ml_drift_row *row = &report->row[order[i]];

		row->alpha = holm ? options->alpha / (double)left : options->alpha;
		open = row->result.p_value < row->alpha;
		left -= open;
		if (open && row->result.effect >= row->min_effect) {
			row->answer = ML_DRIFT_YES;
			report->n_drift++;
		}
		status = row->method->test(row->ref, row->live, row->alpha, &row->result, err);
	}
	report->n_undecided = report->n - decided;
	ml_arena_free(&scratch);
	return status;
}

int
ml_drift_run(const struct ml_profile *ref, const struct ml_profile *live, const bool *watch,
	     const struct ml_drift_options *options, struct ml_drift_report *report,
	     struct ml_err *err)
{
	struct plan plan;

	memset(report, 0, sizeof *report);
	ML_TRY(plan_methods(options->method, &plan, err));
	ML_TRY(plan_floors(options->min_effect, &plan, err));
	report->row = ML_NEW(&report->arena, struct ml_drift_row, ref->n * N_TYPES);
	if (ml_arena_failed(&report->arena))
		return ml_fail(err, ML_ENOMEM, "no memory for a report of %zu columns", ref->n);
	for (size_t j = 0; j < ref->n; j++)
		for (int i = 0; watch[j] && i < N_TYPES; i++) {
			struct ml_drift_row *row = &report->row[report->n];

			if (!applies(&plan, i, &ref->column[j]))
				continue;
			row->ref = &ref->column[j];
			row->live = &live->column[j];
			row->method = &ml_drift_types[i];
			row->min_effect = plan.floor[i];
			ML_TRY(first_look(row, (size_t)options->min_rows, err));
			report->n++;
		}
	return decide(report, options, err);
}

void
ml_drift_free(struct ml_drift_report *report)
{
	ml_arena_free(&report->arena);
	memset(report, 0, sizeof *report);
}
