#include <math.h>
#include <stddef.h>
#include <string.h>

#include "model/common.h"
#include "num/optim.h"

/*
 * Linear regression: prediction = intercept + sum_j coef_j x_j.  All four kinds are computed from
 * moments alone, so from one pass in constant memory.  With W the sum of weights they minimise
 *   linear      sum w (y - prediction)^2
 *   ridge       sum w (y - prediction)^2 + l2 sum coef^2
 *   elasticnet  1/(2W) sum w (y - prediction)^2
 *               + penalty (mixture sum |coef| + (1 - mixture)/2 sum coef^2)
 *   lasso       the same with mixture 1
 * which are scikit-learn's objectives; glmnet's lambda is l2 / W.  The intercept is not penalised.
 */
struct linear {
	double *intercept; /* one */
	double *coef;	   /* d */
};

struct linear_params {
	double l2, penalty, mixture, tolerance;
	int64_t max_iter;
	bool no_intercept;
};

#define NO_INTERCEPT                                                                               \
	ML_FLAG(0, "no-intercept", struct linear_params, no_intercept, "the line goes through 0")
#define PENALTY                                                                                    \
	ML_REAL(0, "penalty", "alpha lambda", "x", struct linear_params, penalty, "1", 0, 1e100,   \
		"weight of the penalty, beside half the mean squared error")
#define ENDS                                                                                       \
	ML_INT(0, "max-iter", NULL, "n", struct linear_params, max_iter, "10000", 1, 1e9,          \
	       "sweeps over the features at most"),                                                \
	    ML_REAL(0, "tolerance", "tol", "x", struct linear_params, tolerance, "1e-4", 0, 1,     \
		    "duality gap to reach, as a share of y'y; then the exact solution is tried")

static const struct ml_opt linear_opts[] = {NO_INTERCEPT, ML_OPT_LAST};

static const struct ml_opt ridge_opts[] = {
    ML_REAL(0, "l2", "alpha lambda penalty", "x", struct linear_params, l2, "1", 0, 1e100,
	    "weight of the squared coefficients, beside the sum of squared errors"),
    NO_INTERCEPT, ML_OPT_LAST};

static const struct ml_opt lasso_opts[] = {PENALTY, NO_INTERCEPT, ENDS, ML_OPT_LAST};

static const struct ml_opt elasticnet_opts[] = {
    PENALTY,
    ML_REAL(0, "mixture", "l1-ratio", "x", struct linear_params, mixture, "0.5", 0, 1,
	    "share of the absolute coefficients in the penalty; the rest is their squares"),
    NO_INTERCEPT, ENDS, ML_OPT_LAST};

/* The normal equations gram coef = xy, about the means or, without intercept, about 0. */
struct normal {
	size_t d;
	double weight;
	double *mean;		/* d + 1, the target last; all 0 without intercept */
	double *gram;		/* d x d, both triangles */
	double *xy, yy;		/* d */
	struct ml_arena *arena; /* ours */
};

/* Sum w u v for columns i and j (0 is the constant) with CENTRE taken back or MEAN taken off. */
static double
product(const struct ml_moments *m, size_t i, size_t j, bool about_mean)
{
	size_t side = m->d + 1;
	double at_centre = i <= j ? m->gram[i * side + j] : m->gram[j * side + i];
	double weight = m->gram[0], si = m->gram[i], sj = m->gram[j];
	double ci = m->centre[i - 1], cj = m->centre[j - 1];

	if (about_mean)
		return at_centre - si * (sj / weight);
	return at_centre + ci * sj + cj * si + ci * cj * weight;
}

/* A constant column keeps rounding for a variance. */
static bool
is_constant(const struct ml_moments *m, size_t i, double mean, double variance)
{
	double blur = 8 * 0x1p-52 * mean;

	return variance <= 1e-14 * m->gram[i * (m->d + 1) + i] ||
	       variance <= m->gram[0] * blur * blur;
}

static int
normal_new(struct normal *n, const struct ml_moments *m, bool intercept, struct ml_err *err)
{
	size_t d = m->d - 1;

	n->d = d;
	n->weight = m->gram[0];
	if (m->n < 1)
		return ml_fail(err, ML_EINPUT, "there are no rows to learn from");
	if (!(n->weight > 0))
		return ml_fail(err, ML_EINPUT, "all rows have weight zero");
	n->mean = ML_NEW(n->arena, double, d + 1);
	n->xy = ML_NEW(n->arena, double, d);
	n->gram =
	    d == 0 || d <= SIZE_MAX / sizeof(double) / d ? ML_NEW(n->arena, double, (d * d)) : NULL;
	if (n->gram == NULL || ml_arena_failed(n->arena))
		return ml_no_memory(err);
	for (size_t j = 0; j <= d && intercept; j++)
		n->mean[j] = m->centre[j] + m->gram[j + 1] / n->weight;
	for (size_t i = 0; i < d; i++) {
		if (intercept && is_constant(m, i + 1, n->mean[i], product(m, i + 1, i + 1, true)))
			continue; /* its row and column of gram stay 0, and so does its
				     coefficient */
		for (size_t j = 0; j < d; j++)
			n->gram[i * d + j] = product(m, i + 1, j + 1, intercept);
		n->xy[i] = product(m, i + 1, d + 1, intercept);
	}
	for (size_t i = 0; i < d; i++)
		for (size_t j = 0; n->gram[i * d + i] == 0 && j < d; j++)
			n->gram[j * d + i] = 0;
	n->yy = fmax(0, product(m, d + 1, d + 1, intercept));
	for (size_t i = 0; i < d; i++)
		if (!isfinite(n->gram[i * d + i]) || !isfinite(n->xy[i]))
			return ml_fail(err, ML_EINPUT,
				       "the features are too large for doubles: scale them");
	return isfinite(n->yy) ? ML_OK
			       : ml_fail(err, ML_EINPUT, "the target is too large for doubles");
}

/* Gives the state its memory, and an intercept to the coefficients in it. */
static int
linear_new(struct ml_run *run, struct linear *state, size_t d)
{
	state->intercept = ML_NEW(run->keep, double, 1);
	state->coef = ML_NEW(run->keep, double, d);
	return ml_arena_failed(run->keep) ? ml_no_memory(run->err) : ML_OK;
}

static int
linear_end(struct ml_run *run, struct linear *state, const struct normal *n)
{
	double at_mean = 0;

	for (size_t j = 0; j < n->d; j++)
		at_mean += state->coef[j] * n->mean[j];
	state->intercept[0] = n->mean[n->d] - at_mean;
	for (size_t j = 0; j < n->d; j++)
		if (!isfinite(state->coef[j]))
			return ml_fail(run->err, ML_EINPUT,
				       "a coefficient is beyond the doubles: scale the features");
	return isfinite(state->intercept[0])
		   ? ML_OK
		   : ml_fail(run->err, ML_EINPUT, "the intercept is beyond the doubles");
}

static int
solve_ridge(struct ml_run *run, struct linear *state, struct normal *n, double l2)
{
	size_t d = n->d, rank;

	for (size_t j = 0; j < d; j++) {
		n->gram[j * d + j] += l2;
		state->coef[j] = n->xy[j];
	}
	ML_TRY(ml_solve_spd(n->gram, state->coef, d, &rank, n->arena, run->err));
	if (rank < d)
		ml_note(run->say,
			"the features are collinear: rank %zu of %zu, the solution of least norm "
			"is taken",
			rank, d);
	return ML_OK;
}

/*
 * The distance in value to the optimum, at most: the primal less a point of the dual.  H =
 * gram + l2, slope = H coef - xy; residual norms follow from them.
 */
static double
duality_gap(const struct normal *n, const double *coef, const double *slope, double l1, double l2)
{
	double fit = 0, hw = 0, squares = 0, absolute = 0, steepest = 0, residual, shrink = 1, gap;

	for (size_t j = 0; j < n->d; j++) {
		fit += n->xy[j] * coef[j];
		hw += (slope[j] + n->xy[j]) * coef[j];
		squares += coef[j] * coef[j];
		absolute += fabs(coef[j]);
		steepest = fmax(steepest, fabs(slope[j]));
	}
	residual = n->yy - 2 * fit + (hw - l2 * squares);
	gap = residual;
	if (steepest > l1) {
		shrink = l1 / steepest;
		gap = 0.5 * residual * (1 + shrink * shrink);
	}
	return gap + l1 * absolute - shrink * (n->yy - fit) +
	       0.5 * l2 * (1 + shrink * shrink) * squares;
}

static int
solve_net(struct ml_run *run, struct linear *state, struct normal *n, const struct linear_params *p,
	  double mixture)
{
	enum { SWEEPS = 10 };
	size_t d = n->d;
	double l1 = p->penalty * mixture * n->weight, l2 = p->penalty * (1 - mixture) * n->weight;
	double *slope = ML_NEW(n->arena, double, d), *each = ML_NEW(n->arena, double, d);
	double goal = p->tolerance * n->yy;
	bool done = n->yy == 0 || d == 0, near = done;

	if (ml_arena_failed(n->arena))
		return ml_no_memory(run->err);
	for (size_t j = 0; j < d; j++) {
		n->gram[j * d + j] += n->gram[j * d + j] > 0 ? l2 : 0;
		each[j] = l1;
	}
	for (int64_t sweeps = 0; !done && sweeps < p->max_iter; sweeps += SWEEPS) {
		double fall = ml_l1_descend(n->gram, n->xy, each, d, state->coef, slope, SWEEPS);

		if (fall > 0 && duality_gap(n, state->coef, slope, l1, l2) > goal)
			continue;
		near = true;
		ML_TRY(ml_l1_finish(n->gram, n->xy, each, d, state->coef, slope, &done, run->err));
		done = done || fall <= 1e-28 * n->yy;
		goal *= 0.1;
	}
	if (!near)
		ml_warn(run->say,
			"not at the optimum after %lld sweeps: raise --max-iter or --penalty",
			(long long)p->max_iter);
	return ML_OK;
}

enum kind { RIDGE, LASSO, ELASTICNET };

static int
fit_kind(struct ml_run *run, struct linear *state, const struct linear_params *p,
	 const struct ml_moments *m, enum kind kind)
{
	struct ml_arena arena = {0};
	struct normal n = {.arena = &arena};
	int status = ml_blas_start(run->err);

	if (status == ML_OK)
		status = normal_new(&n, m, !p->no_intercept, run->err);
	if (status == ML_OK)
		status = linear_new(run, state, n.d);
	if (status == ML_OK)
		status = kind == RIDGE
			     ? solve_ridge(run, state, &n, p->l2)
			     : solve_net(run, state, &n, p, kind == LASSO ? 1 : p->mixture);
	if (status == ML_OK)
		status = linear_end(run, state, &n);
	ml_arena_free(&arena);
	return status;
}

static int
ridge_fit_moments(struct ml_run *run, void *state, const void *params, const struct ml_moments *m)
{
	return fit_kind(run, state, params, m, RIDGE);
}

static int
lasso_fit_moments(struct ml_run *run, void *state, const void *params, const struct ml_moments *m)
{
	return fit_kind(run, state, params, m, LASSO);
}

static int
elasticnet_fit_moments(struct ml_run *run, void *state, const void *params,
		       const struct ml_moments *m)
{
	return fit_kind(run, state, params, m, ELASTICNET);
}

/* Moments of (features, target) over blocks, each group of blocks on its own. */
struct gather {
	const struct ml_data *data;
	struct ml_moments *group;
	size_t n_groups;
	double *rows;	 /* by thread: ML_MOMENT_ROWS x (d + 1), features and target */
	double *scratch; /* by thread: ML_MOMENT_ROWS x (d + 2) */
};

static int
gather_group(void *ctx, size_t g, size_t thread, struct ml_err *err)
{
	struct gather *s = ctx;
	const struct ml_data *data = s->data;
	size_t d = data->d, wide = d + 1;
	double *rows = s->rows + thread * ML_MOMENT_ROWS * wide;
	double *scratch = s->scratch + thread * ML_MOMENT_ROWS * (wide + 1);
	size_t end = ml_group_start(g + 1, s->n_groups, data->n_blocks);

	(void)err;
	for (size_t b = ml_group_start(g, s->n_groups, data->n_blocks); b < end; b++)
		for (size_t start = 0; start < data->rows[b]; start += ML_MOMENT_ROWS) {
			size_t left = data->rows[b] - start;
			size_t n = left < ML_MOMENT_ROWS ? left : ML_MOMENT_ROWS;

			for (size_t i = 0; i < n; i++) {
				memcpy(rows + i * wide, data->x[b] + (start + i) * d,
				       d * sizeof *rows);
				rows[i * wide + d] = data->y[b][start + i];
			}
			ml_moments_add_rows(&s->group[g], rows,
					    data->w == NULL ? NULL : data->w[b] + start, n,
					    scratch);
		}
	return ML_OK;
}

/* The centre: the means of the first block, near enough to keep the digits. */
static void
take_centre(const struct ml_data *data, double *centre)
{
	size_t b = 0, d = data->d;

	while (data->rows[b] == 0)
		b++;
	for (size_t i = 0; i < data->rows[b]; i++) {
		for (size_t j = 0; j < d; j++)
			centre[j] += data->x[b][i * d + j] / (double)data->rows[b];
		centre[d] += data->y[b][i] / (double)data->rows[b];
	}
}

static int
gather(struct ml_run *run, const struct ml_data *data, struct gather *s, struct ml_arena *arena)
{
	size_t side = data->d + 2, threads = ml_pool_threads(run->pool);

	if (side > SIZE_MAX / sizeof(double) / side)
		return ml_no_memory(run->err);
	s->n_groups = ml_groups(data->n_blocks, side * side * sizeof(double));
	s->group = ML_NEW(arena, struct ml_moments, s->n_groups);
	s->rows = ML_NEW(arena, double, threads *ML_MOMENT_ROWS *side);
	s->scratch = ML_NEW(arena, double, threads *ML_MOMENT_ROWS *side);
	for (size_t g = 0; s->group != NULL && g < s->n_groups; g++)
		if (ml_moments_new(&s->group[g], data->d + 1, arena) < 0)
			break;
	if (ml_arena_failed(arena))
		return ml_no_memory(run->err);
	take_centre(data, s->group[0].centre);
	for (size_t g = 1; g < s->n_groups; g++)
		memcpy(s->group[g].centre, s->group[0].centre, (data->d + 1) * sizeof(double));
	ML_TRY(ml_par_for(run->pool, s->n_groups, gather_group, s, run->err));
	for (size_t g = 1; g < s->n_groups; g++)
		ml_moments_add(&s->group[0], &s->group[g]);
	return ML_OK;
}

static int
fit_blocks(struct ml_run *run, struct linear *state, const void *params, const struct ml_data *data,
	   enum kind kind)
{
	struct ml_arena arena = {0};
	struct gather s = {.data = data};
	double weight;
	int status;

	ML_TRY(ml_data_weight(data, &weight, run->err));
	ML_TRY(ml_blas_start(run->err));
	status = gather(run, data, &s, &arena);
	if (status == ML_OK)
		status = fit_kind(run, state, params, &s.group[0], kind);
	ml_arena_free(&arena);
	return status;
}

static int
ridge_fit(struct ml_run *run, void *state, const void *params, const struct ml_data *data)
{
	return fit_blocks(run, state, params, data, RIDGE);
}

static int
lasso_fit(struct ml_run *run, void *state, const void *params, const struct ml_data *data)
{
	return fit_blocks(run, state, params, data, LASSO);
}

static int
elasticnet_fit(struct ml_run *run, void *state, const void *params, const struct ml_data *data)
{
	return fit_blocks(run, state, params, data, ELASTICNET);
}

static void
linear_predict(const void *state, const struct ml_shape *shape, const double *x, size_t n,
	       double *score)
{
	const struct linear *m = state;

	ml_affine(m->intercept, m->coef, 1, shape->d, x, n, score);
}

static int
linear_fields(struct ml_fields *fields, void *state, const struct ml_shape *shape)
{
	struct linear *m = state;

	ml_field_f64s(fields, "intercept", &m->intercept, 1);
	ml_field_f64s(fields, "coef", &m->coef, shape->d);
	return fields->status;
}

#define LINEAR_TYPE(text, sentence, rows, fit_rows, fit_sums)                                      \
	{                                                                                          \
		.name = text, .brief = sentence, .tasks = ML_REGRESS,                              \
		.wants = ML_WANTS_SCALED | ML_WANTS_ONEHOT | ML_WANTS_MOMENTS,                     \
		.state_size = sizeof(struct linear), .param_size = sizeof(struct linear_params),   \
		.params = rows, .fit = fit_rows, .fit_moments = fit_sums,                          \
		.predict = linear_predict, .fields = linear_fields,                                \
	}

/* Least squares is ridge with l2 0: linear_opts have no such row. */
const struct ml_model_type ml_model_linear =
    LINEAR_TYPE("linear", "least squares", linear_opts, ridge_fit, ridge_fit_moments);
const struct ml_model_type ml_model_ridge = LINEAR_TYPE("ridge", "least squares with an L2 penalty",
							ridge_opts, ridge_fit, ridge_fit_moments);
const struct ml_model_type ml_model_lasso =
    LINEAR_TYPE("lasso", "least squares with an L1 penalty, which leaves features out", lasso_opts,
		lasso_fit, lasso_fit_moments);
const struct ml_model_type ml_model_elasticnet =
    LINEAR_TYPE("elasticnet", "least squares with an L1 and an L2 penalty", elasticnet_opts,
		elasticnet_fit, elasticnet_fit_moments);
