#ifndef ML_STORE_TRAIN_JOB_H
#define ML_STORE_TRAIN_JOB_H

#include "store/train.h"

/*
 * The inside of training.  train.c leads; train_rows.c knows what columns and rows are for;
 * train_sums.c is the short way for tables of plain numbers, of which sums of products are enough.
 */

/* What the columns are for. */
struct ml_roles {
	bool *read, *numeric, *categorical; /* by column of the input */
	size_t n;	       /* columns read: those of the table's schema, in order */
	bool *feature;	       /* by column of the schema */
	size_t target, weight; /* of the schema; weight SIZE_MAX: none */
};

struct ml_job {
	const struct ml_train *train;
	struct ml_bundle *bundle;
	struct ml_roles roles;
	struct ml_table *table; /* NULL while streaming */
	const void *params;	/* of bundle->type */
	size_t rows;
	double weight; /* of all rows */
	struct ml_arena arena;
	struct ml_err *err;
};

int ml_job_no_memory(struct ml_job *job, const char *what);
/* The state's memory, and what the algorithm may use. */
int ml_job_start_fit(struct ml_job *job, struct ml_run *run);
/* Features are known: shape, options, origin. */
int ml_job_describe(struct ml_job *job);
/* The sum of squared errors, and that about the mean. */
int ml_job_note_regression(struct ml_job *job, double squared, double total);

int ml_roles_find(struct ml_job *job);

/* Rows without a target are left out, with a message.  Bad weights are an error. */
int ml_rows_clean(struct ml_job *job);
/* Whether there is nothing but 0 and 1: such a target looks like classes. */
bool ml_rows_binary(const double *y, size_t n);
/*
 * The task: the algorithm's if it has but one, else --task, else classes for text and for 0/1.  A
 * numeric target of a classification becomes a category.
 */
int ml_rows_task(struct ml_job *job);
/* Class names in order, the positive one of two last, and the class of each level. */
int ml_rows_classes(struct ml_job *job, int32_t **class_of_level);
/* By frame; weights NULL: all one. */
struct ml_targets {
	const double **y;
	const double **weight; /* of the rows, as given */
	const double **w;      /* times the class weights: what is learned with */
};
int ml_rows_targets(struct ml_job *job, const int32_t *class_of_level, struct ml_targets *targets);

/*
 * Whether the algorithm (bundle->type) and the options need no more than sums.  Then, from the
 * input (which must be seekable) or from the table in memory, the same bytes either way; *DONE is
 * false if the data has categories or missing values and rows are needed after all, or (GUESS) if
 * the target has only 0 and 1 at first, which looks like classes.
 */
bool ml_sums_wanted(const struct ml_job *job);
int ml_sums_stream(struct ml_job *job, const struct ml_table_options *options, bool guess,
		   bool *done);
int ml_sums_table(struct ml_job *job, bool *done);

#endif
