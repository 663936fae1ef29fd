#include "eval/metric.h"

#include "test.h"

#include "base/rng.h"
#include "base/str.h"

/*
 * Golden numbers: computed with scikit-learn 1.2.1 (numpy 1.24.2) by tests/oracle/metrics.py,
 * unless a comment at the number says otherwise.
 */
#define DIGITS 2e-13
enum { MAX = 20000 };

struct table {
	size_t n, k, m, positive;
	const double *weight, *proba, *target, *prediction;
	const int32_t *truth, *guess;
	double quantile, threshold;
	size_t block;
};

static struct ml_pool *pool;
static struct ml_err err;
static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
static const size_t same_order[] = {0, 1, 2, 3, 4, 5};

/* All figures of LIST, or the default ones, over a table. */
static struct ml_figures
measure(const struct table *t, const char *list)
{
	struct ml_figures figures = {0};
	struct ml_tallies tallies;
	struct ml_label_counter *labels = NULL;
	struct ml_error_counter *errors = NULL;
	struct ml_label_options options = {
	    .needs = ML_NEEDS_LABEL | ML_NEEDS_PROBA | ML_NEEDS_SCORE,
	    .m = t->m,
	    .weighted = t->weight != NULL,
	    .positive = t->positive,
	    .every = true,
	    .by_threshold = t->guess == NULL,
	    .threshold = t->threshold,
	};
	struct ml_label_end end = {t->k, t->k == 2 ? t->positive : t->k, same_order, names};
	size_t block = t->block > 0 ? t->block : ML_BLOCK;

	err = (struct ml_err){0};
	if (t->k > 0)
		CHECK(ml_label_counter_new(&labels, &options, &err) == ML_OK);
	else
		CHECK(ml_error_counter_new(&errors, t->weight != NULL, t->quantile, &err) == ML_OK);
	for (size_t at = 0; at < t->n; at += block) {
		struct ml_scored rows = {.n = t->n - at < block ? t->n - at : block,
					 .weight = t->weight ? t->weight + at : NULL,
					 .truth = t->truth ? t->truth + at : NULL,
					 .guess = t->guess ? t->guess + at : NULL,
					 .proba = t->proba ? t->proba + at * t->m : NULL,
					 .target = t->target ? t->target + at : NULL,
					 .prediction = t->prediction ? t->prediction + at : NULL};

		if (t->k > 0)
			CHECK(ml_label_counter_add(labels, &rows, &err) == ML_OK);
		else
			CHECK(ml_error_counter_add(errors, &rows, &err) == ML_OK);
	}
	if (t->k > 0)
		CHECK(ml_label_counter_finish(labels, &end, pool, &tallies, &err) == ML_OK);
	else
		CHECK(ml_error_counter_finish(errors, pool, &tallies, &err) == ML_OK);
	if (list != NULL)
		CHECK(ml_figures_list(&figures, list, &err) == ML_OK);
	else
		CHECK(ml_figures_default(&figures, &tallies.model, true, &err) == ML_OK);
	CHECK(ml_figures_expand(&figures, &tallies.model, &err) == ML_OK);
	CHECK(ml_figures_measure(&figures, &tallies, &err) == ML_OK);
	CHECK_TEXT(err.text, "");
	ml_label_counter_free(labels);
	ml_error_counter_free(errors);
	return figures;
}

static struct ml_figure
figure(const struct table *t, const char *name)
{
	struct ml_figures figures = measure(t, name);
	struct ml_figure one = {.value = (double)NAN, .baseline = (double)NAN};

	CHECK(figures.n == 1);
	if (figures.n == 1)
		one = figures.figure[0];
	ml_figures_free(&figures);
	return one;
}

static double
value(const struct table *t, const char *name)
{
	return figure(t, name).value;
}

static double
baseline(const struct table *t, const char *name)
{
	return figure(t, name).baseline;
}

/* The same number, or undefined both. */
static void
check_same(double a, double b, double relative)
{
	if (isnan(a) || isnan(b))
		CHECK(isnan(a) && isnan(b));
	else
		CHECK_NEAR(a, b, relative);
}

static void
golden_binary(void)
{
	static const int32_t y[] = {0, 0, 1, 1, 0, 1, 0, 1, 1, 0};
	static const double s[] = {.1, .4, .35, .8, .4, .4, .2, .9, .6, .6};
	static const double w[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
	struct table t = {
	    .n = 10, .k = 2, .m = 1, .positive = 1, .truth = y, .proba = s, .threshold = .5};

	test_case("two classes, from scores and a threshold");
	CHECK_NEAR(value(&t, "accuracy"), .7, DIGITS);
	CHECK_NEAR(value(&t, "balanced_accuracy"), .7, DIGITS);
	CHECK_NEAR(value(&t, "precision"), .75, DIGITS);
	CHECK_NEAR(value(&t, "recall"), .6, DIGITS);
	CHECK_NEAR(value(&t, "f1"), .66666666666666667, DIGITS);
	CHECK_NEAR(value(&t, "mcc"), .40824829046386302, DIGITS);
	CHECK_NEAR(value(&t, "kappa"), .4, DIGITS);
	CHECK_NEAR(value(&t, "auc"), .78, DIGITS);
	CHECK_NEAR(value(&t, "average_precision"), .789285714285714, 1e-12);
	CHECK_NEAR(value(&t, "log_loss"), .507188859348903, 1e-12);
	CHECK_NEAR(value(&t, "brier"), .17225, DIGITS);

	test_case("the baseline: the first class, shares, one score for all");
	CHECK_NEAR(baseline(&t, "accuracy"), .5, DIGITS);
	CHECK_NEAR(baseline(&t, "auc"), .5, DIGITS);
	CHECK_NEAR(baseline(&t, "average_precision"), .5, DIGITS);
	CHECK_NEAR(baseline(&t, "log_loss"), 0.69314718055994531, DIGITS); /* ln 2 */
	CHECK_NEAR(baseline(&t, "brier"), .25, DIGITS);
	CHECK(baseline(&t, "mcc") == 0 && baseline(&t, "kappa") == 0);
	CHECK(isnan(baseline(&t, "precision")));
	CHECK(baseline(&t, "recall") == 0 && baseline(&t, "balanced_accuracy") == .5);

	test_case("weights");
	t.weight = w;
	CHECK_NEAR(value(&t, "accuracy"), .654545454545455, 1e-12);
	CHECK_NEAR(value(&t, "auc"), .764, DIGITS);
	CHECK_NEAR(value(&t, "average_precision"), .789782866412928, 1e-12);
	CHECK_NEAR(value(&t, "log_loss"), .534293668529366, 1e-12);
	CHECK_NEAR(value(&t, "brier"), .183954545454545, 2e-12);
}

static void
golden_positive(void)
{
	static const int32_t y[] = {0, 0, 1, 1, 0, 1, 0, 1, 1, 0};
	static const double p[] = {.9, .1, .6, .4, .65, .35, .2, .8, .6, .4,
				   .6, .4, .8, .2, .1,	.9,  .4, .6, .4, .6};
	static const double s[] = {.1, .4, .35, .8, .4, .4, .2, .9, .6, .6};
	static const double r[] = {.9, .6, .65, .2, .6, .6, .8, .1, .4, .4};
	struct table two = {
	    .n = 10, .k = 2, .m = 2, .positive = 1, .truth = y, .proba = p, .threshold = .5};
	struct table one = two;

	one.m = 1;
	one.proba = s;
	test_case("two columns of probabilities say the same as the score");
	for (const struct ml_metric *m = ml_metrics; m->name != NULL; m++)
		if (m->task == ML_CLASSIFY) {
			CHECK_NEAR(value(&two, m->name), value(&one, m->name), DIGITS);
			check_same(baseline(&two, m->name), baseline(&one, m->name), DIGITS);
		}
	CHECK_NEAR(value(&two, "auc[a]"), .78, DIGITS);
	CHECK_NEAR(value(&one, "auc[a]"), .78, DIGITS);
	CHECK_NEAR(value(&two, "average_precision[a]"), value(&one, "average_precision[a]"),
		   DIGITS);

	test_case("--positive turns the table round: scores are those of the class named");
	one.positive = 0;
	one.proba = r;
	CHECK_NEAR(value(&one, "auc"), .78, DIGITS);
	CHECK_NEAR(value(&one, "log_loss"), .507188859348903, 1e-12);
	CHECK_NEAR(value(&one, "average_precision"), value(&two, "average_precision[a]"), DIGITS);
}

static void
golden_classes(void)
{
	static const int32_t y[] = {0, 0, 0, 0, 1, 1, 1, 2, 2, 3};
	static const int32_t f[] = {0, 0, 1, 2, 1, 1, 0, 2, 0, 2};
	static const int32_t z[] = {0, 0, 1, 2, 1, 2};
	static const double p[] = {.7, .2, .1, .3, .4, .3, .2, .5, .3,
				   .1, .2, .7, .4, .3, .3, .2, .2, .6};
	struct table t = {.n = 10, .k = 4, .truth = y, .guess = f};
	struct table q = {.n = 6, .k = 3, .m = 3, .truth = z, .proba = p};
	struct ml_figures all;

	test_case("four classes, one of them never predicted");
	CHECK_NEAR(value(&t, "accuracy"), .5, DIGITS);
	CHECK_NEAR(value(&t, "f1[a]"), .5, DIGITS);
	CHECK_NEAR(value(&t, "f1[b]"), .66666666666666667, DIGITS);
	CHECK_NEAR(value(&t, "f1[c]"), .4, DIGITS);
	CHECK(value(&t, "f1[d]") == 0);
	CHECK(isnan(value(&t, "precision[d]")));
	CHECK(figure(&t, "precision[d]").rows == 1 && figure(&t, "recall[a]").rows == 4);
	CHECK_NEAR(value(&t, "precision_macro"), .375, DIGITS);
	CHECK_NEAR(value(&t, "recall_macro"), .41666666666666667, DIGITS);
	CHECK_NEAR(value(&t, "f1_macro"), .391666666666666667, DIGITS);
	CHECK_NEAR(value(&t, "precision_weighted"), .46666666666666667, DIGITS);
	CHECK_NEAR(value(&t, "recall_weighted"), .5, DIGITS);
	CHECK_NEAR(value(&t, "f1_weighted"), .48, DIGITS);
	CHECK_NEAR(value(&t, "mcc"), .279532696009837, 1e-12);
	CHECK_NEAR(value(&t, "kappa"), .27536231884058, 1e-12);
	CHECK_NEAR(value(&t, "balanced_accuracy"), .41666666666666667, DIGITS);
	CHECK(isnan(value(&t, "auc")) && isnan(value(&t, "log_loss")));
	CHECK_NEAR(baseline(&t, "accuracy"), .4, DIGITS);

	test_case("a plain metric of one class becomes its means and all classes");
	all = measure(&t, "f1");
	CHECK(all.n == 6);
	CHECK_TEXT(all.figure[0].name, "f1_macro");
	CHECK_TEXT(all.figure[5].name, "f1[d]");
	ml_figures_free(&all);

	test_case("probabilities of three classes");
	CHECK_NEAR(value(&q, "log_loss"), .720878050142545, 1e-12);
	CHECK_NEAR(value(&q, "auc"), .916666666666666667, DIGITS);
	CHECK_NEAR(value(&q, "auc_weighted"), .916666666666666667, DIGITS);
	CHECK_NEAR(value(&q, "brier"), .396666666666666667, DIGITS);
	CHECK_NEAR(baseline(&q, "log_loss"), 1.0986122886681098, DIGITS); /* ln 3 */
	CHECK_NEAR(baseline(&q, "brier"), 2. / 3, DIGITS);
	CHECK(baseline(&q, "auc") == .5);
}

static void
golden_edges(void)
{
	static const int32_t y[] = {1, 0}, one[] = {1, 1};
	static const double half[] = {0, .5}, wild[] = {-3, 40}, same[] = {.5, .5};
	struct table t = {
	    .n = 2, .k = 2, .m = 1, .positive = 1, .truth = y, .proba = half, .threshold = .5};

	test_case("log loss is clipped at 2^-52");
	CHECK_NEAR(value(&t, "log_loss"), 18.3684002848386, 1e-12);
	t.n = 1;
	CHECK_NEAR(value(&t, "log_loss"), 36.0436533891172, 1e-12);

	test_case("scores that are no probabilities rank, and have no log loss");
	t.n = 2;
	t.proba = wild;
	CHECK(value(&t, "auc") == 0);
	CHECK(isnan(value(&t, "log_loss")) && isnan(value(&t, "brier")));
	CHECK(figure(&t, "brier").why != NULL);

	test_case("one class only: no AUC, and never 0 or 0.5");
	t.truth = one;
	CHECK(isnan(value(&t, "auc")) && figure(&t, "auc").why != NULL);
	CHECK(isnan(baseline(&t, "auc")));
	CHECK(value(&t, "average_precision") == 1);

	test_case("ties count half");
	t.truth = y;
	t.proba = same;
	CHECK(value(&t, "auc") == .5 && value(&t, "average_precision") == .5);
}

static void
golden_numbers(void)
{
	static const double y[] = {3, -.5, 2, 7, 0, 10}, f[] = {2.5, 0, 2, 8, .5, 9};
	static const double v[] = {3, 5, 2.5, 7}, g[] = {2.5, 5, 4, 8};
	static const double flat[] = {.1, .1, .1};
	struct table t = {.n = 6, .target = y, .prediction = f, .quantile = .5};
	struct table u = {.n = 4, .target = v, .prediction = g, .quantile = .9};
	struct table c = {.n = 3, .target = flat, .prediction = flat, .quantile = .5};

	test_case("errors of numbers");
	CHECK_NEAR(value(&t, "mse"), .458333333333333, 1e-12);
	CHECK_NEAR(value(&t, "rmse"), .67700320038633, 1e-12);
	CHECK_NEAR(value(&t, "mae"), .583333333333333, 1e-12);
	CHECK_NEAR(value(&t, "medae"), .5, DIGITS);
	CHECK_NEAR(value(&t, "r2"), .967726161369193, 1e-12);
	CHECK_NEAR(value(&t, "mape"), 375299968947542, 1e-12);
	CHECK(figure(&t, "mape").why != NULL);
	CHECK_NEAR(value(&t, "pinball"), .583333333333333 / 2, 1e-12); /* half of mae */
	CHECK_NEAR(value(&u, "mape"), .227380952380952, 2e-12);
	CHECK_NEAR(value(&u, "pinball"), .175, DIGITS);

	test_case("baselines of numbers: mean, median, quantile");
	/* By hand: the mean of v is 4.375, its median 4, its 0.9-quantile 7. */
	CHECK_NEAR(baseline(&u, "mse"), (1.890625 + .390625 + 3.515625 + 6.890625) / 4, DIGITS);
	CHECK_NEAR(baseline(&u, "mae"), (1 + 1 + 1.5 + 3) / 4, DIGITS);
	CHECK_NEAR(baseline(&u, "medae"), 1.25, DIGITS);
	CHECK_NEAR(baseline(&u, "pinball"), .1 * (4 + 2 + 4.5 + 0) / 4, DIGITS);
	CHECK(baseline(&u, "r2") == 0);
	CHECK_NEAR(baseline(&u, "mape"), (1.375 / 3 + .625 / 5 + 1.875 / 2.5 + 2.625 / 7) / 4,
		   DIGITS);

	test_case("a constant truth: r2 is 1 if exact, otherwise 0; of one row there is none");
	CHECK(value(&c, "r2") == 1 && baseline(&c, "mse") == 0);
	c.prediction = y;
	CHECK(value(&c, "r2") == 0);
	c.n = 1;
	CHECK(isnan(value(&c, "r2")));
}

/* Random tables for the contract: what must hold for every row of metrics.def. */
static int32_t truth[2 * MAX], guess[2 * MAX];
static double weight[2 * MAX], proba[6 * MAX], target[2 * MAX], prediction[2 * MAX];

static void
draw(struct table *t, unsigned task, size_t n, size_t k)
{
	*t = (struct table){.n = n,
			    .weight = weight,
			    .target = target,
			    .prediction = prediction,
			    .quantile = .3,
			    .threshold = .5};
	if (task == ML_CLASSIFY)
		*t = (struct table){.n = n,
				    .k = k,
				    .m = k == 2 ? 1 : k,
				    .positive = 1,
				    .weight = weight,
				    .truth = truth,
				    .guess = guess,
				    .proba = proba,
				    .threshold = .5};
	for (size_t i = 0; i < n; i++) {
		double rest = 1;

		weight[i] = (double)ml_rng_below(1, ML_RNG_TEST, i, 5);
		truth[i] = (int32_t)ml_rng_below(2, ML_RNG_TEST, i, k);
		guess[i] = ml_rng_below(3, ML_RNG_TEST, i, 3)
			       ? truth[i]
			       : (int32_t)((size_t)truth[i] + 1) % (int32_t)k;
		target[i] = 20 * ml_rng_uniform(4, ML_RNG_TEST, i) - 8;
		prediction[i] = target[i] + ml_rng_uniform(5, ML_RNG_TEST, i) - .4;
		for (size_t j = 0; k > 2 && j < k; j++) {
			/* Rounded, so that there are ties. */
			double p =
			    j + 1 == k
				? rest
				: rest * (double)ml_rng_below(6 + j, ML_RNG_TEST, i, 17) / 16;

			proba[i * k + j] = p;
			rest -= p;
		}
		if (k == 2)
			proba[i] = (double)(ml_rng_below(6, ML_RNG_TEST, i, 65) +
					    16 * (uint64_t)truth[i]) /
				   80;
	}
}

static void
check_equal(const struct table *a, const struct table *b, double relative)
{
	struct ml_figures one = measure(a, NULL), two = measure(b, NULL);

	CHECK(one.n == two.n && one.n >= 7);
	for (size_t i = 0; i < one.n && i < two.n; i++) {
		CHECK_TEXT(one.figure[i].name, two.figure[i].name);
		CHECK(!isnan(one.figure[i].value));
		CHECK_NEAR(one.figure[i].value, two.figure[i].value, relative);
		check_same(one.figure[i].baseline, two.figure[i].baseline, relative);
	}
	ml_figures_free(&one);
	ml_figures_free(&two);
}

static void
move(size_t from, size_t to, size_t m)
{
	truth[to] = truth[from];
	guess[to] = guess[from];
	weight[to] = weight[from];
	target[to] = target[from];
	prediction[to] = prediction[from];
	memmove(proba + to * m, proba + from * m, m * sizeof *proba);
}

static void
contract(unsigned task, size_t k)
{
	struct table t, other;
	size_t m;

	draw(&t, task, MAX, k);
	m = t.m;
	test_case("contract: the cut into blocks is irrelevant");
	other = t;
	other.block = 999;
	check_equal(&t, &other, 1e-12);

	test_case("contract: a row of weight 0 is no row, one of weight 2 is two rows");
	draw(&t, task, 3000, k);
	{
		struct ml_figures one = measure(&t, NULL), two;
		size_t n = 0, total = 0;

		for (size_t i = 0; i < t.n; i++)
			total += (size_t)weight[i];
		/* From the back, so that nothing is overwritten before it was read. */
		for (size_t i = 0; i < t.n; i++)
			move(t.n - 1 - i, MAX - 1 - i, m);
		for (size_t i = 0; i < t.n; i++) {
			size_t from = MAX - t.n + i, copies = (size_t)weight[from];

			for (size_t c = 0; c < copies; c++)
				move(from, n++, m);
		}
		CHECK(n == total);
		t.n = n;
		t.weight = NULL;
		two = measure(&t, NULL);
		for (size_t i = 0; i < one.n; i++) {
			CHECK_NEAR(one.figure[i].value, two.figure[i].value, 1e-12);
			check_same(one.figure[i].baseline, two.figure[i].baseline, 1e-12);
		}
		ml_figures_free(&one);
		ml_figures_free(&two);
	}

	test_case("contract: the order of the rows is irrelevant");
	draw(&t, task, MAX / 2, k);
	{
		struct ml_figures one = measure(&t, NULL), two;

		for (size_t i = 0; i < t.n / 2; i++) {
			move(i, t.n, m);
			move(t.n - 1 - i, i, m);
			move(t.n, t.n - 1 - i, m);
		}
		two = measure(&t, NULL);
		for (size_t i = 0; i < one.n; i++)
			CHECK_NEAR(one.figure[i].value, two.figure[i].value, 1e-12);
		ml_figures_free(&one);
		ml_figures_free(&two);
	}

	test_case("contract: perfect predictions have the best value, and no baseline is better");
	draw(&t, task, 500, k);
	for (size_t i = 0; i < t.n; i++) {
		guess[i] = truth[i];
		prediction[i] = target[i];
		for (size_t j = 0; j < m; j++)
			proba[i * m + j] = m == 1 ? truth[i] : truth[i] == (int32_t)j;
	}
	{
		struct ml_figures all = measure(&t, NULL);

		for (size_t i = 0; i < all.n; i++) {
			const struct ml_figure *f = &all.figure[i];
			bool higher = f->metric->better == ML_HIGHER;

			CHECK(fabs(f->value - higher) < 1e-12);
			CHECK(isnan(f->baseline) ||
			      (higher ? f->baseline <= f->value : f->baseline >= f->value));
		}
		ml_figures_free(&all);
	}
}

static void
names_of_metrics(void)
{
	struct ml_figures figures = {0};

	test_case("names: forms, lists, suggestions");
	err = (struct ml_err){0};
	CHECK(ml_figures_list(&figures, "f1_macro,recall[a,b],auc[x]],average_precision_weighted",
			      &err) == ML_OK);
	CHECK(figures.n == 4 && figures.figure[0].form == ML_FORM_MACRO);
	CHECK_TEXT(figures.figure[1].label, "a,b");
	CHECK_TEXT(figures.figure[2].label, "x]");
	CHECK(figures.figure[3].form == ML_FORM_WEIGHTED);
	CHECK(ml_figures_list(&figures, "acuracy", &err) == ML_EUSAGE);
	CHECK_TEXT(err.text, "unknown metric 'acuracy' (did you mean 'accuracy'?)");
	err = (struct ml_err){0};
	CHECK(ml_figures_list(&figures, "accuracy_macro", &err) == ML_EUSAGE);
	CHECK_TEXT(err.text, "metric 'accuracy_macro': accuracy is of all classes at once");
	err = (struct ml_err){0};
	CHECK(ml_figures_list(&figures, "", &err) == ML_EUSAGE);
	ml_figures_free(&figures);
}

int
main(void)
{
	if (ml_pool_new(&pool, 2, &err) < 0)
		return 1;
	golden_binary();
	golden_positive();
	golden_classes();
	golden_edges();
	golden_numbers();
	contract(ML_CLASSIFY, 2);
	contract(ML_CLASSIFY, 3);
	contract(ML_REGRESS, 2);
	names_of_metrics();
	ml_pool_free(pool);
	return test_end();
}
