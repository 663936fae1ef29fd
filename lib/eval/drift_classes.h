#ifndef ML_EVAL_DRIFT_CLASSES_H
#define ML_EVAL_DRIFT_CLASSES_H

#include "eval/drift.h"

/*
 * A column cut into k classes, with the counts of both sides; each has at least five rows expected
 * in the smaller of the two, so that chi-square laws hold.
 */
enum { ML_DRIFT_CLASSES = ML_PROFILE_LEVELS + 1, ML_DRIFT_QUANTILES = 10 };

struct ml_drift_classes {
	size_t k;
	double ref[ML_DRIFT_CLASSES], live[ML_DRIFT_CLASSES];
	double n_ref, n_live;
};

/* A number: deciles of the reference, in whole knots. */
void ml_drift_classes_of_number(const struct ml_profile_column *ref,
				const struct ml_profile_column *live, struct ml_drift_classes *out);
/* A category: its levels; rare, dropped and new ones are one class. */
void ml_drift_classes_of_category(const struct ml_profile_column *ref,
				  const struct ml_profile_column *live,
				  struct ml_drift_classes *out);

/* The tests: one for each row of drifts.def. */
#define ML_DRIFT(name, columns, floor, brief)                                                      \
	int ml_drift_##name(const struct ml_profile_column *ref,                                   \
			    const struct ml_profile_column *live, double alpha,                    \
			    struct ml_drift *out, struct ml_err *err);
#include "eval/drifts.def"
#undef ML_DRIFT

/* How many rows have a value. */
static inline size_t
ml_profile_values(const struct ml_profile_column *c)
{
	return c->rows - c->missing;
}

/*
 * The smallest x in from..n with p(ctx, x) < alpha, for p that falls with x; n + 1: none.
 */
size_t ml_drift_first(double (*p)(const void *ctx, size_t x), const void *ctx, size_t from,
		      size_t n, double alpha);

#endif
