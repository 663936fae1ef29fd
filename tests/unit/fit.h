#ifndef ML_TEST_FIT_H
#define ML_TEST_FIT_H

#include <stdlib.h>

#include "test.h"

#include "base/num.h"
#include "model/model.h"

/* Models fitted to plain arrays, for the tests of algorithms. */

/* A table of tests/golden: n rows of d features, then the target. */
struct golden {
	size_t n, d;
	double *x, *y;
};

/* Reads tests/golden/NAME.csv: a header line, numbers, no quotes; the tests run in the root. */
static inline struct golden
golden_read(const char *name)
{
	struct golden g = {0};
	char path[128], line[2048];
	FILE *file;
	size_t room = 0;

	snprintf(path, sizeof path, "tests/golden/%s.csv", name);
	if ((file = fopen(path, "r")) == NULL || fgets(line, sizeof line, file) == NULL) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(2);
	}
	for (char *p = line; *p != '\0'; p++)
		g.d += *p == ',';
	while (fgets(line, sizeof line, file) != NULL) {
		const char *p = line, *end = line + strlen(line);

		if (g.n == room) {
			room = 2 * room + 64;
			g.x = realloc(g.x, room * g.d * sizeof *g.x);
			g.y = realloc(g.y, room * sizeof *g.y);
		}
		for (size_t j = 0; j <= g.d; j++, p++)
			ml_num_scan(p, end, &p, j < g.d ? &g.x[g.n * g.d + j] : &g.y[g.n]);
		g.n++;
	}
	fclose(file);
	return g;
}

static inline void
golden_free(struct golden *g)
{
	free(g->x);
	free(g->y);
}

/* Features less their mean, over their standard deviation (of n, not n - 1). */
static inline void
golden_standardise(struct golden *g)
{
	for (size_t j = 0; j < g->d; j++) {
		double mean = 0, square = 0;

		for (size_t i = 0; i < g->n; i++)
			mean += g->x[i * g->d + j] / (double)g->n;
		for (size_t i = 0; i < g->n; i++)
			square += pow(g->x[i * g->d + j] - mean, 2) / (double)g->n;
		for (size_t i = 0; i < g->n; i++)
			g->x[i * g->d + j] = (g->x[i * g->d + j] - mean) / sqrt(square);
	}
}

/* A problem, and the model fitted to it. */
struct fitted {
	const struct ml_model_type *type;
	struct ml_arena keep;
	void *state;
	struct ml_shape shape;
	struct ml_err err;
};

/* The least that a field driver can be: named arrays in memory. */
enum { MOST_FIELDS = 16 };
struct memory {
	struct ml_fields fields;
	size_t n;
	struct {
		char name[32];
		enum ml_kind kind;
		size_t n;
		void *p;
	} field[MOST_FIELDS];
};

static inline size_t
kind_size(enum ml_kind kind)
{
	return kind == ML_U8 ? 1 : kind == ML_I32 ? 4 : 8;
}

static inline int
memory_array(struct ml_fields *fields, const char *name, enum ml_kind kind, void **p, size_t n)
{
	struct memory *m = (struct memory *)fields;
	size_t i = 0;

	while (i < m->n && strcmp(m->field[i].name, name) != 0)
		i++;
	if (!fields->reading) {
		snprintf(m->field[i].name, sizeof m->field[i].name, "%s", name);
		m->field[i].kind = kind;
		m->field[i].n = n;
		m->field[i].p = ml_arena_get(fields->arena, n, kind_size(kind));
		m->n = i + 1;
		if (m->field[i].p != NULL && n > 0)
			memcpy(m->field[i].p, *p, n * kind_size(kind));
		return m->field[i].p != NULL ? ML_OK
					     : ml_fail(fields->err, ML_ENOMEM, "out of memory");
	}
	if (i == m->n || m->field[i].n != n || m->field[i].kind != kind)
		return ml_fail(fields->err, ML_EMODEL, "no field '%s' of %zu", name, n);
	*p = ml_arena_get(fields->arena, n, kind_size(kind));
	if (*p != NULL && n > 0)
		memcpy(*p, m->field[i].p, n * kind_size(kind));
	return *p != NULL ? ML_OK : ml_fail(fields->err, ML_ENOMEM, "out of memory");
}

static inline void
memory_save(struct memory *m, struct fitted *f)
{
	memset(m, 0, sizeof *m);
	m->fields = (struct ml_fields){
	    .array = memory_array, .prefix = "", .arena = &f->keep, .err = &f->err};
	f->type->fields(&m->fields, f->state, &f->shape);
}

/* A field of a fitted model as doubles, as it would be saved; NULL if there is none. */
static inline const double *
field_of(struct fitted *f, const char *name)
{
	struct memory m;

	memory_save(&m, f);
	for (size_t i = 0; i < m.n; i++)
		if (strcmp(m.field[i].name, name) == 0)
			return m.field[i].p;
	return NULL;
}

/* Parameters: the defaults, changed by TEXT ("l2=0.5 max-iter=3"), which is cut and must stay. */
static inline int
fit_params(const struct ml_model_type *type, char *text, void *params, struct ml_err *err)
{
	struct ml_opt_set set = {.rows = type->params, .base = params};
	char *next = text, *name;

	ML_TRY(ml_opt_defaults(&set, 1, err));
	while ((name = strtok_r(next, " ", &next)) != NULL) {
		char *value = strchr(name, '=');

		*value++ = '\0';
		ML_TRY(ml_opt_set_text(&set, 1, name, value, err));
	}
	return ML_OK;
}

struct problem {
	const double *x, *y, *w;
	size_t n, d, k;
	const struct ml_input *input; /* NULL: all numbers */
	size_t block;		      /* rows of a block; 0: ML_BLOCK */
	size_t threads;		      /* 0: one */
};

/* Fits algorithm NAME; the caller frees F with fit_free whatever is returned. */
static inline int
fit(struct fitted *f, const char *name, const char *options, const struct problem *p)
{
	size_t block = p->block > 0 ? p->block : ML_BLOCK, n_blocks = (p->n + block - 1) / block;
	const double **x = calloc(n_blocks + 1, sizeof *x), **y = calloc(n_blocks + 1, sizeof *y);
	const double **w = calloc(n_blocks + 1, sizeof *w);
	size_t *rows = calloc(n_blocks + 1, sizeof *rows);
	struct ml_input *input = calloc(p->d + 1, sizeof *input);
	struct ml_data data = {.n = p->n, .d = p->d, .k = p->k, .n_blocks = n_blocks};
	struct ml_run run = {.err = &f->err, .keep = &f->keep, .seed = 1};
	char text[256];
	void *params;
	int status;

	snprintf(text, sizeof text, "%s", options);
	*f = (struct fitted){.type = ml_model_find(name, &f->err)};
	for (size_t b = 0; b < n_blocks; b++) {
		rows[b] = p->n - b * block < block ? p->n - b * block : block;
		x[b] = p->x + b * block * p->d;
		y[b] = p->y + b * block;
		w[b] = p->w == NULL ? NULL : p->w + b * block;
	}
	if (p->input != NULL)
		memcpy(input, p->input, p->d * sizeof *input);
	data.rows = rows;
	data.x = x;
	data.y = y;
	data.w = p->w == NULL ? NULL : w;
	data.input = input;
	f->shape = (struct ml_shape){.d = p->d, .k = p->k, .input = input};
	f->state = calloc(1, f->type->state_size);
	params = calloc(1, f->type->param_size + 1);
	status = fit_params(f->type, text, params, &f->err);
	if (status == ML_OK)
		status = ml_pool_new(&run.pool, p->threads > 0 ? p->threads : 1, &f->err);
	if (status == ML_OK)
		status = f->type->fit(&run, f->state, params, &data);
	ml_pool_free(run.pool);
	free(params);
	free(rows);
	free(x);
	free(y);
	free(w);
	return status;
}

static inline void
fit_free(struct fitted *f)
{
	free(f->state);
	free((struct ml_input *)(size_t)f->shape.input);
	ml_arena_free(&f->keep);
}

static inline void
predict(const struct fitted *f, const double *x, size_t n, double *score)
{
	f->type->predict(f->state, &f->shape, x, n, score);
}

/* The class with the highest score; ties go to the first. */
static inline size_t
best_class(const double *score, size_t k)
{
	size_t best = 0;

	if (k == 2)
		return score[0] > 0;
	for (size_t c = 1; c < k; c++)
		best = score[c] > score[best] ? c : best;
	return best;
}

#endif
