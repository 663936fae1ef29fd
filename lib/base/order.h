#ifndef ML_BASE_ORDER_H
#define ML_BASE_ORDER_H

#include <stddef.h>

/*
 * order[0..n-1]: 0..n-1 in ascending order by COMPARE(ctx, a, b), which gives <0, 0 or >0; equals
 * by index.  SCRATCH has n.  For doubles there is num/sort.h.
 */
void ml_order(size_t *order, size_t *scratch, size_t n,
	      int (*compare)(const void *ctx, size_t a, size_t b), const void *ctx);

#endif
