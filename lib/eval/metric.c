#include "eval/metric.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ML_METRIC(name, task, better, needs, of, naive, what)                                      \
	{#name, task, better, needs, of, naive, what, ml_metric_##name},
const struct ml_metric ml_metrics[] = {
#include "eval/metrics.def"
    {NULL, 0, ML_HIGHER, 0, ML_OF_ALL, ML_NAIVE_SHARES, NULL, NULL},
};
#undef ML_METRIC

enum { N_METRICS = sizeof ml_metrics / sizeof *ml_metrics - 1 };

static const struct {
	const char *suffix;
	enum ml_form form;
} means[] = {{"_macro", ML_FORM_MACRO}, {"_weighted", ML_FORM_WEIGHTED}};

void
ml_figures_free(struct ml_figures *figures)
{
	ml_free(figures->figure);
	ml_arena_free(&figures->arena);
	*figures = (struct ml_figures){0};
}

static const char *
metric_name(const void *ctx, size_t i)
{
	(void)ctx;
	return ml_metrics[i].name;
}

static const struct ml_metric *
find(const char *name, size_t n)
{
	for (const struct ml_metric *m = ml_metrics; m->name != NULL; m++)
		if (ml_str_is((struct ml_str){name, n}, m->name))
			return m;
	return NULL;
}

static int
unknown(const char *text, size_t n, struct ml_err *err)
{
	char quoted[ML_QUOTED], word[64] = {0};
	const char *near;

	memcpy(word, text, n < sizeof word ? n : sizeof word - 1);
	near = ml_nearest(word, N_METRICS, metric_name, NULL);
	return ml_fail(err, ML_EUSAGE, "unknown metric %s%s%s%s", ml_quote(quoted, text, n),
		       near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
		       near != NULL ? "'?)" : " (see --list-metrics)");
}

/* Fills metric, form and label from the name. */
static int
parse(struct ml_figure *figure, struct ml_arena *arena, struct ml_err *err)
{
	const char *name = figure->name, *bracket = strchr(name, '[');
	size_t n = strlen(name), stem = bracket != NULL ? (size_t)(bracket - name) : n;

	figure->metric = find(name, stem);
	if (bracket != NULL && figure->metric != NULL) {
		if (name[n - 1] != ']')
			return ml_fail(err, ML_EUSAGE, "metric '%s': ']' is missing", name);
		figure->form = ML_FORM_CLASS;
		figure->label = ml_arena_text(arena, bracket + 1, n - stem - 2);
	}
	for (size_t i = 0; figure->metric == NULL && i < 2; i++) {
		size_t m = strlen(means[i].suffix);

		if (stem > m && strncmp(name + stem - m, means[i].suffix, m) == 0) {
			figure->metric = find(name, stem - m);
			figure->form = means[i].form;
		}
	}
	if (figure->metric == NULL || (bracket != NULL && figure->form != ML_FORM_CLASS))
		return unknown(name, stem, err);
	if (figure->form != ML_FORM_PLAIN && figure->metric->of == ML_OF_ALL)
		return ml_fail(err, ML_EUSAGE, "metric '%s': %s is of all classes at once", name,
			       figure->metric->name);
	return ML_OK;
}

const struct ml_figure *
ml_figures_find(const struct ml_figures *figures, struct ml_str name)
{
	for (size_t i = 0; i < figures->n; i++)
		if (ml_str_is(name, figures->figure[i].name))
			return &figures->figure[i];
	return NULL;
}

int
ml_figures_add(struct ml_figures *figures, const char *text, size_t n, struct ml_err *err)
{
	struct ml_figure *figure = figures->figure;

	if (ml_figures_find(figures, (struct ml_str){text, n}) != NULL)
		return ML_OK;
	if (figures->n == figures->room) {
		size_t room = figures->room > 0 ? 2 * figures->room : 32;

		if ((figure = ml_realloc(figure, room, sizeof *figure)) == NULL)
			return ml_fail(err, ML_ENOMEM, "no memory");
		figures->figure = figure;
		figures->room = room;
	}
	figure += figures->n++;
	*figure = (struct ml_figure){.name = ml_arena_text(&figures->arena, text, n),
				     .value = (double)NAN,
				     .lower = (double)NAN,
				     .upper = (double)NAN,
				     .baseline = (double)NAN};
	if (figure->name == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	return parse(figure, &figures->arena, err);
}

int
ml_figures_list(struct ml_figures *figures, const char *list, struct ml_err *err)
{
	for (const char *p = list;; p++) {
		const char *end = p;

		/* A class ends at the bracket that a comma or the end follows. */
		while (*end != '\0' && *end != ',' && *end != '[')
			end++;
		if (*end == '[')
			while (*end != '\0' && !(*end == ',' && end[-1] == ']'))
				end++;
		ML_TRY(ml_figures_add(figures, p, (size_t)(end - p), err));
		if (*end == '\0')
			return ML_OK;
		p = end;
	}
}

int
ml_figures_needs(const struct ml_figures *figures, unsigned *needs, unsigned *task,
		 struct ml_err *err)
{
	*needs = *task = 0;
	for (size_t i = 0; i < figures->n; i++) {
		const struct ml_metric *metric = figures->figure[i].metric;

		*needs |= metric->needs;
		if (*task != 0 && *task != metric->task)
			return ml_fail(err, ML_EUSAGE,
				       "'%s' is for numbers and '%s' for classes: not both at once",
				       figures->figure[metric->task == ML_REGRESS ? i : 0].name,
				       figures->figure[metric->task == ML_REGRESS ? 0 : i].name);
		*task = metric->task;
	}
	return ML_OK;
}

bool
ml_figures_every_class(const struct ml_figures *figures)
{
	for (size_t i = 0; i < figures->n; i++)
		if (figures->figure[i].metric->of == ML_OF_RANKED &&
		    figures->figure[i].form != ML_FORM_PLAIN)
			return true;
	return false;
}

/* A class counts in the means of precision, recall and F1 if it has rows or predictions. */
static bool
occurs(const struct ml_tally *t, size_t class)
{
	return t->truth[class] + t->guess[class] > 0;
}

/*
 * Mean over the classes.  An undefined precision or recall counts as 0, as in scikit-learn; a
 * class that cannot be ranked is left out.
 */
static double
mean(const struct ml_metric *metric, const struct ml_tally *t, bool weighted, const char **why)
{
	double sum = 0, total = 0;
	bool ranked = metric->of == ML_OF_RANKED;
	const char *reason = NULL;

	for (size_t i = 0; i < t->k; i++) {
		double value = metric->value(t, i, &reason);

		if (ranked ? isnan(value) : !occurs(t, i))
			continue;
		sum += (weighted ? t->truth[i] : 1) * (isnan(value) ? 0 : value);
		total += weighted ? t->truth[i] : 1;
	}
	if (!(total > 0)) {
		*why = reason;
		return (double)NAN;
	}
	if (reason != NULL)
		*why = ranked ? "classes without rows are left out"
			      : "a class for which it is undefined counts as 0";
	return sum / total;
}

static double
compute(const struct ml_figure *figure, const struct ml_tally *t, size_t class, const char **why)
{
	const struct ml_metric *metric = figure->metric;

	if (metric->of == ML_OF_ALL || class < t->k)
		return metric->value(t, class, why);
	return mean(metric, t, figure->form == ML_FORM_WEIGHTED, why);
}

static const char *
label_at(const void *ctx, size_t i)
{
	return ((const struct ml_tally *)ctx)->label[i];
}

/* The class that a figure is of, or k for a mean. */
static int
find_class(const struct ml_figure *figure, const struct ml_tally *t, size_t *class,
	   struct ml_err *err)
{
	char quoted[ML_QUOTED];
	const char *near;

	*class = t->k;
	if (t->task != ML_CLASSIFY || figure->metric->of == ML_OF_ALL)
		return ML_OK;
	if (figure->form == ML_FORM_PLAIN) {
		*class = t->positive;
		if (*class == t->k && figure->metric->of == ML_OF_CLASS)
			return ml_fail(err, ML_EUSAGE,
				       "metric '%s' is of one class, and there are %zu: say "
				       "%s_macro, %s_weighted or %s[CLASS]",
				       figure->name, t->k, figure->name, figure->name,
				       figure->name);
	}
	if (figure->form != ML_FORM_CLASS)
		return ML_OK;
	for (*class = 0; *class < t->k; ++*class)
		if (strcmp(t->label[*class], figure->label) == 0)
			return ML_OK;
	near = ml_nearest(figure->label, t->k, label_at, t);
	ml_quote(quoted, figure->label, strlen(figure->label));
	return ml_fail(err, ML_EUSAGE,
		       "metric '%s': no row is of class %s or predicted as it%s%s%s", figure->name,
		       quoted, near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
		       near != NULL ? "'?)" : "");
}

static int
measure(struct ml_figure *figure, const struct ml_tallies *tallies, struct ml_err *err)
{
	const struct ml_tally *t = &tallies->model, *naive = &tallies->naive[figure->metric->naive];
	const char *ignored = NULL;
	size_t class;

	if (figure->metric->task != t->task)
		return ml_fail(err, ML_EUSAGE, "metric '%s' is for %s", figure->name,
			       t->task == ML_CLASSIFY ? "numbers, and the target has classes"
						      : "classes, and the target is a number");
	ML_TRY(find_class(figure, t, &class, err));
	figure->why = NULL;
	figure->value = compute(figure, t, class, &figure->why);
	/* Without a value there is nothing to hold a baseline against. */
	figure->baseline = isnan(figure->value) && figure->metric->needs != ML_NEEDS_LABEL
			       ? (double)NAN
			       : compute(figure, naive, class, &ignored);
	figure->rows = figure->form == ML_FORM_CLASS ? t->label_rows[class] : t->rows;
	return ML_OK;
}

/* Appends NAME + suffix. */
static int
add_mean(struct ml_figures *figures, const struct ml_metric *metric, size_t i, struct ml_err *err)
{
	char name[64];
	int n = snprintf(name, sizeof name, "%s%s", metric->name, means[i].suffix);

	return ml_figures_add(figures, name, (size_t)n, err);
}

static int
add_class(struct ml_figures *figures, const struct ml_metric *metric, const char *label,
	  struct ml_err *err)
{
	struct ml_buf name = {0};
	int status;

	ml_buf_format(&name, "%s[%s]", metric->name, label);
	status = name.failed ? ml_fail(err, ML_ENOMEM, "no memory")
			     : ml_figures_add(figures, name.p, name.n, err);
	ml_buf_free(&name);
	return status;
}

static int
add_classes(struct ml_figures *figures, const struct ml_metric *metric, const struct ml_tally *t,
	    struct ml_err *err)
{
	for (size_t i = 0; i < t->k; i++)
		if (occurs(t, i))
			ML_TRY(add_class(figures, metric, t->label[i], err));
	return ML_OK;
}

/* True for what has no single value with these classes. */
static bool
many(const struct ml_metric *metric, const struct ml_tally *t)
{
	return metric->of == ML_OF_CLASS && t->positive == t->k;
}

static bool
has(const struct ml_metric *metric, const struct ml_tally *t, bool quantile)
{
	if (metric->task != t->task)
		return false;
	if (metric->naive == ML_NAIVE_QUANTILE)
		return quantile;
	return !(metric->needs == ML_NEEDS_SCORE && t->curve == NULL) &&
	       !(metric->needs == ML_NEEDS_PROBA && isnan(t->log_loss));
}

int
ml_figures_default(struct ml_figures *figures, const struct ml_tally *t, bool quantile,
		   struct ml_err *err)
{
	for (const struct ml_metric *m = ml_metrics; m->name != NULL; m++) {
		if (!has(m, t, quantile))
			continue;
		if (!many(m, t)) {
			ML_TRY(ml_figures_add(figures, m->name, strlen(m->name), err));
			continue;
		}
		ML_TRY(add_mean(figures, m, 0, err));
		ML_TRY(add_mean(figures, m, 1, err));
	}
	for (const struct ml_metric *m = ml_metrics; m->name != NULL; m++)
		if (has(m, t, quantile) && many(m, t))
			ML_TRY(add_classes(figures, m, t, err));
	return ML_OK;
}

int
ml_figures_expand(struct ml_figures *figures, const struct ml_tally *t, struct ml_err *err)
{
	struct ml_figures all = {0};
	int status = ML_OK;

	for (size_t i = 0; i < figures->n && status == ML_OK; i++) {
		const struct ml_figure *figure = &figures->figure[i];
		const struct ml_metric *metric = figure->metric;

		if (figure->form != ML_FORM_PLAIN || metric->task != t->task || !many(metric, t)) {
			status = ml_figures_add(&all, figure->name, strlen(figure->name), err);
			continue;
		}
		for (size_t j = 0; j < 2 && status == ML_OK; j++)
			status = add_mean(&all, metric, j, err);
		if (status == ML_OK)
			status = add_classes(&all, metric, t, err);
	}
	ml_figures_free(figures);
	*figures = all;
	return status;
}

int
ml_figures_measure(struct ml_figures *figures, const struct ml_tallies *tallies, struct ml_err *err)
{
	for (size_t i = 0; i < figures->n; i++)
		ML_TRY(measure(&figures->figure[i], tallies, err));
	return ML_OK;
}
