#include "model/logistic.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "model/common.h"
#include "num/optim.h"

/*
 * Logistic regression, binary or multinomial.  Minimised is
 *   sum_i w_i loss_i + l2/2 sum coef^2 + l1 sum |coef|
 * where loss_i is -log of the probability given to the row's class; intercepts are not penalised.
 * scikit-learn's C is 1 / l2.  The solver is Newton's method, with a proximal step for l1: its
 * steps are measured in standard errors, sqrt(gradient' H^-1 gradient), whatever the features'
 * units. Where the Hessian would be too large it is L-BFGS, measured by the gradient.
 */
struct logistic_params {
	double l2, l1, tolerance;
	int64_t max_iter;
};

static const struct ml_opt logistic_opts[] = {
    ML_REAL(0, "l2", "lambda reg-lambda", "x", struct logistic_params, l2, "1", 0, 1e100,
	    "weight of half the squared coefficients, beside the sum of losses: 1/C elsewhere"),
    ML_REAL(0, "l1", "reg-alpha", "x", struct logistic_params, l1, "0", 0, 1e100,
	    "weight of the absolute coefficients; leaves features out"),
    ML_INT(0, "max-iter", NULL, "n", struct logistic_params, max_iter, "1000", 1, 1e9,
	   "steps of the solver at most"),
    ML_REAL(0, "tolerance", "tol", "x", struct logistic_params, tolerance, "1e-9", 1e-14, 1,
	    "distance from the optimum, in standard errors, at which to stop"),
    ML_OPT_LAST};

struct logistic {
	double *intercept; /* by score */
	double *coef;	   /* scores x d */
};

/* Beyond so many parameters the Hessian costs more than it saves. */
enum { MOST_NEWTON = 1024 };
/* From so many blocks on, a sample of every 8th block gives the first steps. */
enum { MANY_BLOCKS = 32, SAMPLE = 8, SAMPLE_STEPS = 8 };

struct solver {
	struct ml_run *run;
	const struct logistic_params *params;
	struct ml_loss loss;
	size_t m;	  /* parameters: s intercepts, then s x d coefficients */
	double *theta;	  /* m */
	double *next;	  /* m: the point tried */
	double *gradient; /* m: of loss and l2, at theta */
	double *hessian;  /* m x m, upper triangle: likewise, maybe of an earlier point */
	double *step;	  /* m */
	double *l1;	  /* m */
	double value;	  /* of the objective, at theta */
	size_t steps;	  /* taken */
	size_t slow;	  /* how many of the last ones brought less than half a digit */
	double decrement; /* of the last step: the gradient's length, in standard errors */
	double ratio;	  /* of the last two decrements */
};

/* The objective at THETA; the gradient of its smooth part; with HESSIAN also that. */
static int
objective(struct solver *v, const double *theta, double *value, double *gradient, double *hessian)
{
	size_t s = v->loss.s;

	ML_TRY(ml_loss_sum(&v->loss, v->run, theta, value, gradient, hessian));
	for (size_t p = s; p < v->m; p++) {
		*value += 0.5 * v->params->l2 * theta[p] * theta[p];
		gradient[p] += v->params->l2 * theta[p];
		if (hessian != NULL)
			hessian[p * v->m + p] += v->params->l2;
	}
	return ML_OK;
}

static double
penalty(const struct solver *v, const double *theta)
{
	double sum = 0;

	for (size_t p = v->loss.s; p < v->m; p++)
		sum += fabs(theta[p]);
	return v->params->l1 * sum;
}

/*
 * Softmax doesn't change when all classes get the same added, so the Hessian is singular that way:
 * make it regular there.  Gradients have no part in it, so no step changes.
 */
static void
fill_null_space(double *h, size_t s, size_t d, bool coefs)
{
	size_t m = s * (d + 1);

	for (size_t j = 0; j < (coefs ? d + 1 : 1); j++) {
		size_t first = j == 0 ? 0 : s + j - 1, stride = j == 0 ? 1 : d;
		double most = 0;

		for (size_t c = 0; c < s; c++)
			most = fmax(most, h[(first + c * stride) * (m + 1)]);
		for (size_t a = 0; a < s; a++)
			for (size_t b = a; b < s; b++)
				h[(first + a * stride) * m + first + b * stride] += most;
	}
}

/* step = -H^-1 gradient. */
static int
newton_step(struct solver *v)
{
	struct ml_arena arena = {0};
	size_t rank;
	int status;

	memcpy(v->step, v->gradient, v->m * sizeof *v->step);
	status = ml_solve_spd(v->hessian, v->step, v->m, &rank, &arena, v->run->err);
	for (size_t p = 0; p < v->m; p++)
		v->step[p] = -v->step[p];
	ml_arena_free(&arena);
	return status;
}

/*
 * The change of variables under which each intercept is free of its class's coefficients in H
 * (full, both triangles): coefficients are moved along with -shift of the intercept.
 */
static void
decouple(double *h, double *q, double *shift, size_t s, size_t d)
{
	size_t m = s * (d + 1);

	for (size_t p = s; p < m; p++) {
		size_t c = (p - s) / d;

		shift[p] = h[c * m + c] > 0 ? h[p * m + c] / h[c * m + c] : 0;
	}
	for (size_t p = s; p < m; p++) {
		size_t c = (p - s) / d;

		for (size_t r = 0; r < m; r++)
			h[p * m + r] -= shift[p] * h[c * m + r];
		q[p] -= shift[p] * q[c];
	}
	for (size_t r = 0; r < m; r++)
		for (size_t p = s; p < m; p++)
			h[r * m + p] -= shift[p] * h[r * m + (p - s) / d];
}

/* step to the minimum of the quadratic model with its L1 penalty, by coordinate descent. */
static int
proximal_step(struct solver *v, struct ml_arena *arena)
{
	enum { SWEEPS = 10, ROUNDS = 100 };
	size_t m = v->m, s = v->loss.s;
	double *h = ML_NEW(arena, double, (m * m)), *q = ML_NEW(arena, double, m);
	double *w = ML_NEW(arena, double, m), *slope = ML_NEW(arena, double, m);
	double *shift = ML_NEW(arena, double, m), fall;
	bool done = false;

	if (ml_arena_failed(arena))
		return ml_no_memory(v->run->err);
	for (size_t i = 0; i < m; i++)
		for (size_t j = i; j < m; j++)
			h[i * m + j] = h[j * m + i] = v->hessian[i * m + j];
	/* The model in w = theta + step is 1/2 w'Hw - q'w with q = H theta - gradient. */
	for (size_t i = 0; i < m; i++) {
		q[i] = -v->gradient[i];
		for (size_t j = 0; j < m; j++)
			q[i] += h[i * m + j] * v->theta[j];
	}
	decouple(h, q, shift, s, v->loss.data->d);
	memcpy(w, v->theta, m * sizeof *w);
	for (size_t p = s; p < m; p++)
		w[(p - s) / v->loss.data->d] += shift[p] * w[p];
	for (size_t r = 0; !done && r < ROUNDS; r++) {
		fall = ml_l1_descend(h, q, v->l1, m, w, slope, SWEEPS);
		ML_TRY(ml_l1_finish(h, q, v->l1, m, w, slope, &done, v->run->err));
		if (fall <= 1e-30 * fabs(v->value))
			break;
	}
	for (size_t p = s; p < m; p++)
		w[(p - s) / v->loss.data->d] -= shift[p] * w[p];
	for (size_t p = 0; p < m; p++)
		v->step[p] = w[p] - v->theta[p];
	return ML_OK;
}

/* The step from the gradient and Hessian at hand, and its decrement. */
static int
take_step(struct solver *v)
{
	double fall = 0;

	if (v->params->l1 > 0) {
		struct ml_arena arena = {0};
		int status = proximal_step(v, &arena);

		ml_arena_free(&arena);
		ML_TRY(status);
	} else {
		ML_TRY(newton_step(v));
	}
	for (size_t p = 0; p < v->m; p++) {
		fall -= v->gradient[p] * v->step[p];
		v->next[p] = v->theta[p] + v->step[p];
	}
	fall += penalty(v, v->theta) - penalty(v, v->next);
	fall = sqrt(fmax(fall, 0));
	v->ratio = v->decrement > 0 ? fall / v->decrement : 1;
	v->decrement = fall;
	return ML_OK;
}

/* Value, gradient and, if FRESH, Hessian at NEXT, of which only the value has the L1 penalty. */
static int
look(struct solver *v, bool fresh, double *value)
{
	size_t s = v->loss.s;

	ML_TRY(objective(v, v->next, value, v->gradient, fresh ? v->hessian : NULL));
	*value += penalty(v, v->next);
	if (fresh && s > 1)
		fill_null_space(v->hessian, s, v->loss.data->d, v->params->l1 == 0);
	return ML_OK;
}

/* Goes along the step as far as the objective falls; FRESH also renews the Hessian there. */
static int
move(struct solver *v, bool fresh, bool *moved)
{
	double blur = 1e-12 * fabs(v->value), enough = 1e-4 * v->decrement * v->decrement;
	double value;

	*moved = false;
	for (double t = 1; !*moved && t > 1e-10; t *= 0.5) {
		for (size_t p = 0; p < v->m; p++)
			v->next[p] = v->theta[p] + t * v->step[p];
		ML_TRY(look(v, fresh, &value));
		*moved = value <= v->value - t * enough + blur;
	}
	if (*moved) {
		memcpy(v->theta, v->next, v->m * sizeof *v->theta);
		v->value = value;
		return ML_OK;
	}
	memcpy(v->next, v->theta, v->m * sizeof *v->next);
	return look(v, true, &value);
}

/*
 * Whether the step leads to the optimum, as far as asked or as doubles can show; what it brings is
 * known from the one before.
 */
static bool
is_last(const struct solver *v, double goal, bool fresh)
{
	return v->decrement <= goal || (v->ratio < 0.1 && v->decrement * v->ratio <= goal) ||
	       (v->decrement < 1e-6 && v->ratio > 0.5 && fresh);
}

/*
 * Newton's method from theta, value, gradient and a Hessian at hand.  With KEEP the Hessian serves
 * again while that still brings more than a digit a step: a gradient costs a quarter of it.
 */
static int
newton(struct solver *v, double goal, size_t steps, bool keep)
{
	bool moved = true, fresh = !keep;

	v->decrement = 0;
	v->slow = 0;
	for (; v->steps < steps; v->steps++) {
		ML_TRY(take_step(v));
		v->slow = v->ratio > 0.3 ? v->slow + 1 : 0;
		if (is_last(v, goal, fresh)) {
			memcpy(v->theta, v->next, v->m * sizeof *v->theta);
			return ML_OK;
		}
		if (!moved && fresh)
			return ML_OK; /* doubles show no descent */
		fresh = !keep || v->ratio > 0.05;
		ML_TRY(move(v, fresh, &moved));
		fresh = fresh || !moved;
		ml_progress(v->run->say, "logistic", -1, "loss %g", v->value / v->loss.weight);
	}
	return ML_OK;
}

/* A first theta from a sample of the blocks; its Hessian, enlarged, serves for the next step. */
static int
newton_sample(struct solver *v, struct ml_arena *arena)
{
	const struct ml_data *all = v->loss.data;
	size_t n = (all->n_blocks + SAMPLE - 1) / SAMPLE;
	size_t *rows = ML_NEW(arena, size_t, n);
	const double **x = ML_NEW(arena, const double *, n), **y = ML_NEW(arena, const double *, n);
	const double **w = ML_NEW(arena, const double *, n);
	struct ml_data sample = *all;
	struct ml_loss loss = v->loss;
	struct ml_err none = {0};
	double weight;

	if (ml_arena_failed(arena))
		return ml_no_memory(v->run->err);
	sample.n = 0;
	sample.n_blocks = n;
	for (size_t b = 0; b < n; b++) {
		rows[b] = all->rows[b * SAMPLE];
		x[b] = all->x[b * SAMPLE];
		y[b] = all->y[b * SAMPLE];
		if (all->w != NULL)
			w[b] = all->w[b * SAMPLE];
		sample.n += rows[b];
	}
	sample.rows = rows;
	sample.x = x;
	sample.y = y;
	sample.w = all->w == NULL ? NULL : w;
	if (ml_data_weight(&sample, &weight, &none) < 0) { /* no help from it */
		memcpy(v->next, v->theta, v->m * sizeof *v->next);
		return look(v, true, &v->value);
	}
	v->loss.data = &sample;
	v->loss.n_groups = n < loss.n_groups ? n : loss.n_groups;
	memcpy(v->next, v->theta, v->m * sizeof *v->next);
	ML_TRY(look(v, true, &v->value));
	ML_TRY(newton(v, 0.3, SAMPLE_STEPS, false));
	v->loss = loss;
	for (size_t p = 0; p < v->m * v->m; p++)
		v->hessian[p] *= loss.weight / weight;
	memcpy(v->next, v->theta, v->m * sizeof *v->next);
	return look(v, false, &v->value);
}

static int
solve_newton(struct solver *v, struct ml_arena *arena)
{
	bool many = v->loss.data->n_blocks >= MANY_BLOCKS;

	v->next = ML_NEW(arena, double, v->m);
	v->gradient = ML_NEW(arena, double, v->m);
	v->hessian = ML_NEW(arena, double, v->m * v->m);
	v->step = ML_NEW(arena, double, v->m);
	if (ml_arena_failed(arena))
		return ml_no_memory(v->run->err);
	if (many) {
		ML_TRY(newton_sample(v, arena));
	} else {
		memcpy(v->next, v->theta, v->m * sizeof *v->next);
		ML_TRY(look(v, true, &v->value));
	}
	v->steps = 0;
	ML_TRY(newton(v, v->params->tolerance, (size_t)v->params->max_iter, many));
	/* Towards infinity each step halves the distance to a loss of 0, and no more. */
	if (v->slow >= 5 && v->params->l2 == 0 && v->params->l1 == 0)
		ml_warn(v->run->say, "the features separate the classes: the coefficients have no "
				     "finite optimum, give --l2");
	return ML_OK;
}

static int
smooth(void *ctx, const double *theta, double *value, double *gradient, struct ml_err *err)
{
	struct solver *v = ctx;

	(void)err;
	return objective(v, theta, value, gradient, NULL);
}

static int
solve(struct solver *v, struct ml_arena *arena)
{
	const struct logistic_params *p = v->params;
	size_t s = v->loss.s, d = v->loss.data->d;
	bool second = s <= MOST_NEWTON / (d + 1);

	if (s > SIZE_MAX / sizeof(double) / 8 / (d + 1))
		return ml_no_memory(v->run->err);
	v->m = s * (d + 1);
	v->theta = ML_NEW(arena, double, v->m);
	v->l1 = ML_NEW(arena, double, v->m);
	ML_TRY(ml_loss_new(&v->loss, v->run, second, arena));
	for (size_t j = s; j < v->m; j++)
		v->l1[j] = p->l1;
	if (second)
		ML_TRY(solve_newton(v, arena));
	else
		ML_TRY(ml_lbfgs(smooth, v, v->m, p->l1 > 0 ? v->l1 : NULL, v->theta, p->tolerance,
				(size_t)p->max_iter, &v->steps, v->run->err));
	if (v->steps >= (size_t)p->max_iter)
		ml_warn(v->run->say, "not at the optimum after %zu steps: raise --max-iter or --l2",
			v->steps);
	return ML_OK;
}

/*
 * Parameters of the classes that have rows become the state; a class without any gets no
 * coefficient, and an intercept far below.
 */
static int
fill_state(struct ml_run *run, struct logistic *state, const struct solver *v,
	   const double *by_class)
{
	size_t k = v->loss.data->k, d = v->loss.data->d, s = v->loss.s, rows = ml_model_scores(k);
	double lowest = 0;

	state->intercept = ML_NEW(run->keep, double, rows);
	state->coef = ML_NEW(run->keep, double, (rows * d));
	if (ml_arena_failed(run->keep))
		return ml_no_memory(run->err);
	for (size_t p = 0; p < v->m; p++)
		if (!isfinite(v->theta[p]))
			return ml_fail(run->err, ML_EINPUT,
				       "a coefficient is beyond the doubles: scale the features");
	for (size_t c = 0; c < s; c++)
		lowest = fmin(lowest, v->theta[c]);
	for (size_t r = 0; r < rows; r++) {
		size_t c = v->loss.place[r];

		if (rows > 1 && by_class[r] == 0) {
			state->intercept[r] = lowest + ML_LOG_NOTHING;
			continue;
		}
		c = rows == 1 ? 0 : c;
		state->intercept[r] = v->theta[c];
		memcpy(state->coef + r * d, v->theta + s + c * d, d * sizeof(double));
	}
	return ML_OK;
}

static int
fit(struct ml_run *run, struct logistic *state, const struct logistic_params *params,
    const struct ml_data *data, struct ml_arena *arena)
{
	double *by_class = ML_NEW(arena, double, data->k);
	size_t *place = ML_NEW(arena, size_t, data->k), present = 0;
	struct solver v = {.run = run, .params = params};

	if (ml_arena_failed(arena))
		return ml_no_memory(run->err);
	ML_TRY(ml_data_classes(data, by_class, 2, run->err));
	for (size_t c = 0; c < data->k; c++) {
		place[c] = by_class[c] > 0 ? present++ : 0;
		v.loss.weight += by_class[c];
	}
	v.loss.data = data;
	v.loss.place = place;
	v.loss.s = data->k > 2 ? present : 1;
	ML_TRY(solve(&v, arena));
	return fill_state(run, state, &v, by_class);
}

static int
logistic_fit(struct ml_run *run, void *state, const void *params, const struct ml_data *data)
{
	struct ml_arena arena = {0};
	int status = ml_blas_start(run->err);

	if (status == ML_OK)
		status = fit(run, state, params, data, &arena);
	ml_arena_free(&arena);
	return status;
}

static void
logistic_predict(const void *state, const struct ml_shape *shape, const double *x, size_t n,
		 double *score)
{
	const struct logistic *m = state;

	ml_affine(m->intercept, m->coef, ml_model_scores(shape->k), shape->d, x, n, score);
}

static int
logistic_fields(struct ml_fields *fields, void *state, const struct ml_shape *shape)
{
	struct logistic *m = state;
	size_t rows = ml_model_scores(shape->k);

	ml_field_check(fields, shape->d == 0 || rows <= SIZE_MAX / sizeof(double) / shape->d,
		       "coef");
	ml_field_f64s(fields, "intercept", &m->intercept, rows);
	ml_field_f64s(fields, "coef", &m->coef, rows * shape->d);
	return fields->status;
}

const struct ml_model_type ml_model_logistic = {
    .name = "logistic",
    .brief = "logistic regression, binary or multinomial, with L2 and L1 penalties",
    .tasks = ML_CLASSIFY,
    .wants = ML_WANTS_SCALED | ML_WANTS_ONEHOT,
    .state_size = sizeof(struct logistic),
    .param_size = sizeof(struct logistic_params),
    .params = logistic_opts,
    .fit = logistic_fit,
    .predict = logistic_predict,
    .fields = logistic_fields,
};
