#ifndef ML_MODEL_LOGISTIC_H
#define ML_MODEL_LOGISTIC_H

#include "model/model.h"

/*
 * The logistic loss of training rows, with gradient and Hessian; for the solver in logistic.c.
 * With s scores (1: the log-odds of class 1; more: one by class) the m = s (d + 1) parameters are s
 * intercepts and then s x d coefficients.
 */
struct ml_loss {
	const struct ml_data *data;
	size_t s;
	const size_t *place; /* the score of each class of data */
	double weight;	     /* of all rows */

	size_t n_groups;
	double *value;	  /* by group */
	double *gradient; /* by group: m */
	double *hessian;  /* by group; NULL: none will be asked for */
	double *scratch;  /* by thread */
	size_t scratch_size;
};

/* Takes memory for the sums, those of the Hessian only if SECOND. */
int ml_loss_new(struct ml_loss *loss, struct ml_run *run, bool second, struct ml_arena *arena);

/*
 * The sum of w loss at THETA, its gradient (m) and, where not NULL, its Hessian (m x m, upper
 * triangle).
 */
int ml_loss_sum(struct ml_loss *loss, struct ml_run *run, const double *theta, double *value,
		double *gradient, double *hessian);

#endif
