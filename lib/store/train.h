#ifndef ML_STORE_TRAIN_H
#define ML_STORE_TRAIN_H

#include "store/bundle.h"

/*
 * From a table to a model: reads, finds types and task, fits encoder, profile and algorithm, and
 * puts all in a bundle.  What it gives depends on rows, options and seed only.
 */
struct ml_train_options {
	const char *target, *weight; /* columns */
	const char *task;	     /* auto, class, regress */
	const char *positive;	     /* label of the class that scores are for, or NULL */
	const char *class_weight;    /* none, balanced, LABEL=W,... */
	const char *columns, *not_columns, *numeric, *categorical; /* column lists, or NULL */
	struct ml_encode_options encode;
};

struct ml_train {
	struct ml_csv *csv;
	const struct ml_train_options *options;
	const struct ml_model_type *type; /* NULL: what fits the target */
	const void *params;		  /* of type; NULL if that is */
	struct ml_pool *pool;
	struct ml_say *say;
	uint64_t seed;
};

int ml_train(const struct ml_train *train, struct ml_bundle **bundle, struct ml_err *err);

#endif
