#include <float.h>
#include <math.h>
#include <string.h>

#include "eval/profiler.h"
#include "num/sort.h"
#include "num/stat.h"

static double
clamp(double v)
{
	return v < DBL_MAX ? v : DBL_MAX;
}

/* Counts of v, ascending, up to each knot. */
static void
count_knots(struct ml_profile_column *c, const double *v)
{
	size_t at = 0;

	for (size_t k = 0; k < c->n_knots; k++) {
		size_t from = at;

		while (at < c->sample && v[at] <= c->knot[k])
			at++;
		c->knot_count[k] = (double)(at - from);
	}
}

/* All distinct values, or where they are too many, quantiles. */
static void
own_knots(struct ml_profile_column *c, const double *v)
{
	size_t distinct = c->sample > 0;

	for (size_t i = 1; i < c->sample; i++)
		distinct += v[i] > v[i - 1];
	c->binned = distinct > ML_PROFILE_KNOTS;
	for (size_t k = 0, n = c->binned ? ML_PROFILE_KNOTS : c->sample; k < n; k++) {
		double knot = v[((k + 1) * c->sample + n - 1) / n - 1];

		if (c->n_knots == 0 || knot > c->knot[c->n_knots - 1])
			c->knot[c->n_knots++] = knot;
	}
}

/* Each of the reference's knots, and the largest value in each gap between them. */
static void
common_knots(struct ml_profile_column *c, const struct ml_profile_column *reference,
	     const double *v)
{
	size_t at = 0;

	c->binned = true;
	for (size_t k = 0; k < reference->n_knots; k++) {
		size_t from = at;

		while (at < c->sample && v[at] < reference->knot[k])
			at++;
		if (at > from && !reference->binned)
			c->knot[c->n_knots++] = v[at - 1];
		c->knot[c->n_knots++] = reference->knot[k];
		while (at < c->sample && v[at] <= reference->knot[k])
			at++;
	}
	if (at < c->sample)
		c->knot[c->n_knots++] = v[c->sample - 1];
}

static int
finish_number(const struct ml_profiler *p, const struct ml_profile_sums *s,
	      const struct ml_profile_column *reference, struct ml_profile_column *c,
	      struct ml_arena *arena, struct ml_err *err)
{
	size_t room = ML_PROFILE_KNOTS;
	double *v = ml_alloc(2 * p->n_sample + 1, sizeof *v);

	if (reference != NULL && reference->n_knots > 0)
		room = 2 * reference->n_knots + 1;
	c->knot = ML_NEW(arena, double, room);
	c->knot_count = ML_NEW(arena, double, room);
	if (ml_arena_failed(arena) || v == NULL) {
		ml_free(v);
		return ml_fail(err, ML_ENOMEM, "no memory for a profile");
	}
	c->mean = s->n > 0 ? s->mean : (double)NAN;
	c->variance = s->n > 1	 ? clamp(s->squares / (double)(s->n - 1))
		      : s->n > 0 ? 0
				 : (double)NAN;
	c->min = s->n > 0 ? s->min : (double)NAN;
	c->max = s->n > 0 ? s->max : (double)NAN;
	c->outside = s->outside;
	for (size_t i = 0; i < p->n_sample; i++)
		if (s->value[i] == s->value[i])
			v[c->sample++] = s->value[i];
	ml_sort(v, c->sample, v + p->n_sample);
	if (reference != NULL && reference->n_knots > 0)
		common_knots(c, reference, v);
	else
		own_knots(c, v);
	count_knots(c, v);
	ml_free(v);
	return ML_OK;
}

/* Marks the levels that are kept with their count: the most frequent ones, the first of equals. */
static int
choose_levels(const struct ml_profile_sums *s, bool *keep, struct ml_err *err)
{
	size_t n = s->n_codes, *order = ml_alloc(n + 1, sizeof *order);
	int status = order == NULL ? ml_fail(err, ML_ENOMEM, "no memory for %zu levels", n) : ML_OK;

	if (status == ML_OK)
		status = ml_sort_descending(s->count, order, n, err);
	for (size_t i = 0; status == ML_OK && i < n && i < ML_PROFILE_LEVELS; i++)
		keep[order[i]] = s->count[order[i]] > 0;
	ml_free(order);
	return status;
}

static int
finish_category(const struct ml_profile_sums *s, const struct ml_profile_column *reference,
		const struct ml_dict *levels, struct ml_profile_column *c, struct ml_arena *arena,
		struct ml_err *err)
{
	size_t n = s->n_codes < levels->n ? s->n_codes : levels->n;
	bool *keep = ml_alloc(levels->n + s->n_codes + 1, sizeof *keep);
	int status = keep == NULL ? ml_fail(err, ML_ENOMEM, "no memory for a profile") : ML_OK;

	c->level = ML_NEW(arena, const char *, ML_PROFILE_LEVELS);
	c->code = ML_NEW(arena, int32_t, ML_PROFILE_LEVELS);
	c->level_count = ML_NEW(arena, double, ML_PROFILE_LEVELS);
	if (status == ML_OK && ml_arena_failed(arena))
		status = ml_fail(err, ML_ENOMEM, "no memory for a profile");
	if (status == ML_OK && reference == NULL)
		status = choose_levels(s, keep, err);
	for (size_t i = 0; status == ML_OK && reference != NULL && i < reference->n_levels; i++)
		keep[reference->code[i]] = true;
	for (size_t i = 0; status == ML_OK && i < levels->n; i++) {
		double count = i < n ? s->count[i] : 0;

		c->distinct += count > 0;
		c->singles += count > 0 && count < 2;
		if (!keep[i]) {
			c->other += count;
			continue;
		}
		c->level[c->n_levels] = ml_arena_text(arena, levels->text[i].p, levels->text[i].n);
		c->code[c->n_levels] = (int32_t)i;
		c->level_count[c->n_levels++] = count;
		if (ml_arena_failed(arena))
			status = ml_fail(err, ML_ENOMEM, "no memory for a profile");
	}
	c->unseen = s->unseen;
	ml_free(keep);
	return status;
}

/* Column j of the profile. */
static int
finish_column(const struct ml_profiler *p, const struct ml_column *column, size_t j,
	      struct ml_profile *out, struct ml_err *err)
{
	struct ml_profile_column *c = &out->column[j];
	const struct ml_profile_column *reference =
	    p->reference != NULL ? &p->reference->column[j] : NULL;

	c->name = ml_arena_text(&out->arena, column->name, strlen(column->name));
	c->type = column->type;
	c->rows = p->n_rows;
	c->missing = p->column[j].missing;
	if (column->type == ML_NUMERIC)
		return finish_number(p, &p->column[j], reference, c, &out->arena, err);
	return finish_category(&p->column[j], reference, &column->levels, c, &out->arena, err);
}

/* The profiler stays as it is: its sample is pruned in a copy. */
int
ml_profiler_finish(const struct ml_profiler *profiler, const struct ml_schema *schema,
		   struct ml_profile **profile, struct ml_err *err)
{
	struct ml_profiler *p = NULL;
	struct ml_profile *out = ml_alloc(1, sizeof *out);
	int status = out == NULL ? ml_fail(err, ML_ENOMEM, "no memory for a profile") : ML_OK;

	if (status == ML_OK)
		status = ml_profiler_new(&p, profiler->n_columns, profiler->seed, err);
	if (status == ML_OK)
		status = ml_profiler_merge(p, profiler, err);
	if (status == ML_OK)
		status = ml_profiler_prune(p, err);
	if (status == ML_OK) {
		p->reference = profiler->reference;
		out->n = schema->n;
		out->column = ML_NEW(&out->arena, struct ml_profile_column, schema->n);
		if (out->column == NULL)
			status = ml_fail(err, ML_ENOMEM, "no memory for a profile");
	}
	for (size_t j = 0; status == ML_OK && j < schema->n; j++)
		status = finish_column(p, &schema->column[j], j, out, err);
	ml_profiler_free(p);
	if (status < 0)
		ml_profile_free(out);
	else
		*profile = out;
	return status;
}

void
ml_profile_free(struct ml_profile *profile)
{
	if (profile == NULL)
		return;
	ml_arena_free(&profile->arena);
	ml_free(profile);
}
