#ifndef ML_EVAL_PROFILE_H
#define ML_EVAL_PROFILE_H

#include "base/fields.h"
#include "table/table.h"

/*
 * What the columns of a table looked like, in a few KB a column: the reference for drift, carried
 * by every model.  Exact: rows, missing, mean, variance, smallest, largest, counts of the
 * ML_PROFILE_LEVELS most frequent levels.  The distribution of a number comes from a uniform sample
 * of rows without replacement: those whose counter-based hash of the row's index is among the
 * ML_PROFILE_SAMPLE smallest.  So it is exact for small tables, its size is known to every test
 * that uses it, and it is the same for any number of threads and any cut of the table.
 */
enum { ML_PROFILE_SAMPLE = 16384, ML_PROFILE_KNOTS = 512, ML_PROFILE_LEVELS = 512 };

struct ml_profile_column {
	const char *name;
	enum ml_type type;
	size_t rows, missing;
	/* of a number; NaN where there is no value */
	double mean, variance, min, max;
	size_t sample;	/* values the knots stand for */
	bool binned;	/* knots are quantiles; otherwise all distinct values of the sample */
	size_t n_knots; /* distinct ascending values ... */
	double *knot;
	double *knot_count; /* ... and how many of the sample are in (previous knot, this knot] */
	size_t outside;	    /* values outside the reference's range, if there is a reference */
	/* of a category */
	size_t n_levels; /* kept, in the order of the schema's levels */
	const char **level;
	int32_t *code; /* of the level in the schema */
	double *level_count;
	double other;	 /* rows of the levels that were not kept, the unseen ones not among them */
	double unseen;	 /* rows with a text that is none of the schema's levels */
	size_t distinct; /* levels with a row */
	size_t singles;	 /* levels with one row only */
};

struct ml_profile {
	size_t n;
	struct ml_profile_column *column;
	struct ml_arena arena;
};

/*
 * Building: one part a frame, in parallel; parts merged in order; the end.  Works for frames of a
 * table and of a stream alike.  SEED picks the sample.
 */
struct ml_profiler;
int ml_profiler_new(struct ml_profiler **profiler, size_t n_columns, uint64_t seed,
		    struct ml_err *err);
void ml_profiler_free(struct ml_profiler *profiler);
/*
 * Profiles what comes in the terms of a REFERENCE of the same schema, which stays the caller's: its
 * knots are among the knots (a count may be 0; where the reference isn't binned, also the largest
 * value between two of them), its levels are the levels kept, and values outside its range are
 * counted.  Before the first frame, and for each part alike.
 */
void ml_profiler_compare(struct ml_profiler *profiler, const struct ml_profile *reference);
/* first_row: the number of rows (or records) before the frame. */
int ml_profiler_add(struct ml_profiler *profiler, const struct ml_frame *frame, size_t first_row,
		    struct ml_err *err);
/* into += from: parts of neighbouring rows. */
int ml_profiler_merge(struct ml_profiler *into, const struct ml_profiler *from, struct ml_err *err);
int ml_profiler_finish(const struct ml_profiler *profiler, const struct ml_schema *schema,
		       struct ml_profile **profile, struct ml_err *err);

/* All of that for a table in memory. */
int ml_profile_table(const struct ml_table *table, uint64_t seed, struct ml_pool *pool,
		     struct ml_profile **profile, struct ml_err *err);
void ml_profile_free(struct ml_profile *profile);
/*
 * Which columns of the schema to watch in CSV: those of the list ONLY, or all but those of EXCEPT
 * (column lists, or NULL).  Columns that aren't NEEDED (by column of the
 * schema; NULL: all are) are watched if they are there.
 */
int ml_profile_watch(const struct ml_csv *csv, const struct ml_schema *schema, const char *only,
		     const char *except, const bool *needed, bool *watch, struct ml_err *err);
/*
 * Of the rest of CSV, in constant memory and in the terms of REFERENCE.  Columns of the schema that
 * are not watched are profiled as missing; one that is watched and isn't there is an error.
 */
int ml_profile_stream(struct ml_csv *csv, const struct ml_schema *schema, const bool *watch,
		      const struct ml_profile *reference, uint64_t seed, struct ml_pool *pool,
		      struct ml_say *say, struct ml_profile **profile, struct ml_err *err);

/* Saving and loading; the schema gives names, types and levels back. */
int ml_profile_save(const struct ml_profile *profile, struct ml_fields *fields);
int ml_profile_load(struct ml_profile **profile, const struct ml_schema *schema,
		    struct ml_fields *fields);

#endif
