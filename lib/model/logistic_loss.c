#include "model/logistic.h"

#include <math.h>
#include <string.h>

#include "model/common.h"
#include "num/func.h"

/* Rows taken at a time: they, their probabilities and their scaled copy stay in the cache. */
enum { ROWS = ML_MOMENT_ROWS };

/* Doubles of a group's second derivatives: the Hessian, or the two parts of softmax's. */
static size_t
hessian_size(size_t s, size_t d)
{
	size_t m = s * (d + 1);

	return s == 1 ? m * m : m * m + s * (d + 1) * (d + 1);
}

int
ml_loss_new(struct ml_loss *loss, struct ml_run *run, bool second, struct ml_arena *arena)
{
	size_t s = loss->s, d = loss->data->d, m = s * (d + 1);
	size_t size = second ? hessian_size(s, d) : 0, groups;

	loss->n_groups = groups = ml_groups(loss->data->n_blocks, (m + size) * sizeof(double));
	loss->value = ML_NEW(arena, double, groups);
	loss->gradient = ML_NEW(arena, double, (groups * m));
	loss->hessian = second ? ML_NEW(arena, double, (groups * size)) : NULL;
	/* Three values by row and score, a row of centres, scaled rows of 1 and x, expanded rows.
	 */
	loss->scratch_size = 3 * ROWS * s + d + ROWS * (d + 1) + (s > 1 && second ? ROWS * m : 0);
	loss->scratch = ML_NEW(arena, double, ml_pool_threads(run->pool) * loss->scratch_size);
	return ml_arena_failed(arena) ? ml_no_memory(run->err) : ML_OK;
}

/* A few rows of a block, and where their sums go. */
struct part {
	const double *x, *y, *w; /* w may be NULL */
	size_t n, d, s;
	const size_t *place;
	const double *theta;
	double *value, *gradient, *hessian;
	double *scratch;
};

/* gradient (intercept, coefficients) += sum r (1, x), four rows at a time. */
static void
add_gradient(const double *r, const double *x, size_t n, size_t d, double *gradient)
{
	double *g = gradient + 1;
	size_t i = 0;

	for (; i + 4 <= n; i += 4) {
		const double *a = x + i * d, *b = a + d, *c = b + d, *e = c + d;

		gradient[0] += (r[i] + r[i + 1]) + (r[i + 2] + r[i + 3]);
		for (size_t j = 0; j < d; j++)
			g[j] +=
			    (r[i] * a[j] + r[i + 1] * b[j]) + (r[i + 2] * c[j] + r[i + 3] * e[j]);
	}
	for (; i < n; i++) {
		gradient[0] += r[i];
		for (size_t j = 0; j < d; j++)
			g[j] += r[i] * x[i * d + j];
	}
}

/* z = theta (1, x), p = sigmoid(z): value += w (softplus(z) - yz), r = w (p - y), h = w p (1-p). */
static void
add_binary(struct part *t)
{
	double *z = t->scratch, *p = z + ROWS, *r = p + ROWS, *centre = r + ROWS, value = 0;

	ml_affine(t->theta, t->theta + 1, 1, t->d, t->x, t->n, z);
	ml_logistic_n(z, p, r, t->n);
	for (size_t i = 0; i < t->n; i++) {
		double w = t->w == NULL ? 1 : t->w[i];
		double y = (double)t->place[(size_t)t->y[i]];

		value += w * (r[i] - y * z[i]);
		r[i] = w * (p[i] - y);
		p[i] = w * (p[i] * (1 - p[i]));
	}
	*t->value += value;
	add_gradient(r, t->x, t->n, t->d, t->gradient);
	if (t->hessian != NULL) {
		struct ml_moments m = {.d = t->d, .centre = centre, .gram = t->hessian};

		memset(centre, 0, t->d * sizeof *centre);
		ml_moments_add_rows(&m, t->x, p, t->n, centre + t->d);
	}
}

/*
 * Softmax's Hessian is sum w (diag(p) - p p') (x) uu' with u = (1, x): the second part from rows
 * sqrt(w) p (x) u, the first by class; combine() joins them.
 */
static void
add_softmax_hessian(struct part *t, const double *p, double *by_class, double *scratch)
{
	size_t s = t->s, d = t->d, side = d + 1, m = s * side;
	double *centre = scratch, *scaled = centre + d, *wide = scaled + ROWS * side;

	memset(centre, 0, d * sizeof *centre);
	for (size_t c = 0; c < s; c++) {
		struct ml_moments part = {
		    .d = d, .centre = centre, .gram = t->hessian + m * m + c * side * side};

		for (size_t i = 0; i < t->n; i++)
			by_class[i] = p[i * s + c] * (t->w == NULL ? 1 : t->w[i]);
		ml_moments_add_rows(&part, t->x, by_class, t->n, scaled);
	}
	for (size_t i = 0; i < t->n; i++) {
		double root = t->w == NULL ? 1 : sqrt(t->w[i]);
		double *to = wide + i * m;

		for (size_t c = 0; c < s; c++) {
			to[c] = root * p[i * s + c];
			for (size_t j = 0; j < d; j++)
				to[s + c * d + j] = to[c] * t->x[i * d + j];
		}
	}
	ml_syrk(t->hessian, wide, t->n, m);
}

/* value += w (log sum exp(score) - score of the class), r = w (p - class). */
static void
add_softmax(struct part *t)
{
	size_t s = t->s, d = t->d;
	double *p = t->scratch, *r = p + ROWS * s, *rest = r + ROWS * s, value = 0;

	ml_rows_times(t->x, t->theta + s, t->n, d, s, p);
	for (size_t i = 0; i < t->n; i++) {
		size_t y = t->place[(size_t)t->y[i]];
		double *q = p + i * s, w = t->w == NULL ? 1 : t->w[i], own;

		for (size_t c = 0; c < s; c++)
			q[c] += t->theta[c];
		own = q[y];
		value += w * (ml_softmax(q, s, q) - own);
		for (size_t c = 0; c < s; c++)
			t->gradient[c] += r[i * s + c] = w * (q[c] - (c == y));
	}
	*t->value += value;
	ml_rows_product(r, t->x, t->n, s, d, t->gradient + s);
	if (t->hessian != NULL)
		add_softmax_hessian(t, p, rest, rest + ROWS * s);
}

struct sum {
	struct ml_loss *loss;
	const double *theta;
	bool second;
};

static int
sum_group(void *ctx, size_t g, size_t thread, struct ml_err *err)
{
	const struct sum *sum = ctx;
	struct ml_loss *loss = sum->loss;
	const struct ml_data *data = loss->data;
	size_t s = loss->s, d = data->d, m = s * (d + 1), size = hessian_size(s, d);
	size_t end = ml_group_start(g + 1, loss->n_groups, data->n_blocks);
	struct part part = {.d = d, .s = s, .place = loss->place, .theta = sum->theta};

	(void)err;
	part.value = loss->value + g;
	part.gradient = loss->gradient + g * m;
	part.hessian = sum->second ? loss->hessian + g * size : NULL;
	part.scratch = loss->scratch + thread * loss->scratch_size;
	*part.value = 0;
	memset(part.gradient, 0, m * sizeof(double));
	if (sum->second)
		memset(part.hessian, 0, size * sizeof(double));
	for (size_t b = ml_group_start(g, loss->n_groups, data->n_blocks); b < end; b++)
		for (size_t start = 0; start < data->rows[b]; start += ROWS) {
			part.n = data->rows[b] - start < ROWS ? data->rows[b] - start : ROWS;
			part.x = data->x[b] + start * d;
			part.y = data->y[b] + start;
			part.w = data->w == NULL ? NULL : data->w[b] + start;
			if (s == 1)
				add_binary(&part);
			else
				add_softmax(&part);
		}
	return ML_OK;
}

/* From the two parts of softmax's Hessian, the second one in SUM: out = first - second. */
static void
combine(const double *sum, size_t s, size_t d, double *out)
{
	size_t side = d + 1, m = s * side;

	for (size_t i = 0; i < m * m; i++)
		out[i] = -sum[i];
	for (size_t c = 0; c < s; c++) {
		const double *gram = sum + m * m + c * side * side;

		for (size_t i = 0; i < side; i++)
			for (size_t j = i; j < side; j++) {
				size_t row = i == 0 ? c : s + c * d + i - 1;
				size_t column = j == 0 ? c : s + c * d + j - 1;

				out[row * m + column] += gram[i * side + j];
			}
	}
}

int
ml_loss_sum(struct ml_loss *loss, struct ml_run *run, const double *theta, double *value,
	    double *gradient, double *hessian)
{
	struct sum sum = {.loss = loss, .theta = theta, .second = hessian != NULL};
	size_t s = loss->s, d = loss->data->d, m = s * (d + 1), size = hessian_size(s, d);

	ML_TRY(ml_par_for(run->pool, loss->n_groups, sum_group, &sum, run->err));
	for (size_t g = 1; g < loss->n_groups; g++) {
		loss->value[0] += loss->value[g];
		for (size_t p = 0; p < m; p++)
			loss->gradient[p] += loss->gradient[g * m + p];
		for (size_t p = 0; sum.second && p < size; p++)
			loss->hessian[p] += loss->hessian[g * size + p];
	}
	*value = loss->value[0];
	memcpy(gradient, loss->gradient, m * sizeof *gradient);
	if (hessian != NULL && s == 1)
		memcpy(hessian, loss->hessian, m * m * sizeof *hessian);
	else if (hessian != NULL)
		combine(loss->hessian, s, d, hessian);
	return ML_OK;
}
