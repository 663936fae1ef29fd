#include <math.h>
#include <stddef.h>
#include <string.h>

#include "model/common.h"
#include "num/func.h"

/*
 * Naive Bayes: given the class, features are independent; a number is normal, a category has a
 * share for each level.  A missing value says nothing: its feature does not count for that row, in
 * learning or in prediction.  Of class c,
 *   log_prior[c] + sum over numbers log N(x_j; mean[c][j], variance[c][j])
 *                + sum over categories log_share[j][level][c]
 * is the score.  Variances are raised by a share of the largest variance of any feature, and each
 * level counts ALPHA rows more than it has (Laplace), as in scikit-learn.
 */
struct bayes {
	double *log_prior; /* k */
	double *mean;	   /* k x numbers */
	double *variance;  /* k x numbers */
	double *log_share; /* for each category: levels x k */
	/* Made from the variance, for the normal density: */
	double *log_height; /* k x numbers: -1/2 log(2 pi variance) */
	double *narrow;	    /* k x numbers: 1 / (2 variance) */
};

struct bayes_params {
	double smoothing, alpha;
};

static const struct ml_opt bayes_opts[] = {
    ML_REAL(0, "smoothing", "var-smoothing", "x", struct bayes_params, smoothing, "1e-9", 1e-15, 1,
	    "share of the largest variance that is added to all"),
    ML_REAL(0, "alpha", "laplace", "x", struct bayes_params, alpha, "1", 1e-10, 1e100,
	    "rows added to each level of a category"),
    ML_OPT_LAST};

static const double LEAST_VARIANCE = 1e-300;
/* A value farther from the mean than doubles can say counts so much, for every class. */
static const double FARTHEST = 1e200;

/* How many features are numbers, and how many levels the others have together. */
static void
count(const struct ml_input *input, size_t d, size_t *numbers, size_t *levels)
{
	*numbers = *levels = 0;
	for (size_t j = 0; j < d; j++) {
		*numbers += input[j].n_levels == 0;
		*levels += input[j].n_levels;
	}
}

/* Memory of the state; SAVED: also of what is saved. */
static bool
take_memory(struct bayes *m, struct ml_arena *arena, size_t k, size_t numbers, size_t levels,
	    bool saved)
{
	size_t most = SIZE_MAX / sizeof(double) / k, n = k * numbers, shares = k * levels;

	if (numbers > most || levels > most)
		return false;
	m->log_height = ML_NEW(arena, double, n);
	m->narrow = ML_NEW(arena, double, n);
	if (saved) {
		m->log_prior = ML_NEW(arena, double, k);
		m->mean = ML_NEW(arena, double, n);
		m->variance = ML_NEW(arena, double, n);
		m->log_share = ML_NEW(arena, double, shares);
	}
	return !ml_arena_failed(arena);
}

static void
derive(struct bayes *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		m->log_height[i] = -0.5 * ml_log(6.283185307179586 * m->variance[i]);
		m->narrow[i] = 0.5 / m->variance[i];
	}
}

/*
 * Sums of a group of blocks.  The first pass finds weights and sums, so the means; the second
 * sums about the means, whose squares then lose no digits and whose first power mends the means.
 */
struct sums {
	double *weight; /* k x numbers */
	double *first;	/* k x numbers: of x, then of x - mean */
	double *second; /* k x numbers: of (x - mean)^2 */
	double *level;	/* for each category: levels x k */
};

struct gather {
	const struct ml_data *data;
	const double *mean; /* NULL in the first pass */
	size_t numbers, n_groups;
	struct sums *group;
};

static void
add_row(const struct gather *s, struct sums *t, const double *x, size_t c, double w)
{
	const struct ml_input *input = s->data->input;
	size_t at = c * s->numbers, level = 0;

	for (size_t j = 0; j < s->data->d; j++) {
		size_t levels = input[j].n_levels;

		if (levels > 0) {
			if (s->mean == NULL && x[j] >= 0 && x[j] < (double)levels)
				t->level[(level + (size_t)x[j]) * s->data->k + c] += w;
			level += levels;
			continue;
		}
		if (!isnan(x[j])) {
			double off = s->mean == NULL ? x[j] : x[j] - s->mean[at];

			t->weight[at] += w;
			t->first[at] += w * off;
			t->second[at] += w * off * off;
		}
		at++;
	}
}

static int
gather_group(void *ctx, size_t g, size_t thread, struct ml_err *err)
{
	const struct gather *s = ctx;
	const struct ml_data *data = s->data;
	size_t end = ml_group_start(g + 1, s->n_groups, data->n_blocks);

	(void)thread, (void)err;
	for (size_t b = ml_group_start(g, s->n_groups, data->n_blocks); b < end; b++)
		for (size_t i = 0; i < data->rows[b]; i++)
			add_row(s, &s->group[g], data->x[b] + i * data->d, (size_t)data->y[b][i],
				data->w == NULL ? 1 : data->w[b][i]);
	return ML_OK;
}

/* Memory for the sums of each group. */
static int
gather_new(struct gather *s, size_t n, size_t shares, struct ml_arena *arena, struct ml_err *err)
{
	s->n_groups = ml_groups(s->data->n_blocks, (3 * n + shares) * sizeof(double));
	s->group = ML_NEW(arena, struct sums, s->n_groups);
	for (size_t g = 0; s->group != NULL && g < s->n_groups; g++) {
		s->group[g].weight = ML_NEW(arena, double, n);
		s->group[g].first = ML_NEW(arena, double, n);
		s->group[g].second = ML_NEW(arena, double, n);
		s->group[g].level = ML_NEW(arena, double, shares);
	}
	return ml_arena_failed(arena) ? ml_no_memory(err) : ML_OK;
}

/* The sums of all groups in group 0: N of numbers, SHARES of categories. */
static int
gather(struct ml_run *run, struct gather *s, size_t n, size_t shares)
{
	for (size_t g = 0; g < s->n_groups && n > 0; g++) {
		memset(s->group[g].weight, 0, n * sizeof(double));
		memset(s->group[g].first, 0, n * sizeof(double));
		memset(s->group[g].second, 0, n * sizeof(double));
	}
	ML_TRY(ml_par_for(run->pool, s->n_groups, gather_group, s, run->err));
	for (size_t g = 1; g < s->n_groups; g++) {
		for (size_t i = 0; i < n; i++) {
			s->group[0].weight[i] += s->group[g].weight[i];
			s->group[0].first[i] += s->group[g].first[i];
			s->group[0].second[i] += s->group[g].second[i];
		}
		for (size_t i = 0; i < shares && s->mean == NULL; i++)
			s->group[0].level[i] += s->group[g].level[i];
	}
	return ML_OK;
}

/*
 * Variances from the sums; the mean and variance of all rows stand in for a class that never has
 * the feature.  Returns the largest variance of a feature over all classes.
 */
static double
finish_numbers(struct bayes *m, const struct sums *sums, size_t k, size_t numbers)
{
	double largest = 0;

	for (size_t j = 0; j < numbers; j++) {
		double weight = 0, mean = 0, variance = 0;

		for (size_t i = j; i < k * numbers; i += numbers) {
			double w = sums->weight[i], shift = w > 0 ? sums->first[i] / w : 0;

			m->mean[i] += shift;
			m->variance[i] = w > 0 ? fmax(0, sums->second[i] / w - shift * shift) : 0;
			weight += w;
			if (w > 0)
				mean += w / weight * (m->mean[i] - mean);
		}
		for (size_t i = j; i < k * numbers && weight > 0; i += numbers) {
			double off = m->mean[i] - mean;

			variance += sums->weight[i] / weight * (m->variance[i] + off * off);
		}
		for (size_t i = j; i < k * numbers; i += numbers)
			if (!(sums->weight[i] > 0)) {
				m->mean[i] = mean;
				m->variance[i] = variance;
			}
		largest = fmax(largest, variance);
	}
	return largest;
}

static void
finish_levels(struct bayes *m, const struct ml_data *data, const double *count_of, double alpha)
{
	size_t k = data->k, level = 0;

	for (size_t j = 0; j < data->d; j++) {
		size_t levels = data->input[j].n_levels;

		for (size_t c = 0; c < k; c++) {
			double sum = alpha * (double)levels;

			for (size_t l = 0; l < levels; l++)
				sum += count_of[(level + l) * k + c];
			for (size_t l = 0; l < levels; l++)
				m->log_share[(level + l) * k + c] =
				    ml_log((count_of[(level + l) * k + c] + alpha) / sum);
		}
		level += levels;
	}
}

static int
check_finite(const double *v, size_t n, struct ml_err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return ml_fail(err, ML_EINPUT,
				       "a variance is beyond the doubles: scale the features");
	return ML_OK;
}

/* Means, variances, shares from two passes over the rows. */
static int
fit_sums(struct ml_run *run, struct bayes *m, const struct bayes_params *p,
	 const struct ml_data *data, struct ml_arena *arena)
{
	struct gather s = {.data = data};
	size_t k = data->k, levels, n, shares;
	double largest;

	count(data->input, data->d, &s.numbers, &levels);
	n = k * s.numbers;
	shares = k * levels;
	if (!take_memory(m, run->keep, k, s.numbers, levels, true))
		return ml_no_memory(run->err);
	ML_TRY(gather_new(&s, n, shares, arena, run->err));
	ML_TRY(gather(run, &s, n, shares));
	for (size_t i = 0; i < n; i++)
		if (s.group[0].weight[i] > 0)
			m->mean[i] = s.group[0].first[i] / s.group[0].weight[i];
	s.mean = m->mean;
	ML_TRY(gather(run, &s, n, 0));
	largest = finish_numbers(m, &s.group[0], k, s.numbers);
	for (size_t i = 0; i < n; i++) {
		double raised = m->variance[i] + p->smoothing * largest;

		m->variance[i] = largest > 0 ? fmax(raised, LEAST_VARIANCE) : 1;
	}
	finish_levels(m, data, s.group[0].level, p->alpha);
	derive(m, n);
	ML_TRY(check_finite(m->mean, n, run->err));
	return check_finite(m->variance, n, run->err);
}

static int
fit(struct ml_run *run, struct bayes *m, const struct bayes_params *p, const struct ml_data *data,
    struct ml_arena *arena)
{
	double *by_class = ML_NEW(arena, double, data->k), weight = 0;

	if (by_class == NULL)
		return ml_no_memory(run->err);
	ML_TRY(ml_data_classes(data, by_class, 2, run->err));
	ML_TRY(fit_sums(run, m, p, data, arena));
	for (size_t c = 0; c < data->k; c++)
		weight += by_class[c];
	for (size_t c = 0; c < data->k; c++)
		m->log_prior[c] = by_class[c] > 0 ? ml_log(by_class[c] / weight) : ML_LOG_NOTHING;
	return ML_OK;
}

static int
bayes_fit(struct ml_run *run, void *state, const void *params, const struct ml_data *data)
{
	struct ml_arena arena = {0};
	int status = fit(run, state, params, data, &arena);

	ml_arena_free(&arena);
	return status;
}

/* The joint log-likelihood of row x and class c. */
static double
joint(const struct bayes *m, const struct ml_shape *shape, size_t numbers, const double *x,
      size_t c)
{
	const double *share = m->log_share;
	double sum = m->log_prior[c];
	size_t at = c * numbers;

	for (size_t j = 0; j < shape->d; j++) {
		size_t levels = shape->input[j].n_levels;

		if (levels > 0) {
			if (x[j] >= 0 && x[j] < (double)levels)
				sum += share[(size_t)x[j] * shape->k + c];
			share += levels * shape->k;
			continue;
		}
		if (!isnan(x[j])) {
			double off = x[j] - m->mean[at], far = off * off * m->narrow[at];

			sum += m->log_height[at] - (far < FARTHEST ? far : FARTHEST);
		}
		at++;
	}
	return sum;
}

static void
bayes_predict(const void *state, const struct ml_shape *shape, const double *x, size_t n,
	      double *score)
{
	const struct bayes *m = state;
	size_t k = shape->k, numbers, levels;

	count(shape->input, shape->d, &numbers, &levels);
	for (size_t i = 0; i < n; i++, x += shape->d)
		if (k == 2)
			score[i] = joint(m, shape, numbers, x, 1) - joint(m, shape, numbers, x, 0);
		else
			for (size_t c = 0; c < k; c++)
				score[i * k + c] = joint(m, shape, numbers, x, c);
}

static int
bayes_fields(struct ml_fields *fields, void *state, const struct ml_shape *shape)
{
	struct bayes *m = state;
	size_t numbers, levels, n;
	bool positive = true;

	ml_field_check(fields, shape->k >= 2, "log_prior");
	if (fields->status < 0)
		return fields->status;
	count(shape->input, shape->d, &numbers, &levels);
	if (fields->reading && !take_memory(m, fields->arena, shape->k, numbers, levels, false))
		return fields->status = ml_no_memory(fields->err);
	n = shape->k * numbers;
	ml_field_f64s(fields, "log_prior", &m->log_prior, shape->k);
	ml_field_f64s(fields, "mean", &m->mean, n);
	ml_field_f64s(fields, "variance", &m->variance, n);
	ml_field_f64s(fields, "log_share", &m->log_share, levels * shape->k);
	for (size_t i = 0; fields->status == ML_OK && i < n; i++)
		positive = positive && m->variance[i] >= LEAST_VARIANCE;
	ml_field_check(fields, positive, "variance");
	if (fields->reading && fields->status == ML_OK)
		derive(m, n);
	return fields->status;
}

const struct ml_model_type ml_model_bayes = {
    .name = "bayes",
    .brief = "naive Bayes: normal for numbers, shares for categories",
    .tasks = ML_CLASSIFY,
    .wants = ML_WANTS_MISSING,
    .state_size = sizeof(struct bayes),
    .param_size = sizeof(struct bayes_params),
    .params = bayes_opts,
    .fit = bayes_fit,
    .predict = bayes_predict,
    .fields = bayes_fields,
};
