#include <math.h>
#include <string.h>

#include "store/train_job.h"

/* The sums of one frame, or of all. */
struct sums {
	struct ml_moments moments; /* of the features in order, and the target last */
	struct ml_profiler *profiler;
	size_t n;
	bool gaps;   /* a value is missing */
	bool binary; /* the target has only 0 and 1 */
	struct ml_arena arena;
};

struct summing {
	struct ml_job *job;
	struct sums *total; /* NULL before the first frame */
	bool guess;	    /* the task depends on the target */
	bool stop;	    /* rows are needed after all */
};

bool
ml_sums_wanted(const struct ml_job *job)
{
	const struct ml_train *train = job->train;

	return job->bundle->type->fit_moments != NULL && job->bundle->task == ML_REGRESS &&
	       strcmp(train->options->task, "class") != 0 &&
	       strcmp(train->options->class_weight, "none") == 0 &&
	       train->options->positive == NULL && ml_encode_streams(&train->options->encode);
}

static size_t
features(const struct ml_roles *roles)
{
	return roles->n - 1 - (roles->weight != SIZE_MAX);
}

static void
sums_free(struct sums *s)
{
	if (s == NULL)
		return;
	ml_profiler_free(s->profiler);
	ml_arena_free(&s->arena);
	ml_free(s);
}

/* The means of a frame, the target's last; false if a value is missing. */
static bool
centre_of(const struct ml_frame *frame, const struct ml_roles *roles, double *centre)
{
	size_t d = features(roles), j = 0;

	for (size_t c = 0; c < roles->n; c++) {
		const double *v = frame->number[c];
		double sum = 0;

		for (size_t i = 0; i < frame->n; i++)
			sum += v[i];
		if (isnan(sum))
			return false;
		if (c != roles->weight)
			centre[c == roles->target ? d : j++] =
			    frame->n == 0 ? 0 : sum / (double)frame->n;
	}
	return true;
}

/* Rows from START on, their columns side by side, the target last. */
static void
transpose(const struct ml_frame *frame, const struct ml_roles *roles, size_t start, size_t n,
	  double *x)
{
	size_t d = features(roles), j = 0;

	for (size_t c = 0; c < roles->n; c++) {
		const double *v = frame->number[c] + start;
		double *to = x + (c == roles->target ? d : j);

		if (c == roles->weight)
			continue;
		for (size_t i = 0; i < n; i++)
			to[i * (d + 1)] = v[i];
		j += c != roles->target;
	}
}

/* A few rows at a time, which stay in the cache. */
static int
sum_rows(struct sums *s, const struct ml_frame *frame, const struct ml_roles *roles,
	 struct ml_err *err)
{
	const double *w = roles->weight == SIZE_MAX ? NULL : frame->number[roles->weight];
	struct ml_arena scratch = {0};
	size_t d = features(roles);
	double *x = ML_NEW(&scratch, double, ML_MOMENT_ROWS *(d + 1));
	double *room = ML_NEW(&scratch, double, ML_MOMENT_ROWS *(d + 2));

	if (ml_arena_failed(&scratch)) {
		ml_arena_free(&scratch);
		return ml_fail(err, ML_ENOMEM, "no memory for the sums");
	}
	for (size_t i = 0; i < frame->n; i += ML_MOMENT_ROWS) {
		size_t n = frame->n - i < ML_MOMENT_ROWS ? frame->n - i : ML_MOMENT_ROWS;

		transpose(frame, roles, i, n, x);
		ml_moments_add_rows(&s->moments, x, w == NULL ? NULL : w + i, n, room);
	}
	ml_arena_free(&scratch);
	return ML_OK;
}

static int
sum_frame(void *ctx, const struct ml_frame *frame, size_t index, void **out, struct ml_err *err)
{
	const struct ml_job *job = ((struct summing *)ctx)->job;
	const struct ml_roles *roles = &job->roles;
	struct sums *s = ml_alloc(1, sizeof *s);

	*out = s;
	if (s == NULL || ml_moments_new(&s->moments, features(roles) + 1, &s->arena) < 0)
		return ml_fail(err, ML_ENOMEM, "no memory for the sums");
	s->n = frame->n;
	s->gaps = !centre_of(frame, roles, s->moments.centre);
	for (size_t i = 0; roles->weight != SIZE_MAX && i < frame->n; i++)
		s->gaps = s->gaps || !(frame->number[roles->weight][i] >= 0);
	if (s->gaps)
		return ML_OK;
	s->binary = ml_rows_binary(frame->number[roles->target], frame->n);
	ML_TRY(sum_rows(s, frame, roles, err));
	ML_TRY(ml_profiler_new(&s->profiler, roles->n, job->train->seed, err));
	return ml_profiler_add(s->profiler, frame, index * ML_BLOCK, err);
}

static void
drop_sums(void *ctx, void *partial)
{
	(void)ctx;
	sums_free(partial);
}

/* In order.  About the centre of the first frame, which the later ones move to. */
static int
add_sums(void *ctx, void *partial, struct ml_err *err)
{
	struct summing *s = ctx;
	struct sums *p = partial;
	int status = ML_OK;

	s->stop = p->gaps || (s->guess && s->total == NULL && p->binary);
	if (!s->stop && s->total == NULL) {
		s->total = p;
		return ML_OK;
	}
	if (s->stop) {
		status = ml_fail(err, ML_EINPUT, "rows are needed");
	} else if (p->n > 0) {
		ml_moments_recentre(&p->moments, s->total->moments.centre);
		ml_moments_add(&s->total->moments, &p->moments);
		s->total->n += p->n;
		status = ml_profiler_merge(s->total->profiler, p->profiler, err);
	}
	sums_free(p);
	return status;
}

/* With a linear model: the residual sum of squares is v' G v for v = (-intercept, -slopes, 1). */
static int
measure(struct ml_job *job, const struct ml_moments *m)
{
	struct ml_bundle *b = job->bundle;
	size_t d = b->shape.d, side = d + 2;
	double *unit = ML_NEW(&job->arena, double, (d + 1) * d);
	double *v = ML_NEW(&job->arena, double, side), squared = 0, total;

	if (ml_arena_failed(&job->arena))
		return ml_job_no_memory(job, "the metrics");
	for (size_t j = 0; j < d; j++)
		unit[(j + 1) * d + j] = 1;
	b->type->predict(b->state, &b->shape, unit, d + 1, v);
	for (size_t j = 1; j <= d; j++)
		v[j] = v[0] - v[j];
	v[0] = m->centre[d] - v[0];
	v[d + 1] = 1;
	for (size_t i = 0; i < side; i++)
		for (size_t j = i; j < side; j++)
			squared += (i == j ? 1 : 2) * v[i] * v[j] * m->gram[i * side + j];
	job->weight = m->gram[0];
	total = m->gram[side * side - 1] - m->gram[side - 1] * m->gram[side - 1] / m->gram[0];
	return ml_job_note_regression(job, squared, total);
}

static int
learn_sums(struct ml_job *job, const struct ml_schema *schema, struct sums *sums)
{
	const struct ml_train *train = job->train;
	struct ml_bundle *b = job->bundle;
	struct ml_moments encoded;
	struct ml_run run;
	int status;

	if (!(sums->moments.gram[0] > 0))
		return ml_fail(job->err, ML_EINPUT, "%s: no rows to learn from",
			       ml_csv_path(train->csv));
	job->rows = sums->n;
	ML_TRY(ml_encode_from_moments(schema, job->roles.feature, b->type->wants,
				      &train->options->encode, &sums->moments, train->say,
				      &b->encoder, job->err));
	ML_TRY(ml_profiler_finish(sums->profiler, schema, &b->profile, job->err));
	ML_TRY(ml_job_describe(job));
	if (ml_moments_new(&encoded, b->shape.d + 1, &job->arena) < 0)
		return ml_job_no_memory(job, "the sums");
	ml_encode_moments(b->encoder, &sums->moments, &encoded);
	status = ml_job_start_fit(job, &run);
	if (status == ML_OK)
		status = b->type->fit_moments(&run, b->state, job->params, &encoded);
	if (status == ML_EINPUT)
		ml_within(job->err, "%s", ml_csv_path(job->train->csv));
	return status < 0 ? status : measure(job, &encoded);
}

int
ml_sums_stream(struct ml_job *job, const struct ml_table_options *options, bool guess, bool *done)
{
	static const struct ml_table_visit visit = {sum_frame, add_sums, drop_sums};
	const struct ml_train *train = job->train;
	struct summing s = {.job = job, .guess = guess};
	struct ml_err err = {0};
	bool all_numeric = false;
	int status;

	status = ml_table_stream(train->csv, options, train->pool, train->say, &visit, &s,
				 &job->bundle->schema, &all_numeric, &err);
	*done = status == ML_OK && all_numeric && s.total != NULL;
	if (s.stop)
		status = ML_OK;
	else if (status < 0)
		ml_fail(job->err, status, "%s", err.text);
	if (*done)
		status = learn_sums(job, &job->bundle->schema, s.total);
	else
		ml_schema_free(&job->bundle->schema);
	sums_free(s.total);
	return status;
}

/* One frame of a table in memory; what it makes stands by frame. */
struct table_sums {
	struct summing summing;
	void **partial;
};

static int
sum_table_frame(void *ctx, size_t f, size_t thread, struct ml_err *err)
{
	struct table_sums *t = ctx;

	(void)thread;
	return sum_frame(&t->summing, &t->summing.job->table->frame[f], f, &t->partial[f], err);
}

static bool
is_plain(const struct ml_table *table)
{
	for (size_t c = 0; c < table->schema.n; c++) {
		if (table->schema.column[c].type == ML_CATEGORY)
			return false;
		for (size_t f = 0; f < table->n_frames; f++)
			for (size_t i = 0; i < table->frame[f].n; i++)
				if (isnan(table->frame[f].number[c][i]))
					return false;
	}
	return true;
}

int
ml_sums_table(struct ml_job *job, bool *done)
{
	struct ml_table *table = job->table;
	struct table_sums t = {{.job = job}, ML_NEW(&job->arena, void *, table->n_frames)};
	int status;

	if (t.partial == NULL)
		return ml_job_no_memory(job, "the sums");
	if (!is_plain(table))
		return ML_OK;
	status = ml_par_for(job->train->pool, table->n_frames, sum_table_frame, &t, job->err);
	for (size_t f = 0; f < table->n_frames; f++) {
		if (status == ML_OK)
			status = add_sums(&t.summing, t.partial[f], job->err);
		else
			sums_free(t.partial[f]);
	}
	if (status == ML_OK)
		status = learn_sums(job, &table->schema, t.summing.total);
	*done = status == ML_OK;
	sums_free(t.summing.total);
	return status;
}
