#include "eval/drift.h"
#include "num/sort.h"

static void
add_row(struct ml_report *report, const struct ml_drift_row *row)
{
	static const char *const answers[] = {"no", "yes", "undecided"};
	const struct ml_drift *r = &row->result;

	ml_report_text(report, ml_str(row->ref->name));
	ml_report_text(report, ml_str(row->ref->type == ML_NUMERIC ? "numeric" : "categorical"));
	ml_report_text(report, ml_str(row->method->name));
	ml_report_text(report, ml_str(r->definition));
	ml_report_number(report, (double)r->rows_ref);
	ml_report_number(report, (double)r->rows);
	ml_report_number(report, (double)row->ref->missing);
	ml_report_number(report, (double)row->live->missing);
	ml_report_number(report, r->statistic);
	ml_report_number(report, r->p_value);
	ml_report_number(report, r->effect);
	ml_report_number(report, r->threshold);
	ml_report_number(report, row->alpha);
	ml_report_text(report, ml_str(answers[row->answer]));
}

/* The order of the rows: as they are; for eyes, alarms first, then the smallest p. */
static int
arrange(const struct ml_drift_report *found, bool worst_first, size_t *order, struct ml_err *err)
{
	struct ml_sort_item *items = ml_alloc(2 * found->n + 1, sizeof *items);
	double *key = ml_alloc(found->n + 1, sizeof *key);

	if (items == NULL || key == NULL) {
		ml_free(items);
		ml_free(key);
		return ml_fail(err, ML_ENOMEM, "no memory for a report of %zu rows", found->n);
	}
	for (size_t i = 0; worst_first && i < found->n; i++) {
		const struct ml_drift_row *row = &found->row[i];

		key[i] = row->answer == ML_DRIFT_UNDECIDED
			     ? 2
			     : row->result.p_value + (row->answer == ML_DRIFT_YES ? 0 : 4);
	}
	ml_sort_index(key, order, found->n, items);
	ml_free(items);
	ml_free(key);
	return ML_OK;
}

int
ml_drift_show(const struct ml_drift_report *found, bool worst_first, struct ml_report *report,
	      struct ml_err *err)
{
	static const char *const columns[] = {
	    "column",  "type",	    "method",  "definition", "rows_ref",  "rows",  "missing_ref",
	    "missing", "statistic", "p_value", "effect",     "threshold", "alpha", "drift"};
	size_t *order = ml_alloc(found->n + 1, sizeof *order);
	int status;

	if (order == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory for a report of %zu rows", found->n);
	report->column = columns;
	report->n_columns = sizeof columns / sizeof *columns;
	status = arrange(found, worst_first, order, err);
	for (size_t i = 0; status == ML_OK && i < found->n; i++)
		add_row(report, &found->row[order[i]]);
	ml_free(order);
	return status;
}

void
ml_drift_show_tests(struct ml_report *report)
{
	static const char *const columns[] = {"test", "columns", "always", "min_effect", "what"};
	static const char *const kinds[] = {"", "numeric", "categorical", "any"};

	report->column = columns;
	report->n_columns = sizeof columns / sizeof *columns;
	for (const struct ml_drift_type *t = ml_drift_types; t->name != NULL; t++) {
		ml_report_text(report, ml_str(t->name));
		ml_report_text(report, ml_str(kinds[t->columns & ML_DRIFT_ANY]));
		ml_report_text(report, ml_str(t->columns & ML_DRIFT_ALWAYS ? "yes" : "no"));
		ml_report_number(report, t->min_effect);
		ml_report_text(report, ml_str(t->brief));
	}
}
