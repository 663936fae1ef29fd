#ifndef ML_MODEL_MODEL_H
#define ML_MODEL_MODEL_H

#include <stdint.h>

#include "base/fields.h"
#include "base/opt.h"
#include "base/par.h"
#include "base/say.h"
#include "num/input.h"
#include "num/matrix.h"

/*
 * Algorithms behind one interface.  An algorithm is one file that ends in its const struct
 * ml_model_type, and one row in models.def.  It never sees a table: only arrays.
 */
enum ml_task { ML_REGRESS = 1, ML_CLASSIFY = 2 };

/* What a long computation needs. */
struct ml_run {
	struct ml_err *err;
	struct ml_arena *keep; /* the state's memory */
	struct ml_pool *pool;
	struct ml_say *say;
	uint64_t seed;
};

/* Training rows in fixed blocks. */
struct ml_data {
	size_t n, d; /* rows, features */
	size_t k;    /* classes; 0: regression */
	size_t n_blocks;
	const size_t *rows;	      /* of each block, at most ML_BLOCK */
	const double *const *x;	      /* of each block: rows x d, row-major */
	const double *const *y;	      /* of each block: the value, or the class 0..k-1 */
	const double *const *w;	      /* of each block: weights >= 0; NULL: all one */
	const struct ml_input *input; /* d */
};

/* The shape of a fitted model, known to its fields function when it reads. */
struct ml_shape {
	size_t d, k;		      /* as in ml_data */
	const struct ml_input *input; /* d */
};

struct ml_model_type {
	const char *name;  /* as typed after -a and kept in files */
	const char *brief; /* one line for --help */
	unsigned tasks, wants;
	size_t state_size, param_size;
	const struct ml_opt *params; /* rows of the hyper-parameters */
	/* A sentence if parameters don't fit together, or NULL.  May be NULL. */
	const char *(*check)(const void *params, unsigned task);
	int (*fit)(struct ml_run *run, void *state, const void *params, const struct ml_data *data);
	/*
	 * The same result from sums alone: moments of the features after encoding and then the
	 * target, so moments->d is one more than the features.  With ML_WANTS_MOMENTS only.
	 */
	int (*fit_moments)(struct ml_run *run, void *state, const void *params,
			   const struct ml_moments *moments);
	/* x: n x d; score: n x (1, or k if k > 2). */
	void (*predict)(const void *state, const struct ml_shape *shape, const double *x, size_t n,
			double *score);
	int (*fields)(struct ml_fields *fields, void *state, const struct ml_shape *shape);
};

/* All algorithms, in the order of models.def; NULL behind the last. */
extern const struct ml_model_type *const ml_model_types[];
/* The algorithm called NAME, or NULL with a failure that lists them. */
const struct ml_model_type *ml_model_find(const char *name, struct ml_err *err);

/*
 * How many scores a model of k classes gives for a row: regression one, the prediction; two classes
 * one, the log-odds of the last class; more classes one each, of which probabilities are the
 * softmax.
 */
size_t ml_model_scores(size_t k);
/* How many probabilities it gives for a row: at least two, and none for regression. */
size_t ml_model_width(size_t k);
/*
 * Probabilities from scores: n x ml_model_width(k), rows adding up to 1.  Uses ml_exp, so it is
 * the same on every machine.
 */
void ml_model_proba(const double *score, size_t n, size_t k, double *proba);
/* The class of the largest of K probabilities; of equal ones the first. */
size_t ml_model_best(const double *proba, size_t k);

#endif
