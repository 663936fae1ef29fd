#include <math.h>

#include "eval/metric.h"

/*
 * Definitions as in scikit-learn 1.2 (sklearn.metrics), unless said.  Letters: k classes, c_ij the
 * weight of the rows of class i predicted as j, t_i and g_i their sums over j and over i, s the
 * weight of all.
 */

static double
undefined(const char **why, const char *reason)
{
	*why = reason;
	return (double)NAN;
}

static double
hit(const struct ml_tally *t, size_t class)
{
	return t->count[class * t->k + class];
}

/* sum_i c_ii / s */
double
ml_metric_accuracy(const struct ml_tally *t, size_t class, const char **why)
{
	struct ml_sum right = {0};

	(void)class, (void)why;
	for (size_t i = 0; i < t->k; i++)
		ml_sum_add(&right, hit(t, i));
	return ml_sum_value(&right) / t->weight;
}

/* The mean of c_ii / t_i over the classes that have rows. */
double
ml_metric_balanced_accuracy(const struct ml_tally *t, size_t class, const char **why)
{
	double sum = 0;
	size_t present = 0;

	(void)class, (void)why;
	for (size_t i = 0; i < t->k; i++)
		if (t->truth[i] > 0) {
			sum += hit(t, i) / t->truth[i];
			present++;
		}
	return sum / (double)present;
}

/* c_ii / g_i */
double
ml_metric_precision(const struct ml_tally *t, size_t class, const char **why)
{
	if (!(t->guess[class] > 0))
		return undefined(why, "no row is predicted as the class");
	return hit(t, class) / t->guess[class];
}

/* c_ii / t_i */
double
ml_metric_recall(const struct ml_tally *t, size_t class, const char **why)
{
	if (!(t->truth[class] > 0))
		return undefined(why, "no row is of the class");
	return hit(t, class) / t->truth[class];
}

/* 2 c_ii / (t_i + g_i) */
double
ml_metric_f1(const struct ml_tally *t, size_t class, const char **why)
{
	if (!(t->truth[class] + t->guess[class] > 0))
		return undefined(why, "no row is of the class or predicted as it");
	return 2 * hit(t, class) / (t->truth[class] + t->guess[class]);
}

static size_t
not_zero(const double *v, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += v[i] > 0;
	return count;
}

/*
 * R_K of Gorodkin (2004): (s sum c_ii - sum t_i g_i) / sqrt((s^2 - sum t_i^2) (s^2 - sum g_i^2)),
 * where s^2 - sum t_i^2 = sum t_i (s - t_i) loses no digits.  0 where one of the margins has a
 * single class.
 */
double
ml_metric_mcc(const struct ml_tally *t, size_t class, const char **why)
{
	double s = t->weight, right = 0, chance = 0, truth = 0, guess = 0;

	(void)class;
	if (not_zero(t->truth, t->k) < 2 || not_zero(t->guess, t->k) < 2) {
		*why = "truth or prediction has a single class: mcc is 0";
		return 0;
	}
	for (size_t i = 0; i < t->k; i++) {
		right += hit(t, i);
		chance += t->truth[i] * t->guess[i];
		truth += t->truth[i] * (s - t->truth[i]);
		guess += t->guess[i] * (s - t->guess[i]);
	}
	return (s * right - chance) / sqrt(truth * guess);
}

/* (po - pe) / (1 - pe): po = sum c_ii / s, pe = sum t_i g_i / s^2 (Cohen 1960). */
double
ml_metric_kappa(const struct ml_tally *t, size_t class, const char **why)
{
	double s = t->weight, right = 0, chance = 0, rest = 0;

	(void)class;
	for (size_t i = 0; i < t->k; i++) {
		right += hit(t, i);
		chance += t->truth[i] * t->guess[i];
		rest += t->truth[i] * (s - t->guess[i]);
	}
	if (not_zero(t->truth, t->k) == 1 && not_zero(t->guess, t->k) == 1 && chance > 0)
		return undefined(why, "truth and prediction have the same single class");
	return (s * right - chance) / rest;
}

/* Rows of equal score, from the highest score down. */
struct walk {
	const struct ml_curve *curve;
	size_t i, j;		   /* rows passed of each side */
	double positive, negative; /* weight of this step */
};

static double
score_at(const struct walk *walk, const struct ml_side *side, size_t i)
{
	return walk->curve->rising ? -side->score[i] : side->score[side->n - 1 - i];
}

static double
weight_at(const struct walk *walk, const struct ml_side *side, size_t i)
{
	if (side->weight == NULL)
		return 1;
	return side->weight[walk->curve->rising ? i : side->n - 1 - i];
}

static double
take(const struct walk *walk, const struct ml_side *side, size_t *i, double score)
{
	double sum = 0;

	for (; *i < side->n && score_at(walk, side, *i) == score; ++*i)
		sum += weight_at(walk, side, *i);
	return sum;
}

static bool
step(struct walk *walk)
{
	const struct ml_side *positive = walk->curve->positive, *negative = walk->curve->negative;
	bool more = walk->i < positive->n, others = walk->j < negative->n;
	double score;

	if (!more && !others)
		return false;
	score = more ? score_at(walk, positive, walk->i) : score_at(walk, negative, walk->j);
	if (more && others)
		score = fmax(score, score_at(walk, negative, walk->j));
	walk->positive = take(walk, positive, &walk->i, score);
	walk->negative = take(walk, negative, &walk->j, score);
	return true;
}

static const struct ml_curve *
curve_of(const struct ml_tally *t, size_t class, const char **why)
{
	if (t->curve == NULL) {
		*why = "the input has no scores";
		return NULL;
	}
	if (t->curve[class].positive == NULL) {
		*why = "the class has no scores";
		return NULL;
	}
	return &t->curve[class];
}

/* P(score of a positive > of a negative) + P(equal) / 2: Mann-Whitney, Bamber (1975). */
double
ml_metric_auc(const struct ml_tally *t, size_t class, const char **why)
{
	const struct ml_curve *curve = curve_of(t, class, why);
	struct walk walk = {.curve = curve};
	struct ml_sum area = {0};
	double above = 0;

	if (curve == NULL)
		return (double)NAN;
	if (!(curve->positive->total > 0) || !(curve->negative->total > 0))
		return undefined(why, "all rows are on one side: of the class, or not of it");
	while (step(&walk)) {
		ml_sum_add(&area, walk.negative * (above + walk.positive / 2));
		above += walk.positive;
	}
	return ml_sum_value(&area) / (curve->positive->total * curve->negative->total);
}

/* sum_n (R_n - R_n-1) P_n over the distinct scores, without interpolation. */
double
ml_metric_average_precision(const struct ml_tally *t, size_t class, const char **why)
{
	const struct ml_curve *curve = curve_of(t, class, why);
	struct walk walk = {.curve = curve};
	struct ml_sum sum = {0};
	double positive = 0, all = 0;

	if (curve == NULL)
		return (double)NAN;
	if (!(curve->positive->total > 0))
		return undefined(why, "no row is of the class");
	while (step(&walk)) {
		positive += walk.positive;
		all += walk.positive + walk.negative;
		if (walk.positive > 0)
			ml_sum_add(&sum, walk.positive * (positive / all));
	}
	return ml_sum_value(&sum) / curve->positive->total;
}

/* -mean log p, p the probability of the true class, at least 2^-52 from 0 and 1. */
double
ml_metric_log_loss(const struct ml_tally *t, size_t class, const char **why)
{
	(void)class;
	*why = t->no_proba;
	return t->log_loss / t->weight;
}

/* Two classes: mean (p - y)^2, 0..1 (Brier 1950, halved); more: summed over the classes, 0..2. */
double
ml_metric_brier(const struct ml_tally *t, size_t class, const char **why)
{
	(void)class;
	*why = t->no_proba;
	return t->brier / t->weight;
}
