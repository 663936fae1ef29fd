#include "test.h"

#include "num/func.h"
#include "num/optim.h"

/* sum_i log(1 + exp(-a_i theta)) + theta_i^2 / 200 with coupled a: smooth, convex, ill-scaled. */
static int
smooth(void *ctx, const double *theta, double *value, double *gradient, struct ml_err *err)
{
	static const double a[4][3] = {{1, 2, 0}, {-100, 1, 0.5}, {3, -1, 0.01}, {40, 0, -1}};
	int *calls = ctx;

	(void)err;
	++*calls;
	*value = 0;
	for (int j = 0; j < 3; j++) {
		*value += theta[j] * theta[j] / 200;
		gradient[j] = theta[j] / 100;
	}
	for (int i = 0; i < 4; i++) {
		double z = a[i][0] * theta[0] + a[i][1] * theta[1] + a[i][2] * theta[2];

		*value += ml_softplus(-z);
		for (int j = 0; j < 3; j++)
			gradient[j] -= a[i][j] * ml_sigmoid(-z);
	}
	return ML_OK;
}

int
main(void)
{
	struct ml_err err = {0};

	test_case("a quadratic with an L1 penalty, whose minimum is known by hand");
	{
		/* 1/2 w'Hw - q'w + |w|_1: w = (1, 0, -2) has slope (-1, 0.5, 1). */
		static const double h[9] = {2, 1, 0.5, 1, 3, 1, 0.5, 1, 2}, l1[3] = {1, 1, 1};
		static const double q[3] = {2, -1.5, -4.5};
		double w[3] = {0}, slope[3];
		bool done = true;

		/* From 0, whose signs are not those of the minimum, there is no shortcut. */
		CHECK(ml_l1_descend(h, q, l1, 3, w, slope, 0) == 0);
		CHECK(ml_l1_finish(h, q, l1, 3, w, slope, &done, &err) == ML_OK && !done);
		CHECK(w[0] == 0 && w[2] == 0);
		/* Right signs, but one too many is not zero. */
		memcpy(w, (double[]){1, 0.1, -1}, sizeof w);
		CHECK(ml_l1_finish(h, q, l1, 3, w, slope, &done, &err) == ML_OK && !done);
		memcpy(w, (double[]){0.1, 0, -0.1}, sizeof w);
		CHECK(ml_l1_finish(h, q, l1, 3, w, slope, &done, &err) == ML_OK && done);
		CHECK_NEAR(w[0], 1, 1e-15);
		CHECK_NEAR(w[2], -2, 1e-15);
		CHECK(w[1] == 0 && fabs(slope[1] - 0.5) < 1e-15);
		memset(w, 0, sizeof w);
		CHECK(ml_l1_descend(h, q, l1, 3, w, slope, 100) < 1e-28);
		CHECK_NEAR(w[0], 1, 1e-13);
		CHECK_NEAR(w[2], -2, 1e-13);
		CHECK(w[1] == 0);
	}

	test_case("L-BFGS meets the conditions of the optimum");
	{
		double theta[3] = {1, 1, 1}, gradient[3], value;
		const double l1[3] = {0, 0.4, 2};
		size_t steps = 0;
		int calls = 0;

		CHECK(ml_lbfgs(smooth, &calls, 3, NULL, theta, 1e-10, 1000, &steps, &err) == ML_OK);
		CHECK(steps < 100 && calls < 200);
		smooth(&calls, theta, &value, gradient, &err);
		for (int j = 0; j < 3; j++)
			CHECK(fabs(gradient[j]) < 1e-8);
		CHECK(ml_lbfgs(smooth, &calls, 3, l1, theta, 1e-10, 1000, &steps, &err) == ML_OK);
		CHECK(steps < 100);
		smooth(&calls, theta, &value, gradient, &err);
		CHECK(fabs(gradient[0]) < 1e-8);
		CHECK(theta[1] > 0 && fabs(gradient[1] + 0.4) < 1e-8);
		CHECK(theta[2] == 0 && fabs(gradient[2]) <= 2);
		CHECK(ml_lbfgs(smooth, &calls, 3, NULL, theta, 1e-10, 2, &steps, &err) == ML_OK);
		CHECK(steps == 2);
	}
	return test_end();
}
