#include "num/optim.h"

#include <math.h>
#include <string.h>

#include "num/matrix.h"

enum { INNER_SWEEPS = 10 };

static double
dot(const double *a, const double *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

static double
soft(double x, double by)
{
	return x > by ? x - by : x < -by ? x + by : 0;
}

/* slope = H w - q. */
static void
slope_of(const double *h, const double *q, size_t n, const double *w, double *slope)
{
	for (size_t j = 0; j < n; j++)
		slope[j] = -q[j];
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; w[i] != 0 && j < n; j++)
			slope[j] += w[i] * h[i * n + j];
}

static double
sweep(const double *h, const double *l1, size_t n, double *w, double *slope, bool all)
{
	double most = 0;

	for (size_t j = 0; j < n; j++) {
		double curve = h[j * n + j], old = w[j], step;

		if (!(curve > 0) || (!all && old == 0))
			continue;
		w[j] = soft(curve * old - slope[j], l1[j]) / curve;
		step = w[j] - old;
		if (step == 0)
			continue;
		for (size_t i = 0; i < n; i++)
			slope[i] += step * h[j * n + i];
		most = fmax(most, curve * step * step);
	}
	return most;
}

double
ml_l1_descend(const double *h, const double *q, const double *l1, size_t n, double *w,
	      double *slope, size_t sweeps)
{
	double most = 0;

	slope_of(h, q, n, w, slope);
	for (size_t s = 0; s < sweeps; s++) {
		most = sweep(h, l1, n, w, slope, true);
		if (most == 0)
			break;
		for (int k = 0; k < INNER_SWEEPS; k++)
			if (sweep(h, l1, n, w, slope, false) <= 0.01 * most)
				break;
	}
	return most;
}

/* Whether V, with slope SLOPE, keeps the signs of w and no zero coordinate wants to move. */
static bool
is_minimum(const double *l1, size_t n, const double *w, const double *v, const double *slope)
{
	for (size_t j = 0; j < n; j++)
		if (l1[j] > 0 &&
		    (w[j] != 0 ? v[j] * w[j] <= 0 : fabs(slope[j]) > l1[j] * (1 + 1e-9)))
			return false;
	return true;
}

static int
finish(const double *h, const double *q, const double *l1, size_t n, double *w, double *slope,
       bool *done, struct ml_arena *arena, struct ml_err *err)
{
	size_t *place = ML_NEW(arena, size_t, n), m = 0, rank;
	double *v = ML_NEW(arena, double, n), *part = ML_NEW(arena, double, n);
	double *new_slope = ML_NEW(arena, double, n), *square;

	for (size_t j = 0; place != NULL && j < n; j++)
		if (h[j * n + j] > 0 && (w[j] != 0 || l1[j] == 0))
			place[m++] = j;
	square = ML_NEW(arena, double, (m * m));
	if (ml_arena_failed(arena))
		return ml_fail(err, ML_ENOMEM, "out of memory");
	for (size_t i = 0; i < m; i++) {
		size_t p = place[i];

		for (size_t j = 0; j < m; j++)
			square[i * m + j] = h[p * n + place[j]];
		part[i] = q[p] - (w[p] > 0 ? l1[p] : w[p] < 0 ? -l1[p] : 0);
	}
	ML_TRY(ml_solve_spd(square, part, m, &rank, arena, err));
	for (size_t i = 0; i < m; i++)
		v[place[i]] = part[i];
	slope_of(h, q, n, v, new_slope);
	*done = is_minimum(l1, n, w, v, new_slope);
	if (*done && n > 0) {
		memcpy(w, v, n * sizeof *w);
		memcpy(slope, new_slope, n * sizeof *slope);
	}
	return ML_OK;
}

int
ml_l1_finish(const double *h, const double *q, const double *l1, size_t n, double *w, double *slope,
	     bool *done, struct ml_err *err)
{
	struct ml_arena arena = {0};
	int status = finish(h, q, l1, n, w, slope, done, &arena, err);

	ml_arena_free(&arena);
	return status;
}

/* The last pairs of steps s and changes y of the gradient, a ring. */
enum { PAIRS = 10 };

struct lbfgs {
	ml_smooth *smooth;
	void *ctx;
	size_t n, pairs;
	const double *l1; /* or NULL */
	double *s[PAIRS], *y[PAIRS], rho[PAIRS];
	double *theta, *next;		  /* points */
	double *gradient, *next_gradient; /* of the smooth part */
	double *slope;			  /* of the whole: what descends fastest */
	double *direction;
	double value; /* of the whole, at theta */
	struct ml_err *err;
};

/* The smooth part's value and gradient, and the value of the whole. */
static int
evaluate(struct lbfgs *b, const double *theta, double *value, double *gradient)
{
	ML_TRY(b->smooth(b->ctx, theta, value, gradient, b->err));
	for (size_t j = 0; b->l1 != NULL && j < b->n; j++)
		*value += b->l1[j] * fabs(theta[j]);
	return ML_OK;
}

/* The steepest slope of the whole, of which the penalty has a kink at 0; its largest element. */
static double
take_slope(struct lbfgs *b)
{
	double most = 0;

	for (size_t j = 0; j < b->n; j++) {
		double g = b->gradient[j], l1 = b->l1 == NULL ? 0 : b->l1[j];

		b->slope[j] = b->theta[j] > 0 ? g + l1 : b->theta[j] < 0 ? g - l1 : soft(g, l1);
		most = fmax(most, fabs(b->slope[j]));
	}
	return most;
}

/* direction = -(inverse Hessian) slope, by the two loops; for l1 only where slope agrees. */
static void
take_direction(struct lbfgs *b)
{
	double alpha[PAIRS], *d = b->direction;
	size_t n = b->n, held = b->pairs < PAIRS ? b->pairs : PAIRS;

	for (size_t j = 0; j < n; j++)
		d[j] = -b->slope[j];
	for (size_t k = 0; k < held; k++) {
		size_t p = (b->pairs - 1 - k) % PAIRS;

		alpha[p] = b->rho[p] * dot(b->s[p], d, n);
		for (size_t j = 0; j < n; j++)
			d[j] -= alpha[p] * b->y[p][j];
	}
	if (held > 0) {
		size_t p = (b->pairs - 1) % PAIRS;
		double scale = 1 / (b->rho[p] * dot(b->y[p], b->y[p], n));

		for (size_t j = 0; j < n; j++)
			d[j] *= scale;
	}
	for (size_t k = held; k > 0; k--) {
		size_t p = (b->pairs - k) % PAIRS;
		double beta = b->rho[p] * dot(b->y[p], d, n);

		for (size_t j = 0; j < n; j++)
			d[j] += (alpha[p] - beta) * b->s[p][j];
	}
	for (size_t j = 0; b->l1 != NULL && j < n; j++)
		if (d[j] * b->slope[j] >= 0)
			d[j] = 0;
}

/* The sign of theta_j that a step keeps to: where it is 0, that to which the slope leads. */
static double
side_of(const struct lbfgs *b, size_t j)
{
	return b->theta[j] != 0 ? b->theta[j] : -b->slope[j];
}

/* next = theta + t direction, held in the orthant. */
static void
take_step(struct lbfgs *b, double t)
{
	for (size_t j = 0; j < b->n; j++) {
		b->next[j] = b->theta[j] + t * b->direction[j];
		if (b->l1 != NULL && b->l1[j] > 0 && b->next[j] * side_of(b, j) <= 0)
			b->next[j] = 0;
	}
}

/*
 * Backtracks to a point that is lower by Armijo's rule or, where doubles can't tell any more, no
 * higher and flatter (Hager and Zhang 2005).  Returns 1, or 0 if there is none.
 */
static int
search(struct lbfgs *b, double *value)
{
	double t = b->pairs > 0 ? 1 : 1 / sqrt(dot(b->slope, b->slope, b->n));
	double blur = 1e-13 * fabs(b->value);

	for (int tries = 0; tries < 40; tries++, t *= 0.5) {
		double slope_here = 0, slope_there = 0;

		take_step(b, t);
		ML_TRY(evaluate(b, b->next, value, b->next_gradient));
		for (size_t j = 0; j < b->n; j++) {
			double step = b->next[j] - b->theta[j];
			double l1 = b->l1 == NULL ? 0 : copysign(b->l1[j], side_of(b, j));

			slope_here += b->slope[j] * step;
			slope_there += (b->next_gradient[j] + l1) * step;
		}
		if (slope_here == 0)
			return 0;
		if (*value <= b->value + 1e-4 * slope_here ||
		    (*value <= b->value + blur && fabs(slope_there) <= -0.9 * slope_here))
			return 1;
	}
	return 0;
}

static void
swap(double **a, double **b)
{
	double *c = *a;

	*a = *b;
	*b = c;
}

/* Keeps the step just found as a pair, and goes there. */
static void
move(struct lbfgs *b, double value)
{
	size_t p = b->pairs % PAIRS;
	double curve;

	for (size_t j = 0; j < b->n; j++) {
		b->s[p][j] = b->next[j] - b->theta[j];
		b->y[p][j] = b->next_gradient[j] - b->gradient[j];
	}
	curve = dot(b->s[p], b->y[p], b->n);
	if (curve > 1e-16 * dot(b->y[p], b->y[p], b->n)) {
		b->rho[p] = 1 / curve;
		b->pairs++;
	}
	swap(&b->theta, &b->next);
	swap(&b->gradient, &b->next_gradient);
	b->value = value;
}

static int
lbfgs_run(struct lbfgs *b, double tolerance, size_t max_steps, size_t *steps)
{
	double start, value;

	ML_TRY(evaluate(b, b->theta, &b->value, b->gradient));
	start = take_slope(b);
	for (*steps = 0; *steps < max_steps; ++*steps) {
		int found;

		if (take_slope(b) <= tolerance * start)
			break;
		take_direction(b);
		ML_TRY(found = search(b, &value));
		if (!found && b->pairs == 0)
			break;
		if (found)
			move(b, value);
		else
			b->pairs = 0; /* a stale curvature: begin again with the slope */
	}
	return ML_OK;
}

int
ml_lbfgs(ml_smooth *smooth, void *ctx, size_t n, const double *l1, double *theta, double tolerance,
	 size_t max_steps, size_t *steps, struct ml_err *err)
{
	struct ml_arena arena = {0};
	struct lbfgs b = {.smooth = smooth, .ctx = ctx, .n = n, .l1 = l1, .err = err};
	int status = ML_OK;

	for (size_t p = 0; p < PAIRS; p++) {
		b.s[p] = ML_NEW(&arena, double, n);
		b.y[p] = ML_NEW(&arena, double, n);
	}
	b.theta = ML_NEW(&arena, double, n);
	b.next = ML_NEW(&arena, double, n);
	b.gradient = ML_NEW(&arena, double, n);
	b.next_gradient = ML_NEW(&arena, double, n);
	b.slope = ML_NEW(&arena, double, n);
	b.direction = ML_NEW(&arena, double, n);
	if (ml_arena_failed(&arena))
		status = ml_fail(err, ML_ENOMEM, "out of memory");
	if (status == ML_OK && n > 0) {
		memcpy(b.theta, theta, n * sizeof *theta);
		status = lbfgs_run(&b, tolerance, max_steps, steps);
		memcpy(theta, b.theta, n * sizeof *theta);
	}
	ml_arena_free(&arena);
	return status;
}
