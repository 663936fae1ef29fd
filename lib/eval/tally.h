#ifndef ML_EVAL_TALLY_H
#define ML_EVAL_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/par.h"
#include "model/model.h"

/*
 * What the rows of an evaluation add up to: all that a metric may ask.  Rows come in blocks and in
 * order; sums are taken over each block and added with compensation, scores are sorted by radix,
 * so no value depends on threads or on how the input arrived.  Memory: labels and probabilities
 * take none; a ranking takes 8 bytes a row and column of scores, regression 16; weights double it.
 */

/* What a metric reads, and so what a counter must keep. */
enum ml_needs {
	ML_NEEDS_LABEL = 1, /* predicted classes */
	ML_NEEDS_PROBA = 2, /* probabilities in 0..1 */
	ML_NEEDS_SCORE = 4, /* an order of the rows */
	ML_NEEDS_NUMBER = 8,
};

/* Scores of the rows on one side of a question, ascending once finished. */
struct ml_side {
	size_t n, room;
	double *score, *weight; /* weight NULL: all one */
	double total;		/* of the weights */
};

/* Rows of a class against all others, to be walked from the highest score down. */
struct ml_curve {
	const struct ml_side *positive, *negative; /* NULL: the class has no scores */
	bool rising;				   /* walk from the lowest score up instead */
};

struct ml_tally {
	unsigned task; /* enum ml_task */
	size_t rows;
	double weight; /* total */

	/* Classification; k classes in order. */
	size_t k;
	const char *const *label;
	const size_t *label_rows; /* rows whose truth is the class */
	const double *count;	  /* k x k weights: [truth * k + predicted] */
	const double *truth;	  /* k: sums of the lines of count */
	const double *guess;	  /* k: sums of its columns */
	size_t positive;	  /* the class that plain precision is of; k with more than two */
	double log_loss, brier;	  /* sums; NaN: none */
	const char *no_proba;	  /* why there is none */
	const struct ml_curve *curve; /* k, or NULL: no scores */

	/* Regression: weighted sums over e = truth - prediction. */
	double squared, absolute; /* e^2, |e| */
	double relative;	  /* |e| / max(|truth|, 2^-52) */
	double pinball;		  /* max(q e, (q - 1) e) */
	double spread;		  /* (truth - mean truth)^2 */
	double median;		  /* of |e| */
	size_t zeros;		  /* rows whose truth is 0 */
};

/*
 * Predictions that look at no column but the target's, on the same rows.  Classification: always
 * the most frequent class (the first of several), the classes' shares as probabilities.
 * Regression: always the mean, the median, or the quantile of --quantile.
 */
enum ml_naive {
	ML_NAIVE_SHARES,
	ML_NAIVE_MEAN,
	ML_NAIVE_MEDIAN,
	ML_NAIVE_QUANTILE,
	ML_NAIVE_KINDS,
};

struct ml_tallies {
	struct ml_tally model, naive[ML_NAIVE_KINDS];
};

/* At most this many classes: the confusion matrix is square. */
enum { ML_MAX_CLASSES = 1024 };

/* A block of rows.  Classes are codes 0, 1, 2... in an order that ml_label_end explains later. */
struct ml_scored {
	size_t n;
	const double *weight; /* NULL: all one */
	/* classification */
	const int32_t *truth;
	const int32_t *guess; /* NULL: the class follows from proba */
	const double *proba;  /* n x m; NULL: none */
	/* regression */
	const double *target, *prediction;
};

/*
 * Classification.  With m = 0 there are labels only.  With m = 1 proba is one score a row, higher
 * where the positive class is likelier; which of the two classes that is may be said at the end.
 * With more it holds the probabilities of classes 0..m-1.
 */
struct ml_label_options {
	unsigned needs;
	size_t m;
	bool weighted;
	size_t positive;   /* m = 2: the class of plain metrics */
	bool every;	   /* m = 2: rank by the other class too */
	bool by_threshold; /* there is no guess: the class follows from proba */
	double threshold;  /* then a score of two classes from here on is positive */
};

/* The order of the classes: class i has the code order[i] and the name label[i]. */
struct ml_label_end {
	size_t k, positive; /* positive: class, or k */
	const size_t *order;
	const char *const *label;
};

struct ml_label_counter;
int ml_label_counter_new(struct ml_label_counter **counter, const struct ml_label_options *options,
			 struct ml_err *err);
void ml_label_counter_free(struct ml_label_counter *counter);
int ml_label_counter_add(struct ml_label_counter *counter, const struct ml_scored *rows,
			 struct ml_err *err);
/* What TALLIES points to belongs to the counter and, for labels, to END. */
int ml_label_counter_finish(struct ml_label_counter *counter, const struct ml_label_end *end,
			    struct ml_pool *pool, struct ml_tallies *tallies, struct ml_err *err);

/* Regression. */
struct ml_error_counter;
int ml_error_counter_new(struct ml_error_counter **counter, bool weighted, double quantile,
			 struct ml_err *err);
void ml_error_counter_free(struct ml_error_counter *counter);
int ml_error_counter_add(struct ml_error_counter *counter, const struct ml_scored *rows,
			 struct ml_err *err);
int ml_error_counter_finish(struct ml_error_counter *counter, struct ml_pool *pool,
			    struct ml_tallies *tallies, struct ml_err *err);

/* A compensated sum (Neumaier 1974); the value is sum + carry. */
struct ml_sum {
	double sum, carry;
};

static inline void
ml_sum_add(struct ml_sum *s, double x)
{
	double t = s->sum + x;
	double big = s->sum >= 0 ? s->sum : -s->sum, small = x >= 0 ? x : -x;

	s->carry += big >= small ? (s->sum - t) + x : (x - t) + s->sum;
	s->sum = t;
}

static inline double
ml_sum_value(const struct ml_sum *s)
{
	return s->sum + s->carry;
}

/* Sides, for the counters. */
bool ml_side_reserve(struct ml_side *side, size_t more, bool weighted);
void ml_side_free(struct ml_side *side);
/* Sorts each by score, weights along. */
int ml_sides_sort(struct ml_side *const *side, size_t n, struct ml_pool *pool, struct ml_err *err);
/*
 * The weighted q-quantile of a sorted side: the score at which the sum of the weights passes q of
 * the total, or the middle between it and the next where it meets q exactly (type 2 of Hyndman and
 * Fan 1996).  A row twice is a row of weight 2, and the median is the usual one.
 */
double ml_side_quantile(const struct ml_side *side, double q);

#endif
