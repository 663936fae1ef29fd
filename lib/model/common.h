#ifndef ML_MODEL_COMMON_H
#define ML_MODEL_COMMON_H

#include "model/model.h"

/* What several algorithms share; of no use outside this directory. */

/* A stand-in for the logarithm of a share of zero: finite, and exp of it is still positive. */
#define ML_LOG_NOTHING (-708.0)

/* The sum of weights of all rows; fails where there are no rows, or none that weighs anything. */
int ml_data_weight(const struct ml_data *data, double *sum, struct ml_err *err);

/* The same by class; fails also if there are fewer than MIN classes with weight. */
int ml_data_classes(const struct ml_data *data, double *by_class, size_t min, struct ml_err *err);

/*
 * Blocks are summed in groups, whose number follows from the data alone: group g has blocks
 * ml_group_start(g) up to ml_group_start(g + 1).  BYTES is what the sums of a group take.
 */
size_t ml_groups(size_t n_blocks, size_t bytes);
size_t ml_group_start(size_t group, size_t n_groups, size_t n_blocks);

/* score (n x k) = intercept (k) + X coef' for x: n x d, coef: k x d.  Without BLAS. */
void ml_affine(const double *intercept, const double *coef, size_t k, size_t d, const double *x,
	       size_t n, double *score);

/*
 * p = exp(score - log-sum-exp of score), k of each, p may be score.  Returns the log-sum-exp.  The
 * largest score is taken off first, so nothing overflows.
 */
double ml_softmax(const double *score, size_t k, double *p);

/* "out of memory" as a failure. */
int ml_no_memory(struct ml_err *err);

#endif
