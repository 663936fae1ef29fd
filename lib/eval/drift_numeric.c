#include "eval/drift_classes.h"

#include <math.h>
#include <stdio.h>

#include "base/num.h"
#include "num/dist.h"

/* Paths of up to this many steps are counted; above, the limit law is near enough. */
#define EXACT_STEPS 1e6

/*
 * sup |F - G| over the knots of LIVE.  There G is known; F is known at the reference's own knots,
 * and between them too if these are all its values.
 */
static double
ks_distance(const struct ml_profile_column *ref, const struct ml_profile_column *live)
{
	double f = 0, g = 0, d = 0;
	size_t at = 0;

	for (size_t k = 0; k < live->n_knots; k++) {
		bool known = !ref->binned;

		g += live->knot_count[k];
		for (; at < ref->n_knots && ref->knot[at] <= live->knot[k]; at++)
			f += ref->knot_count[at];
		known =
		    known || at == ref->n_knots || (at > 0 && !(ref->knot[at - 1] < live->knot[k]));
		if (known)
			d = fmax(d, fabs(f / (double)ref->sample - g / (double)live->sample));
	}
	return d;
}

static size_t
common_divisor(size_t a, size_t b)
{
	while (b > 0) {
		size_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/*
 * The smallest distance that the two sizes can give with p < alpha: multiples of g / (n m).
 * log p is nearly a parabola, so false position (Illinois) needs few of the costly steps.
 */
static double
ks_exact_threshold(size_t n, size_t m, double alpha, double *scratch)
{
	double unit = (double)common_divisor(n, m) / ((double)n * (double)m);
	double low = 0, high = round(1 / unit), goal = log(alpha);
	double p_low = -goal, p_high = log(ml_ks_exact(n, m, 1, scratch)) - goal;

	if (p_high >= 0)
		return (double)NAN;
	while (high - low > 1) {
		double t = floor(low + (high - low) * p_low / (p_low - p_high));
		double p;

		t = t <= low ? low + 1 : t >= high ? high - 1 : t;
		p = log(ml_ks_exact(n, m, t * unit, scratch)) - goal;
		if (p >= 0) {
			low = t;
			p_low = p;
			p_high /= 2;
		} else {
			high = t;
			p_high = p;
			p_low /= 2;
		}
	}
	return high * unit;
}

int
ml_drift_ks(const struct ml_profile_column *ref, const struct ml_profile_column *live, double alpha,
	    struct ml_drift *out, struct ml_err *err)
{
	size_t n = live->sample, m = ref->sample;
	double root = sqrt((double)n * (double)m / ((double)n + (double)m));
	bool exact = (double)n * (double)m <= EXACT_STEPS;
	double *scratch = NULL;

	out->rows_ref = m;
	out->rows = n;
	out->effect = out->statistic = ks_distance(ref, live);
	if (exact && (scratch = ml_alloc((n < m ? n : m) + 1, sizeof *scratch)) == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory for an exact test");
	out->p_value = exact ? ml_ks_exact(n, m, out->statistic, scratch)
			     : ml_kolmogorov_upper(root * out->statistic);
	if (alpha > 0)
		out->threshold = exact ? ks_exact_threshold(n, m, alpha, scratch)
				       : ml_kolmogorov_critical(alpha) / root;
	snprintf(out->definition, sizeof out->definition, "sup|F-G| at %s; %s p",
		 ref->binned ? "512 quantiles" : "all values", exact ? "exact" : "asymptotic");
	ml_free(scratch);
	return ML_OK;
}

struct sizes {
	size_t n, r;
};

static double
outside_p(const void *ctx, size_t x)
{
	const struct sizes *s = ctx;

	return ml_outside_upper(x, s->n, s->r);
}

int
ml_drift_range(const struct ml_profile_column *ref, const struct ml_profile_column *live,
	       double alpha, struct ml_drift *out, struct ml_err *err)
{
	struct sizes s = {ml_profile_values(live), ml_profile_values(ref)};
	char min[ML_NUM_TEXT], max[ML_NUM_TEXT];
	int n_min = (int)ml_num_round(min, ref->min, 6),
	    n_max = (int)ml_num_round(max, ref->max, 6);

	(void)err;
	out->rows_ref = s.r;
	out->rows = s.n;
	out->effect = out->statistic = (double)live->outside / (double)s.n;
	out->p_value = outside_p(&s, live->outside);
	if (alpha > 0) {
		size_t x = ml_drift_first(outside_p, &s, 1, s.n, alpha);

		out->threshold = x > s.n ? (double)NAN : (double)x / (double)s.n;
	}
	snprintf(out->definition, sizeof out->definition,
		 "share outside %.*s..%.*s; exceedances of exchangeable values", n_min, min, n_max,
		 max);
	return ML_OK;
}

/*
 * Knots are taken into a class until it has its share of the reference.  A last class that is too
 * small goes to the one before.
 */
void
ml_drift_classes_of_number(const struct ml_profile_column *ref,
			   const struct ml_profile_column *live, struct ml_drift_classes *out)
{
	double m = (double)ref->sample, n = (double)live->sample, least = n < m ? n : m;
	double want = floor(least / 5), share;
	double a = 0, b = 0, left;
	size_t at = 0;

	want = want > ML_DRIFT_QUANTILES ? ML_DRIFT_QUANTILES : want < 1 ? 1 : want;
	share = m / want;
	left = m;
	out->k = 0;
	out->n_ref = m;
	out->n_live = n;
	for (size_t k = 0; k < ref->n_knots; k++) {
		a += ref->knot_count[k];
		for (; at < live->n_knots && live->knot[at] <= ref->knot[k]; at++)
			b += live->knot_count[at];
		left -= ref->knot_count[k];
		if (a < share || left * least < 5 * m)
			continue;
		out->ref[out->k] = a;
		out->live[out->k++] = b;
		a = b = 0;
	}
	for (; at < live->n_knots; at++)
		b += live->knot_count[at];
	out->ref[out->k] = a;
	out->live[out->k++] = b;
}
