#include <math.h>
#include <stddef.h>
#include <string.h>

#include "model/common.h"
#include "num/func.h"
#include "num/sort.h"

/*
 * The model that looks at no feature: what any other must beat.  Classes get their shares;
 * a number gets its mean or median.
 */
struct baseline {
	double *score;
};

struct baseline_params {
	const char *baseline;
};

static const struct ml_opt baseline_opts[] = {
    ML_CHOICE(0, "baseline", NULL, "kind", struct baseline_params, baseline, "mean", "mean median",
	      "what to predict for numbers"),
    ML_OPT_LAST};

static int
fit_shares(const struct ml_data *data, double *score, struct ml_err *err)
{
	double *weight = ml_alloc(data->k, sizeof *weight), sum = 0;
	int status;

	if (weight == NULL)
		return ml_no_memory(err);
	status = ml_data_classes(data, weight, 1, err);
	for (size_t c = 0; c < data->k; c++)
		sum += weight[c];
	for (size_t c = 0; status == ML_OK && c < data->k; c++)
		weight[c] = weight[c] > 0 ? ml_log(weight[c] / sum) : ML_LOG_NOTHING;
	if (status == ML_OK && data->k > 2)
		memcpy(score, weight, data->k * sizeof *score);
	else if (status == ML_OK)
		score[0] = data->k == 2 ? weight[1] - weight[0] : -ML_LOG_NOTHING;
	ml_free(weight);
	return status;
}

/* Less its first value, so that a large offset costs no digits. */
static double
mean(const struct ml_data *data, double weight)
{
	size_t first = 0;
	double origin, sum = 0;

	while (data->rows[first] == 0)
		first++;
	origin = data->y[first][0];
	for (size_t b = 0; b < data->n_blocks; b++) {
		double part = 0;

		for (size_t i = 0; i < data->rows[b]; i++)
			part += (data->y[b][i] - origin) * (data->w == NULL ? 1 : data->w[b][i]);
		sum += part;
	}
	return origin + sum / weight;
}

/*
 * Half of the weight lies at or below the median and half at or above; where several values do
 * so, the middle of the least and the greatest of them.
 */
static int
median(const struct ml_data *data, double weight, double *median, struct ml_err *err)
{
	struct ml_arena arena = {0};
	double *y = ML_NEW(&arena, double, data->n), *w = ML_NEW(&arena, double, data->n);
	size_t *order = ML_NEW(&arena, size_t, data->n), n = 0, i = 0;
	struct ml_sort_item *items = ML_NEW(&arena, struct ml_sort_item, 2 * data->n);
	double below = 0;

	if (ml_arena_failed(&arena)) {
		ml_arena_free(&arena);
		return ml_no_memory(err);
	}
	for (size_t b = 0; b < data->n_blocks; b++)
		for (size_t r = 0; r < data->rows[b]; r++)
			if (data->w == NULL || data->w[b][r] > 0) {
				w[n] = data->w == NULL ? 1 : data->w[b][r];
				y[n++] = data->y[b][r];
			}
	ml_sort_index(y, order, n, items);
	while (i + 1 < n && below + w[order[i]] < weight / 2)
		below += w[order[i++]];
	*median = y[order[i]];
	if (i + 1 < n && below + w[order[i]] == weight / 2)
		*median = *median / 2 + y[order[i + 1]] / 2;
	ml_arena_free(&arena);
	return ML_OK;
}

static int
baseline_fit(struct ml_run *run, void *state, const void *params, const struct ml_data *data)
{
	const struct baseline_params *p = params;
	struct baseline *m = state;
	double weight;

	m->score = ML_NEW(run->keep, double, ml_model_scores(data->k));
	if (m->score == NULL)
		return ml_no_memory(run->err);
	if (data->k > 0)
		return fit_shares(data, m->score, run->err);
	ML_TRY(ml_data_weight(data, &weight, run->err));
	if (strcmp(p->baseline, "median") == 0)
		return median(data, weight, m->score, run->err);
	m->score[0] = mean(data, weight);
	return ML_OK;
}

static void
baseline_predict(const void *state, const struct ml_shape *shape, const double *x, size_t n,
		 double *score)
{
	const struct baseline *m = state;
	size_t k = ml_model_scores(shape->k);

	(void)x;
	for (size_t i = 0; i < n; i++)
		memcpy(score + i * k, m->score, k * sizeof *score);
}

static int
baseline_fields(struct ml_fields *fields, void *state, const struct ml_shape *shape)
{
	struct baseline *m = state;

	ml_field_f64s(fields, "score", &m->score, ml_model_scores(shape->k));
	return fields->status;
}

const struct ml_model_type ml_model_baseline = {
    .name = "baseline",
    .brief = "the mean, the median or the share of each class, without features",
    .tasks = ML_REGRESS | ML_CLASSIFY,
    .wants = ML_WANTS_NOTHING,
    .state_size = sizeof(struct baseline),
    .param_size = sizeof(struct baseline_params),
    .params = baseline_opts,
    .fit = baseline_fit,
    .predict = baseline_predict,
    .fields = baseline_fields,
};
