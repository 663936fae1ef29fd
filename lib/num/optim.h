#ifndef ML_NUM_OPTIM_H
#define ML_NUM_OPTIM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

/*
 * Minimisers of convex functions.
 *
 * Quadratic with an L1 penalty: 1/2 w'Hw - q'w + sum_j l1_j |w_j|, for a symmetric positive
 * semidefinite H (n x n, both triangles) and l1_j >= 0.
 */

/*
 * Cyclic coordinate descent, in the order of the indices; between two sweeps over all
 * coordinates, those that are not zero get several.  SLOPE becomes Hw - q.  Returns the largest
 * H_jj (change of w_j)^2 of the last full sweep: twice the fall of the function in that step.
 */
double ml_l1_descend(const double *h, const double *q, const double *l1, size_t n, double *w,
		     double *slope, size_t sweeps);

/*
 * Solves for the signs that w has.  If that is the minimum, w and SLOPE become it and *DONE is
 * true; otherwise they stay.
 */
int ml_l1_finish(const double *h, const double *q, const double *l1, size_t n, double *w,
		 double *slope, bool *done, struct ml_err *err);

/*
 * f(theta) + sum_j l1_j |theta_j| (l1 may be NULL) for a smooth convex f, by L-BFGS with ten
 * pairs (Nocedal 1980), for l1 in the orthant-wise form of Andrew and Gao (2007).  Ends where
 * the largest element of the gradient is TOLERANCE of what it was at the start, or where doubles
 * show no more descent; *STEPS says after how many steps, MAX_STEPS if it was cut off.
 */
typedef int ml_smooth(void *ctx, const double *theta, double *value, double *gradient,
		      struct ml_err *err);
int ml_lbfgs(ml_smooth *smooth, void *ctx, size_t n, const double *l1, double *theta,
	     double tolerance, size_t max_steps, size_t *steps, struct ml_err *err);

#endif
