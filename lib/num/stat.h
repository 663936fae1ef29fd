#ifndef ML_NUM_STAT_H
#define ML_NUM_STAT_H

#include <stddef.h>

#include "base/err.h"

/*
 * Quantiles of weighted values: those of the table in which a value of weight k stands k times, by
 * linear interpolation between order statistics (type 7 of Hyndman and Fan 1996; numpy's and R's
 * default).  Weights below 1 are taken in units of the smallest, so that shares which add up to 1
 * have quantiles, too.  V and W (n each, no NaN) are sorted by value, and W is in those units; p
 * and q have m entries.
 */
int ml_weighted_quantiles(double *v, double *w, size_t n, const double *p, double *q, size_t m,
			  struct ml_err *err);

/* order[0..n-1]: the places of v, largest value first, ties by place. */
int ml_sort_descending(const double *v, size_t *order, size_t n, struct ml_err *err);

#endif
