#include <math.h>
#include <string.h>

#include "eval/gate.h"
#include "eval/outcome.h"
#include "eval/show.h"
#include "main.h"

struct mleval {
	struct ml_outcome_options in;
	const char *metric, *format;
	struct ml_texts require;
	int64_t digits;
	bool confusion, list_metrics, output_header;
};

static const struct ml_opt options[] = {
    ML_TEXT('t', "target", "label", "column", struct mleval, in.target, NULL,
	    "column of the truth"),
    ML_TEXT('p', "prediction", NULL, "column", struct mleval, in.prediction, "prediction",
	    "column of the predicted class or number"),
    ML_TEXT(0, "score", NULL, "column", struct mleval, in.score, NULL,
	    "column of a score or probability of the positive class, instead of columns p_CLASS"),
    ML_TEXT('w', "weight", NULL, "column", struct mleval, in.weight, NULL,
	    "column of the rows' weights"),
    ML_CHOICE(0, "task", NULL, "task", struct mleval, in.task, "auto", "auto class regress",
	      "what is predicted; auto: classes if the target is text or only 0 and 1"),
    ML_TEXT(0, "positive", NULL, "label", struct mleval, in.positive, NULL,
	    "the positive class; default is the last of two"),
    ML_TEXT(0, "threshold", NULL, "x", struct mleval, in.threshold, NULL,
	    "predict the positive class from this score on; default is the column of predictions, "
	    "or 0.5 without one"),
    ML_TEXT(0, "metric", "metrics", "list", struct mleval, metric, NULL,
	    "metrics to print; default is all that the columns allow"),
    ML_REAL(0, "quantile", NULL, "q", struct mleval, in.quantile, "0.5", 0, 1,
	    "the quantile that is predicted, for pinball"),
    ML_LIST(0, "require", NULL, "expr", struct mleval, require,
	    "fail unless it holds: a metric, one of >= > <= <, and a number or 'baseline'; may be "
	    "given several times"),
    ML_FLAG(0, "confusion", struct mleval, confusion,
	    "print how many rows of each class were predicted as which"),
    ML_FLAG(0, "list-metrics", struct mleval, list_metrics, "list the metrics and what they are"),
    ML_FORMAT(struct mleval, format, "of the output"),
    ML_DIGITS(struct mleval, digits),
    ML_OUTPUT_HEADER(struct mleval, output_header),
    ML_OPT_LAST,
};

/* Writes the report and lets it go. */
static int
print(struct ml_tool *tool, struct ml_report *report)
{
	const struct mleval *o = tool->options;
	int status = ml_report_save(report, o->format, o->output_header, tool->output, tool->err);

	ml_report_free(report);
	return status;
}

static int
print_confusion(struct ml_tool *tool, const struct ml_tally *tally)
{
	const struct mleval *o = tool->options;
	struct ml_report report = {.digits = ml_digits(o->digits, o->format)};

	if (tally->task != ML_CLASSIFY)
		return ml_fail(tool->err, ML_EUSAGE,
			       "option '--confusion' is for classes, and the target is a number");
	ml_show_confusion(tally, &report);
	return print(tool, &report);
}

static int
print_figures(struct ml_tool *tool, const struct ml_figures *figures)
{
	const struct mleval *o = tool->options;
	struct ml_report report = {.digits = ml_digits(o->digits, o->format)};

	for (size_t i = 0; i < figures->n; i++)
		if (figures->figure[i].why != NULL)
			ml_note(&tool->say, "%s%s: %s", figures->figure[i].name,
				isnan(figures->figure[i].value) ? " is undefined" : "",
				figures->figure[i].why);
	ml_show_figures(figures, &report);
	return print(tool, &report);
}

struct work {
	struct ml_pool *pool;
	struct ml_outcome *outcome;
	struct ml_gate *gates; /* one for each --require */
	struct ml_figures asked, figures;
};

static int
add_required(const struct ml_tool *tool, const struct work *w, struct ml_figures *figures)
{
	const struct mleval *o = tool->options;

	for (size_t i = 0; i < o->require.n; i++)
		if (ml_figures_add(figures, w->gates[i].name.p, w->gates[i].name.n, tool->err) < 0)
			return ml_within(tool->err, "requirement '%s'", w->gates[i].text);
	return ML_OK;
}

/* What the command line asks for, before there is any data. */
static int
ask(struct ml_tool *tool, struct work *w)
{
	const struct mleval *o = tool->options;

	if (o->in.target == NULL)
		return ml_fail(tool->err, ML_EUSAGE,
			       "option '--target' is missing: the column of the truth");
	if ((w->gates = ml_alloc(o->require.n, sizeof *w->gates)) == NULL)
		return ml_fail(tool->err, ML_ENOMEM, "no memory");
	if (o->metric != NULL)
		ML_TRY(ml_figures_list(&w->asked, o->metric, tool->err));
	for (size_t i = 0; i < o->require.n; i++)
		ML_TRY(ml_gate_parse(&w->gates[i], o->require.text[i], tool->err));
	return add_required(tool, w, &w->asked);
}

/* What is shown: the list or the default, and what is required where that isn't among it. */
static int
measure(struct ml_tool *tool, struct work *w)
{
	const struct mleval *o = tool->options;
	const struct ml_tallies *tallies = ml_outcome_tallies(w->outcome);
	struct ml_err *err = tool->err;

	if (o->metric != NULL)
		ML_TRY(ml_figures_list(&w->figures, o->metric, err));
	else
		ML_TRY(
		    ml_figures_default(&w->figures, &tallies->model, o->in.quantile != 0.5, err));
	ML_TRY(ml_figures_expand(&w->figures, &tallies->model, err));
	ML_TRY(add_required(tool, w, &w->figures));
	return ml_figures_measure(&w->figures, tallies, err);
}

/* The status of all requirements: one that is not met decides. */
static int
judge(struct ml_tool *tool, const struct work *w)
{
	const struct mleval *o = tool->options;
	int status = ML_EXIT_YES;

	for (size_t i = 0; i < o->require.n; i++) {
		const struct ml_gate *gate = &w->gates[i];
		struct ml_buf why = {0};
		enum ml_verdict verdict =
		    ml_gate_judge(gate, ml_figures_find(&w->figures, gate->name), &why);

		ml_buf_char(&why, '\0');
		if (verdict != ML_MET)
			ml_warn(&tool->say, "%s", why.failed ? gate->text : why.p);
		ml_buf_free(&why);
		if (verdict == ML_NOT_MET)
			status = ML_EXIT_NO;
		else if (verdict == ML_UNDECIDED && status == ML_EXIT_YES)
			status = ML_EXIT_UNDECIDED;
	}
	return status;
}

static int
evaluate(struct ml_tool *tool, struct work *w)
{
	struct mleval *o = tool->options;
	struct ml_err *err = tool->err;
	struct ml_csv *csv;
	int status;

	ML_TRY(ask(tool, w));
	o->in.asked = &w->asked;
	o->in.all = o->metric == NULL && !o->confusion;
	if (o->confusion && strcmp(o->in.task, "auto") == 0)
		o->in.task = "class";
	ML_TRY(ml_pool_new(&w->pool, (size_t)tool->threads, err));
	ML_TRY(ml_input_open(tool, &csv));
	status = ml_outcome_read(csv, &o->in, w->pool, &tool->say, &w->outcome, err);
	ML_TRY(ml_input_end(tool, csv, status));
	ML_TRY(measure(tool, w));
	if (o->confusion)
		ML_TRY(print_confusion(tool, &ml_outcome_tallies(w->outcome)->model));
	else
		ML_TRY(print_figures(tool, &w->figures));
	return judge(tool, w);
}

static int
run(struct ml_tool *tool)
{
	const struct mleval *o = tool->options;
	struct work work = {0};
	struct ml_report report = {0};
	int status;

	if (o->list_metrics) {
		ml_show_metrics(&report);
		return print(tool, &report);
	}
	status = evaluate(tool, &work);
	ml_outcome_free(work.outcome);
	ml_pool_free(work.pool);
	ml_figures_free(&work.asked);
	ml_figures_free(&work.figures);
	ml_free(work.gates);
	return status;
}

int
main(int argc, char **argv)
{
	static const struct ml_cmd cmd = {
	    .name = "mleval",
	    .brief = "measure predictions against the truth",
	    .usage = "-t column [option ...] [file]",
	    .uses = ML_USES_CSV | ML_USES_THREADS | ML_USES_OUTPUT,
	    .options = options,
	    .size = sizeof(struct mleval),
	    .max_operands = 1,
	    .run = run,
	};

	return ml_main(&cmd, argc, argv);
}
