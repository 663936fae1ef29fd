#include "eval/tally.h"

#include <math.h>
#include <string.h>

#include "num/sort.h"

bool
ml_side_reserve(struct ml_side *side, size_t more, bool weighted)
{
	size_t room = side->room < ML_BLOCK ? ML_BLOCK : side->room;
	double *p;

	if (side->room - side->n >= more)
		return true;
	while (room - side->n < more)
		room *= 2;
	if ((p = ml_realloc(side->score, room, sizeof *p)) == NULL)
		return false;
	side->score = p;
	if (weighted) {
		if ((p = ml_realloc(side->weight, room, sizeof *p)) == NULL)
			return false;
		side->weight = p;
	}
	side->room = room;
	return true;
}

void
ml_side_free(struct ml_side *side)
{
	ml_free(side->score);
	ml_free(side->weight);
	*side = (struct ml_side){0};
}

/* Moves v into ORDER, by way of scratch. */
static void
permute(double *v, const size_t *order, size_t n, double *scratch)
{
	for (size_t i = 0; i < n; i++)
		scratch[i] = v[order[i]];
	memcpy(v, scratch, n * sizeof *v);
}

static int
sort_side(void *ctx, size_t i, size_t thread, struct ml_err *err)
{
	struct ml_side *side = ((struct ml_side *const *)ctx)[i];
	bool weighted = side->weight != NULL;
	double *scratch = ml_alloc(side->n, sizeof *scratch);
	size_t *order = weighted ? ml_alloc(side->n, sizeof *order) : NULL;
	struct ml_sort_item *items = weighted ? ml_alloc(2 * side->n, sizeof *items) : NULL;
	int status = ML_OK;

	(void)thread;
	if (scratch == NULL || (weighted && (order == NULL || items == NULL))) {
		status = ml_fail(err, ML_ENOMEM, "no memory to sort %zu rows", side->n);
	} else if (weighted) {
		ml_sort_index(side->score, order, side->n, items);
		permute(side->score, order, side->n, scratch);
		permute(side->weight, order, side->n, scratch);
	} else {
		ml_sort(side->score, side->n, scratch);
	}
	ml_free(scratch);
	ml_free(order);
	ml_free(items);
	return status;
}

int
ml_sides_sort(struct ml_side *const *side, size_t n, struct ml_pool *pool, struct ml_err *err)
{
	struct ml_side *list[ML_MAX_CLASSES];

	for (size_t at = 0; at < n; at += ML_MAX_CLASSES) {
		size_t m = n - at < ML_MAX_CLASSES ? n - at : ML_MAX_CLASSES;

		memcpy(list, side + at, m * sizeof *list);
		ML_TRY(ml_par_for(pool, m, sort_side, list, err));
	}
	return ML_OK;
}

double
ml_side_quantile(const struct ml_side *side, double q)
{
	double goal = q * side->total, sum = 0;
	size_t i = 0;

	if (side->n == 0)
		return (double)NAN;
	if (side->weight == NULL) {
		i = goal >= (double)side->n ? side->n - 1 : (size_t)goal;
		if ((double)i == goal && i > 0)
			return 0.5 * side->score[i - 1] + 0.5 * side->score[i];
		return side->score[i];
	}
	for (; i + 1 < side->n; i++) {
		sum += side->weight[i];
		if (sum > goal)
			return side->score[i];
		if (sum == goal && sum > 0)
			break;
	}
	if (i + 1 == side->n)
		return side->score[i];
	/* Met exactly: the next row that weighs something. */
	for (size_t j = i + 1; j < side->n; j++)
		if (side->weight[j] > 0)
			return 0.5 * side->score[i] + 0.5 * side->score[j];
	return side->score[i];
}
