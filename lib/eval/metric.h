#ifndef ML_EVAL_METRIC_H
#define ML_EVAL_METRIC_H

#include "base/str.h"
#include "eval/tally.h"

/*
 * Metrics: one function and one row of metrics.def each.  A figure is a metric as somebody asks
 * for it and what came out: "auc", "f1_macro", "recall[yes]".
 */
enum ml_better { ML_HIGHER, ML_LOWER };

enum ml_metric_of {
	ML_OF_ALL,    /* one value for the table */
	ML_OF_CLASS,  /* one for each class against the rest; plain: the positive one of two */
	ML_OF_RANKED, /* the same, plain with more than two: the mean over the classes */
};

struct ml_metric {
	const char *name;
	unsigned task; /* enum ml_task */
	enum ml_better better;
	unsigned needs; /* enum ml_needs */
	enum ml_metric_of of;
	enum ml_naive naive; /* the baseline's prediction */
	const char *what;
	/* NaN where it is undefined; *WHY then says why.  CLASS counts for ML_OF_CLASS, _RANKED. */
	double (*value)(const struct ml_tally *tally, size_t class, const char **why);
};

/* In the order of metrics.def; the name behind the last is NULL. */
extern const struct ml_metric ml_metrics[];

#define ML_METRIC(name, task, better, needs, of, naive, what)                                      \
	double ml_metric_##name(const struct ml_tally *tally, size_t class, const char **why);
#include "eval/metrics.def"
#undef ML_METRIC

enum ml_form {
	ML_FORM_PLAIN,
	ML_FORM_MACRO,	  /* NAME_macro: mean over the classes */
	ML_FORM_WEIGHTED, /* NAME_weighted: mean weighted by the classes' rows */
	ML_FORM_CLASS,	  /* NAME[CLASS] */
};

struct ml_figure {
	const char *name; /* as asked and printed */
	const struct ml_metric *metric;
	enum ml_form form;
	const char *label;		      /* of NAME[CLASS] */
	double value, lower, upper, baseline; /* NaN: undefined; lower and upper: no interval */
	size_t rows;			      /* of NAME[CLASS]: those of the class */
	const char *why;		      /* what is worth knowing of the value, or NULL */
};

struct ml_figures {
	size_t n, room;
	struct ml_figure *figure;
	struct ml_arena arena; /* names */
};

void ml_figures_free(struct ml_figures *figures);
/* Appends what TEXT (n bytes) names, unless it is there. */
int ml_figures_add(struct ml_figures *figures, const char *text, size_t n, struct ml_err *err);
/* Appends all of a list separated by commas; a class in brackets may have commas. */
int ml_figures_list(struct ml_figures *figures, const char *list, struct ml_err *err);

/* All needs of the figures, and the one task that they share: 0 if there are none. */
int ml_figures_needs(const struct ml_figures *figures, unsigned *needs, unsigned *task,
		     struct ml_err *err);
/* True if a ranking of each class is asked for. */
bool ml_figures_every_class(const struct ml_figures *figures);

/* Appends what is shown where nothing was asked for. */
int ml_figures_default(struct ml_figures *figures, const struct ml_tally *tally, bool quantile,
		       struct ml_err *err);
/*
 * With more than two classes a plain ML_OF_CLASS metric becomes its means and the figures of all
 * classes.
 */
int ml_figures_expand(struct ml_figures *figures, const struct ml_tally *tally, struct ml_err *err);
/* The figure called NAME, or NULL. */
const struct ml_figure *ml_figures_find(const struct ml_figures *figures, struct ml_str name);
/* Fills in the values. */
int ml_figures_measure(struct ml_figures *figures, const struct ml_tallies *tallies,
		       struct ml_err *err);

#endif
