#include "store/score.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "store/score_log.h"
#include "table/flow.h"

/* What stays the same from block to block. */
struct scorer {
	struct ml_csv *csv;
	const struct ml_bundle *bundle;
	const struct ml_score_options *options;
	struct ml_out *out;
	struct ml_binding binding;
	bool *keep;	      /* by column of the input; NULL: whole records, or nothing */
	struct ml_str *label; /* by class, as it is written */
	struct ml_score_log *log;
	char delimiter;
	struct ml_arena arena;
};

/* What a block becomes. */
struct block {
	struct ml_buf text, log;
};

/* What the model says of a row. */
struct answer {
	const double *score, *proba;
	size_t best; /* class */
};

static int
no_memory(struct ml_err *err)
{
	return ml_fail(err, ML_ENOMEM, "no memory to score");
}

static void
put_number(const struct scorer *s, struct ml_buf *out, double value)
{
	if (!ml_buf_reserve(out, ML_NUM_TEXT))
		return;
	out->n += s->options->digits > 0
		      ? ml_num_round(out->p + out->n, value, (int)s->options->digits)
		      : ml_num_format(out->p + out->n, value);
}

/* The input's part of a row. */
static void
put_record(const struct scorer *s, struct ml_buf *out, struct ml_str record)
{
	size_t columns = ml_csv_columns(s->csv);
	bool first = true;

	if (s->options->only)
		return;
	if (s->keep == NULL) {
		ml_buf_add(out, record.p, record.n);
		ml_buf_char(out, s->delimiter);
		return;
	}
	for (size_t c = 0; c < columns; c++) {
		struct ml_str field = ml_csv_cut(&record, s->delimiter);

		if (!s->keep[c])
			continue;
		if (!first)
			ml_buf_char(out, s->delimiter);
		ml_buf_add(out, field.p, field.n);
		first = false;
	}
	if (!first)
		ml_buf_char(out, s->delimiter);
}

static void
put_prediction(const struct scorer *s, struct ml_buf *out, const struct answer *a)
{
	size_t k = s->bundle->shape.k, n_scores = ml_model_scores(k);

	if (k == 0)
		put_number(s, out, a->score[0]);
	else
		ml_buf_add(out, s->label[a->best].p, s->label[a->best].n);
	for (size_t c = 0; s->options->proba && c < k; c++) {
		ml_buf_char(out, s->delimiter);
		put_number(s, out, a->proba[c]);
	}
	for (size_t c = 0; s->options->raw && c < n_scores; c++) {
		ml_buf_char(out, s->delimiter);
		put_number(s, out, a->score[c]);
	}
}

static void
put_row(const struct scorer *s, struct block *block, struct ml_str record, const struct answer *a)
{
	const struct ml_bundle *b = s->bundle;

	put_record(s, &block->text, record);
	put_prediction(s, &block->text, a);
	ml_buf_char(&block->text, '\n');
	if (s->log == NULL || block->text.failed)
		return;
	if (b->shape.k == 0)
		ml_score_log_row(s->log, &block->log, record, a->score[0], NULL);
	else
		ml_score_log_row(s->log, &block->log, record, a->proba[a->best],
				 b->class_name[a->best]);
}

static bool
all_finite(const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return false;
	return true;
}

/*
 * A row is bad if a score of it is beyond the doubles: there is nothing true to write.  Where bad
 * rows are left out, those behind it move up in BATCH and SCORE.
 */
static int
settle_overflows(const struct scorer *s, struct ml_batch *batch, double *score, struct ml_err *err)
{
	const size_t no_column = SIZE_MAX, wide = ml_model_scores(s->bundle->shape.k);
	size_t n = batch->n_rows, kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (!all_finite(score + i * wide, wide)) {
			ml_fail(err, ML_EINPUT, "the prediction is not a finite number");
			ML_TRY(ml_csv_place(s->csv, batch, kept, no_column, err));
			continue;
		}
		if (kept < i)
			memcpy(score + kept * wide, score + i * wide, wide * sizeof *score);
		kept++;
	}
	return ML_OK;
}

static int
score_batch(const struct scorer *s, struct ml_batch *batch, struct block *block,
	    struct ml_arena *arena, struct ml_err *err)
{
	const struct ml_bundle *b = s->bundle;
	size_t k = b->shape.k, n_scores = ml_model_scores(k), width = ml_model_width(k);
	size_t n = batch->n_rows;
	struct ml_frame frame;
	double *x, *score, *proba;

	ML_TRY(ml_frame_fill(&b->schema, &s->binding, batch, &frame, arena, err));
	x = ML_NEW(arena, double, n * b->shape.d);
	score = ML_NEW(arena, double, n *n_scores);
	proba = ML_NEW(arena, double, n *width);
	if (ml_arena_failed(arena))
		return no_memory(err);
	ml_encode_apply(b->encoder, &frame, x);
	b->type->predict(b->state, &b->shape, x, n, score);
	ML_TRY(settle_overflows(s, batch, score, err));
	n = batch->n_rows;
	if (k > 0)
		ml_model_proba(score, n, k, proba);
	for (size_t i = 0; i < n; i++) {
		struct answer a = {score + i * n_scores, proba + i * width, 0};

		a.best = ml_model_best(a.proba, k);
		put_row(s, block, batch->record[i], &a);
	}
	return block->text.failed || block->log.failed ? no_memory(err) : ML_OK;
}

static int
work(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err)
{
	struct block *block = own;
	struct ml_arena arena = {0};
	int status;

	block->text.n = block->log.n = 0;
	status = score_batch(ctx, batch, block, &arena, err);
	ml_arena_free(&arena);
	return status;
}

/* The log first: what went out was logged. */
static int
sink(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err)
{
	struct scorer *s = ctx;
	const struct block *block = own;

	(void)batch;
	if (s->log != NULL)
		ML_TRY(ml_score_log_write(s->log, &block->log, err));
	return ml_out_write(s->out, block->text.p, block->text.n, err);
}

static void
clear(void *ctx, void *own)
{
	struct block *block = own;

	(void)ctx;
	ml_buf_free(&block->text);
	ml_buf_free(&block->log);
}

/* A new column must not repeat the name of one that goes out beside it. */
static int
add_name(struct scorer *s, struct ml_buf *header, const char *prefix, const char *name,
	 struct ml_err *err)
{
	struct ml_buf text = {0};
	size_t columns = ml_csv_columns(s->csv);
	int status = ML_OK;

	ml_buf_text(&text, prefix);
	ml_buf_text(&text, name);
	ml_buf_char(&text, '\0');
	if (text.failed)
		status = no_memory(err);
	for (size_t c = 0; c < columns && status == ML_OK && !s->options->only; c++)
		if ((s->keep == NULL || s->keep[c]) && strcmp(ml_csv_name(s->csv, c), text.p) == 0)
			status = ml_fail(err, ML_EINPUT,
					 "%s: there is a column '%s' already: use --only or --keep",
					 ml_csv_path(s->csv), text.p);
	if (header->n > 0 && header->p[header->n - 1] != s->delimiter)
		ml_buf_char(header, s->delimiter);
	if (status == ML_OK)
		ml_csv_put(header, (struct ml_str){text.p, text.n - 1}, s->delimiter);
	ml_buf_free(&text);
	return status;
}

static int
make_header(struct scorer *s, struct ml_buf *header, struct ml_err *err)
{
	const struct ml_bundle *b = s->bundle;
	struct ml_str record = ml_csv_header(s->csv);
	size_t k = b->shape.k;

	if (record.p != NULL) {
		put_record(s, header, record);
	} else {
		for (size_t c = 0; !s->options->only && c < ml_csv_columns(s->csv); c++)
			if (s->keep == NULL || s->keep[c])
				ml_buf_format(header, "%zu%c", c + 1, s->delimiter);
	}
	ML_TRY(add_name(s, header, "", "prediction", err));
	for (size_t c = 0; s->options->proba && c < k; c++)
		ML_TRY(add_name(s, header, "p_", b->class_name[c], err));
	if (s->options->raw && k <= 2)
		ML_TRY(add_name(s, header, "", "score", err));
	for (size_t c = 0; s->options->raw && k > 2 && c < k; c++)
		ML_TRY(add_name(s, header, "score_", b->class_name[c], err));
	ml_buf_char(header, '\n');
	return header->failed ? no_memory(err) : ML_OK;
}

/* The names of the classes as they go out. */
static int
make_labels(struct scorer *s, struct ml_err *err)
{
	const struct ml_bundle *b = s->bundle;
	struct ml_buf text = {0};
	bool failed;

	s->label = ML_NEW(&s->arena, struct ml_str, b->shape.k);
	for (size_t c = 0; c < b->shape.k && !ml_arena_failed(&s->arena) && !text.failed; c++) {
		text.n = 0;
		ml_csv_put(&text, ml_str(b->class_name[c]), s->delimiter);
		s->label[c] = (struct ml_str){ml_arena_text(&s->arena, text.p, text.n), text.n};
	}
	failed = text.failed || ml_arena_failed(&s->arena);
	ml_buf_free(&text);
	return failed ? no_memory(err) : ML_OK;
}

static int
prepare(struct scorer *s, struct ml_err *err)
{
	const struct ml_bundle *b = s->bundle;

	s->delimiter = ml_csv_delimiter(s->csv);
	ML_TRY(make_labels(s, err));
	if (s->options->keep != NULL) {
		s->keep = ML_NEW(&s->arena, bool, ml_csv_columns(s->csv));
		if (s->keep == NULL)
			return no_memory(err);
	}
	if (s->keep != NULL && ml_csv_list(s->csv, s->options->keep, s->keep, err) < 0)
		return ml_within(err, "option '--keep'");
	ML_TRY(ml_bind(&b->schema, ml_encoder_uses(b->encoder), s->csv, &s->binding, err));
	if (s->options->log != NULL)
		ML_TRY(ml_score_log_open(&s->log, b, s->csv, s->options->log,
					 s->options->log_columns, err));
	return ML_OK;
}

int
ml_score(struct ml_csv *csv, const struct ml_bundle *bundle, const struct ml_score_options *options,
	 struct ml_pool *pool, struct ml_out *out, struct ml_say *say, struct ml_err *err)
{
	struct ml_csv_flow flow = {"scoring", NULL, sizeof(struct block), work, sink, clear};
	struct scorer s = {.csv = csv, .bundle = bundle, .options = options, .out = out};
	struct ml_buf header = {0};
	int status;

	if (options->proba && bundle->task != ML_CLASSIFY)
		return ml_fail(err, ML_EUSAGE, "option '--proba': the model predicts numbers");
	status = prepare(&s, err);
	if (status == ML_OK && !options->no_output_header) {
		status = make_header(&s, &header, err);
		if (status == ML_OK)
			status = ml_out_write(out, header.p, header.n, err);
	}
	if (status == ML_OK) {
		flow.want = s.binding.want;
		status = ml_csv_flow_run(csv, &flow, pool, say, &s, err);
	}
	if (s.log != NULL) {
		int closed = ml_score_log_close(s.log, err);

		status = status < 0 ? status : closed;
	}
	ml_buf_free(&header);
	ml_binding_free(&s.binding);
	ml_arena_free(&s.arena);
	return status;
}
