#include "table/flow.h"
#include "table/pick.h"

struct stream {
	const struct ml_table_visit *visit;
	void *ctx;
	const size_t *input; /* by column of the schema: of the input */
	size_t n;
	int32_t **no_code; /* what stands in every frame for codes */
	bool mixed;	   /* a block was not numeric */
};

/* What work leaves for sink. */
struct part {
	double **number;
	bool mixed;
	void *partial; /* of a frame that the sink has not seen */
	struct ml_arena arena;
};

static int
visit_frame(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err)
{
	const struct stream *s = ctx;
	struct part *part = own;
	struct ml_frame frame = {batch->n_rows, NULL, s->no_code};

	if (part->number == NULL)
		part->number = ML_NEW(&part->arena, double *, s->n);
	if (part->number == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory for %zu columns", s->n);
	part->mixed = false;
	for (size_t c = 0; c < s->n; c++) {
		const struct ml_cells *cells = &batch->cells[s->input[c]];

		if (cells->number == NULL || cells->out_of_range >= 0)
			part->mixed = true;
		part->number[c] = cells->number;
	}
	if (part->mixed)
		return ML_OK;
	frame.number = part->number;
	return s->visit->work(s->ctx, &frame, batch->index, &part->partial, err);
}

static int
hand_on(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err)
{
	struct stream *s = ctx;
	struct part *part = own;
	void *partial = part->partial;

	(void)batch;
	if (part->mixed) {
		s->mixed = true;
		return ml_fail(err, ML_EINPUT, "a column is not numeric"); /* ends the flow */
	}
	part->partial = NULL;
	return s->visit->sink(s->ctx, partial, err);
}

static void
clear(void *ctx, void *own)
{
	const struct stream *s = ctx;
	struct part *part = own;

	if (part->partial != NULL && s->visit->drop != NULL)
		s->visit->drop(s->ctx, part->partial);
	ml_arena_free(&part->arena);
}

int
ml_table_stream(struct ml_csv *csv, const struct ml_table_options *options, struct ml_pool *pool,
		struct ml_say *say, const struct ml_table_visit *visit, void *ctx,
		struct ml_schema *schema, bool *all_numeric, struct ml_err *err)
{
	struct ml_csv_flow flow = {.what = "reading",
				   .own_size = sizeof(struct part),
				   .work = visit_frame,
				   .sink = hand_on,
				   .clear = clear};
	struct stream s = {.visit = visit, .ctx = ctx};
	struct ml_pick pick = {0};
	struct ml_arena arena = {0};
	struct ml_err ended = {0};
	int status;

	*schema = (struct ml_schema){0};
	status = ml_pick_columns(csv, options, schema, &pick, &arena, err);
	s.n = schema->n;
	s.input = pick.input;
	s.no_code = ML_NEW(&arena, int32_t *, s.n);
	if (status == ML_OK && ml_arena_failed(&arena))
		status =
		    ml_fail(err, ML_ENOMEM, "no memory for the columns of %s", ml_csv_path(csv));
	for (size_t c = 0; status == ML_OK && c < s.n; c++)
		s.mixed = s.mixed || pick.want[pick.input[c]] == ML_WANT_TEXT;
	flow.want = pick.want;
	if (status == ML_OK && !s.mixed &&
	    (status = ml_csv_flow_run(csv, &flow, pool, say, &s, &ended)) < 0)
		status = s.mixed ? ML_OK : ml_fail(err, status, "%s", ended.text);
	*all_numeric = status == ML_OK && !s.mixed;
	if (!*all_numeric)
		ml_schema_free(schema);
	ml_arena_free(&arena);
	return status;
}
