#include "fit.h"

#include "num/func.h"

/*
 * References: R 4.2.2 glm() on Pima; scikit-learn 1.2.1 on iris and breast cancer, its newton-cg or
 * saga with the tolerance at 1e-13 (tests/oracle/models.py; with its default solver and tolerance
 * only four digits are the optimum's).  That our further digits are right says the gradient, which
 * is computed here once more from scores.
 */
struct measures {
	double log_loss, brier, accuracy, auc;
};

static struct measures
measure(const struct fitted *f, const struct golden *g, size_t k)
{
	size_t wide = ml_model_scores(k);
	double *score = calloc(g->n * wide, sizeof *score);
	double *proba = calloc(g->n * k, sizeof *proba), pairs = 0, won = 0;
	struct measures m = {0};

	predict(f, g->x, g->n, score);
	ml_model_proba(score, g->n, k, proba);
	for (size_t i = 0; i < g->n; i++) {
		size_t y = (size_t)g->y[i];

		m.log_loss -= log(proba[i * k + y]) / (double)g->n;
		m.brier += pow(proba[i * k + k - 1] - g->y[i], 2) / (double)g->n;
		m.accuracy += (double)(best_class(score + i * wide, k) == y) / (double)g->n;
		for (size_t j = 0; k == 2 && j < g->n; j++)
			if (g->y[i] > g->y[j]) {
				pairs++;
				won += score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0;
			}
	}
	m.auc = won / pairs;
	free(score);
	free(proba);
	return m;
}

/*
 * The largest violation of the optimum's conditions: gradient + l2 coef + l1 sign(coef) = 0, or
 * within l1 where coef is 0; relative to the sum of |x|.
 */
static double
violation(struct fitted *f, const struct golden *g, const double *w, size_t k, double l2, double l1)
{
	size_t s = ml_model_scores(k), d = g->d, classes = s == 1 ? 2 : s;
	double *score = calloc(g->n * s, sizeof *score), worst = 0;
	double *proba = calloc(g->n * classes, sizeof *proba);
	const double *coef = field_of(f, "coef");

	predict(f, g->x, g->n, score);
	ml_model_proba(score, g->n, k, proba);
	for (size_t c = 0; c < s; c++)
		for (size_t j = 0; j <= d; j++) {
			double sum = 0, size = 0, b = j < d ? coef[c * d + j] : 0;
			size_t class = s == 1 ? 1 : c;

			for (size_t i = 0; i < g->n; i++) {
				double x = (j < d ? g->x[i * d + j] : 1) * (w == NULL ? 1 : w[i]);

				sum +=
				    x * (proba[i * classes + class] - (g->y[i] == (double)class));
				size += fabs(x);
			}
			sum += l2 * b;
			if (j < d && l1 > 0)
				sum = b > 0   ? sum + l1
				      : b < 0 ? sum - l1
					      : fmax(0, fabs(sum) - l1 * (1 + 1e-9));
			worst = fmax(worst, fabs(sum) / size);
		}
	free(score);
	free(proba);
	return worst;
}

static void
check_near(const double *value, const double *reference, size_t n, double unit)
{
	for (size_t i = 0; i < n; i++)
		CHECK(fabs(value[i] - reference[i]) <= unit);
}

static void
pima(const struct golden *g)
{
	struct problem p = {.x = g->x, .y = g->y, .n = g->n, .d = g->d, .k = 2};
	struct measures m;
	struct fitted f;

	CHECK(fit(&f, "logistic", "l2=0", &p) == ML_OK);
	CHECK_NEAR(field_of(&f, "intercept")[0], -8.404696366913, 1e-12);
	CHECK_NEAR(field_of(&f, "coef")[1], .035163714606854, 1e-12);
	CHECK_NEAR(field_of(&f, "coef")[5], .08970097003, 1e-10);
	m = measure(&f, g, 2);
	CHECK_NEAR(m.log_loss * 2 * 768, 723.445377774, 1e-11);
	CHECK_NEAR(m.auc, .839425373134, 1e-11);
	CHECK_NEAR(m.accuracy, .782552083333, 1e-11);
	CHECK_NEAR(m.brier, .152725755701, 1e-11);
	CHECK(violation(&f, g, NULL, 2, 0, 0) < 1e-13);
	fit_free(&f);
}

/* With L1 coordinate descent must not be stopped by offsets, which tie features to the intercept.
 */
static void
offsets(struct golden *g)
{
	struct problem p = {.x = g->x, .y = g->y, .n = g->n, .d = g->d, .k = 2};
	double coef[8];
	struct fitted f;

	CHECK(fit(&f, "logistic", "l2=0 l1=20", &p) == ML_OK);
	CHECK(violation(&f, g, NULL, 2, 0, 20) < 1e-12);
	memcpy(coef, field_of(&f, "coef"), sizeof coef);
	fit_free(&f);
	for (size_t i = 0; i < g->n * g->d; i++)
		g->x[i] += 4000;
	CHECK(fit(&f, "logistic", "l2=0 l1=20", &p) == ML_OK);
	check_near(field_of(&f, "coef"), coef, 8, 1e-8);
	fit_free(&f);
}

static void
breast(struct golden *g)
{
	static const double l1[30] = {
	    [7] = -0.519478777904,  [10] = -0.319860462172, [20] = -2.249405751855,
	    [21] = -0.735434655935, [24] = -0.181703781529, [26] = -0.025547255407,
	    [27] = -1.095345423903, [28] = -0.162851266108};
	struct problem p = {.x = g->x, .y = g->y, .n = g->n, .d = g->d, .k = 2};
	struct measures m;
	struct fitted f;

	golden_standardise(g);
	CHECK(fit(&f, "logistic", "", &p) == ML_OK);
	CHECK_NEAR(field_of(&f, "intercept")[0], .214502718, 2e-8);
	m = measure(&f, g, 2);
	CHECK_NEAR(m.log_loss, .05339185750, 2e-10);
	CHECK_NEAR(m.auc, .99744992, 1e-8);
	CHECK_NEAR(m.accuracy, .987698, 1e-6);
	CHECK_NEAR(m.brier, .0127996737886, 1e-9);
	CHECK(violation(&f, g, NULL, 2, 1, 0) < 1e-13);
	fit_free(&f);

	CHECK(fit(&f, "logistic", "l2=0 l1=10", &p) == ML_OK);
	CHECK_NEAR(field_of(&f, "intercept")[0], 0.693647813133, 1e-9);
	check_near(field_of(&f, "coef"), l1, 30, 1e-9);
	CHECK(violation(&f, g, NULL, 2, 0, 10) < 1e-13);
	fit_free(&f);
	CHECK(fit(&f, "logistic", "l2=3 l1=2", &p) == ML_OK);
	CHECK(violation(&f, g, NULL, 2, 3, 2) < 1e-13);
	fit_free(&f);
}

static void
iris(const struct golden *g)
{
	struct problem p = {.x = g->x, .y = g->y, .n = g->n, .d = g->d, .k = 3};
	struct measures m;
	struct fitted f;
	double w[150];

	CHECK(fit(&f, "logistic", "", &p) == ML_OK);
	check_near(field_of(&f, "intercept"), (double[]){9.849567769, 2.237205725, -12.086773494},
		   3, 1e-6);
	check_near(field_of(&f, "coef"),
		   (double[]){-0.423509883, 0.967350599, -2.517152371, -1.079336649, 0.534461495,
			      -0.321587865, -0.206392071, -0.944298462, -0.110951612, -0.645762734,
			      2.723544442, 2.023635111},
		   12, 1e-7);
	m = measure(&f, g, 3);
	CHECK_NEAR(m.log_loss, .11963667822, 1e-8);
	CHECK_NEAR(m.accuracy, .9733, 1e-4);
	CHECK(violation(&f, g, NULL, 3, 1, 0) < 1e-13);
	fit_free(&f);

	CHECK(fit(&f, "logistic", "l2=0 l1=1", &p) == ML_OK);
	CHECK(violation(&f, g, NULL, 3, 0, 1) < 1e-13);
	check_near(field_of(&f, "coef"),
		   (double[]){0, 0, -3.849247601386, 0, 0.740028550231, 0, 0, 0, 0, 0,
			      4.174713300289, 3.992299939409},
		   12, 1e-7);
	fit_free(&f);

	for (size_t i = 0; i < 150; i++)
		w[i] = (double)(i % 3);
	p.w = w;
	CHECK(fit(&f, "logistic", "l2=0.5", &p) == ML_OK);
	check_near(field_of(&f, "coef"),
		   (double[]){-0.485822543, 1.218965964, -2.971843114, -1.384231194, 0.968367785,
			      -0.206431336, -0.512206978, -0.935537904, -0.482545243, -1.012534629,
			      3.484050092, 2.319769099},
		   12, 1e-7);
	CHECK(violation(&f, g, w, 3, 0.5, 0) < 1e-13);
	fit_free(&f);
}

/* n rows of d features and k classes that follow a softmax of them, all from integers. */
static struct golden
synthetic(size_t n, size_t d, size_t k)
{
	struct golden g = {.n = n, .d = d};
	uint64_t state = 12345;

	g.x = calloc(n * d, sizeof *g.x);
	g.y = calloc(n, sizeof *g.y);
	for (size_t i = 0; i < n; i++) {
		double best = -1e9;

		for (size_t j = 0; j < d; j++) {
			state = state * 6364136223846793005 + 1442695040888963407;
			g.x[i * d + j] = (double)(state >> 11) * 0x1p-53 - 0.5;
		}
		for (size_t c = 0; c < k; c++) {
			double score = 0;

			for (size_t j = 0; j < d; j++)
				score += g.x[i * d + j] * (double)((c * 7 + j * 3) % 5);
			state = state * 6364136223846793005 + 1442695040888963407;
			score -= ml_log(-ml_log((double)((state >> 11) + 1) * 0x1p-54));
			if (score > best) {
				best = score;
				g.y[i] = (double)c;
			}
		}
	}
	return g;
}

static void
many_parameters(void)
{
	struct golden g = synthetic(3000, 60, 20); /* 1220: beyond Newton */
	struct problem p = {.x = g.x, .y = g.y, .n = g.n, .d = g.d, .k = 20, .block = 500};
	struct fitted f;

	CHECK(fit(&f, "logistic", "l2=1", &p) == ML_OK);
	CHECK(violation(&f, &g, NULL, 20, 1, 0) < 1e-9);
	fit_free(&f);
	CHECK(fit(&f, "logistic", "l2=1 l1=1", &p) == ML_OK);
	CHECK(violation(&f, &g, NULL, 20, 1, 1) < 1e-8);
	fit_free(&f);
	golden_free(&g);
}

static void
many_blocks(void)
{
	struct golden g = synthetic(4000, 8, 2);
	struct problem p = {.x = g.x, .y = g.y, .n = g.n, .d = g.d, .k = 2, .block = 100};
	struct fitted f, other;

	CHECK(fit(&f, "logistic", "l2=0", &p) == ML_OK);
	CHECK(violation(&f, &g, NULL, 2, 0, 0) < 1e-12);
	p.block = 4000;
	CHECK(fit(&other, "logistic", "l2=0", &p) == ML_OK);
	check_near(field_of(&f, "coef"), field_of(&other, "coef"), 8, 1e-10);
	fit_free(&f);
	fit_free(&other);
	golden_free(&g);
}

static void
separable(void)
{
	double x[40], y[40];
	struct problem p = {.x = x, .y = y, .n = 40, .d = 1, .k = 2};
	struct fitted f;

	for (size_t i = 0; i < 40; i++) {
		x[i] = (double)i;
		y[i] = i >= 20;
	}
	CHECK(fit(&f, "logistic", "l2=0", &p) == ML_OK);
	CHECK(isfinite(field_of(&f, "coef")[0]) && field_of(&f, "coef")[0] > 10);
	fit_free(&f);
	CHECK(fit(&f, "logistic", "l2=1e-6", &p) == ML_OK);
	CHECK(isfinite(field_of(&f, "coef")[0]) && field_of(&f, "coef")[0] > 2);
	fit_free(&f);
	/* Three classes, of which one has no row. */
	p.k = 3;
	for (size_t i = 0; i < 40; i++)
		y[i] = i % 7 < 3 ? 0 : 2;
	CHECK(fit(&f, "logistic", "l2=1", &p) == ML_OK);
	CHECK(field_of(&f, "intercept")[1] < -700 && field_of(&f, "coef")[1] == 0);
	fit_free(&f);
}

int
main(void)
{
	struct golden p = golden_read("pima"), b = golden_read("breast"), i = golden_read("iris");

	test_case("Pima, without penalty");
	pima(&p);
	test_case("offsets don't matter with L1");
	offsets(&p);
	test_case("breast cancer, with L2 and L1");
	breast(&b);
	test_case("iris, three classes");
	iris(&i);
	test_case("more parameters than Newton's method takes");
	many_parameters();
	test_case("many blocks reach the same optimum through a sample");
	many_blocks();
	test_case("separable classes and classes without rows give finite numbers");
	separable();
	golden_free(&p);
	golden_free(&b);
	golden_free(&i);
	return test_end();
}
