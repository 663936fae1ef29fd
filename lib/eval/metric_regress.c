#include <math.h>

#include "eval/metric.h"

/* Definitions as in scikit-learn 1.2 (sklearn.metrics), unless said. */

double
ml_metric_mse(const struct ml_tally *t, size_t class, const char **why)
{
	(void)class, (void)why;
	return t->squared / t->weight;
}

double
ml_metric_rmse(const struct ml_tally *t, size_t class, const char **why)
{
	(void)class, (void)why;
	return sqrt(t->squared / t->weight);
}

double
ml_metric_mae(const struct ml_tally *t, size_t class, const char **why)
{
	(void)class, (void)why;
	return t->absolute / t->weight;
}

/* The weighted median is the one of rows repeated: scikit-learn's is the lower one. */
double
ml_metric_medae(const struct ml_tally *t, size_t class, const char **why)
{
	(void)class, (void)why;
	return t->median;
}

/* About the mean of these rows.  A constant truth: 1 if predicted exactly, otherwise 0. */
double
ml_metric_r2(const struct ml_tally *t, size_t class, const char **why)
{
	(void)class;
	if (t->rows < 2) {
		*why = "r2 needs two rows";
		return (double)NAN;
	}
	if (t->spread == 0) {
		*why = "the truth is constant: r2 is 1 if it is predicted exactly, otherwise 0";
		return t->squared == 0 ? 1 : 0;
	}
	return 1 - t->squared / t->spread;
}

double
ml_metric_mape(const struct ml_tally *t, size_t class, const char **why)
{
	(void)class;
	if (t->zeros > 0)
		*why = "there are rows whose truth is 0, which make mape huge";
	return t->relative / t->weight;
}

double
ml_metric_pinball(const struct ml_tally *t, size_t class, const char **why)
{
	(void)class, (void)why;
	return t->pinball / t->weight;
}
