#ifndef ML_NUM_DIST_H
#define ML_NUM_DIST_H

#include <stddef.h>

/*
 * Distributions, as upper tails with relative accuracy (about 1e-13 where the tail is above
 * 1e-300): p-values keep their digits however small they are.  The same bits on every machine.
 */

/* P(Z > z), Z standard normal. */
double ml_normal_upper(double z);
/* The z >= 0 with P(Z > z) = p, 0 < p <= 1/2. */
double ml_normal_critical(double p);

/* P(X > x), X chi-square with DF > 0 degrees of freedom. */
double ml_chi2_upper(double x, double df);
/* The x with P(X > x) = p, 0 < p <= 1. */
double ml_chi2_critical(double p, double df);

/* P(K > lambda), K Kolmogorov's limit of sqrt(n) sup|F_n - F|. */
double ml_kolmogorov_upper(double lambda);
double ml_kolmogorov_critical(double p);

/*
 * P(D >= d) for two samples of n and m from one continuous distribution; where there are ties it is
 * an upper bound.  Exact, in O(n m d) steps.  SCRATCH has min(n, m) + 1.
 */
double ml_ks_exact(size_t n, size_t m, double d, double *scratch);

/* P(X >= x), X binomial: TRIALS of probability p. */
double ml_binomial_upper(size_t x, size_t trials, double p);

/*
 * Fisher's exact test: x of n against y of m; the probability of all tables with the same margins
 * that are no more likely than this one.
 */
double ml_fisher(size_t x, size_t n, size_t y, size_t m);

/*
 * P(X >= x), X how many of n new values are outside the range of r old ones, all exchangeable and
 * without ties; with ties it is an upper bound.
 */
double ml_outside_upper(size_t x, size_t n, size_t r);

#endif
