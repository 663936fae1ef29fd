#ifndef ML_TABLE_FLOW_H
#define ML_TABLE_FLOW_H

#include "base/say.h"
#include "table/csv.h"

/*
 * The way of rows through a tool, in one call: blocks are read in order, parsed and worked on by
 * all threads, then given to the sink and settled in order; progress is shown.  An empty
 * input gives no block.
 */
struct ml_csv_flow {
	const char *what;	  /* is being done, for the progress line: "scoring" */
	const enum ml_want *want; /* to parse for; NULL: work parses */
	/*
	 * What work leaves for sink: one OWN of so many bytes beside each batch, zeroed at the
	 * start and used again and again; clear (may be NULL) ends each.
	 */
	size_t own_size;
	/* May use ml_csv_place.  NULL: nothing but parsing. */
	int (*work)(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err);
	int (*sink)(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err);
	void (*clear)(void *ctx, void *own);
};

/* Failures as ml_flow_run: the earliest block's, and sink has seen the blocks before it. */
int ml_csv_flow_run(struct ml_csv *csv, const struct ml_csv_flow *flow, struct ml_pool *pool,
		    struct ml_say *say, void *ctx, struct ml_err *err);

#endif
