#include <math.h>
#include <string.h>

#include "eval/profile.h"

/*
 * In the file a profile is a handful of arrays: one entry a column, and the knots and levels of all
 * columns one behind the other.  Where a column has no value, zero stands for NaN.
 */
struct packed {
	int64_t *missing, *sample, *binned, *n_knots, *n_levels, *distinct, *singles;
	double *mean, *variance, *min, *max, *other;
	double *knot, *knot_count, *level_count;
	int32_t *code;
};

static void
packed_new(struct packed *p, size_t n, size_t knots, size_t levels, struct ml_arena *arena)
{
	p->missing = ML_NEW(arena, int64_t, n);
	p->sample = ML_NEW(arena, int64_t, n);
	p->binned = ML_NEW(arena, int64_t, n);
	p->n_knots = ML_NEW(arena, int64_t, n);
	p->n_levels = ML_NEW(arena, int64_t, n);
	p->distinct = ML_NEW(arena, int64_t, n);
	p->singles = ML_NEW(arena, int64_t, n);
	p->mean = ML_NEW(arena, double, n);
	p->variance = ML_NEW(arena, double, n);
	p->min = ML_NEW(arena, double, n);
	p->max = ML_NEW(arena, double, n);
	p->other = ML_NEW(arena, double, n);
	p->knot = ML_NEW(arena, double, knots);
	p->knot_count = ML_NEW(arena, double, knots);
	p->level_count = ML_NEW(arena, double, levels);
	p->code = ML_NEW(arena, int32_t, levels);
}

/* What is of fixed size: n columns. */
static void
columns_fields(struct ml_fields *f, struct packed *p, size_t n)
{
	ml_field_i64s(f, "missing", &p->missing, n);
	ml_field_f64s(f, "mean", &p->mean, n);
	ml_field_f64s(f, "variance", &p->variance, n);
	ml_field_f64s(f, "min", &p->min, n);
	ml_field_f64s(f, "max", &p->max, n);
	ml_field_i64s(f, "sample", &p->sample, n);
	ml_field_i64s(f, "binned", &p->binned, n);
	ml_field_i64s(f, "knots", &p->n_knots, n);
	ml_field_i64s(f, "levels", &p->n_levels, n);
	ml_field_f64s(f, "other", &p->other, n);
	ml_field_i64s(f, "distinct", &p->distinct, n);
	ml_field_i64s(f, "singles", &p->singles, n);
}

static void
values_fields(struct ml_fields *f, struct packed *p, size_t knots, size_t levels)
{
	ml_field_f64s(f, "knot", &p->knot, knots);
	ml_field_f64s(f, "knot_count", &p->knot_count, knots);
	ml_field_i32s(f, "level", &p->code, levels);
	ml_field_f64s(f, "level_count", &p->level_count, levels);
}

static double
zero_if_none(double v)
{
	return v == v ? v : 0;
}

static void
pack(struct packed *p, size_t j, const struct ml_profile_column *c)
{
	p->missing[j] = (int64_t)c->missing;
	p->mean[j] = zero_if_none(c->mean);
	p->variance[j] = zero_if_none(c->variance);
	p->min[j] = zero_if_none(c->min);
	p->max[j] = zero_if_none(c->max);
	p->sample[j] = (int64_t)c->sample;
	p->binned[j] = c->binned;
	p->n_knots[j] = (int64_t)c->n_knots;
	p->n_levels[j] = (int64_t)c->n_levels;
	p->other[j] = c->other;
	p->distinct[j] = (int64_t)c->distinct;
	p->singles[j] = (int64_t)c->singles;
}

int
ml_profile_save(const struct ml_profile *profile, struct ml_fields *f)
{
	struct packed p;
	struct ml_arena arena = {0};
	size_t n = profile->n, rows = n > 0 ? profile->column[0].rows : 0, knots = 0, levels = 0;

	for (size_t j = 0; j < n; j++) {
		knots += profile->column[j].n_knots;
		levels += profile->column[j].n_levels;
	}
	packed_new(&p, n, knots, levels, &arena);
	if (ml_arena_failed(&arena)) {
		ml_arena_free(&arena);
		return f->status = ml_fail(f->err, ML_ENOMEM, "no memory for a profile");
	}
	knots = levels = 0;
	for (size_t j = 0; j < n; j++) {
		const struct ml_profile_column *c = &profile->column[j];

		pack(&p, j, c);
		if (c->n_knots > 0) {
			memcpy(p.knot + knots, c->knot, c->n_knots * sizeof *c->knot);
			memcpy(p.knot_count + knots, c->knot_count, c->n_knots * sizeof *c->knot);
		}
		if (c->n_levels > 0) {
			memcpy(p.code + levels, c->code, c->n_levels * sizeof *c->code);
			memcpy(p.level_count + levels, c->level_count,
			       c->n_levels * sizeof *c->level_count);
		}
		knots += c->n_knots;
		levels += c->n_levels;
	}
	ml_field_size(f, "rows", &rows, 0, SIZE_MAX);
	columns_fields(f, &p, n);
	values_fields(f, &p, knots, levels);
	ml_arena_free(&arena);
	return f->status;
}

/* A count that came from a file. */
static bool
is_count(double v, double max)
{
	return v >= 0 && v <= max && floor(v) == v;
}

/* What a category has no use for must be zero. */
static bool
is_blank(const struct packed *p, size_t j)
{
	static const double zero = 0;

	return p->n_knots[j] == 0 && p->sample[j] == 0 && p->binned[j] == 0 &&
	       memcmp(&p->mean[j], &zero, sizeof zero) == 0 &&
	       memcmp(&p->variance[j], &zero, sizeof zero) == 0 &&
	       memcmp(&p->min[j], &zero, sizeof zero) == 0 &&
	       memcmp(&p->max[j], &zero, sizeof zero) == 0;
}

/* Column j as the file has it; false if it contradicts itself. */
static bool
unpack_number(const struct packed *p, size_t j, size_t first, struct ml_profile_column *c)
{
	double values = (double)(c->rows - c->missing), sum = 0;

	if (p->n_levels[j] != 0 || p->distinct[j] != 0 || p->singles[j] != 0 || p->other[j] < 0 ||
	    p->other[j] > 0 || p->sample[j] < 0 || (double)p->sample[j] > values ||
	    p->sample[j] > ML_PROFILE_SAMPLE || p->variance[j] < 0 || p->min[j] > p->max[j] ||
	    (p->binned[j] != 0 && p->binned[j] != 1) || (p->n_knots[j] > 0) != (p->sample[j] > 0))
		return false;
	c->mean = values > 0 ? p->mean[j] : (double)NAN;
	c->variance = values > 0 ? p->variance[j] : (double)NAN;
	c->min = values > 0 ? p->min[j] : (double)NAN;
	c->max = values > 0 ? p->max[j] : (double)NAN;
	c->sample = (size_t)p->sample[j];
	c->binned = p->binned[j] == 1;
	c->n_knots = (size_t)p->n_knots[j];
	c->knot = p->knot + first;
	c->knot_count = p->knot_count + first;
	for (size_t k = 0; k < c->n_knots; k++) {
		if (!is_count(c->knot_count[k], (double)c->sample) || c->knot_count[k] < 1 ||
		    c->knot[k] < c->min || c->knot[k] > c->max ||
		    (k > 0 && c->knot[k] <= c->knot[k - 1]))
			return false;
		sum += c->knot_count[k];
	}
	return sum == (double)c->sample;
}

static bool
unpack_category(const struct packed *p, size_t j, size_t first, const struct ml_dict *levels,
		struct ml_profile_column *c, struct ml_arena *arena)
{
	double values = (double)(c->rows - c->missing), sum = p->other[j];

	if (!is_blank(p, j) || !is_count(p->other[j], values) || p->distinct[j] < 0 ||
	    (uint64_t)p->distinct[j] > levels->n || p->n_levels[j] > p->distinct[j] ||
	    p->singles[j] < 0 || p->singles[j] > p->distinct[j])
		return false;
	c->other = p->other[j];
	c->distinct = (size_t)p->distinct[j];
	c->singles = (size_t)p->singles[j];
	c->n_levels = (size_t)p->n_levels[j];
	c->code = p->code + first;
	c->level_count = p->level_count + first;
	c->level = ML_NEW(arena, const char *, c->n_levels);
	for (size_t k = 0; k < c->n_levels && !ml_arena_failed(arena); k++) {
		int32_t code = c->code[k];

		if (code < 0 || (size_t)code >= levels->n || (k > 0 && code <= c->code[k - 1]) ||
		    !is_count(c->level_count[k], values))
			return false;
		c->level[k] = ml_arena_text(arena, levels->text[code].p, levels->text[code].n);
		sum += c->level_count[k];
	}
	return sum == values;
}

static void
unpack(struct ml_fields *f, const struct packed *p, const struct ml_schema *schema, size_t rows,
       struct ml_profile *profile)
{
	size_t knots = 0, levels = 0;

	for (size_t j = 0; f->status == ML_OK && j < schema->n; j++) {
		const struct ml_column *column = &schema->column[j];
		struct ml_profile_column *c = &profile->column[j];
		bool sound = p->missing[j] >= 0 && (uint64_t)p->missing[j] <= rows;

		c->name = ml_arena_text(&profile->arena, column->name, strlen(column->name));
		c->type = column->type;
		c->rows = rows;
		c->missing = (size_t)p->missing[j];
		if (sound && c->type == ML_NUMERIC)
			sound = unpack_number(p, j, knots, c);
		else if (sound)
			sound = unpack_category(p, j, levels, &column->levels, c, &profile->arena);
		ml_field_check(f, sound, column->name);
		knots += c->n_knots;
		levels += c->n_levels;
	}
	if (f->status == ML_OK && ml_arena_failed(&profile->arena))
		f->status = ml_fail(f->err, ML_ENOMEM, "no memory for a profile");
}

/* The sum of counts, each at most MAX. */
static size_t
total(struct ml_fields *f, const int64_t *count, size_t n, size_t max, const char *name)
{
	size_t sum = 0;

	for (size_t j = 0; f->status == ML_OK && j < n; j++) {
		ml_field_check(f, count[j] >= 0 && (uint64_t)count[j] <= max, name);
		if (f->status == ML_OK)
			sum += (size_t)count[j];
	}
	return sum;
}

/* All that is read lives in the profile's own arena. */
int
ml_profile_load(struct ml_profile **profile, const struct ml_schema *schema, struct ml_fields *f)
{
	struct ml_profile *out = ml_alloc(1, sizeof *out);
	struct ml_arena *arena = f->arena;
	struct packed p = {0};
	size_t n = schema->n, rows = 0, knots, levels;

	if (out == NULL)
		return ml_fail(f->err, ML_ENOMEM, "no memory for a profile");
	f->arena = &out->arena;
	out->n = n;
	out->column = ML_NEW(&out->arena, struct ml_profile_column, n);
	if (f->status == ML_OK && out->column == NULL)
		f->status = ml_fail(f->err, ML_ENOMEM, "no memory for a profile");
	ml_field_size(f, "rows", &rows, 0, (size_t)1 << 52);
	columns_fields(f, &p, n);
	knots = total(f, p.n_knots, n, ML_PROFILE_KNOTS, "knots");
	levels = total(f, p.n_levels, n, ML_PROFILE_LEVELS, "levels");
	values_fields(f, &p, knots, levels);
	unpack(f, &p, schema, rows, out);
	f->arena = arena;
	if (f->status < 0)
		ml_profile_free(out);
	else
		*profile = out;
	return f->status;
}
