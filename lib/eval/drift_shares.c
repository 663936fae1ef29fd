#include "eval/drift_classes.h"

#include <math.h>
#include <stdio.h>

#include "num/dist.h"
#include "num/func.h"

double
ml_psi(const double *p, const double *q, size_t k)
{
	double sum = 0;

	for (size_t i = 0; i < k; i++)
		if (p[i] > 0 || q[i] > 0)
			sum += (q[i] - p[i]) * ml_log(q[i] / p[i]);
	return sum;
}

double
ml_js_divergence(const double *p, const double *q, size_t k)
{
	double sum = 0;

	for (size_t i = 0; i < k; i++) {
		double middle = (p[i] + q[i]) / 2;

		if (p[i] > 0)
			sum += p[i] * ml_log(p[i] / middle);
		if (q[i] > 0)
			sum += q[i] * ml_log(q[i] / middle);
	}
	return fmax(0, sum / 2);
}

/*
 * Shares with MORE rows added to each count on both sides.  Empty classes make the statistics'
 * tails far heavier than chi-square's: with a floor of 1e-4, psi's false alarms at 0.05 are up to
 * 0.098.  With 1/2 for psi and 1/3 for js they stay near or below 0.05 from 30 rows up
 * (tests/unit/drift.c; 100 000 runs for sizes of 30 to 16384).
 */
static void
shares(struct ml_drift_classes *c, double more)
{
	double k = (double)c->k;

	for (size_t i = 0; i < c->k; i++) {
		c->ref[i] = (c->ref[i] + more) / (c->n_ref + more * k);
		c->live[i] = (c->live[i] + more) / (c->n_live + more * k);
	}
}

static void
classes(const struct ml_profile_column *ref, const struct ml_profile_column *live,
	struct ml_drift_classes *c, struct ml_drift *out)
{
	if (ref->type == ML_NUMERIC)
		ml_drift_classes_of_number(ref, live, c);
	else
		ml_drift_classes_of_category(ref, live, c);
	out->rows_ref = (size_t)c->n_ref;
	out->rows = (size_t)c->n_live;
}

static const char *
cut(const struct ml_profile_column *ref)
{
	return ref->type == ML_NUMERIC ? "quantile classes of the reference"
				       : "levels with 5 expected";
}

/* psi / (1/n + 1/m) is chi-square with k - 1 degrees of freedom (Yurdakul 2018). */
int
ml_drift_psi(const struct ml_profile_column *ref, const struct ml_profile_column *live,
	     double alpha, struct ml_drift *out, struct ml_err *err)
{
	struct ml_drift_classes c;
	double unit, df;

	(void)err;
	classes(ref, live, &c, out);
	shares(&c, 0.5);
	unit = 1 / c.n_ref + 1 / c.n_live;
	df = (double)c.k - 1;
	out->effect = out->statistic = ml_psi(c.ref, c.live, c.k);
	out->p_value = df > 0 ? ml_chi2_upper(out->statistic / unit, df) : 1;
	if (alpha > 0)
		out->threshold = df > 0 ? ml_chi2_critical(alpha, df) * unit : (double)NAN;
	snprintf(out->definition, sizeof out->definition, "%zu %s; 1/2 added to each count", c.k,
		 cut(ref));
	return ML_OK;
}

/*
 * The divergence is near an eighth of sum (p - q)^2 / middle, so 8 js / (1/n + 1/m) is chi-square;
 * with n = m it is the G statistic of the table.
 */
int
ml_drift_js(const struct ml_profile_column *ref, const struct ml_profile_column *live, double alpha,
	    struct ml_drift *out, struct ml_err *err)
{
	static const double log2e = 1.4426950408889634;
	struct ml_drift_classes c;
	double unit, df, nats;

	(void)err;
	classes(ref, live, &c, out);
	shares(&c, 1.0 / 3);
	unit = (1 / c.n_ref + 1 / c.n_live) / 8;
	df = (double)c.k - 1;
	nats = ml_js_divergence(c.ref, c.live, c.k);
	out->effect = out->statistic = sqrt(nats * log2e);
	out->p_value = df > 0 ? ml_chi2_upper(nats / unit, df) : 1;
	if (alpha > 0)
		out->threshold =
		    df > 0 ? sqrt(ml_chi2_critical(alpha, df) * unit * log2e) : (double)NAN;
	snprintf(out->definition, sizeof out->definition,
		 "distance in base 2; %zu %s; 1/3 added to each count", c.k, cut(ref));
	return ML_OK;
}

struct gaps {
	size_t n, y, m; /* rows now; missing and rows of the reference */
	bool fewer;
};

/* x: missing rows now, or where FEWER is asked, rows that are not. */
static double
missing_p(const void *ctx, size_t x)
{
	const struct gaps *g = ctx;

	return ml_fisher(g->fewer ? g->n - x : x, g->n, g->y, g->m);
}

int
ml_drift_missing(const struct ml_profile_column *ref, const struct ml_profile_column *live,
		 double alpha, struct ml_drift *out, struct ml_err *err)
{
	struct gaps g = {live->rows, ref->missing, ref->rows, false};
	double before = (double)ref->missing / (double)ref->rows;

	(void)err;
	out->rows_ref = ref->rows;
	out->rows = live->rows;
	out->statistic = (double)live->missing / (double)live->rows - before;
	out->effect = fabs(out->statistic);
	out->p_value = missing_p(&g, live->missing);
	g.fewer = out->statistic < 0;
	if (alpha > 0) {
		double share = g.fewer ? 1 - before : before;
		size_t from = (size_t)ceil(share * (double)g.n);
		size_t x = ml_drift_first(missing_p, &g, from, g.n, alpha);

		out->threshold = (double)x / (double)g.n - share;
		if (x > g.n)
			out->threshold = (double)NAN;
		else if (g.fewer)
			out->threshold = -out->threshold;
	}
	snprintf(out->definition, sizeof out->definition,
		 "difference of the missing shares; Fisher's exact p");
	return ML_OK;
}

size_t
ml_drift_first(double (*p)(const void *ctx, size_t x), const void *ctx, size_t from, size_t n,
	       double alpha)
{
	size_t high = n + 1;

	while (from < high) {
		size_t middle = from + (high - from) / 2;

		if (p(ctx, middle) < alpha)
			high = middle;
		else
			from = middle + 1;
	}
	return high;
}
