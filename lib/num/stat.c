#include "num/stat.h"

#include <math.h>

#include "base/mem.h"
#include "num/sort.h"

/*
 * The value at place h (from 0, may be a fraction) of the sorted table that the weights stand for.
 * SLACK is more than the rounding of a sum of weights that are no integers.
 */
static double
at_place(const double *v, const double *w, size_t n, double h, double slack)
{
	double low = floor(h), sum = 0;
	size_t i = 0;

	while (i + 1 < n && sum + w[i] <= low + slack)
		sum += w[i++];
	/* the next place may lie in the next value */
	if (h > low && sum + w[i] <= low + 1 + slack && i + 1 < n) {
		size_t k = i + 1;

		while (k + 1 < n && w[k] == 0)
			k++;
		return v[i] + (h - low) * (v[k] - v[i]);
	}
	return v[i];
}

int
ml_weighted_quantiles(double *v, double *w, size_t n, const double *p, double *q, size_t m,
		      struct ml_err *err)
{
	struct ml_arena arena = {0};
	double *copy = ML_NEW(&arena, double, n), sum = 0, unit = 1;
	size_t *order = ML_NEW(&arena, size_t, n);
	struct ml_sort_item *scratch = ML_NEW(&arena, struct ml_sort_item, 2 * n);

	if (ml_arena_failed(&arena)) {
		ml_arena_free(&arena);
		return ml_fail(err, ML_ENOMEM, "no memory to sort %zu values", n);
	}
	ml_sort_index(v, order, n, scratch);
	for (size_t i = 0; i < n; i++)
		copy[i] = v[order[i]];
	for (size_t i = 0; i < n; i++)
		v[i] = copy[i];
	for (size_t i = 0; i < n; i++)
		copy[i] = w[order[i]];
	for (size_t i = 0; i < n; i++)
		unit = copy[i] > 0 && copy[i] < unit ? copy[i] : unit;
	for (size_t i = 0; i < n; i++)
		sum += w[i] = copy[i] / unit;
	for (size_t k = 0; k < m; k++)
		q[k] = n == 0 ? NAN : at_place(v, w, n, fmax(0, (sum - 1) * p[k]), 1e-12 * sum);
	ml_arena_free(&arena);
	return ML_OK;
}

int
ml_sort_descending(const double *v, size_t *order, size_t n, struct ml_err *err)
{
	struct ml_arena arena = {0};
	double *negative = ML_NEW(&arena, double, n);
	struct ml_sort_item *scratch = ML_NEW(&arena, struct ml_sort_item, 2 * n);

	if (ml_arena_failed(&arena)) {
		ml_arena_free(&arena);
		return ml_fail(err, ML_ENOMEM, "no memory to sort %zu values", n);
	}
	for (size_t i = 0; i < n; i++)
		negative[i] = -v[i];
	ml_sort_index(negative, order, n, scratch);
	ml_arena_free(&arena);
	return ML_OK;
}
