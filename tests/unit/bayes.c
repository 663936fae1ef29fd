#include "fit.h"

/* References: scikit-learn 1.2.1, GaussianNB and CategoricalNB (tests/oracle/models.py). */
static void
check_near(const double *value, const double *reference, size_t n, double unit)
{
	for (size_t i = 0; i < n; i++)
		CHECK(fabs(value[i] - reference[i]) <= unit);
}

/* The share of right answers where every fifth row is kept for the test. */
static double
accuracy(const char *name, size_t k)
{
	struct golden g = golden_read(name);
	double *x = calloc(g.n * g.d, sizeof *x), *y = calloc(g.n, sizeof *y), right = 0, tests = 0;
	struct problem p = {.x = x, .y = y, .d = g.d, .k = k, .block = 50};
	double score[8];
	struct fitted f;

	for (size_t i = 0; i < g.n; i++)
		if (i % 5 != 0) {
			memcpy(x + p.n * g.d, g.x + i * g.d, g.d * sizeof *x);
			y[p.n++] = g.y[i];
		}
	CHECK(fit(&f, "bayes", "", &p) == ML_OK);
	for (size_t i = 0; i < g.n; i += 5, tests++) {
		predict(&f, g.x + i * g.d, 1, score);
		right += best_class(score, k) == (size_t)g.y[i];
	}
	fit_free(&f);
	golden_free(&g);
	free(x);
	free(y);
	return right / tests;
}

static void
iris(void)
{
	struct golden g = golden_read("iris");
	struct problem p = {.x = g.x, .y = g.y, .n = g.n, .d = g.d, .k = 3};
	double score[3], w[150];
	struct fitted f;

	CHECK(fit(&f, "bayes", "", &p) == ML_OK);
	check_near(field_of(&f, "mean"),
		   (double[]){5.006, 3.428, 1.462, 0.246, 5.936, 2.77, 4.26, 1.326, 6.588, 2.974,
			      5.552, 2.026},
		   12, 1e-14);
	check_near(field_of(&f, "variance"),
		   (double[]){0.121764003095503, 0.140816003095503, 0.029556003095503,
			      0.010884003095503, 0.261104003095503, 0.096500003095503,
			      0.216400003095503, 0.038324003095503, 0.396256003095503,
			      0.101924003095503, 0.298496003095503, 0.073924003095503},
		   12, 1e-15);
	predict(&f, g.x + 60 * 4, 1, score);
	check_near(score, (double[]){-102.34217235459823, -8.008497987107168, -23.271887789193993},
		   3, 1e-11);
	fit_free(&f);

	for (size_t i = 0; i < 150; i++)
		w[i] = (double)(i % 3);
	p.w = w;
	CHECK(fit(&f, "bayes", "smoothing=1e-15", &p) == ML_OK);
	check_near(field_of(&f, "mean"),
		   (double[]){4.9714285714285715, 3.391836734693878, 1.4612244897959186,
			      0.2571428571428571},
		   4, 1e-14);
	check_near(field_of(&f, "variance"),
		   (double[]){0.1212244897959183, 0.1529945855893378, 0.0362515618492295,
			      0.0122448979591837},
		   4, 1e-14);
	CHECK_NEAR(exp(field_of(&f, "log_prior")[0]), 0.3266666666666667, 1e-14);
	fit_free(&f);

	/* Two classes: the score is the difference of the two likelihoods. */
	p.w = NULL;
	p.n = 100;
	p.k = 2;
	CHECK(fit(&f, "bayes", "", &p) == ML_OK);
	predict(&f, g.x, 1, score);
	predict(&f, g.x + 60 * 4, 1, score + 1);
	check_near(score, (double[]){-41.14063511529832, 94.3336791391584}, 2, 1e-11);
	fit_free(&f);
	golden_free(&g);
}

static void
categories(void)
{
	static const double x[16] = {0, 1, 1, 0, 2, 1, 0, 0, 1, 1, 2, 0, 0, 1, 1, 1};
	static const double y[8] = {0, 0, 0, 1, 1, 1, 1, 0};
	static const double w[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct ml_input input[2] = {{3}, {2}};
	struct problem p = {.x = x, .y = y, .n = 8, .d = 2, .k = 2, .input = input};
	double score[2], unknown[2] = {(double)NAN, 7};
	struct fitted f;

	CHECK(fit(&f, "bayes", "", &p) == ML_OK);
	check_near(field_of(&f, "log_share"),
		   (double[]){-1.252762968495368, -0.8472978603872034, -0.8472978603872034,
			      -1.252762968495368, -1.252762968495368, -1.252762968495368,
			      -1.0986122886681096, -0.6931471805599452, -0.4054651081081644,
			      -0.6931471805599452},
		   10, 1e-15);
	predict(&f, x + 6, 1, score);
	CHECK_NEAR(score[0], -0.3677247801253174 + 1.1786549963416462, 1e-14);
	predict(&f, unknown, 1, score); /* nothing known: the prior */
	CHECK(score[0] == 0);
	fit_free(&f);

	/* A level that training never saw still counts. */
	input[0].n_levels = 4;
	p.w = w;
	CHECK(fit(&f, "bayes", "alpha=0.5", &p) == ML_OK);
	predict(&f, (double[]){3, 0}, 1, score);
	CHECK_NEAR(score[0], -0.2989816277057145 + 1.3531421538029909, 1e-14);
	fit_free(&f);
}

static void
mixed(void)
{
	/* A number and a category are worth the sum of what each is worth alone. */
	double x[24], number[12], code[12], y[12], both[12], one[12], two[12];
	struct ml_input input[2] = {{0}, {3}};
	struct problem p = {.x = x, .y = y, .n = 12, .d = 2, .k = 2, .input = input};
	struct problem q = {.x = number, .y = y, .n = 12, .d = 1, .k = 2};
	struct problem r = {.x = code, .y = y, .n = 12, .d = 1, .k = 2, .input = input + 1};
	double prior;
	struct fitted f;

	for (size_t i = 0; i < 12; i++) {
		y[i] = i % 3 == 0;
		number[i] = x[2 * i] = i == 5 ? (double)NAN : (double)(i * i % 7) + y[i];
		code[i] = x[2 * i + 1] = i == 8 ? (double)NAN : (double)(i % 5 % 3);
	}
	CHECK(fit(&f, "bayes", "", &p) == ML_OK);
	predict(&f, x, 12, both);
	prior = field_of(&f, "log_prior")[1] - field_of(&f, "log_prior")[0];
	fit_free(&f);
	CHECK(fit(&f, "bayes", "", &q) == ML_OK);
	predict(&f, number, 12, one);
	fit_free(&f);
	CHECK(fit(&f, "bayes", "", &r) == ML_OK);
	predict(&f, code, 12, two);
	fit_free(&f);
	for (size_t i = 0; i < 12; i++)
		CHECK(fabs(both[i] + prior - one[i] - two[i]) < 1e-12);
	CHECK(fabs(one[5] - prior) < 1e-15 && fabs(two[8] - prior) < 1e-15);
}

static void
odd_numbers(void)
{
	/* Class 1 never has the first feature; the second has a large offset. */
	double x[16], y[8];
	struct problem p = {.x = x, .y = y, .n = 8, .d = 2, .k = 2};
	struct ml_err err = {0};
	struct memory m;
	struct fitted f;
	void *state;

	for (size_t i = 0; i < 8; i++) {
		y[i] = i >= 4;
		x[2 * i] = i >= 4 ? (double)NAN : (double)(i % 2);
		x[2 * i + 1] = 1e9 + (double)(i * i % 5);
	}
	CHECK(fit(&f, "bayes", "smoothing=1e-15", &p) == ML_OK);
	check_near(field_of(&f, "mean"), (double[]){0.5, 1e9 + 2.25, 0.5, 1e9 + 1.5}, 4, 1e-12);
	check_near(field_of(&f, "variance"), (double[]){0.25, 3.1875, 0.25, 2.25}, 4, 1e-12);

	/* A file whose variance is 0 is refused: predictions would not be finite. */
	memory_save(&m, &f);
	for (size_t i = 0; i < m.n; i++)
		if (strcmp(m.field[i].name, "variance") == 0)
			((double *)m.field[i].p)[2] = 0;
	m.fields.reading = true;
	m.fields.err = &err;
	state = calloc(1, f.type->state_size);
	CHECK(f.type->fields(&m.fields, state, &f.shape) == ML_EMODEL);
	free(state);
	fit_free(&f);
}

int
main(void)
{
	test_case("means, variances and likelihoods on iris");
	iris();
	test_case("accuracies with every fifth row for the test");
	CHECK_NEAR(accuracy("iris", 3), .9667, 1e-4);
	CHECK_NEAR(accuracy("wine", 3), .9444, 1e-4);
	CHECK_NEAR(accuracy("breast", 2), .9211, 1e-4);
	CHECK_NEAR(accuracy("pima", 2), .7857, 1e-4);
	test_case("a class without a feature, an offset, a variance of 0");
	odd_numbers();
	test_case("categories");
	categories();
	test_case("numbers and categories together, missing values left out");
	mixed();
	return test_end();
}
