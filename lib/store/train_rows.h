#ifndef ML_STORE_TRAIN_ROWS_H
#define ML_STORE_TRAIN_ROWS_H

#include "store/train.h"

/*
 * The inside of training: what the columns of the input are for, and targets and weights of the
 * rows.
 */
struct ml_roles {
	bool *read; /* by column of the input: all that is needed */
	bool *numeric, *categorical;
	bool *feature;	       /* by column of the table's schema */
	size_t target, weight; /* of the schema; weight SIZE_MAX: none */
};

/* By column of the input; memory from ARENA. */
int ml_roles_read(const struct ml_train *train, struct ml_roles *roles, struct ml_arena *arena,
		  struct ml_err *err);
/* By column of the schema, once that is known. */
int ml_roles_schema(const struct ml_train *train, const struct ml_schema *schema,
		    struct ml_roles *roles, struct ml_arena *arena, struct ml_err *err);

/* Rows without a target are left out, with a message.  Bad weights are an error. */
int ml_rows_clean(const struct ml_train *train, struct ml_table *table,
		  const struct ml_roles *roles, struct ml_err *err);

/*
 * The task: the algorithm's if it has but one, else --task, else classes for text and for 0/1.  A
 * numeric target of a classification becomes a category.
 */
int ml_rows_task(const struct ml_train *train, struct ml_table *table, size_t target,
		 unsigned *task, struct ml_err *err);

/* Class names in order, the positive one of two last, and the class of each level. */
int ml_rows_classes(const struct ml_train *train, const struct ml_column *target,
		    struct ml_bundle *bundle, int32_t **class_of_level, struct ml_err *err);

/* y by frame, and weights by frame (NULL: all one) with class weights in them. */
int ml_rows_targets(const struct ml_train *train, const struct ml_table *table,
		    const struct ml_roles *roles, const struct ml_bundle *bundle,
		    const int32_t *class_of_level, const double ***y, const double ***w,
		    struct ml_arena *arena, struct ml_err *err);

#endif
