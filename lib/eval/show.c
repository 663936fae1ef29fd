#include "eval/show.h"

void
ml_show_figures(const struct ml_figures *figures, struct ml_report *report)
{
	static const char *const columns[] = {"metric", "value",    "lower",
					      "upper",	"baseline", "rows"};

	report->column = columns;
	report->n_columns = sizeof columns / sizeof *columns;
	for (size_t i = 0; i < figures->n; i++) {
		const struct ml_figure *figure = &figures->figure[i];

		ml_report_text(report, ml_str(figure->name));
		ml_report_number(report, figure->value);
		ml_report_number(report, figure->lower);
		ml_report_number(report, figure->upper);
		ml_report_number(report, figure->baseline);
		ml_report_number(report, (double)figure->rows);
	}
}

void
ml_show_confusion(const struct ml_tally *t, struct ml_report *report)
{
	static const char *const columns[] = {"truth", "predicted", "rows"};

	report->column = columns;
	report->n_columns = sizeof columns / sizeof *columns;
	for (size_t i = 0; i < t->k; i++)
		for (size_t j = 0; j < t->k; j++) {
			ml_report_text(report, ml_str(t->label[i]));
			ml_report_text(report, ml_str(t->label[j]));
			ml_report_number(report, t->count[i * t->k + j]);
		}
}

static const char *
reads(const struct ml_metric *metric)
{
	return metric->needs == ML_NEEDS_LABEL	 ? "class"
	       : metric->needs == ML_NEEDS_PROBA ? "probability"
	       : metric->needs == ML_NEEDS_SCORE ? "score"
						 : "number";
}

void
ml_show_metrics(struct ml_report *report)
{
	static const char *const columns[] = {"metric", "task", "better", "reads", "meaning"};

	report->column = columns;
	report->n_columns = sizeof columns / sizeof *columns;
	for (const struct ml_metric *m = ml_metrics; m->name != NULL; m++) {
		ml_report_text(report, ml_str(m->name));
		ml_report_text(report, ml_str(m->task == ML_CLASSIFY ? "class" : "regress"));
		ml_report_text(report, ml_str(m->better == ML_HIGHER ? "higher" : "lower"));
		ml_report_text(report, ml_str(reads(m)));
		ml_report_text(report, ml_str(m->what));
	}
}
