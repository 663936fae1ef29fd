#include "eval/profile.h"

#include <stdlib.h>

#include "base/par.h"
#include "base/rng.h"
#include "test.h"

/* A table of one number and one category made of arrays. */
static void
table_make(struct ml_table *table, const double *number, const int32_t *code, size_t n,
	   size_t n_levels)
{
	static char text[2000][8];
	struct ml_arena *arena = &table->arena;

	memset(table, 0, sizeof *table);
	table->schema.n = 2;
	table->schema.column = ML_NEW(arena, struct ml_column, 2);
	table->schema.column[0] = (struct ml_column){.name = "x", .type = ML_NUMERIC};
	table->schema.column[1] = (struct ml_column){.name = "c", .type = ML_CATEGORY};
	for (size_t i = 0; i < n_levels; i++) {
		snprintf(text[i], sizeof text[i], "l%04d", (int)i);
		ml_dict_add(&table->schema.column[1].levels, ml_str(text[i]));
	}
	table->n_rows = n;
	table->n_frames = (n + ML_BLOCK - 1) / ML_BLOCK;
	table->frame = ML_NEW(arena, struct ml_frame, table->n_frames);
	for (size_t b = 0; b < table->n_frames; b++) {
		struct ml_frame *frame = &table->frame[b];
		size_t from = b * ML_BLOCK;

		frame->n = n - from < ML_BLOCK ? n - from : ML_BLOCK;
		frame->number = ML_NEW(arena, double *, 2);
		frame->code = ML_NEW(arena, int32_t *, 2);
		frame->number[0] = ML_NEW(arena, double, frame->n);
		frame->code[1] = ML_NEW(arena, int32_t, frame->n);
		memcpy(frame->number[0], number + from, frame->n * sizeof *number);
		memcpy(frame->code[1], code + from, frame->n * sizeof *code);
	}
}

static void
table_free(struct ml_table *table)
{
	ml_dict_free(&table->schema.column[1].levels);
	ml_arena_free(&table->arena);
}

static struct ml_profile *
profile_of(const struct ml_table *table, size_t threads)
{
	struct ml_pool *pool;
	struct ml_profile *profile = NULL;
	struct ml_err err = {0};

	ml_pool_new(&pool, threads, &err);
	CHECK(ml_profile_table(table, 1, pool, &profile, &err) == ML_OK);
	ml_pool_free(pool);
	return profile;
}

static int
same_column(const struct ml_profile_column *a, const struct ml_profile_column *b)
{
	return a->rows == b->rows && a->missing == b->missing &&
	       memcmp(&a->mean, &b->mean, 8) == 0 && memcmp(&a->variance, &b->variance, 8) == 0 &&
	       memcmp(&a->min, &b->min, 8) == 0 && memcmp(&a->max, &b->max, 8) == 0 &&
	       a->sample == b->sample && a->binned == b->binned && a->n_knots == b->n_knots &&
	       (a->n_knots == 0 || (memcmp(a->knot, b->knot, a->n_knots * 8) == 0 &&
				    memcmp(a->knot_count, b->knot_count, a->n_knots * 8) == 0)) &&
	       a->n_levels == b->n_levels &&
	       (a->n_levels == 0 ||
		(memcmp(a->code, b->code, a->n_levels * sizeof *a->code) == 0 &&
		 memcmp(a->level_count, b->level_count, a->n_levels * 8) == 0)) &&
	       a->other == b->other && a->distinct == b->distinct && a->singles == b->singles;
}

/* A file of fields in memory. */
struct store {
	struct ml_fields fields;
	struct {
		char name[32];
		size_t n, size;
		char *p;
	} item[32];
	size_t n;
};

static int
store_array(struct ml_fields *fields, const char *name, enum ml_kind kind, void **p, size_t n)
{
	static const size_t sizes[] = {8, 4, 8, 1};
	struct store *s = (struct store *)fields;

	if (!fields->reading) {
		s->item[s->n].n = n;
		s->item[s->n].size = sizes[kind];
		snprintf(s->item[s->n].name, 32, "%s", name);
		s->item[s->n].p = malloc(n * sizes[kind] + 1);
		if (n > 0)
			memcpy(s->item[s->n].p, *p, n * sizes[kind]);
		s->n++;
		return ML_OK;
	}
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->item[i].name, name) == 0) {
			if (s->item[i].n != n)
				return ml_fail(fields->err, ML_EMODEL, "%s: %zu not %zu", name,
					       s->item[i].n, n);
			*p = ml_arena_get(fields->arena, n, sizes[kind]);
			if (*p != NULL && n > 0)
				memcpy(*p, s->item[i].p, n * sizes[kind]);
			return ML_OK;
		}
	return ml_fail(fields->err, ML_EMODEL, "no %s", name);
}

static int
load(struct store *s, const struct ml_schema *schema, struct ml_profile **profile)
{
	struct ml_err err = {0};
	struct ml_arena arena = {0};
	int status;

	s->fields.reading = true;
	s->fields.status = ML_OK;
	s->fields.err = &err;
	s->fields.arena = &arena;
	*profile = NULL;
	status = ml_profile_load(profile, schema, &s->fields);
	ml_arena_free(&arena);
	return status;
}

/* Every number of the file in turn becomes something else: only means and minima may vary freely.
 */
static void
damage(struct store *s, const struct ml_schema *schema, size_t *tried, size_t *refused)
{
	static const char *const free_names[] = {"mean", "min"};

	*tried = *refused = 0;
	for (size_t i = 0; i < s->n; i++) {
		size_t step = s->item[i].n > 64 ? s->item[i].n / 16 : 1;
		bool is_free = false;

		for (size_t k = 0; k < sizeof free_names / sizeof *free_names; k++)
			is_free = is_free || strcmp(s->item[i].name, free_names[k]) == 0;
		for (size_t e = 0; e < s->item[i].n; e += step) {
			struct ml_profile *profile;
			char keep[8];
			char *at = s->item[i].p + e * s->item[i].size;

			memcpy(keep, at, s->item[i].size);
			memset(at, 0xfe, s->item[i].size); /* huge and negative */
			if (load(s, schema, &profile) < 0)
				++*refused;
			else if (is_free)
				++*refused;
			else
				printf("# %s[%zu] was taken\n", s->item[i].name, e);
			ml_profile_free(profile);
			memcpy(at, keep, s->item[i].size);
			++*tried;
		}
	}
}

enum { LARGE = 100000 };

int
main(void)
{
	static double x[LARGE];
	static int32_t c[LARGE];
	struct ml_table table;
	struct ml_profile *p;

	test_case("a small table is profiled exactly");
	{
		/* ten of Michelson's speeds of light (NIST StRD, univ/Michelso.dat); moments by
		 * hand */
		static const double speed[] = {299.85, 299.74, 299.90, 300.07, 299.93, (double)NAN,
					       299.85, 299.95, 299.98, 299.98, 299.88};
		static const int32_t code[] = {2, 0, 2, 2, ML_MISSING, 1, 2, 0, 2, ML_UNSEEN, 2};

		table_make(&table, speed, code, 11, 4);
		p = profile_of(&table, 1);
		CHECK(p->n == 2 && p->column[0].rows == 11 && p->column[0].missing == 1);
		CHECK_NEAR(p->column[0].mean, 299.913, 1e-15);
		CHECK_NEAR(p->column[0].variance, 0.07441 / 9, 1e-12);
		CHECK(p->column[0].min == 299.74 && p->column[0].max == 300.07);
		CHECK(p->column[0].sample == 10 && !p->column[0].binned);
		CHECK(p->column[0].n_knots == 8 && p->column[0].knot[1] == 299.85 &&
		      p->column[0].knot_count[1] == 2 && p->column[0].knot_count[7] == 1);
		CHECK(p->column[1].missing == 1 && p->column[1].unseen == 1);
		CHECK(p->column[1].n_levels == 3 && p->column[1].distinct == 3 &&
		      p->column[1].singles == 1);
		CHECK(p->column[1].level_count[0] == 2 && p->column[1].level_count[1] == 1 &&
		      p->column[1].level_count[2] == 6);
		CHECK_TEXT(p->column[1].level[2], "l0002");
		ml_profile_free(p);
		table_free(&table);
	}

	test_case("a large one is sampled: the same for any threads, size and error known");
	{
		struct ml_profile *q;
		double cum = 0, worst = 0;

		for (size_t i = 0; i < LARGE; i++) {
			x[i] = ml_rng_uniform(7, ML_RNG_TEST, i);
			c[i] = (int32_t)(1999 * x[i] * x[i]);
		}
		table_make(&table, x, c, LARGE, 2000);
		p = profile_of(&table, 1);
		q = profile_of(&table, 3);
		CHECK(same_column(&p->column[0], &q->column[0]));
		CHECK(same_column(&p->column[1], &q->column[1]));
		CHECK(p->column[0].sample == ML_PROFILE_SAMPLE && p->column[0].binned);
		CHECK(p->column[0].n_knots == ML_PROFILE_KNOTS);
		for (size_t k = 0; k < p->column[0].n_knots; k++) {
			cum += p->column[0].knot_count[k];
			worst = fmax(worst, fabs(cum / ML_PROFILE_SAMPLE - p->column[0].knot[k]));
		}
		CHECK(cum == ML_PROFILE_SAMPLE);
		/* Kolmogorov: 1.95 / sqrt(n) is passed once in a thousand samples */
		CHECK(worst < 1.95 / 128 && worst > 0.2 / 128);
		CHECK(p->column[1].n_levels == ML_PROFILE_LEVELS && p->column[1].other > 0);
		cum = p->column[1].other;
		for (size_t k = 0; k < p->column[1].n_levels; k++)
			cum += p->column[1].level_count[k];
		CHECK(cum == LARGE);

		test_case("parts of any cut give the same profile");
		{
			struct ml_profiler *whole, *part;
			struct ml_profile *r;
			struct ml_err err = {0};

			ml_profiler_new(&whole, 2, 1, &err);
			for (size_t b = 0; b < table.n_frames; b++) {
				ml_profiler_new(&part, 2, 1, &err);
				ml_profiler_add(part, &table.frame[b], b * ML_BLOCK, &err);
				ml_profiler_merge(whole, part, &err);
				ml_profiler_free(part);
			}
			CHECK(ml_profiler_finish(whole, &table.schema, &r, &err) == ML_OK);
			CHECK(same_column(&p->column[0], &r->column[0]));
			ml_profile_free(r);
			ml_profiler_free(whole);
			ml_profiler_new(&whole, 2, 1, &err);
			for (size_t b = 0; b < table.n_frames; b++)
				ml_profiler_add(whole, &table.frame[b], b * ML_BLOCK, &err);
			CHECK(ml_profiler_finish(whole, &table.schema, &r, &err) == ML_OK);
			CHECK(same_column(&p->column[0], &r->column[0]));
			CHECK(same_column(&p->column[1], &r->column[1]));
			ml_profile_free(r);
			ml_profiler_free(whole);
		}

		test_case("saved and loaded, it is the same");
		{
			struct store s = {.fields = {.array = store_array, .prefix = ""}};
			struct ml_err err = {0};
			struct ml_profile *r;
			size_t tried, refused;

			s.fields.err = &err;
			CHECK(ml_profile_save(p, &s.fields) == ML_OK);
			CHECK(load(&s, &table.schema, &r) == ML_OK);
			CHECK(r != NULL && same_column(&p->column[0], &r->column[0]));
			CHECK(r != NULL && same_column(&p->column[1], &r->column[1]));
			ml_profile_free(r);

			test_case("a damaged one is refused");
			damage(&s, &table.schema, &tried, &refused);
			CHECK(tried > 60 && refused == tried);
			for (size_t i = 0; i < s.n; i++)
				free(s.item[i].p);
		}
		ml_profile_free(p);
		ml_profile_free(q);
		table_free(&table);
	}

	test_case("huge values, no values, no rows");
	{
		static const double huge[] = {1.7e308, -1.7e308, 1.7e308};
		static const double none[] = {(double)NAN, (double)NAN};
		static const int32_t code[] = {ML_MISSING, ML_MISSING, 0};

		table_make(&table, huge, code, 3, 1);
		p = profile_of(&table, 1);
		CHECK_NEAR(p->column[0].mean, 1.7e308 / 3, 1e-12);
		CHECK(isfinite(p->column[0].variance));
		ml_profile_free(p);
		table_free(&table);
		table_make(&table, none, code, 2, 0);
		p = profile_of(&table, 1);
		CHECK(p->column[0].missing == 2 && p->column[0].sample == 0 &&
		      isnan(p->column[0].mean) && p->column[0].n_knots == 0);
		CHECK(p->column[1].missing == 2 && p->column[1].n_levels == 0);
		ml_profile_free(p);
		table_free(&table);
		table_make(&table, none, code, 0, 0);
		p = profile_of(&table, 1);
		CHECK(p->column[0].rows == 0 && p->column[0].sample == 0);
		ml_profile_free(p);
		table_free(&table);
	}

	test_case("in the terms of a reference");
	{
		static const double old[] = {1, 2, 2, 4, 8};
		static const double new[] = {0, 0.5, 2, 3, 3.5, 9, (double)NAN, 10, 8};
		static const int32_t code[] = {0, 1, ML_UNSEEN, 0, 0, 0, 0, 0, 3};
		static const double knots[] = {0.5, 1, 2, 3.5, 4, 8, 10};
		static const double counts[] = {2, 0, 1, 2, 0, 1, 2};
		struct ml_profile *reference;
		struct ml_profiler *profiler;
		struct ml_table live;
		struct ml_err err = {0};

		table_make(&table, old, code, 5, 4);
		reference = profile_of(&table, 1);
		table_make(&live, new, code, 9, 4);
		ml_profiler_new(&profiler, 2, 1, &err);
		ml_profiler_compare(profiler, reference);
		CHECK(ml_profiler_add(profiler, &live.frame[0], 0, &err) == ML_OK);
		CHECK(ml_profiler_finish(profiler, &live.schema, &p, &err) == ML_OK);
		CHECK(p->column[0].n_knots == 7 &&
		      memcmp(p->column[0].knot, knots, sizeof knots) == 0 &&
		      memcmp(p->column[0].knot_count, counts, sizeof counts) == 0);
		CHECK(p->column[0].outside == 4);
		CHECK(p->column[1].n_levels == 2 && p->column[1].level_count[0] == 6 &&
		      p->column[1].level_count[1] == 1 && p->column[1].other == 1 &&
		      p->column[1].unseen == 1);
		ml_profile_free(p);
		ml_profiler_free(profiler);
		ml_profile_free(reference);
		table_free(&live);
		table_free(&table);
	}
	return test_end();
}
