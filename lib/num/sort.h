#ifndef ML_NUM_SORT_H
#define ML_NUM_SORT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Stable radix sort of doubles, ascending, missing (NaN) last.  -0 and 0 are equal, as are all
 * NaNs.  Linear in n; bytes that all keys share cost nothing, so whole numbers sort faster.
 */

/* Sorts v in place; SCRATCH has n.  The sign of a zero and the payload of a NaN are lost. */
void ml_sort(double *v, size_t n, double *scratch);

struct ml_sort_item {
	uint64_t key;
	size_t index;
};

/* order[0..n-1]: the indices of v in ascending order, ties by index.  SCRATCH has 2 n. */
void ml_sort_index(const double *v, size_t *order, size_t n, struct ml_sort_item *scratch);

#endif
