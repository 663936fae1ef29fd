#include "base/order.h"

#include <stdbool.h>
#include <string.h>

/* Merges the sorted halves of order[0..n-1]; of equals those of the first half come first. */
static void
merge(size_t *order, size_t *scratch, size_t half, size_t n,
      int (*compare)(const void *ctx, size_t a, size_t b), const void *ctx)
{
	size_t i = 0, k = half;

	memcpy(scratch, order, n * sizeof *order);
	for (size_t out = 0; out < n; out++) {
		bool left = i < half && (k == n || compare(ctx, scratch[i], scratch[k]) <= 0);

		order[out] = left ? scratch[i++] : scratch[k++];
	}
}

void
ml_order(size_t *order, size_t *scratch, size_t n,
	 int (*compare)(const void *ctx, size_t a, size_t b), const void *ctx)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t width = 1; width < n; width *= 2)
		for (size_t i = 0; i + width < n; i += 2 * width)
			merge(order + i, scratch, width, n - i < 2 * width ? n - i : 2 * width,
			      compare, ctx);
}
