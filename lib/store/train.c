#include "store/train.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "num/func.h"
#include "store/train_job.h"

int
ml_job_no_memory(struct ml_job *job, const char *what)
{
	return ml_fail(job->err, ML_ENOMEM, "no memory for %s", what);
}

/* The algorithm that fits the task, with its defaults, where none was named. */
static int
choose(struct ml_job *job, unsigned task)
{
	struct ml_bundle *b = job->bundle;
	struct ml_opt_set set;
	void *params;

	b->type = job->train->type;
	job->params = job->train->params;
	if (b->type != NULL)
		return ML_OK;
	b->type = ml_model_find(task == ML_CLASSIFY ? "logistic" : "ridge", job->err);
	if (b->type == NULL)
		return job->err->status;
	if ((job->params = params = ml_arena_get(&job->arena, 1, b->type->param_size)) == NULL)
		return ml_job_no_memory(job, "the options");
	set = (struct ml_opt_set){NULL, b->type->params, params, NULL};
	return ml_opt_defaults(&set, 1, job->err);
}

/* What a user would have to type to get the same: rows of options as JSON texts. */
static int
record(struct ml_job *job, const struct ml_opt *rows, const void *base)
{
	for (; rows != NULL && rows->type != ML_OPT_END; rows++) {
		struct ml_buf value = {0};
		int refused = -1;

		ml_opt_value(rows, base, &value);
		if (!value.failed)
			refused =
			    json_object_set_new(job->bundle->options, rows->name,
						json_stringn(value.n > 0 ? value.p : "", value.n));
		ml_buf_free(&value);
		if (refused != 0)
			return ml_job_no_memory(job, "the options");
	}
	return ML_OK;
}

static int
record_text(struct ml_job *job, const char *name, const char *value)
{
	if (value != NULL &&
	    json_object_set_new(job->bundle->options, name, json_string(value)) != 0)
		return ml_job_no_memory(job, "the options");
	return ML_OK;
}

int
ml_job_describe(struct ml_job *job)
{
	struct ml_bundle *b = job->bundle;

	b->shape.d = ml_encoder_features(b->encoder);
	b->shape.input = ml_encoder_inputs(b->encoder);
	b->options = json_pack("{s:s}", "algorithm", b->type->name);
	b->metrics = json_object();
	b->origin = json_pack("{s:s,s:I,s:I}", "tool", "mlutils " ML_VERSION, "rows",
			      (json_int_t)job->rows, "seed", (json_int_t)job->train->seed);
	if (b->options == NULL || b->metrics == NULL || b->origin == NULL)
		return ml_job_no_memory(job, "the options");
	ML_TRY(record(job, b->type->params, job->params));
	ML_TRY(record_text(job, "weight", job->train->options->weight));
	ML_TRY(record_text(job, "class-weight", job->train->options->class_weight));
	ML_TRY(record_text(job, "positive", job->train->options->positive));
	return record(job, ml_encode_opts, &job->train->options->encode);
}

static int
note_metric(struct ml_job *job, const char *name, double value)
{
	if (!isfinite(value))
		return ML_OK;
	if (json_object_set_new(job->bundle->metrics, name, json_real(value)) != 0)
		return ml_job_no_memory(job, "the metrics");
	ml_note(job->train->say, "training %s %.6g", name, value);
	return ML_OK;
}

/* Mean squared error against the weighted variance of the target. */
int
ml_job_note_regression(struct ml_job *job, double squared, double total)
{
	ML_TRY(note_metric(job, "rmse", sqrt(fmax(squared, 0) / job->weight)));
	return total > 0 ? note_metric(job, "r2", 1 - squared / total) : ML_OK;
}

/*
 * What can be watched later stays in schema and profile: the target, what the model reads, and what
 * is constant now.  Weights and ids go.
 */
static int
prune(struct ml_job *job)
{
	struct ml_bundle *b = job->bundle;
	size_t *place = ML_NEW(&job->arena, size_t, b->schema.n), kept = 0;

	if (place == NULL)
		return ml_job_no_memory(job, "the schema");
	for (size_t c = 0; c < b->schema.n; c++) {
		if (c != job->roles.target &&
		    (!job->roles.feature[c] || ml_encode_is_id(&b->schema.column[c], job->rows))) {
			ml_dict_free(&b->schema.column[c].levels);
			continue;
		}
		b->schema.column[kept] = b->schema.column[c];
		b->profile->column[kept] = b->profile->column[c];
		place[c] = kept++;
	}
	b->schema.n = b->profile->n = kept;
	job->roles.target = place[job->roles.target];
	ml_encoder_move(b->encoder, place, kept);
	return ML_OK;
}

/* One row of scores of the training rows, for the metrics. */
struct scoring {
	const struct ml_job *job;
	const struct ml_data *data;
	double (*sum)[2]; /* by block: squared error and nothing, or log loss and hits */
};

static int
score_block(void *ctx, size_t f, size_t thread, struct ml_err *err)
{
	struct scoring *s = ctx;
	const struct ml_bundle *b = s->job->bundle;
	const struct ml_data *data = s->data;
	size_t n = data->rows[f], k = data->k;
	struct ml_arena arena = {0};
	double *score = ML_NEW(&arena, double, n *ml_model_scores(k));
	double *proba = ML_NEW(&arena, double, k == 0 ? 0 : n * ml_model_width(k));

	(void)thread;
	if (ml_arena_failed(&arena)) {
		ml_arena_free(&arena);
		return ml_fail(err, ML_ENOMEM, "no memory to score");
	}
	b->type->predict(b->state, &b->shape, data->x[f], n, score);
	if (k > 0)
		ml_model_proba(score, n, k, proba);
	for (size_t i = 0; i < n; i++) {
		double w = data->w == NULL ? 1 : data->w[f][i], y = data->y[f][i];

		if (k == 0) {
			s->sum[f][0] += w * (score[i] - y) * (score[i] - y);
		} else {
			const double *p = proba + i * ml_model_width(k);

			s->sum[f][0] -= w * ml_log(fmax(p[(size_t)y], 0x1p-52));
			s->sum[f][1] += w * ((double)ml_model_best(p, k) == y);
		}
	}
	ml_arena_free(&arena);
	return ML_OK;
}

static int
measure(struct ml_job *job, const struct ml_data *data)
{
	struct scoring s = {job, data, ml_arena_get(&job->arena, data->n_blocks, sizeof *s.sum)};
	double a = 0, hits = 0, mean = 0, total = 0;

	if (s.sum == NULL)
		return ml_job_no_memory(job, "the metrics");
	ML_TRY(ml_par_for(job->train->pool, data->n_blocks, score_block, &s, job->err));
	job->weight = 0;
	for (size_t f = 0; f < data->n_blocks; f++) {
		a += s.sum[f][0];
		hits += s.sum[f][1];
		for (size_t i = 0; i < data->rows[f]; i++) {
			double w = data->w == NULL ? 1 : data->w[f][i];

			job->weight += w;
			mean += w * data->y[f][i];
		}
	}
	if (data->k > 0) {
		ML_TRY(note_metric(job, "log_loss", a / job->weight));
		return note_metric(job, "accuracy", hits / job->weight);
	}
	mean /= job->weight;
	for (size_t f = 0; f < data->n_blocks; f++)
		for (size_t i = 0; i < data->rows[f]; i++)
			total += (data->w == NULL ? 1 : data->w[f][i]) * (data->y[f][i] - mean) *
				 (data->y[f][i] - mean);
	return ml_job_note_regression(job, a, total);
}

int
ml_job_start_fit(struct ml_job *job, struct ml_run *run)
{
	struct ml_bundle *b = job->bundle;

	if ((b->state = ml_arena_get(&b->arena, 1, b->type->state_size)) == NULL)
		return ml_job_no_memory(job, "the model");
	if (b->shape.d == 0 && !(b->type->wants & ML_WANTS_NOTHING))
		return ml_fail(job->err, ML_EINPUT, "no column is left to learn from");
	*run = (struct ml_run){job->err, &b->arena, job->train->pool, job->train->say,
			       job->train->seed};
	return ML_OK;
}

/* Encodes all frames into blocks of rows. */
struct encoding {
	const struct ml_job *job;
	double **x;
};

static int
encode_block(void *ctx, size_t f, size_t thread, struct ml_err *err)
{
	struct encoding *e = ctx;
	const struct ml_frame *frame = &e->job->table->frame[f];
	size_t d = e->job->bundle->shape.d;

	(void)thread;
	if ((e->x[f] = ml_alloc(frame->n * d, sizeof(double))) == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory for %zu x %zu numbers", frame->n, d);
	ml_encode_apply(e->job->bundle->encoder, frame, e->x[f]);
	return ML_OK;
}

static int
fit_rows(struct ml_job *job, const struct ml_targets *targets)
{
	struct ml_bundle *b = job->bundle;
	struct ml_table *table = job->table;
	struct encoding e = {job, ML_NEW(&job->arena, double *, table->n_frames)};
	size_t *rows = ML_NEW(&job->arena, size_t, table->n_frames);
	struct ml_data data = {.n = table->n_rows,
			       .d = b->shape.d,
			       .k = b->shape.k,
			       .n_blocks = table->n_frames,
			       .rows = rows,
			       .y = targets->y,
			       .w = targets->w,
			       .input = b->shape.input};
	struct ml_run run;
	int status;

	if (ml_arena_failed(&job->arena))
		return ml_job_no_memory(job, "the blocks");
	for (size_t f = 0; f < table->n_frames; f++)
		rows[f] = table->frame[f].n;
	status = ml_par_for(job->train->pool, table->n_frames, encode_block, &e, job->err);
	data.x = (const double *const *)e.x;
	if (status == ML_OK)
		status = ml_job_start_fit(job, &run);
	if (status == ML_OK)
		status = b->type->fit(&run, b->state, job->params, &data);
	data.w = targets->weight; /* what was learned counts on the rows as they are */
	if (status == ML_EINPUT)
		ml_within(job->err, "%s", ml_csv_path(job->train->csv));
	if (status == ML_OK)
		status = measure(job, &data);
	for (size_t f = 0; f < table->n_frames; f++)
		ml_free(e.x[f]);
	return status;
}

/*
 * A few words among numbers make a column a category; that is seldom what was meant.  Levels that
 * are all numbers but for a few tell.
 */
static void
warn_of_texts(const struct ml_job *job)
{
	enum { MANY = 20 };
	const struct ml_schema *schema = &job->table->schema;

	for (size_t c = 0; c < schema->n; c++) {
		const struct ml_dict *levels = &schema->column[c].levels;
		struct ml_str word = {0};
		char quoted[ML_QUOTED];
		size_t words = 0;

		for (size_t i = 0; i < levels->n; i++) {
			double value;

			if (ml_num_parse(levels->text[i], &value) == ML_NUM_NO && words++ == 0)
				word = levels->text[i];
		}
		if (words > 0 && levels->n >= MANY && words <= levels->n / 10)
			ml_warn(job->train->say,
				"column '%s' is a category because of text among its numbers, such "
				"as %s "
				"(a missing value? see --na and --numeric)",
				schema->column[c].name, ml_quote(quoted, word.p, word.n));
	}
}

/* From a table in memory. */
static int
learn_table(struct ml_job *job)
{
	const struct ml_train *train = job->train;
	struct ml_bundle *b = job->bundle;
	struct ml_targets targets;
	int32_t *class_of_level = NULL;
	bool done = false;

	warn_of_texts(job);
	ML_TRY(ml_rows_clean(job));
	ML_TRY(ml_rows_task(job));
	ML_TRY(choose(job, b->task));
	if (b->task == ML_CLASSIFY)
		ML_TRY(ml_rows_classes(job, &class_of_level));
	else if (train->options->positive != NULL)
		return ml_fail(job->err, ML_EUSAGE,
			       "option '--positive' needs a target of classes");
	if (ml_sums_wanted(job))
		ML_TRY(ml_sums_table(job, &done));
	if (done)
		return ML_OK;
	ML_TRY(ml_rows_targets(job, class_of_level, &targets));
	ML_TRY(ml_encode_fit(job->table, job->roles.feature, targets.weight, b->type->wants,
			     &train->options->encode, train->pool, train->say, &b->encoder,
			     job->err));
	ML_TRY(ml_profile_table(job->table, train->seed, train->pool, &b->profile, job->err));
	job->rows = job->table->n_rows;
	ML_TRY(ml_job_describe(job));
	return fit_rows(job, &targets);
}

/* Where sums are enough they are taken while reading; the rest needs the rows in memory. */
static int
learn(struct ml_job *job)
{
	const struct ml_train *train = job->train;
	struct ml_table_options options;
	bool done = false;

	ML_TRY(ml_roles_find(job));
	options =
	    (struct ml_table_options){job->roles.read, job->roles.numeric, job->roles.categorical};
	job->bundle->task = ML_REGRESS;
	ML_TRY(choose(job, ML_REGRESS));
	if (ml_sums_wanted(job) && ml_csv_seekable(train->csv)) {
		bool guess = train->type == NULL && strcmp(train->options->task, "auto") == 0;

		ML_TRY(ml_sums_stream(job, &options, guess, &done));
		if (!done)
			ML_TRY(ml_csv_rewind(train->csv, job->err));
	}
	if (!done) {
		ML_TRY(ml_table_read(train->csv, &options, train->pool, train->say, &job->table,
				     job->err));
		ML_TRY(learn_table(job));
		job->bundle->schema = job->table->schema;
		job->table->schema = (struct ml_schema){0};
	}
	ml_note(train->say, "%s: %zu rows, %zu features, %zu classes", job->bundle->type->name,
		job->rows, job->bundle->shape.d, job->bundle->shape.k);
	ML_TRY(prune(job));
	job->bundle->target = job->bundle->schema.column[job->roles.target].name;
	return ML_OK;
}

int
ml_train(const struct ml_train *train, struct ml_bundle **out, struct ml_err *err)
{
	struct ml_job job = {.train = train, .bundle = ml_alloc(1, sizeof *job.bundle), .err = err};
	int status;

	if (job.bundle == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	job.bundle->name = "";
	status = learn(&job);
	ml_table_free(job.table);
	ml_arena_free(&job.arena);
	if (status < 0) {
		ml_bundle_free(job.bundle);
		return status;
	}
	*out = job.bundle;
	return ML_OK;
}
