#include "test.h"

#include <float.h>
#include <stdint.h>
#include <stdlib.h>

#include "num/func.h"

static const double INF = (double)INFINITY, NOT_A_NUMBER = (double)NAN;

/*
 * The references are the C library's long double functions (64 bits of mantissa on x86-64, 113
 * where long double is quad), good for a thousandth of a double's ulp.
 */
static long double
sigmoid_reference(long double z)
{
	return z < 0 ? expl(z) / (1 + expl(z)) : 1 / (1 + expl(-z));
}

static long double
softplus_reference(long double z)
{
	return z > 0 ? z + log1pl(expl(-z)) : log1pl(expl(z));
}

/* The distance of A from B in units of the last place of a double near B. */
static double
ulps(double a, long double b)
{
	int exponent;
	double unit;

	if (b != b || fabsl(b) > (long double)DBL_MAX * (1 + 0x1p-54L))
		return (b != b && a != a) || (double)b == a ? 0 : INF;
	frexpl(b, &exponent);
	unit = ldexp(1, exponent - 53 < -1074 ? -1074 : exponent - 53);
	return (double)fabsl(((long double)a - b) / unit);
}

static uint64_t state;

static double
uniform(double low, double high)
{
	state = state * 6364136223846793005 + 1442695040888963407;
	return low + (high - low) * (double)(state >> 11) * 0x1p-53;
}

/* The largest error of F over a million points of low..high, half of them on a log scale. */
static double
worst(double (*f)(double), long double (*reference)(long double), double low, double high)
{
	double most = 0;

	state = 1;
	for (int i = 0; i < 1000000; i++) {
		double x = uniform(low, high), error;

		if (i & 1)
			x = copysign(exp2(uniform(-70, log2(fmax(fabs(low), fabs(high))))), x);
		if (x < low || x > high)
			continue;
		error = ulps(f(x), reference((long double)x));
		if (!(error <= most))
			most = error;
	}
	return most;
}

static double
exp_twice(double x)
{
	double out[3] = {x, x, x};

	ml_exp_n(out, out, 3);
	return out[0] == out[2] && out[0] == ml_exp(x) ? out[1] : NOT_A_NUMBER;
}

int
main(void)
{
	test_case("exp is within an ulp");
	CHECK(worst(ml_exp, expl, -1, 1) < 0.7);
	CHECK(worst(ml_exp, expl, -708, 709.7) < 0.7);
	CHECK(worst(ml_exp, expl, -746, -708) < 1); /* denormal results */
	CHECK(worst(exp_twice, expl, -30, 30) < 0.7);

	test_case("log is within an ulp");
	CHECK(worst(ml_log, logl, 0.5, 2) < 0.9);
	CHECK(worst(ml_log, logl, 0, 1e300) < 0.9);
	CHECK(worst(ml_log, logl, 0, 1e-307) < 0.9); /* denormal arguments */

	test_case("log1p is within an ulp");
	CHECK(worst(ml_log1p, log1pl, -0.999999, 2) < 0.9);
	CHECK(worst(ml_log1p, log1pl, 0, 1e300) < 0.9);

	test_case("sigmoid and softplus are within an ulp");
	CHECK(worst(ml_sigmoid, sigmoid_reference, -40, 40) < 0.7);
	CHECK(worst(ml_sigmoid, sigmoid_reference, -745, 745) < 1);
	CHECK(worst(ml_softplus, softplus_reference, -40, 40) < 0.9);
	CHECK(worst(ml_softplus, softplus_reference, -745, 745) < 1);

	test_case("the edges are what IEEE 754 asks for");
	CHECK(ml_exp(0) == 1 && ml_exp(-INF) == 0 && ml_exp(INF) == INF);
	CHECK(ml_exp(709.782712893384) < INF && ml_exp(709.782712893385) == INF);
	CHECK(ml_exp(-745.1) == 0x1p-1074 && ml_exp(-745.2) == 0 && ml_exp(1e300) == INF);
	CHECK(isnan(ml_exp(NOT_A_NUMBER)) && ml_exp(0x1p-1074) == 1);
	CHECK(ml_log(1) == 0 && ml_log(0) == -INF && ml_log(-0.0) == -INF);
	CHECK(isnan(ml_log(-1)) && isnan(ml_log(NOT_A_NUMBER)) && isnan(ml_log(-INF)));
	CHECK(ml_log(INF) == INF);
	CHECK(ulps(ml_log(0x1p-1074), logl(0x1p-1074L)) < 1);
	CHECK(ml_log1p(-1) == -INF && isnan(ml_log1p(-1.5)) && isnan(ml_log1p(NOT_A_NUMBER)));
	CHECK(ml_log1p(INF) == INF && ml_log1p(0x1p-1074) == 0x1p-1074);
	CHECK(ml_log1p(0) == 0 && signbit(ml_log1p(-0.0)));
	CHECK(ml_sigmoid(0) == 0.5 && ml_sigmoid(INF) == 1 && ml_sigmoid(-INF) == 0);
	CHECK(ml_sigmoid(-745.1) == 0x1p-1074 && isnan(ml_sigmoid(NOT_A_NUMBER)));
	CHECK(ml_softplus(INF) == INF && ml_softplus(-INF) == 0);
	CHECK(ml_softplus(1e300) == 1e300 && isnan(ml_softplus(NOT_A_NUMBER)));

	test_case("loops give the same bits as single calls, in place or not");
	{
		double in[37], out[37], loss[37], same[37];
		void (*const loop[])(const double *, double *, size_t) = {ml_exp_n, ml_sigmoid_n};
		double (*const one[])(double) = {ml_exp, ml_sigmoid};

		for (int f = 0; f < 2; f++) {
			for (int i = 0; i < 37; i++)
				same[i] = in[i] = uniform(-800, 800);
			same[7] = in[7] = -INF;
			loop[f](in, out, 37);
			loop[f](same, same, 37);
			for (int i = 0; i < 37; i++)
				CHECK(out[i] == one[f](in[i]) && same[i] == out[i]);
		}
		ml_logistic_n(in, out, loss, 37);
		for (int i = 0; i < 37; i++)
			CHECK(out[i] == ml_sigmoid(in[i]) && loss[i] == ml_softplus(in[i]));
	}
	return test_end();
}
