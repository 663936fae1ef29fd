#ifndef ML_EVAL_OUTCOME_COLUMNS_H
#define ML_EVAL_OUTCOME_COLUMNS_H

#include "eval/outcome.h"

/* Which columns of an input are read as what. */
struct ml_outcome_columns {
	unsigned task, needs; /* task 0: the target's values decide */
	size_t target;
	int64_t prediction, weight; /* -1: none */
	size_t m;		    /* columns of probabilities, or 1: the score */
	size_t *proba;
	struct ml_str *label; /* of the columns of probabilities: CLASS of p_CLASS */
	bool by_threshold;    /* the predicted class follows from score or probabilities */
	double threshold;
	enum ml_want *want; /* by column of the input */
	struct ml_arena arena;
};

int ml_outcome_bind(struct ml_outcome_columns *columns, const struct ml_csv *csv,
		    const struct ml_outcome_options *options, struct ml_err *err);

#endif
