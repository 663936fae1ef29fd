#include "table/flow.h"

#include <stdalign.h>

/* Of each block on its way; the caller's OWN stands behind it. */
struct block {
	alignas(max_align_t) struct ml_batch batch;
	double share; /* of the input, when the block was read */
};

struct run {
	struct ml_csv *csv;
	const struct ml_csv_flow *flow;
	struct ml_say *say;
	void *ctx;
	double start, n_rows;
};

static void *
own(struct block *block)
{
	return block + 1;
}

static int
source(void *ctx, void *item, struct ml_err *err)
{
	const struct run *run = ctx;
	struct block *block = item;
	int status = ml_csv_next(run->csv, &block->batch, err);

	block->share = ml_csv_share(run->csv);
	return status;
}

static int
work(void *ctx, void *item, struct ml_err *err)
{
	const struct run *run = ctx;
	struct block *block = item;

	if (run->flow->want != NULL)
		ML_TRY(ml_csv_parse(run->csv, run->flow->want, &block->batch, err));
	if (run->flow->work == NULL)
		return ML_OK;
	return run->flow->work(run->ctx, &block->batch, own(block), err);
}

static int
sink(void *ctx, void *item, struct ml_err *err)
{
	struct run *run = ctx;
	struct block *block = item;
	double passed, rate;

	ML_TRY(run->flow->sink(run->ctx, &block->batch, own(block), err));
	ML_TRY(ml_csv_settle(run->csv, &block->batch, err));
	run->n_rows += (double)block->batch.n_rows;
	if (run->say == NULL || !run->say->progress)
		return ML_OK;
	passed = ml_clock() - run->start;
	rate = passed > 0 ? run->n_rows / passed : 0;
	ml_progress(run->say, run->flow->what, block->share, "%.*f%s rows/s", rate < 1e7 ? 1 : 0,
		    rate < 1e5 ? rate / 1e3 : rate / 1e6, rate < 1e5 ? "k" : "M");
	return ML_OK;
}

static void
clear(void *ctx, void *item)
{
	const struct run *run = ctx;
	struct block *block = item;

	if (run->flow->clear != NULL)
		run->flow->clear(run->ctx, own(block));
	ml_batch_free(&block->batch);
}

int
ml_csv_flow_run(struct ml_csv *csv, const struct ml_csv_flow *flow, struct ml_pool *pool,
		struct ml_say *say, void *ctx, struct ml_err *err)
{
	struct ml_flow calls = {sizeof(struct block) + flow->own_size, source, work, sink, clear};
	struct run run = {csv, flow, say, ctx, ml_clock(), 0};
	int status = ml_flow_run(pool, &calls, &run, err);

	if (say != NULL)
		ml_progress_end(say);
	return status;
}
