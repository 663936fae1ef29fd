#ifndef ML_TABLE_TABLE_H
#define ML_TABLE_TABLE_H

#include "base/dict.h"
#include "base/par.h"
#include "base/say.h"
#include "table/csv.h"

/*
 * Typed columns.  A column is numeric if every value that isn't missing is a number; otherwise it
 * is categorical: a code into its levels.  Missing is NaN, or ML_MISSING.
 */
enum ml_type { ML_NUMERIC, ML_CATEGORY };
enum { ML_MISSING = -1, ML_UNSEEN = -2 /* a text that is none of the levels */ };

struct ml_column {
	const char *name;
	enum ml_type type;
	struct ml_dict levels; /* of a category, sorted: as numbers if all are, else by bytes */
};

/* Names, types and levels.  Owned by whoever has it: ml_schema_free. */
struct ml_schema {
	size_t n;
	struct ml_column *column;
	struct ml_arena arena;
};

void ml_schema_free(struct ml_schema *schema);
/*
 * Levels in their order: as numbers if all are, else by bytes.  SORTED (empty) gets them;
 * rank[code] is the place of FOUND's code there.
 */
int ml_levels_sort(const struct ml_dict *found, struct ml_dict *sorted, int32_t *rank,
		   struct ml_err *err);
/* The index of NAME, or -1. */
int64_t ml_schema_find(const struct ml_schema *schema, const char *name);
/* For who looks up many: NAMES (empty) gets them all, codes are their indexes. */
int ml_schema_names(const struct ml_schema *schema, struct ml_dict *names, struct ml_err *err);

/* Up to ML_BLOCK rows; arrays by column of the schema, one of the two set. */
struct ml_frame {
	size_t n;
	double **number;
	int32_t **code;
};

/*
 * A table in memory: frames, one for each block of the input, in order (of no rows where all
 * records of a block were left out).
 */
struct ml_table {
	struct ml_schema schema;
	size_t n_rows, n_frames;
	struct ml_frame *frame;
	void **piece; /* the memory of the frames, as read */
	size_t n_pieces;
	struct ml_arena arena; /* for arrays that replace others */
};

struct ml_table_options {
	const bool *use;	 /* by column of the csv; NULL: all.  The others are in no schema */
	const bool *numeric;	 /* --numeric: text there is an error; NULL: none */
	const bool *categorical; /* --categorical; NULL: none */
};

/*
 * Reads all of CSV.  Inference is right wherever the first text stands: a column that stops being
 * numeric makes the input be read again (ml_csv_options.replay for pipes).  Same table for any
 * number of threads and any chunking.  *TABLE is the caller's.
 */
int ml_table_read(struct ml_csv *csv, const struct ml_table_options *options, struct ml_pool *pool,
		  struct ml_say *say, struct ml_table **table, struct ml_err *err);
void ml_table_free(struct ml_table *table);

/*
 * The same reading without keeping: each frame of numeric columns goes to WORK (in parallel; it
 * leaves what it makes in *partial, which was NULL) and then, in order, that goes to SINK, which
 * owns it from then on; DROP (may be NULL) ends what SINK will never see.  Only for tables without
 * a category: *ALL_NUMERIC says whether that held; if not, SCHEMA is empty, what came so far is
 * void, SINK has seen some of the frames, and the input must be rewound.  A number beyond the
 * doubles says no, too: ml_table_read knows what to do.  Memory is constant.
 */
struct ml_table_visit {
	/* index: of the frame; ML_BLOCK * index records came before it */
	int (*work)(void *ctx, const struct ml_frame *frame, size_t index, void **partial,
		    struct ml_err *err);
	int (*sink)(void *ctx, void *partial, struct ml_err *err);
	void (*drop)(void *ctx, void *partial);
};
int ml_table_stream(struct ml_csv *csv, const struct ml_table_options *options,
		    struct ml_pool *pool, struct ml_say *say, const struct ml_table_visit *visit,
		    void *ctx, struct ml_schema *schema, bool *all_numeric, struct ml_err *err);

/*
 * How a known schema meets an input: which input column feeds which column of the schema (-1:
 * absent, or not used), and what to ask of the parser.  USE: by column of the schema; those used
 * must be there, the others are not read.  NULL: those that are there.
 */
struct ml_binding {
	size_t n;	    /* columns of the schema */
	int64_t *input;	    /* by column of the schema */
	enum ml_want *want; /* by column of the input */
	struct ml_arena arena;
};
int ml_bind(const struct ml_schema *schema, const bool *use, const struct ml_csv *csv,
	    struct ml_binding *binding, struct ml_err *err);
void ml_binding_free(struct ml_binding *binding);

/*
 * The typed frame of a parsed batch under a binding; columns that are absent, or were not asked of
 * the parser, are all missing.  FRAME's arrays come from ARENA, numbers are the batch's own.
 */
int ml_frame_fill(const struct ml_schema *schema, const struct ml_binding *binding,
		  const struct ml_batch *batch, struct ml_frame *frame, struct ml_arena *arena,
		  struct ml_err *err);

#endif
