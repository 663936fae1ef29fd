#ifndef ML_EVAL_PROFILER_H
#define ML_EVAL_PROFILER_H

#include "eval/profile.h"

/* Inside a profiler, for profile.c (which fills it) and profile_finish.c (which reads it). */

/* What the frames so far said of a column. */
struct ml_profile_sums {
	bool is_category;
	size_t missing;
	/* number */
	size_t n; /* values */
	double mean, squares, min, max;
	size_t outside;
	double *value; /* of the rows in the sample; NaN is missing */
	/* category */
	size_t n_codes;
	double *count; /* by code */
	double unseen;
};

struct ml_profiler {
	size_t n_columns, n_rows;
	uint64_t seed;
	const struct ml_profile *reference;
	size_t n_sample, room; /* rows in the sample, and room for them */
	double *key;	       /* of a row; the smallest ML_PROFILE_SAMPLE stay */
	struct ml_profile_sums *column;
};

/* Keeps the ML_PROFILE_SAMPLE rows of the smallest keys; of equal keys the first. */
int ml_profiler_prune(struct ml_profiler *profiler, struct ml_err *err);

#endif
