#include "fit.h"

#include <sys/wait.h>

/*
 * What every algorithm owes its callers, checked for all of models.def.  With arguments
 * "alloc NAME" it only fits, saves and loads: one run of the test of failing allocations.
 */
enum { N = 500, D = 3, MOST_SCORES = 3 };

/* An easy problem for TYPE: numbers; a category and missing values for those that take them. */
struct easy {
	double x[2 * N * D], y[2 * N], w[N];
	struct ml_input input[D];
	struct problem p;
};

static void
easy_problem(struct easy *e, const struct ml_model_type *type, size_t k)
{
	bool codes = (type->wants & ML_WANTS_MISSING) != 0 && (type->wants & ML_WANTS_ONEHOT) == 0;

	memset(e, 0, sizeof *e);
	for (size_t i = 0; i < N; i++) {
		double *x = e->x + i * D, value;

		x[0] = (double)(i * 37 % 101) / 50;
		x[1] = (double)(i * 53 % 97) / 10 - 3;
		x[2] = (double)(i * i % 3);
		value = 2 * x[0] - 0.3 * x[1] + 0.2 * x[2] + (double)(i * 71 % 89) / 30;
		e->y[i] = k == 0 ? value : value < 2.5 ? 0 : k == 2 || value < 4 ? 1 : 2;
		if (codes && i % 9 == 0)
			x[0] = (double)NAN;
		if (codes && i % 11 == 0)
			x[2] = (double)NAN;
	}
	e->input[2].n_levels = codes ? 3 : 0;
	e->p = (struct problem){
	    .x = e->x, .y = e->y, .n = N, .d = D, .k = k, .input = e->input, .block = 10};
}

/* The numbers of classes that an algorithm is tried with; 0 is regression.  -1 ends. */
static const int *
tries(const struct ml_model_type *type)
{
	static const int both[] = {0, 2, 3, -1}, classes[] = {2, 3, -1}, numbers[] = {0, -1};

	return type->tasks == (ML_REGRESS | ML_CLASSIFY) ? both
	       : type->tasks == ML_CLASSIFY		 ? classes
							 : numbers;
}

static bool
same_bytes(struct fitted *a, struct fitted *b)
{
	struct memory m, o;
	bool same;

	memory_save(&m, a);
	memory_save(&o, b);
	same = m.n == o.n && m.n > 0;
	for (size_t i = 0; same && i < m.n; i++)
		same =
		    strcmp(m.field[i].name, o.field[i].name) == 0 && m.field[i].n == o.field[i].n &&
		    memcmp(m.field[i].p, o.field[i].p, m.field[i].n * kind_size(m.field[i].kind)) ==
			0;
	return same;
}

static bool
all_finite(const double *v, size_t n)
{
	bool finite = true;

	for (size_t i = 0; i < n; i++)
		finite = finite && isfinite(v[i]);
	return finite;
}

static void
threads_do_not_show(const struct ml_model_type *type, struct easy *e)
{
	struct fitted one, four;

	CHECK(fit(&one, type->name, "", &e->p) == ML_OK);
	e->p.threads = 4;
	CHECK(fit(&four, type->name, "", &e->p) == ML_OK);
	e->p.threads = 0;
	CHECK(same_bytes(&one, &four));
	fit_free(&one);
	fit_free(&four);
}

static void
a_row_twice_is_weight_two(const struct ml_model_type *type, struct easy *e)
{
	double score[N * MOST_SCORES], other[N * MOST_SCORES];
	size_t n = N, wide = ml_model_scores(e->p.k);
	struct fitted f;

	for (size_t i = 0; i < N; i++)
		e->w[i] = i % 4 == 1 ? 2 : 1;
	e->p.w = e->w;
	CHECK(fit(&f, type->name, "", &e->p) == ML_OK);
	predict(&f, e->x, N, score);
	fit_free(&f);
	for (size_t i = 0; i < N; i++)
		if (i % 4 == 1) {
			memcpy(e->x + n * D, e->x + i * D, D * sizeof(double));
			e->y[n++] = e->y[i];
		}
	e->p.w = NULL;
	e->p.n = n;
	CHECK(fit(&f, type->name, "", &e->p) == ML_OK);
	predict(&f, e->x, N, other);
	fit_free(&f);
	e->p.n = N;
	for (size_t i = 0; i < N * wide; i++)
		CHECK(fabs(score[i] - other[i]) <= 1e-9 * (1 + fabs(other[i])));
	CHECK(all_finite(score, N * wide));
}

/* A fresh state read from what F wrote; CHANGE is made to the saved fields before. */
static int
load(struct fitted *f, void *state, void (*change)(struct memory *), struct ml_err *err)
{
	struct memory m;
	int status;

	memory_save(&m, f);
	if (change != NULL)
		change(&m);
	m.fields.reading = true;
	m.fields.status = ML_OK;
	m.fields.err = err;
	status = f->type->fields(&m.fields, state, &f->shape);
	return status < 0 ? status : m.fields.status;
}

static void
not_finite(struct memory *m)
{
	((double *)m->field[0].p)[0] = (double)NAN;
}

static void
too_short(struct memory *m)
{
	m->field[m->n - 1].n--;
}

static void
misnamed(struct memory *m)
{
	m->field[0].name[0]++;
}

static void
loading_gives_the_same(const struct ml_model_type *type, struct easy *e)
{
	void (*const damage[])(struct memory *) = {not_finite, too_short, misnamed};
	double score[N * MOST_SCORES], other[N * MOST_SCORES], proba[N * MOST_SCORES];
	size_t k = e->p.k, wide = ml_model_scores(k);
	void *state = calloc(1, type->state_size);
	struct ml_err err = {0};
	struct fitted f;

	CHECK(fit(&f, type->name, "", &e->p) == ML_OK);
	predict(&f, e->x, N, score);
	CHECK(load(&f, state, NULL, &err) == ML_OK);
	type->predict(state, &f.shape, e->x, N, other);
	CHECK(memcmp(score, other, N * wide * sizeof *score) == 0);
	for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
		memset(&err, 0, sizeof err);
		CHECK(load(&f, state, damage[i], &err) == ML_EMODEL && err.status == ML_EMODEL);
	}
	if (k > 0) {
		ml_model_proba(score, N, k, proba);
		for (size_t i = 0; i < N; i++) {
			double sum = 0;

			for (size_t c = 0; c < k; c++)
				sum += proba[i * k + c];
			CHECK_NEAR(sum, 1, 1e-15);
		}
	}
	free(state);
	fit_free(&f);
}

static void
odd_data(const struct ml_model_type *type, struct easy *e)
{
	double score[N * MOST_SCORES];
	struct problem p = e->p;
	struct fitted f;
	bool one_class;
	int status;

	p.n = 1; /* one row, so one class */
	one_class = p.k > 0 && (type->wants & ML_WANTS_NOTHING) == 0;
	CHECK(fit(&f, type->name, "", &p) == (one_class ? ML_EINPUT : ML_OK));
	if (one_class)
		CHECK_TEXT(f.err.text, "the target has only one class");
	else
		predict(&f, e->x, N, score);
	CHECK(one_class || all_finite(score, N * ml_model_scores(p.k)));
	fit_free(&f);

	p.n = 0;
	CHECK(fit(&f, type->name, "", &p) == ML_EINPUT);
	CHECK_TEXT(f.err.text, "there are no rows to learn from");
	fit_free(&f);

	p.n = N;
	memset(e->w, 0, sizeof e->w);
	p.w = e->w;
	CHECK(fit(&f, type->name, "", &p) == ML_EINPUT);
	CHECK_TEXT(f.err.text, "all rows have weight zero");
	fit_free(&f);
	p.w = NULL;

	for (size_t i = 0; i < N; i++)
		e->x[i * D + 1] = 1e6 / 3; /* constant, not exact */
	CHECK(fit(&f, type->name, "", &p) == ML_OK);
	predict(&f, e->x, N, score);
	CHECK(all_finite(score, N * ml_model_scores(p.k)));
	fit_free(&f);

	p.d = 0; /* no feature is left */
	CHECK(fit(&f, type->name, "", &p) == ML_OK);
	predict(&f, e->x, N, score);
	CHECK(all_finite(score, N * ml_model_scores(p.k)));
	fit_free(&f);
	p.d = D;

	for (size_t i = 0; i < N; i++)
		e->x[i * D + 1] = (double)(i % 7) * 1e300;
	status = fit(&f, type->name, "", &p);
	CHECK(status == ML_OK || (status == ML_EINPUT && f.err.text[0] != '\0'));
	if (status == ML_OK) {
		struct memory m;

		memory_save(&m, &f);
		for (size_t i = 0; i < m.n; i++)
			CHECK(m.field[i].kind != ML_F64 || all_finite(m.field[i].p, m.field[i].n));
	}
	fit_free(&f);
}

/* One run with MLUTILS_FAIL_ALLOC set: 0 if all went well, 3 for a proper failure. */
static int
alloc_run(const char *name)
{
	static struct easy e;
	int status = ML_OK;
	struct ml_err err = {0};
	const struct ml_model_type *type = ml_model_find(name, &err);

	for (const int *k = tries(type); status == ML_OK && *k >= 0; k++) {
		void *state = calloc(1, type->state_size);
		struct fitted f;

		easy_problem(&e, type, (size_t)*k);
		status = fit(&f, name, "", &e.p);
		if (status < 0)
			err = f.err;
		else
			status = load(&f, state, NULL, &err);
		free(state);
		fit_free(&f);
	}
	return status == ML_OK ? 0 : status == ML_ENOMEM && err.status == ML_ENOMEM ? 3 : 1;
}

static void
allocations_may_fail(const char *self, const char *name)
{
	char command[512];
	int status = 3;

	for (int n = 1; status == 3 && n < 2000; n++) {
		snprintf(command, sizeof command, "MLUTILS_FAIL_ALLOC=%d '%s' alloc %s", n, self,
			 name);
		status = system(command);
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
		CHECK(status == 3 || (status == 0 && n > 2));
	}
}

int
main(int argc, char **argv)
{
	static struct easy e;
	struct ml_err err = {0};
	char title[128];

	if (argc == 3)
		return alloc_run(argv[2]);
	for (size_t t = 0; ml_model_types[t] != NULL; t++) {
		const struct ml_model_type *type = ml_model_types[t];

		for (const int *k = tries(type); *k >= 0; k++) {
			test_case(NULL); /* the title goes */
			snprintf(title, sizeof title, "%s keeps the contract (%d classes)",
				 type->name, *k);
			test_case(title);
			easy_problem(&e, type, (size_t)*k);
			threads_do_not_show(type, &e);
			a_row_twice_is_weight_two(type, &e);
			loading_gives_the_same(type, &e);
			odd_data(type, &e);
		}
		test_case(NULL);
		snprintf(title, sizeof title, "%s survives every failing allocation", type->name);
		test_case(title);
		allocations_may_fail(argv[0], type->name);
	}

	test_case("algorithms are found by name, and suggested");
	CHECK(ml_model_find("ridge", &err) != NULL && err.status == ML_OK);
	CHECK(ml_model_find("logistik", &err) == NULL && err.status == ML_EUSAGE);
	CHECK_TEXT(err.text, "no algorithm 'logistik' (did you mean 'logistic'?)");
	memset(&err, 0, sizeof err);
	CHECK(ml_model_find("x", &err) == NULL);
	CHECK_TEXT(err.text,
		   "no algorithm 'x': there are baseline, linear, ridge, lasso, elasticnet, "
		   "logistic, bayes");

	test_case("probabilities: two at least, the first of the largest is the class");
	{
		const size_t width[] = {0, 2, 2, 3, 4};
		double p[] = {0.2, 0.4, 0.4};

		for (size_t k = 0; k < 5; k++)
			CHECK(ml_model_width(k) == width[k]);
		CHECK(ml_model_best(p, 1) == 0 && ml_model_best(p, 2) == 1);
		CHECK(ml_model_best(p, 3) == 1);
		/* A single class is certain, whatever the score. */
		ml_model_proba(&(double){-3}, 1, 1, p);
		CHECK(p[0] == 1 && p[1] == 0);
	}

	test_case("thousands of classes are possible");
	{
		enum { CLASSES = 2000, ROWS = 4000 };
		double *x = calloc(ROWS * 2, sizeof *x), *y = calloc(ROWS, sizeof *y);
		double *score = calloc(CLASSES, sizeof *score);
		const char *const names[] = {"baseline", "bayes", "logistic"};
		struct problem p = {.x = x, .y = y, .n = ROWS, .d = 2, .k = CLASSES, .block = 1000};

		for (size_t i = 0; i < ROWS; i++) {
			y[i] = (double)(i * 7 % CLASSES);
			x[2 * i] = y[i];
			x[2 * i + 1] = (double)(i % 13);
		}
		for (size_t a = 0; a < 3; a++) {
			struct fitted f;

			CHECK(fit(&f, names[a], a == 2 ? "max-iter=2" : "", &p) == ML_OK);
			predict(&f, x + 2 * 1234, 1, score);
			CHECK(all_finite(score, CLASSES));
			CHECK(a != 1 || best_class(score, CLASSES) == (size_t)y[1234]);
			fit_free(&f);
		}
		free(x);
		free(y);
		free(score);
	}

	test_case("the baseline is the mean, the exact weighted median, the shares");
	{
		double y[5] = {10, 1, 2, 3, 4}, w[5] = {1, 1, 1, 1, 0};
		struct problem p = {.y = y, .n = 5, .x = y};
		struct fitted f;

		CHECK(fit(&f, "baseline", "", &p) == ML_OK && field_of(&f, "score")[0] == 4);
		fit_free(&f);
		CHECK(fit(&f, "baseline", "baseline=median", &p) == ML_OK);
		CHECK(field_of(&f, "score")[0] == 3);
		fit_free(&f);
		p.w = w;
		CHECK(fit(&f, "baseline", "baseline=median", &p) == ML_OK);
		CHECK(field_of(&f, "score")[0] == 2.5);
		fit_free(&f);
		memcpy(y, (double[]){0, 1, 1, 1, 2}, sizeof y);
		p.k = 2;
		p.n = 4;
		p.w = NULL;
		CHECK(fit(&f, "baseline", "", &p) == ML_OK);
		CHECK_NEAR(field_of(&f, "score")[0], log(3), 1e-15);
		fit_free(&f);
		p.k = 3;
		CHECK(fit(&f, "baseline", "", &p) == ML_OK);
		CHECK_NEAR(field_of(&f, "score")[1], log(0.75), 1e-15);
		CHECK(field_of(&f, "score")[2] == -708);
		fit_free(&f);
	}
	return test_end();
}
