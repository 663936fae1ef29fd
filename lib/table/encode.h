#ifndef ML_TABLE_ENCODE_H
#define ML_TABLE_ENCODE_H

#include "base/fields.h"
#include "base/json.h"
#include "num/input.h"
#include "num/matrix.h"
#include "table/table.h"

/*
 * The encoder turns typed columns into the matrix that an algorithm asked for.  It is fitted on
 * training rows only and travels inside the model file, so prediction cannot prepare data
 * differently.  What it does to a column follows from what the algorithm wants and the options.
 */
struct ml_encode_options {
	const char *impute;    /* mean, median, constant=X */
	bool impute_indicator; /* a 0/1 feature "x missing" for columns with missing values */
	const char *scale;     /* standard, minmax, robust, none */
	const char *encode;    /* onehot, ordinal */
	int64_t min_level;     /* levels with fewer rows are pooled as rare */
	int64_t max_levels;    /* one-hot: the most frequent ones are kept, the others are rare */
};
extern const struct ml_opt ml_encode_opts[];

struct ml_encoder;

/* What column j of X is, for messages, show and explanations. */
enum ml_feature_kind { ML_FEATURE_NUMBER, ML_FEATURE_CODE, ML_FEATURE_INDICATOR };
struct ml_feature {
	const char *name; /* "age", "age missing", "sex=female" */
	enum ml_feature_kind kind;
	size_t column; /* of the schema */
	struct ml_input input;
};

/*
 * USE says which columns of the schema are features; WANTS is the algorithm's (num/input.h); W are
 * weights by frame, or NULL.  Columns that are constant or all missing are left out, with a note.
 */
int ml_encode_fit(const struct ml_table *table, const bool *use, const double *const *w,
		  unsigned wants, const struct ml_encode_options *options, struct ml_pool *pool,
		  struct ml_say *say, struct ml_encoder **encoder, struct ml_err *err);

/*
 * The encoder for a table of numbers without missing values, of which only moments are known: raw
 * has the columns of USE in order, and the target last.  For options that ask only for means and
 * variances (ml_encode_streams).
 */
bool ml_encode_streams(const struct ml_encode_options *options);
int ml_encode_from_moments(const struct ml_schema *schema, const bool *use, unsigned wants,
			   const struct ml_encode_options *options, const struct ml_moments *raw,
			   struct ml_say *say, struct ml_encoder **encoder, struct ml_err *err);
/* What the moments of the encoded features and the target are; OUT has d = features + 1. */
void ml_encode_moments(const struct ml_encoder *encoder, const struct ml_moments *raw,
		       struct ml_moments *out);
void ml_encoder_free(struct ml_encoder *encoder);

/* A category most of whose values differ: there is nothing in it to learn from. */
bool ml_encode_is_id(const struct ml_column *column, size_t rows);

size_t ml_encoder_features(const struct ml_encoder *encoder);
const struct ml_feature *ml_encoder_feature(const struct ml_encoder *encoder, size_t j);
const struct ml_input *ml_encoder_inputs(const struct ml_encoder *encoder); /* features */
/* Columns of the schema that it reads. */
const bool *ml_encoder_uses(const struct ml_encoder *encoder);

/* x: frame->n x features, row-major. */
void ml_encode_apply(const struct ml_encoder *encoder, const struct ml_frame *frame, double *x);

/* The schema lost columns: column c is now at place[c]; n are left. */
void ml_encoder_move(struct ml_encoder *encoder, const size_t *place, size_t n);

/* Saving and loading; the JSON part holds what is text. */
int ml_encoder_save(const struct ml_encoder *encoder, json_t *out, struct ml_fields *fields);
int ml_encoder_load(struct ml_encoder **encoder, const struct ml_schema *schema, const json_t *in,
		    struct ml_fields *fields);

#endif
