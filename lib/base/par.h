#ifndef ML_BASE_PAR_H
#define ML_BASE_PAR_H

#include <stddef.h>

#include "base/err.h"

/*
 * Threads.  Work is cut into pieces that don't depend on the number of threads;
 * threads take the next piece when free; what pieces give is combined by the
 * caller in order of the pieces (ml_par_reduce: a fixed binary tree).  So the result
 * is the same for any number of threads.  Threads start when first needed, wait on a
 * condition variable after a short spin, and end with the pool.
 */
struct ml_pool;

/* Rows of a block, everywhere. */
enum { ML_BLOCK = 4096 };

/* 0 threads: one for each core this process may use.  With 1 all runs in the caller. */
int ml_pool_new(struct ml_pool **pool, size_t threads, struct ml_err *err);
void ml_pool_free(struct ml_pool *pool);
size_t ml_pool_threads(const struct ml_pool *pool);

/*
 * Calls work(ctx, i, thread) for i = 0..n-1, thread below ml_pool_threads: scratch of
 * a thread may be indexed with it.  The failure of the lowest i is the one reported;
 * after a failure no new piece starts.  Not to be called from within work.
 */
int ml_par_for(struct ml_pool *pool, size_t n,
	       int (*work)(void *ctx, size_t i, size_t thread, struct ml_err *err), void *ctx,
	       struct ml_err *err);

/*
 * Combines slots 0..n-1 into slot 0: add(ctx, into, from) for pairs (0,1), (2,3)...,
 * then (0,2), (4,6)...: a tree fixed by n alone.
 */
int ml_par_reduce(struct ml_pool *pool, size_t n, void (*add)(void *ctx, size_t into, size_t from),
		  void *ctx, struct ml_err *err);

/*
 * A flow of items: source and sink are called by one thread at a time and in the order of
 * the items, work by any thread at once.  Items are SLOTS of item_size bytes, zeroed at
 * the start and used again and again, so buffers in them live on; clear (may be NULL) ends
 * each.  source returns 1 for an item, 0 at the end.  The failure of the earliest item is
 * the one reported; sink has then seen exactly the items before it.
 */
struct ml_flow {
	size_t item_size;
	int (*source)(void *ctx, void *item, struct ml_err *err);
	int (*work)(void *ctx, void *item, struct ml_err *err);
	int (*sink)(void *ctx, void *item, struct ml_err *err);
	void (*clear)(void *ctx, void *item);
};

int ml_flow_run(struct ml_pool *pool, const struct ml_flow *flow, void *ctx, struct ml_err *err);

#endif
