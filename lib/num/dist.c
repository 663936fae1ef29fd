#include "num/dist.h"

#include <math.h>

#include "num/func.h"

#define PI 3.14159265358979323846
#define TINY 1e-300

/*
 * log n! - log(sqrt(2 pi n) (n/e)^n), n > 0 (Loader 2000, "Fast and accurate computation of
 * binomial probabilities").  Stirling's series above 15; below, steps up by
 * delta(n) = delta(n + 1) + (n + 1/2) log(1 + 1/n) - 1.
 */
static double
stirling_error(double n)
{
	double sum = 0, s;

	for (; n < 15; n++)
		sum += (n + 0.5) * ml_log1p(1 / n) - 1;
	s = 1 / (n * n);
	return sum +
	       (1.0 / 12 - s * (1.0 / 360 - s * (1.0 / 1260 - s * (1.0 / 1680 - s / 1188)))) / n;
}

/* x log(x/m) + m - x without cancellation near x = m (Loader 2000). */
static double
deviance(double x, double m)
{
	double v = (x - m) / (x + m), sum, term;

	if (fabs(v) >= 0.1)
		return x * ml_log(x / m) + m - x;
	sum = (x - m) * v;
	term = 2 * x * v;
	for (int j = 3;; j += 2) {
		double next;

		term *= v * v;
		next = sum + term / j;
		if (next == sum)
			return sum;
		sum = next;
	}
}

/* exp(-m) m^x / Gamma(x + 1), x > 0. */
static double
poisson_density(double x, double m)
{
	return ml_exp(-stirling_error(x) - deviance(x, m)) / sqrt(2 * PI * x);
}

/* Q(a, x) by Legendre's continued fraction, by Lentz's method; for x > a + 1. */
static double
gamma_fraction(double a, double x)
{
	double b = x + 1 - a, c = 1 / TINY, d = 1 / b, h = d;

	for (double i = 1;; i++) {
		double an = -i * (i - a), step;

		b += 2;
		d = an * d + b;
		d = 1 / (fabs(d) < TINY ? TINY : d);
		c = b + an / c;
		c = fabs(c) < TINY ? TINY : c;
		step = c * d;
		h *= step;
		if (fabs(step - 1) < 1e-16 || i > 1e6)
			return a * poisson_density(a, x) * h;
	}
}

/* The regularized upper incomplete gamma function (DLMF 8.2.4, 8.7.1, 8.9.2). */
static double
gamma_upper(double a, double x)
{
	double sum = 1, term = 1;

	if (!(x > 0))
		return 1;
	if (!(x < HUGE_VAL))
		return 0;
	if (x > a + 1)
		return gamma_fraction(a, x);
	for (double k = 1; term > sum * 1e-17; k++) {
		term *= x / (a + k);
		sum += term;
	}
	return 1 - poisson_density(a, x) * sum;
}

/* The x >= 0 where a falling UPPER comes down to p: bisection to the last bit. */
static double
critical(double (*upper)(double x, double parameter), double parameter, double p)
{
	double low = 0, high = 1;

	while (upper(high, parameter) > p && high < 1e300) {
		low = high;
		high *= 2;
	}
	for (;;) {
		double middle = low + (high - low) / 2;

		if (middle <= low || middle >= high)
			return high;
		if (upper(middle, parameter) > p)
			low = middle;
		else
			high = middle;
	}
}

/* erfc is the incomplete gamma function at 1/2 (DLMF 7.11.2). */
double
ml_normal_upper(double z)
{
	double tail = gamma_upper(0.5, z * z / 2) / 2;

	return z < 0 ? 1 - tail : tail;
}

static double
normal_upper(double z, double unused)
{
	(void)unused;
	return ml_normal_upper(z);
}

double
ml_normal_critical(double p)
{
	return critical(normal_upper, 0, p);
}

double
ml_chi2_upper(double x, double df)
{
	return gamma_upper(df / 2, x / 2);
}

double
ml_chi2_critical(double p, double df)
{
	return critical(ml_chi2_upper, df, p);
}

/*
 * The two series of Kolmogorov's law (Smirnov 1948): the alternating one for the tail, its theta
 * transform for the body.
 */
double
ml_kolmogorov_upper(double lambda)
{
	double sum = 0, u;

	if (!(lambda > 0.04)) /* 1 - Q is below 1e-300 */
		return 1;
	if (lambda < 1) {
		u = PI * PI / (8 * lambda * lambda);
		for (int k = 7; k > 0; k -= 2)
			sum += ml_exp(-k * k * u);
		return 1 - sqrt(2 * PI) / lambda * sum;
	}
	u = 2 * lambda * lambda;
	for (int k = 5; k > 0; k--)
		sum += (k % 2 ? 2 : -2) * ml_exp(-k * k * u);
	return sum;
}

static double
kolmogorov_upper(double lambda, double unused)
{
	(void)unused;
	return ml_kolmogorov_upper(lambda);
}

double
ml_kolmogorov_critical(double p)
{
	return critical(kolmogorov_upper, 0, p);
}

/*
 * Under the null all orders of the pooled sample are equally likely: lattice paths from (0, 0) to
 * (m, n).  u(i, j), the probability that a random path to (i, j) has touched |i/m - j/n| >= d, is
 * i/(i+j) u(i-1, j) + j/(i+j) u(i, j-1) inside, and 1 outside (Hodges 1958, "The significance
 * probability of the Smirnov two-sample test").  Only sums of positive terms, so small p-values
 * keep their digits.  u has the row i; what is outside is 1 already.
 */
double
ml_ks_exact(size_t n, size_t m, double d, double *u)
{
	double edge;

	if (n > m) {
		size_t swap = n;

		n = m;
		m = swap;
	}
	edge = ceil(d * (double)n * (double)m - 1e-6);
	if (edge <= 0)
		return 1;
	for (size_t j = 0; j <= n; j++)
		u[j] = 1;
	for (size_t i = 0; i <= m; i++) {
		/* inside: |i n - j m| < edge */
		double middle = (double)i * (double)n;
		double first = floor((middle - edge) / (double)m) + 1;
		double last = ceil((middle + edge) / (double)m) - 1;
		size_t from = first > 0 ? (size_t)first : 0;
		size_t to = last < (double)n ? (size_t)last : n;
		double left = 1;

		if (from == 0 && i == 0)
			left = u[0] = 0;
		else if (from == 0)
			left = u[0]; /* one path leads there, straight */
		else
			u[from - 1] = 1;
		for (size_t j = from == 0 ? 1 : from; j <= to; j++) {
			double share = 1 / (double)(i + j);

			left = (double)i * share * u[j] + (double)j * share * left;
			u[j] = left;
		}
	}
	return u[n] < 1 ? u[n] : 1;
}

/* C(n, x) p^x (1-p)^(n-x), 0 < p < 1 (Loader 2000). */
static double
binomial_density(size_t trials, size_t successes, double p)
{
	double n = (double)trials, x = (double)successes, q = 1 - p;

	if (successes == 0)
		return ml_exp(n * ml_log1p(-p));
	if (successes == trials)
		return ml_exp(n * ml_log(p));
	return ml_exp(stirling_error(n) - stirling_error(x) - stirling_error(n - x) -
		      deviance(x, n * p) - deviance(n - x, n * q)) *
	       sqrt(n / (2 * PI * x * (n - x)));
}

double
ml_binomial_upper(size_t x, size_t trials, double p)
{
	double term, sum = 0, odds;

	if (x == 0 || p >= 1)
		return x <= trials;
	if (x > trials || p <= 0)
		return 0;
	odds = p / (1 - p);
	term = binomial_density(trials, x, p);
	for (; x <= trials && term > sum * 1e-17; x++) {
		sum += term;
		term *= odds * (double)(trials - x) / (double)(x + 1);
	}
	return sum < 1 ? sum : 1;
}

/* A hypergeometric variable: how many of the n are marked, if `marked` of n + m are. */
struct margins {
	double n, m, marked;
};

/* density(k + 1) / density(k) */
static double
step_up(const struct margins *g, double k)
{
	return (g->marked - k) * (g->n - k) / ((k + 1) * (g->m - g->marked + k + 1));
}

/*
 * Densities are taken relative to the mode's, walking away from it both ways; the two-sided sum
 * takes those not above the observed one (Fisher 1935; the tolerance is for rounding).
 */
double
ml_fisher(size_t x, size_t n, size_t y, size_t m)
{
	struct margins g = {(double)n, (double)m, (double)x + (double)y};
	double low = g.marked > g.m ? g.marked - g.m : 0;
	double high = g.marked < g.n ? g.marked : g.n;
	double mode = floor((g.marked + 1) * (g.n + 1) / (g.n + g.m + 2));
	double observed = 1, all = 1, tail, w;

	mode = mode < low ? low : mode > high ? high : mode;
	for (double k = mode; k < (double)x; k++)
		observed *= step_up(&g, k);
	for (double k = mode; k > (double)x; k--)
		observed /= step_up(&g, k - 1);
	observed *= 1 + 1e-7;
	tail = observed >= 1 ? 1 : 0;
	w = 1;
	for (double k = mode; k < high && w > 0; k++) {
		w *= step_up(&g, k);
		all += w;
		tail += w <= observed ? w : 0;
	}
	w = 1;
	for (double k = mode; k > low && w > 0; k--) {
		w /= step_up(&g, k - 1);
		all += w;
		tail += w <= observed ? w : 0;
	}
	return tail < all ? tail / all : 1;
}

/*
 * The number of exceedances (Gumbel and von Schelling 1950): the r old values cut the line into
 * r + 1 gaps, and all ways to spread n new ones over them are equally likely; X counts those in the
 * two outer gaps.  Summing gives P(X >= x) = q ((x + 1) r + n - x) / (n + r - x), where
 * q = prod_{i<x} (n - i)/(n + r - i) is the probability that the x largest of all are new.
 */
double
ml_outside_upper(size_t x, size_t n, size_t r)
{
	double q = 1, dx = (double)x, dn = (double)n, dr = (double)r;

	if (x == 0 || r == 0)
		return 1;
	if (x > n)
		return 0;
	for (double i = 0; i < dx && q > 0; i++)
		q *= (dn - i) / (dn + dr - i);
	return q * ((dx + 1) * dr + dn - dx) / (dn + dr - dx);
}
