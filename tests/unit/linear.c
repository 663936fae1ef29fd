#include "fit.h"

/*
 * References: scikit-learn 1.2.1 (tests/oracle/models.py prints them all again) on its diabetes
 * data (Efron et al. 2004), R 4.2.2 on mtcars.
 */
static double
r_squared(const struct fitted *f, const struct golden *g)
{
	double *score = calloc(g->n, sizeof *score), mean = 0, error = 0, total = 0;

	predict(f, g->x, g->n, score);
	for (size_t i = 0; i < g->n; i++)
		mean += g->y[i] / (double)g->n;
	for (size_t i = 0; i < g->n; i++) {
		error += pow(g->y[i] - score[i], 2);
		total += pow(g->y[i] - mean, 2);
	}
	free(score);
	return 1 - error / total;
}

/* Each coefficient to a unit of its last printed digit. */
static void
check_coef(struct fitted *f, const double *reference, size_t d, double unit)
{
	const double *coef = field_of(f, "coef");

	for (size_t j = 0; j < d; j++) {
		if (reference[j] == 0)
			CHECK(coef[j] == 0);
		CHECK(fabs(coef[j] - reference[j]) <= unit);
	}
}

int
main(void)
{
	struct golden diabetes = golden_read("diabetes"), mtcars = golden_read("mtcars");
	struct problem p = {.x = diabetes.x, .y = diabetes.y, .n = 442, .d = 10};
	double w[442];
	struct fitted f;

	for (size_t i = 0; i < 442; i++)
		w[i] = (double)(i % 3);

	test_case("least squares on diabetes");
	CHECK(fit(&f, "linear", "", &p) == ML_OK);
	CHECK_NEAR(r_squared(&f, &diabetes), .5177484222, 1e-10);
	CHECK_NEAR(field_of(&f, "intercept")[0], 152.13348416, 1e-10);
	check_coef(&f,
		   (double[]){-10.009866, -239.815644, 519.84592, 324.384646, -792.175639,
			      476.739021, 101.043268, 177.063238, 751.2737, 67.626692},
		   10, 1e-6);
	fit_free(&f);

	test_case("least squares on mtcars");
	{
		struct problem cars = {.x = mtcars.x, .y = mtcars.y, .n = 32, .d = 10};

		CHECK(fit(&f, "linear", "", &cars) == ML_OK);
		CHECK_NEAR(field_of(&f, "intercept")[0], 12.3033741559962, 1e-12);
		CHECK_NEAR(field_of(&f, "coef")[4], -3.7153039283275, 1e-12);
		CHECK_NEAR(r_squared(&f, &mtcars), .869015764478, 1e-12);
		fit_free(&f);
	}

	test_case("ridge on diabetes, with weights, without intercept");
	CHECK(fit(&f, "ridge", "", &p) == ML_OK);
	CHECK_NEAR(r_squared(&f, &diabetes), .4512306277, 1e-10);
	CHECK_NEAR(field_of(&f, "intercept")[0], 152.13348416, 1e-10);
	check_coef(&f,
		   (double[]){29.466112, -83.154276, 306.35268, 201.627734, 5.909614, -29.515495,
			      -152.04028, 117.311732, 262.94429, 111.878956},
		   10, 1e-6);
	fit_free(&f);
	CHECK(fit(&f, "ridge", "alpha=0.1", &p) == ML_OK);
	CHECK_NEAR(r_squared(&f, &diabetes), .5125619903, 1e-10);
	fit_free(&f);
	p.w = w;
	CHECK(fit(&f, "ridge", "l2=0.5", &p) == ML_OK);
	CHECK_NEAR(field_of(&f, "intercept")[0], 152.94299714100, 1e-13);
	check_coef(&f,
		   (double[]){3.614453530125, -82.269138516097, 359.994695716962, 218.356501458687,
			      -14.402992415143, -21.297429431142, -186.866440923374,
			      132.979904602371, 294.883099455564, 109.974459343965},
		   10, 1e-10);
	fit_free(&f);
	CHECK(fit(&f, "ridge", "l2=0.5 no-intercept=true", &p) == ML_OK);
	CHECK(field_of(&f, "intercept")[0] == 0);
	check_coef(&f,
		   (double[]){-114.857162006659, 34.180391525463, 344.639977358690,
			      323.973022618454, -8.803219935262, -82.904386121598,
			      -115.758563355204, 63.669283852384, 300.580187946156,
			      121.848114630276},
		   10, 1e-10);
	fit_free(&f);
	p.w = NULL;

	test_case("lasso on diabetes");
	CHECK(fit(&f, "lasso", "penalty=0.1", &p) == ML_OK);
	CHECK_NEAR(r_squared(&f, &diabetes), .5088394398, 1e-10);
	check_coef(&f,
		   (double[]){0, -155.343110624669, 517.216241203053, 275.087222928257,
			      -52.552035811902, 0, -210.139509035235, 0, 483.917174571961,
			      33.662192143130},
		   10, 1e-9);
	fit_free(&f);
	CHECK(fit(&f, "lasso", "lambda=1", &p) == ML_OK);
	CHECK_NEAR(r_squared(&f, &diabetes), .3573805395, 2e-10);
	check_coef(
	    &f, (double[]){0, 0, 367.701625821431, 6.309702644175, 0, 0, 0, 0, 307.602147462197, 0},
	    10, 1e-9);
	fit_free(&f);
	p.w = w;
	CHECK(fit(&f, "lasso", "penalty=0.5", &p) == ML_OK);
	check_coef(&f,
		   (double[]){0, 0, 451.199247782578, 125.292756831267, 0, 0, -105.618587359988, 0,
			      357.912060855017, 0},
		   10, 1e-9);
	CHECK_NEAR(field_of(&f, "intercept")[0], 152.708667579957, 1e-12);
	fit_free(&f);
	p.w = NULL;

	test_case("elastic net on diabetes; its ends are lasso and ridge");
	CHECK(fit(&f, "elasticnet", "penalty=0.1 l1-ratio=0.5", &p) == ML_OK);
	CHECK_NEAR(r_squared(&f, &diabetes), .1029890626, 1e-9);
	check_coef(&f,
		   (double[]){10.286373903316, 0.285982387077, 37.464652870666, 27.544755921511,
			      11.108827801498, 8.355867868004, -24.120786500110, 25.505485605653,
			      35.465698943892, 22.894985832237},
		   10, 1e-10);
	fit_free(&f);
	{
		double mixed[10];
		struct fitted other;

		CHECK(fit(&f, "elasticnet", "penalty=0.1 mixture=1", &p) == ML_OK);
		CHECK(fit(&other, "lasso", "penalty=0.1", &p) == ML_OK);
		memcpy(mixed, field_of(&other, "coef"), sizeof mixed);
		check_coef(&f, mixed, 10, 1e-10);
		fit_free(&f);
		fit_free(&other);
		CHECK(fit(&f, "elasticnet", "penalty=0.1 mixture=0", &p) == ML_OK);
		CHECK(fit(&other, "ridge", "l2=44.2", &p) == ML_OK);
		memcpy(mixed, field_of(&other, "coef"), sizeof mixed);
		check_coef(&f, mixed, 10, 1e-10);
		fit_free(&f);
		fit_free(&other);
	}

	test_case("moments alone give the same, wherever their centre");
	{
		double rows[442 * 11], scratch[ML_MOMENT_ROWS * 12], coef[10], params[16];
		const char *const names[] = {"ridge", "lasso"};
		const char *const options[] = {"l2=0.5", "penalty=0.5"};
		struct ml_moments m;

		for (size_t i = 0; i < 442; i++) {
			memcpy(rows + i * 11, diabetes.x + i * 10, 10 * sizeof *rows);
			rows[i * 11 + 10] = diabetes.y[i];
		}
		for (size_t a = 0; a < 2; a++) {
			struct ml_run run = {.err = &f.err, .keep = &f.keep};
			char text[32];

			CHECK(fit(&f, names[a], options[a], &p) == ML_OK);
			memcpy(coef, field_of(&f, "coef"), sizeof coef);
			CHECK(ml_moments_new(&m, 11, &f.keep) == ML_OK);
			m.centre[3] = 0.01;
			m.centre[10] = 100;
			ml_moments_add_rows(&m, rows, NULL, 442, scratch);
			memset(f.state, 0, f.type->state_size);
			snprintf(text, sizeof text, "%s", options[a]);
			CHECK(f.type->param_size <= sizeof params);
			CHECK(fit_params(f.type, text, params, &f.err) == ML_OK);
			CHECK(f.type->fit_moments(&run, f.state, params, &m) == ML_OK);
			for (size_t j = 0; j < 10; j++)
				CHECK(fabs(field_of(&f, "coef")[j] - coef[j]) < 1e-9);
			CHECK_NEAR(field_of(&f, "intercept")[0], 152.13348416, 1e-9);
			fit_free(&f);
		}
	}

	test_case("collinear features get the solution of least norm");
	{
		/* y = 1 + 2 a with columns a, a, 2a, and a constant. */
		double x[20], y[5], *coef;
		struct problem q = {.x = x, .y = y, .n = 5, .d = 4};

		for (size_t i = 0; i < 5; i++) {
			double a = (double)(i * i) - 3;

			memcpy(x + 4 * i, (double[]){a, a, 2 * a, 1e9}, 4 * sizeof *x);
			y[i] = 1 + 2 * a;
		}
		CHECK(fit(&f, "linear", "", &q) == ML_OK);
		coef = (double[4]){0};
		memcpy(coef, field_of(&f, "coef"), 4 * sizeof *coef);
		CHECK_NEAR(coef[0], 1 / 3.0, 1e-13);
		CHECK_NEAR(coef[1], 1 / 3.0, 1e-13);
		CHECK_NEAR(coef[2], 2 / 3.0, 1e-13);
		CHECK(coef[3] == 0);
		CHECK_NEAR(field_of(&f, "intercept")[0], 1, 1e-13);
		fit_free(&f);
	}

	test_case("offsets and units cost no digits");
	{
		double x[192], y[64], tenths[64];
		struct problem q = {.x = x, .y = y, .n = 64, .d = 3, .block = 11, .w = tenths};

		for (size_t i = 0; i < 64; i++) {
			double *row = x + 3 * i;

			tenths[i] = 0.1 * (double)(1 + i % 3);
			row[0] = 1e9 + (double)(i * 37 % 64);
			row[1] = 1e-9 * (double)(i * i % 61);
			row[2] = 1e9 / 3; /* a constant that means only nearly equal */
			y[i] = 3 * (row[0] - 1e9) + 5e9 * row[1] + 7;
		}
		CHECK(fit(&f, "linear", "", &q) == ML_OK);
		CHECK_NEAR(field_of(&f, "coef")[0], 3, 1e-12);
		CHECK_NEAR(field_of(&f, "coef")[1], 5e9, 1e-12);
		CHECK(field_of(&f, "coef")[2] == 0);
		fit_free(&f);
	}
	golden_free(&diabetes);
	golden_free(&mtcars);
	return test_end();
}
