#include "eval/drift_classes.h"

#include <math.h>
#include <stdio.h>

#include "num/dist.h"

static void
add_class(struct ml_drift_classes *c, double ref, double live)
{
	c->ref[c->k] = ref;
	c->live[c->k++] = live;
}

/* Which levels are pooled follows from the sum of both sides, so it can't favour one. */
void
ml_drift_classes_of_category(const struct ml_profile_column *ref,
			     const struct ml_profile_column *live, struct ml_drift_classes *out)
{
	double m = (double)ml_profile_values(ref), n = (double)ml_profile_values(live);
	double least = n < m ? n : m;
	double rest_ref = ref->other + ref->unseen, rest_live = live->other + live->unseen;

	out->k = 0;
	out->n_ref = m;
	out->n_live = n;
	for (size_t i = 0; i < ref->n_levels; i++) {
		double a = ref->level_count[i], b = live->level_count[i];

		if ((a + b) * least >= 5 * (n + m)) {
			add_class(out, a, b);
		} else {
			rest_ref += a;
			rest_live += b;
		}
	}
	if ((rest_ref + rest_live) * least >= 5 * (n + m) || out->k == 0) {
		add_class(out, rest_ref, rest_live);
	} else if (rest_ref + rest_live > 0) {
		size_t smallest = 0;

		for (size_t i = 1; i < out->k; i++)
			if (out->ref[i] + out->live[i] < out->ref[smallest] + out->live[smallest])
				smallest = i;
		out->ref[smallest] += rest_ref;
		out->live[smallest] += rest_live;
	}
}

double
ml_chi2_table(const double *a, const double *b, size_t k, size_t *df)
{
	double n = 0, m = 0, sum = 0;
	size_t classes = 0;

	for (size_t i = 0; i < k; i++) {
		m += a[i];
		n += b[i];
	}
	for (size_t i = 0; i < k; i++) {
		double both = a[i] + b[i], ea = both * m / (n + m), eb = both * n / (n + m);

		if (!(both > 0))
			continue;
		classes++;
		sum += (a[i] - ea) * (a[i] - ea) / ea + (b[i] - eb) * (b[i] - eb) / eb;
	}
	*df = classes > 0 ? classes - 1 : 0;
	return sum;
}

double
ml_cramers_v(double chi2, double n, size_t rows, size_t columns)
{
	double r = (double)rows, k = (double)columns;
	double phi = fmax(0, chi2 / n - (k - 1) * (r - 1) / (n - 1));
	double r1 = r - (r - 1) * (r - 1) / (n - 1), k1 = k - (k - 1) * (k - 1) / (n - 1);
	double least = fmin(r1, k1) - 1;

	return least > 0 ? fmin(1, sqrt(phi / least)) : 0;
}

int
ml_drift_chi2(const struct ml_profile_column *ref, const struct ml_profile_column *live,
	      double alpha, struct ml_drift *out, struct ml_err *err)
{
	struct ml_drift_classes c;
	size_t df;

	(void)err;
	ml_drift_classes_of_category(ref, live, &c);
	out->rows_ref = ml_profile_values(ref);
	out->rows = ml_profile_values(live);
	out->statistic = ml_chi2_table(c.ref, c.live, c.k, &df);
	out->p_value = df > 0 ? ml_chi2_upper(out->statistic, (double)df) : 1;
	out->effect = ml_cramers_v(out->statistic, c.n_ref + c.n_live, 2, df + 1);
	if (alpha > 0)
		out->threshold = df > 0 ? ml_chi2_critical(alpha, (double)df) : (double)NAN;
	snprintf(out->definition, sizeof out->definition,
		 "Pearson's of 2 x %zu; levels with under 5 expected pooled; effect Cramer's V",
		 df + 1);
	return ML_OK;
}

struct news {
	size_t n, r, singles;
};

/*
 * How many rows of new levels are to be expected, the reference says itself: a row is the only one
 * of its level there as often as a further row is new (Good 1953, after Turing).  Both are taken as
 * Poisson counts of one rate, so given their sum the new ones are binomial.  A new level comes in
 * several rows where n isn't small against r: X is shrunk by 1 + n/r for that, unless there are no
 * singles at all.
 */
static double
news_p(const void *ctx, size_t x)
{
	const struct news *s = ctx;
	double n = (double)s->n, r = (double)s->r;

	if (s->singles == 0)
		return ml_binomial_upper(x, x, n / (n + r));
	x = (size_t)((double)x / (1 + n / r));
	return ml_binomial_upper(x, x + s->singles, n / (2 * n + r));
}

int
ml_drift_new_categories(const struct ml_profile_column *ref, const struct ml_profile_column *live,
			double alpha, struct ml_drift *out, struct ml_err *err)
{
	struct news s = {ml_profile_values(live), ml_profile_values(ref), ref->singles};

	(void)err;
	out->rows_ref = s.r;
	out->rows = s.n;
	out->effect = out->statistic = live->unseen / (double)s.n;
	out->p_value = news_p(&s, (size_t)live->unseen);
	if (alpha > 0) {
		size_t x = ml_drift_first(news_p, &s, 1, s.n, alpha);

		out->threshold = x > s.n ? (double)NAN : (double)x / (double)s.n;
	}
	snprintf(out->definition, sizeof out->definition,
		 "share of rows of new levels; Poisson against %zu levels seen once", s.singles);
	return ML_OK;
}
