#ifndef ML_EVAL_OUTCOME_H
#define ML_EVAL_OUTCOME_H

#include "base/say.h"
#include "eval/metric.h"
#include "table/csv.h"

/*
 * Reads a table with truth and predictions, of any program, and adds it up: one pass, rows in
 * blocks.  Columns are found by name:
 *
 *   target         the truth
 *   prediction     the predicted class or number
 *   p_CLASS        probabilities, if there are at least two; those behind the prediction, where
 *                  mlpredict puts them, if there are any, so that features may have such names
 *   score          instead: one score or probability a row, of the positive class
 *
 * A missing or impossible cell is an error at its place, or its row is left out (--on-error).
 */
struct ml_outcome_options {
	const char *target, *prediction, *score, *weight;
	const char *task;      /* class, regress, auto */
	const char *positive;  /* label, or NULL: the last of two */
	const char *threshold; /* number, or NULL: 0.5 where there is no predicted class */
	double quantile;
	const struct ml_figures *asked; /* what must be measured */
	bool all;			/* and whatever else can be */
};

struct ml_outcome;

int ml_outcome_read(struct ml_csv *csv, const struct ml_outcome_options *options,
		    struct ml_pool *pool, struct ml_say *say, struct ml_outcome **outcome,
		    struct ml_err *err);
const struct ml_tallies *ml_outcome_tallies(const struct ml_outcome *outcome);
void ml_outcome_free(struct ml_outcome *outcome);

#endif
