#include <math.h>
#include <string.h>

#include "eval/tally.h"
#include "model/model.h"
#include "num/func.h"

/* Logs are taken of probabilities at least this far from 0 and 1, as scikit-learn 1.2 does. */
#define EDGE 0x1p-52

struct ml_label_counter {
	struct ml_label_options options;
	size_t rows;
	struct ml_sum weight;
	size_t codes, room;   /* classes seen; count is room x room */
	struct ml_sum *count; /* by code: [truth * room + guess] */
	size_t *label_rows;   /* by code of truth */
	/* m = 1: by code of truth; otherwise by column: rows of the class, then the others. */
	struct ml_side *side;
	size_t n_sides;
	struct ml_sum log_loss, brier, brier_positive;
	struct ml_arena arena; /* of the result */
};

int
ml_label_counter_new(struct ml_label_counter **counter, const struct ml_label_options *options,
		     struct ml_err *err)
{
	struct ml_label_counter *c = ml_alloc(1, sizeof *c);

	if (c != NULL) {
		c->options = *options;
		c->n_sides = options->m == 0 ? 0 : options->m == 1 ? 2 : 2 * options->m;
		c->side = ml_alloc(c->n_sides, sizeof *c->side);
	}
	*counter = c;
	if (c == NULL || c->side == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	return ML_OK;
}

void
ml_label_counter_free(struct ml_label_counter *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; c->side != NULL && i < c->n_sides; i++)
		ml_side_free(&c->side[i]);
	ml_free(c->side);
	ml_free(c->count);
	ml_free(c->label_rows);
	ml_arena_free(&c->arena);
	ml_free(c);
}

/* Makes room for codes below n in the counts. */
static int
grow(struct ml_label_counter *c, size_t n, struct ml_err *err)
{
	size_t room = c->room > 0 ? c->room : 16;
	struct ml_sum *count;
	size_t *rows;

	if (n > ML_MAX_CLASSES)
		return ml_fail(err, ML_EINPUT, "more than %d classes", ML_MAX_CLASSES);
	c->codes = n > c->codes ? n : c->codes;
	if (n <= c->room)
		return ML_OK;
	while (room < n)
		room *= 2;
	count = ml_alloc(room * room, sizeof *count);
	rows = ml_realloc(c->label_rows, room, sizeof *rows);
	if (rows != NULL)
		c->label_rows = rows;
	if (count == NULL || rows == NULL) {
		ml_free(count);
		return ml_fail(err, ML_ENOMEM, "no memory for %zu classes", n);
	}
	for (size_t i = 0; i < c->room; i++)
		memcpy(count + i * room, c->count + i * c->room, c->room * sizeof *count);
	memset(rows + c->room, 0, (room - c->room) * sizeof *rows);
	ml_free(c->count);
	c->count = count;
	c->room = room;
	return ML_OK;
}

static size_t
predicted(const struct ml_label_options *o, const double *p)
{
	if (o->m == 2)
		return p[o->positive] >= o->threshold ? o->positive : 1 - o->positive;
	return ml_model_best(p, o->m);
}

static double
minus_log(double p)
{
	return -ml_log(p < EDGE ? EDGE : p > 1 - EDGE ? 1 - EDGE : p);
}

/* The block's part of log loss and Brier score; a truth without a column has probability 0. */
static void
add_proba(struct ml_label_counter *c, const struct ml_scored *rows)
{
	size_t m = c->options.m, positive = c->options.positive;
	double log_loss = 0, brier = 0, brier_positive = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const double *p = rows->proba + i * m;
		size_t t = (size_t)rows->truth[i];
		double w = rows->weight != NULL ? rows->weight[i] : 1, sum = t < m ? 0 : 1;

		for (size_t j = 0; j < m; j++)
			sum += (p[j] - (j == t)) * (p[j] - (j == t));
		brier += w * sum;
		if (m == 2)
			brier_positive +=
			    w * (p[positive] - (t == positive)) * (p[positive] - (t == positive));
		log_loss += w * minus_log(t < m ? p[t] : 0);
	}
	ml_sum_add(&c->log_loss, log_loss);
	ml_sum_add(&c->brier, brier);
	ml_sum_add(&c->brier_positive, brier_positive);
}

static void
put(struct ml_side *side, double score, const double *weight)
{
	if (weight != NULL)
		side->weight[side->n] = *weight;
	side->score[side->n++] = score;
}

static bool
keeps(const struct ml_label_options *o)
{
	return o->m == 1 || (o->needs & ML_NEEDS_SCORE) != 0;
}

static int
add_scores(struct ml_label_counter *c, const struct ml_scored *rows, struct ml_err *err)
{
	const struct ml_label_options *o = &c->options;

	for (size_t j = 0; j < o->m; j++) {
		struct ml_side *side = c->side + 2 * j;
		int32_t first = (int32_t)j;

		if (!ml_side_reserve(&side[0], rows->n, o->weighted) ||
		    !ml_side_reserve(&side[1], rows->n, o->weighted))
			return ml_fail(err, ML_ENOMEM, "no memory for the scores of %zu rows",
				       c->rows + rows->n);
		for (size_t i = 0; i < rows->n; i++)
			put(&side[rows->truth[i] != first], rows->proba[i * o->m + j],
			    o->weighted ? &rows->weight[i] : NULL);
	}
	return ML_OK;
}

int
ml_label_counter_add(struct ml_label_counter *c, const struct ml_scored *rows, struct ml_err *err)
{
	const struct ml_label_options *o = &c->options;
	size_t codes = o->m;
	double weight = 0;

	for (size_t i = 0; i < rows->n; i++) {
		size_t t = (size_t)rows->truth[i], g = rows->guess ? (size_t)rows->guess[i] : 0;

		codes = t >= codes ? t + 1 : codes;
		codes = g >= codes ? g + 1 : codes;
	}
	ML_TRY(grow(c, codes, err));
	for (size_t i = 0; i < rows->n; i++) {
		double w = rows->weight != NULL ? rows->weight[i] : 1;
		size_t t = (size_t)rows->truth[i];

		c->label_rows[t]++;
		weight += w;
		if (rows->guess != NULL)
			ml_sum_add(&c->count[t * c->room + (size_t)rows->guess[i]], w);
		else if (o->m > 1)
			ml_sum_add(&c->count[t * c->room + predicted(o, rows->proba + i * o->m)],
				   w);
		else /* column 0 until the end says more */
			ml_sum_add(&c->count[t * c->room], w);
	}
	ml_sum_add(&c->weight, weight);
	if (o->m > 1 && (o->needs & ML_NEEDS_PROBA) != 0)
		add_proba(c, rows);
	if (rows->proba != NULL && keeps(o))
		ML_TRY(add_scores(c, rows, err));
	c->rows += rows->n;
	return ML_OK;
}

/* One score a row: the sides of the positive class and of the other. */
static void
find_sides(const struct ml_label_counter *c, const struct ml_label_end *end,
	   struct ml_side **positive, struct ml_side **negative)
{
	bool first = end->order[end->positive] == 0;

	*positive = &c->side[first ? 0 : 1];
	*negative = &c->side[first ? 1 : 0];
}

/* Classes predicted by the threshold, where the input has none. */
static void
apply_threshold(struct ml_label_counter *c, const struct ml_label_end *end)
{
	for (size_t code = 0; code < 2; code++) {
		const struct ml_side *side = &c->side[code];
		size_t positive = end->order[end->positive], n[2] = {0};
		struct ml_sum sum[2] = {{0}};

		for (size_t i = 0; i < side->n; i++) {
			size_t to =
			    side->score[i] >= c->options.threshold ? positive : 1 - positive;

			n[to]++;
			if (side->weight != NULL)
				ml_sum_add(&sum[to], side->weight[i]);
		}
		for (size_t to = 0; to < 2; to++)
			c->count[code * c->room + to] =
			    side->weight != NULL ? sum[to] : (struct ml_sum){(double)n[to], 0};
	}
}

static double
in_blocks(const struct ml_side *side, double (*term)(double score))
{
	struct ml_sum sum = {0};

	for (size_t at = 0; at < side->n; at += ML_BLOCK) {
		size_t stop = side->n - at < ML_BLOCK ? side->n : at + ML_BLOCK;
		double part = 0;

		for (size_t i = at; i < stop; i++)
			part += (side->weight != NULL ? side->weight[i] : 1) * term(side->score[i]);
		ml_sum_add(&sum, part);
	}
	return ml_sum_value(&sum);
}

static double
loss_of_positive(double p)
{
	return minus_log(p);
}

static double
loss_of_negative(double p)
{
	return minus_log(1 - (p > 1 - EDGE ? 1 - EDGE : p < EDGE ? EDGE : p));
}

static double
brier_of_positive(double p)
{
	return (p - 1) * (p - 1);
}

static double
brier_of_negative(double p)
{
	return p * p;
}

static bool
is_proba(const struct ml_side *side)
{
	for (size_t i = 0; i < side->n; i++)
		if (!(side->score[i] >= 0 && side->score[i] <= 1))
			return false;
	return true;
}

static void
finish_proba(const struct ml_label_counter *c, const struct ml_label_end *end, struct ml_tally *t)
{
	struct ml_side *positive, *negative;

	t->log_loss = t->brier = (double)NAN;
	if (c->options.m == 0) {
		t->no_proba = "the input has no probabilities";
	} else if (c->options.m > 1) {
		t->log_loss = ml_sum_value(&c->log_loss);
		t->brier = ml_sum_value(end->k == 2 ? &c->brier_positive : &c->brier);
	} else if (end->positive == end->k) {
		t->no_proba = "the target has a single class: which one is positive is not known";
	} else if ((c->options.needs & ML_NEEDS_PROBA) != 0) {
		find_sides(c, end, &positive, &negative);
		if (!is_proba(positive) || !is_proba(negative)) {
			t->no_proba = "the scores are not probabilities: some are not in 0..1";
			return;
		}
		t->log_loss =
		    in_blocks(positive, loss_of_positive) + in_blocks(negative, loss_of_negative);
		t->brier =
		    in_blocks(positive, brier_of_positive) + in_blocks(negative, brier_of_negative);
	}
}

static int
finish_curves(struct ml_label_counter *c, const struct ml_label_end *end, struct ml_pool *pool,
	      struct ml_tally *t, struct ml_err *err)
{
	struct ml_curve *curve = ML_NEW(&c->arena, struct ml_curve, end->k);
	struct ml_side **all = ML_NEW(&c->arena, struct ml_side *, c->n_sides);
	struct ml_side *positive, *negative;
	bool one;

	if ((c->options.needs & ML_NEEDS_SCORE) == 0 || c->options.m == 0)
		return ML_OK;
	if (ml_arena_failed(&c->arena))
		return ml_fail(err, ML_ENOMEM, "no memory for %zu classes", end->k);
	for (size_t i = 0; i < c->n_sides; i++)
		all[i] = &c->side[i];
	/* Of two classes the plain metrics look at one only. */
	one = c->options.m == 2 && end->k == 2 && !c->options.every;
	ML_TRY(ml_sides_sort(all + (one ? 2 * c->options.positive : 0), one ? 2 : c->n_sides, pool,
			     err));
	for (size_t i = 0; i < c->n_sides; i++) {
		struct ml_sum sum = {0};

		for (size_t r = 0; c->options.weighted && r < all[i]->n; r++)
			ml_sum_add(&sum, all[i]->weight[r]);
		all[i]->total = c->options.weighted ? ml_sum_value(&sum) : (double)all[i]->n;
	}
	t->curve = curve;
	if (c->options.m > 1) {
		for (size_t i = 0; i < end->k; i++)
			if (end->order[i] < c->options.m &&
			    !(one && end->order[i] != c->options.positive))
				curve[i] = (struct ml_curve){all[2 * end->order[i]],
							     all[2 * end->order[i] + 1], false};
	} else if (end->positive < end->k) {
		find_sides(c, end, &positive, &negative);
		curve[end->positive] = (struct ml_curve){positive, negative, false};
		curve[1 - end->positive] = (struct ml_curve){negative, positive, true};
	}
	return ML_OK;
}

/* Lines and columns of the counts. */
static void
add_up(struct ml_tally *t, double *truth, double *guess)
{
	for (size_t i = 0; i < t->k; i++) {
		struct ml_sum line = {0}, column = {0};

		for (size_t j = 0; j < t->k; j++) {
			ml_sum_add(&line, t->count[i * t->k + j]);
			ml_sum_add(&column, t->count[j * t->k + i]);
		}
		truth[i] = ml_sum_value(&line);
		guess[i] = ml_sum_value(&column);
	}
	t->truth = truth;
	t->guess = guess;
}

/* Always the most frequent class; the shares as probabilities; one score for all. */
static int
finish_naive(struct ml_label_counter *c, const struct ml_tally *t, struct ml_tally *naive,
	     struct ml_err *err)
{
	size_t k = t->k, major = 0;
	double *count = ML_NEW(&c->arena, double, k *k), *guess = ML_NEW(&c->arena, double, k);
	struct ml_curve *curve = ML_NEW(&c->arena, struct ml_curve, k);
	struct ml_side *side = ML_NEW(&c->arena, struct ml_side, 2 * k);
	double *one = ML_NEW(&c->arena, double, 2 * k + 1), squares = 0;

	if (ml_arena_failed(&c->arena))
		return ml_fail(err, ML_ENOMEM, "no memory for %zu classes", k);
	*naive = *t;
	naive->log_loss = naive->brier = 0;
	for (size_t i = 0; i < k; i++) {
		double share = t->truth[i] / t->weight;

		major = t->truth[i] > t->truth[major] ? i : major;
		squares += share * share;
		naive->log_loss += t->truth[i] * minus_log(share);
		one[i] = t->truth[i];
		one[k + i] = t->weight - t->truth[i];
		side[2 * i] = (struct ml_side){1, 1, one + 2 * k, one + i, one[i]};
		side[2 * i + 1] = (struct ml_side){1, 1, one + 2 * k, one + k + i, one[k + i]};
		curve[i] = (struct ml_curve){&side[2 * i], &side[2 * i + 1], false};
	}
	/* The mean over rows of sum_j (p_j - y_j)^2 with p the shares is 1 - sum p^2. */
	naive->brier = t->weight * (1 - squares) * (k == 2 ? 0.5 : 1);
	for (size_t i = 0; i < k; i++)
		count[i * k + major] = t->truth[i];
	guess[major] = t->weight;
	naive->count = count;
	naive->guess = guess;
	naive->curve = curve;
	return ML_OK;
}

int
ml_label_counter_finish(struct ml_label_counter *c, const struct ml_label_end *end,
			struct ml_pool *pool, struct ml_tallies *tallies, struct ml_err *err)
{
	struct ml_tally *t = &tallies->model;
	size_t k = end->k;
	double *count = ML_NEW(&c->arena, double, k *k), *truth = ML_NEW(&c->arena, double, k),
	       *guess = ML_NEW(&c->arena, double, k);
	size_t *label_rows = ML_NEW(&c->arena, size_t, k);

	ML_TRY(grow(c, k, err));
	if (ml_arena_failed(&c->arena))
		return ml_fail(err, ML_ENOMEM, "no memory for %zu classes", k);
	if (c->options.m == 1 && c->options.by_threshold && end->positive < k)
		apply_threshold(c, end);
	*t = (struct ml_tally){.task = ML_CLASSIFY,
			       .rows = c->rows,
			       .weight = ml_sum_value(&c->weight),
			       .k = k,
			       .label = end->label,
			       .positive = end->positive,
			       .label_rows = label_rows,
			       .count = count};
	for (size_t i = 0; i < k; i++) {
		label_rows[i] = c->label_rows[end->order[i]];
		for (size_t j = 0; j < k; j++)
			count[i * k + j] =
			    ml_sum_value(&c->count[end->order[i] * c->room + end->order[j]]);
	}
	add_up(t, truth, guess);
	finish_proba(c, end, t);
	ML_TRY(finish_curves(c, end, pool, t, err));
	return finish_naive(c, t, &tallies->naive[ML_NAIVE_SHARES], err);
}
