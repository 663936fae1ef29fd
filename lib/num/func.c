#include "num/func.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/*
 * Each function is an inline form without branches, so that the loops of the _n forms become
 * vectors, and a value is carried as an unevaluated sum high + low where its own rounding would
 * cost the promised ulp.  Series are Taylor's, long enough for their rest to vanish.
 */
static const double INF = (double)INFINITY, NOT_A_NUMBER = (double)NAN;
static const double LN2_HIGH = 0x1.62e42feep-1;		   /* 33 bits: k * LN2_HIGH is exact */
static const double LN2_LOW = 0x1.a39ef35793c76p-33;	   /* ln 2 less that */
static const double ROUND = 0x1.8p52;			   /* x + ROUND - ROUND: to an integer */
static const uint64_t SQRT_HALF_BITS = 0x3fe6a09e667f3bcd; /* of sqrt(1/2) */

static const double TINY = 1e-8; /* log(1 + x) is x - x^2 / 2 below it */

static inline uint64_t
bits_of(double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static inline double
double_of(uint64_t bits)
{
	double x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

/* 2^k for an integer k in -1022..1023: the low bits of k + bias + ROUND are the exponent. */
static inline double
power_of_2(double k)
{
	return double_of(bits_of(k + (ROUND + 1023)) << 52);
}

/*
 * exp(x) = high + *low for |x| <= 750: x = k ln 2 + r with |r| <= ln 2 / 2, exp(r) = 1 + r + rest.
 * 2^k is multiplied in two halves, as it may be beyond the doubles where the result is not.
 */
static inline double
exp_sum(double x, double *low)
{
	double k = x * 0x1.71547652b82fep0 + ROUND - ROUND;
	double near = x - k * LN2_HIGH, tail = k * LN2_LOW;
	double r = near - tail, r_low = (near - r) - tail;
	double half_k = k * 0.5 + ROUND - ROUND;
	double scale = power_of_2(half_k), scale_2 = power_of_2(k - half_k);
	double p, one_r, rest, sum;

	p = 1 / 6227020800.0;
	p = p * r + 1 / 479001600.0;
	p = p * r + 1 / 39916800.0;
	p = p * r + 1 / 3628800.0;
	p = p * r + 1 / 362880.0;
	p = p * r + 1 / 40320.0;
	p = p * r + 1 / 5040.0;
	p = p * r + 1 / 720.0;
	p = p * r + 1 / 120.0;
	p = p * r + 1 / 24.0;
	p = p * r + 1 / 6.0;
	p = p * r + 0.5;
	one_r = 1 + r;
	rest = (r - (one_r - 1)) + (p * (r * r) + r_low * one_r);
	sum = one_r + rest;
	*low = (rest - (sum - one_r)) * scale * scale_2;
	return sum * scale * scale_2;
}

static inline double
exp_of(double x)
{
	double low;

	x = x < -750 ? -750 : x;
	x = x > 750 ? 750 : x; /* NaN stays */
	return exp_sum(x, &low);
}

/*
 * log(u) + c = high + *low for a normal u > 0 and a small c: u = 2^k (1 + f) with sqrt(1/2) <=
 * 1 + f < sqrt(2), s = f / (2 + f), log(1 + f) = f - f^2/2 + s (f^2/2 + 2/3 s^2 + 2/5 s^4 + ...).
 */
static inline double
log_sum(double u, double c, double *low)
{
	uint64_t bits = bits_of(u);
	uint64_t exponent = (bits + (0x3ff0000000000000 - SQRT_HALF_BITS)) >> 52;
	double k = double_of(exponent | 0x4330000000000000) - (0x1p52 + 1023);
	double f = double_of(bits - (exponent << 52) + 0x3ff0000000000000) - 1;
	double s = f / (2 + f), z = s * s, half = 0.5 * f * f;
	double r, high;

	r = 2 / 21.0;
	r = r * z + 2 / 19.0;
	r = r * z + 2 / 17.0;
	r = r * z + 2 / 15.0;
	r = r * z + 2 / 13.0;
	r = r * z + 2 / 11.0;
	r = r * z + 2 / 9.0;
	r = r * z + 2 / 7.0;
	r = r * z + 2 / 5.0;
	r = r * z + 2 / 3.0;
	high = k * LN2_HIGH + f;
	*low = (s * (half + r * z) - half) + (f - (high - k * LN2_HIGH)) + (k * LN2_LOW + c);
	return high;
}

static inline double
log_of(double x)
{
	double small = x < 0x1p-1022 ? 0x1p54 : 1;
	double low, high = log_sum(x * small, 0, &low);
	double shift = x < 0x1p-1022 ? 54 : 0; /* log is exact in it: k <= -968 is an integer */
	double result = (high - shift * LN2_HIGH) + (low - shift * LN2_LOW);

	result = x > 0 ? result : NOT_A_NUMBER;
	result = x == 0 ? -INF : result;
	return x < INF ? result : x; /* also NaN */
}

static inline double
log1p_of(double x)
{
	double u = 1 + x;
	double lost = x > 1 ? 1 - (u - x) : x - (u - 1);
	double low, high = log_sum(u, lost / u, &low);
	double result = high + low;

	result = x > -1 ? result : NOT_A_NUMBER;
	result = x == -1 ? -INF : result;
	result = fabs(x) < TINY ? x - 0.5 * x * x : result;
	return x < INF ? result : x;
}

/* exp(-|z|) = e + *low. */
static inline double
exp_of_minus_abs(double z, double *low)
{
	double a = z < 0 ? z : -z;

	return exp_sum(a < -750 ? -750 : a, low);
}

/* With e + low = exp(-|z|): 1 / (1 + e) or e / (1 + e), the quotient corrected by its remainder. */
static inline double
sigmoid_from(double z, double e, double low)
{
	double d = 1 + e, d_low = (e - (d - 1)) + low, inverse = 1 / d;
	double n = z < 0 ? e : 1, n_low = z < 0 ? low : 0, q = n * inverse;
	double q_high, q_low, d_high, d_rest, product, product_low;

	/* q d = product + product_low exactly (Dekker 1971), but for underflow, where d is 1. */
	q_high = q * 0x1.0000002p27;
	q_high = q_high - (q_high - q);
	q_low = q - q_high;
	d_high = d * 0x1.0000002p27;
	d_high = d_high - (d_high - d);
	d_rest = d - d_high;
	product = q * d;
	product_low =
	    ((q_high * d_high - product) + q_high * d_rest + q_low * d_high) + q_low * d_rest;
	return q + (((n - product) - product_low) + (n_low - q * d_low)) * inverse;
}

/* With e + low = exp(-|z|): max(z, 0) + log(1 + e). */
static inline double
softplus_from(double z, double e, double low)
{
	double top = z > 0 ? z : 0, u = 1 + e, log_low, sum, part;
	double high = log_sum(u, ((e - (u - 1)) + low) / u, &log_low);

	high = e < TINY ? e : high;
	low = e < TINY ? low - 0.5 * e * e : log_low;
	sum = top + high;
	part = sum - top;
	sum = sum + (((top - (sum - part)) + (high - part)) + low);
	return z < INF ? sum : z;
}

static inline double
sigmoid_of(double z)
{
	double low, e = exp_of_minus_abs(z, &low);

	return sigmoid_from(z, e, low);
}

static inline double
softplus_of(double z)
{
	double low, e = exp_of_minus_abs(z, &low);

	return softplus_from(z, e, low);
}

double
ml_exp(double x)
{
	return exp_of(x);
}

double
ml_log(double x)
{
	return log_of(x);
}

double
ml_log1p(double x)
{
	return log1p_of(x);
}

double
ml_sigmoid(double z)
{
	return sigmoid_of(z);
}

double
ml_softplus(double z)
{
	return softplus_of(z);
}

void
ml_exp_n(const double *in, double *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = exp_of(in[i]);
}

void
ml_sigmoid_n(const double *in, double *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = sigmoid_of(in[i]);
}

void
ml_logistic_n(const double *z, double *p, double *loss, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double low, e = exp_of_minus_abs(z[i], &low);

		p[i] = sigmoid_from(z[i], e, low);
		loss[i] = softplus_from(z[i], e, low);
	}
}
