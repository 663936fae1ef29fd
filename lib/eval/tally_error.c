#include <math.h>
#include <string.h>

#include "eval/tally.h"

struct ml_error_counter {
	bool weighted;
	double quantile;
	size_t rows, zeros;
	struct ml_sum weight, target; /* target: weighted sum */
	double low, high;	      /* of the target */
	struct errors {
		struct ml_sum squared, absolute, relative, pinball;
	} errors;
	struct ml_side truth; /* in order of the rows until sorted */
	struct ml_side distance;
};

int
ml_error_counter_new(struct ml_error_counter **counter, bool weighted, double quantile,
		     struct ml_err *err)
{
	if ((*counter = ml_alloc(1, sizeof **counter)) == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	(*counter)->weighted = weighted;
	(*counter)->quantile = quantile;
	return ML_OK;
}

void
ml_error_counter_free(struct ml_error_counter *c)
{
	if (c == NULL)
		return;
	ml_side_free(&c->truth);
	ml_side_free(&c->distance);
	ml_free(c);
}

/*
 * The sums over one block.  f has STEP 1, or 0: one prediction for all.  Relative errors divide by
 * at least 2^-52, as scikit-learn does.
 */
static void
add_errors(struct errors *sums, const double *y, const double *f, size_t step, const double *w,
	   size_t n, double quantile)
{
	double squared = 0, absolute = 0, relative = 0, pinball = 0;

	for (size_t i = 0; i < n; i++) {
		double e = y[i] - f[i * step], a = fabs(e), v = w != NULL ? w[i] : 1;

		squared += v * (e * e);
		absolute += v * a;
		relative += v * (a / fmax(fabs(y[i]), 0x1p-52));
		pinball += v * fmax(quantile * e, (quantile - 1) * e);
	}
	ml_sum_add(&sums->squared, squared);
	ml_sum_add(&sums->absolute, absolute);
	ml_sum_add(&sums->relative, relative);
	ml_sum_add(&sums->pinball, pinball);
}

static void
store_errors(const struct errors *sums, struct ml_tally *t)
{
	t->squared = ml_sum_value(&sums->squared);
	t->absolute = ml_sum_value(&sums->absolute);
	t->relative = ml_sum_value(&sums->relative);
	t->pinball = ml_sum_value(&sums->pinball);
}

int
ml_error_counter_add(struct ml_error_counter *c, const struct ml_scored *rows, struct ml_err *err)
{
	double weight = 0, target = 0;
	size_t at = c->truth.n;

	if (!ml_side_reserve(&c->truth, rows->n, c->weighted) ||
	    !ml_side_reserve(&c->distance, rows->n, c->weighted))
		return ml_fail(err, ML_ENOMEM, "no memory for %zu rows", c->rows + rows->n);
	for (size_t i = 0; i < rows->n; i++) {
		double y = rows->target[i], w = c->weighted ? rows->weight[i] : 1;

		c->low = c->rows + i == 0 || y < c->low ? y : c->low;
		c->high = c->rows + i == 0 || y > c->high ? y : c->high;
		c->zeros += y == 0;
		weight += w;
		target += w * y;
		c->truth.score[at + i] = y;
		c->distance.score[at + i] = fabs(y - rows->prediction[i]);
		if (c->weighted)
			c->truth.weight[at + i] = c->distance.weight[at + i] = w;
	}
	ml_sum_add(&c->weight, weight);
	ml_sum_add(&c->target, target);
	add_errors(&c->errors, rows->target, rows->prediction, 1, rows->weight, rows->n,
		   c->quantile);
	c->truth.n += rows->n;
	c->distance.n += rows->n;
	c->rows += rows->n;
	return ML_OK;
}

/* The tally of one prediction for all rows. */
static void
finish_constant(const struct ml_error_counter *c, double constant, struct ml_tally *t)
{
	struct errors sums = {.squared = {0}};

	for (size_t at = 0; at < c->rows; at += ML_BLOCK)
		add_errors(&sums, c->truth.score + at, &constant, 0,
			   c->weighted ? c->truth.weight + at : NULL,
			   c->rows - at < ML_BLOCK ? c->rows - at : ML_BLOCK, c->quantile);
	store_errors(&sums, t);
}

int
ml_error_counter_finish(struct ml_error_counter *c, struct ml_pool *pool,
			struct ml_tallies *tallies, struct ml_err *err)
{
	struct ml_tally *t = &tallies->model, *naive = tallies->naive;
	struct ml_side *sides[] = {&c->distance, &c->truth};
	double mean, median;

	*t = (struct ml_tally){.task = ML_REGRESS,
			       .rows = c->rows,
			       .weight = ml_sum_value(&c->weight),
			       .zeros = c->zeros};
	c->truth.total = c->distance.total = t->weight;
	store_errors(&c->errors, t);
	ML_TRY(ml_sides_sort(sides, 2, pool, err));
	t->median = ml_side_quantile(&c->distance, 0.5);
	/* The mean of equal values is that value, to the last bit. */
	mean = c->low == c->high ? c->low : ml_sum_value(&c->target) / t->weight;
	median = ml_side_quantile(&c->truth, 0.5);
	for (size_t i = ML_NAIVE_MEAN; i < ML_NAIVE_KINDS; i++)
		naive[i] = *t;
	finish_constant(c, mean, &naive[ML_NAIVE_MEAN]);
	finish_constant(c, median, &naive[ML_NAIVE_MEDIAN]);
	finish_constant(c, ml_side_quantile(&c->truth, c->quantile), &naive[ML_NAIVE_QUANTILE]);
	for (size_t i = 0; i < c->rows; i++)
		c->distance.score[i] = fabs(c->truth.score[i] - median);
	if (c->weighted)
		memcpy(c->distance.weight, c->truth.weight, c->rows * sizeof *c->truth.weight);
	ML_TRY(ml_sides_sort(sides, 1, pool, err));
	naive[ML_NAIVE_MEDIAN].median = ml_side_quantile(&c->distance, 0.5);
	t->spread = naive[ML_NAIVE_MEAN].squared;
	for (size_t i = ML_NAIVE_MEAN; i < ML_NAIVE_KINDS; i++)
		naive[i].spread = t->spread;
	return ML_OK;
}
