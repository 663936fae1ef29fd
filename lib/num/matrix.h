#ifndef ML_NUM_MATRIX_H
#define ML_NUM_MATRIX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

/*
 * Dense linear algebra: the only file that calls BLAS and LAPACK.  Matrices are row-major.  BLAS
 * runs with one thread; parallel work is ours, over fixed blocks.
 *
 * The library is bound weakly: a tool that never trains is not linked with it, because it costs
 * 2.4 ms a start.  ml_blas_start fails there, and says so.
 */
int ml_blas_start(struct ml_err *err);

/*
 * Sums of products of rows, and how they add.  With u = (1, x_1 .. x_d) and weights w:
 *   gram[i][j] = sum w u_i u_j   ((d+1) x (d+1), upper triangle)
 * x is taken less CENTRE, so that large offsets cost no digits.
 */
struct ml_moments {
	size_t d;
	double n;	/* rows */
	double *centre; /* d */
	double *gram;	/* (d+1) x (d+1) */
};

/* Rows taken at a time, so that their scaled copy stays in the cache. */
enum { ML_MOMENT_ROWS = 256 };

/* All zero; the caller sets the centre before the first rows. */
int ml_moments_new(struct ml_moments *m, size_t d, struct ml_arena *arena);
/* x: n x d row-major, w: n or NULL; scratch: min(n, ML_MOMENT_ROWS) x (d+1). */
void ml_moments_add_rows(struct ml_moments *m, const double *x, const double *w, size_t n,
			 double *scratch);
/* The same sums about another centre. */
void ml_moments_recentre(struct ml_moments *m, const double *centre);
/* m += from; centres must be equal. */
void ml_moments_add(struct ml_moments *m, const struct ml_moments *from);

/*
 * Solves A x = b for a symmetric positive semidefinite A (n x n, upper triangle), by Cholesky; b
 * becomes x.  A is scaled to a unit diagonal first, so units of measurement don't matter.  Where it
 * is then singular to working precision, the solution of least norm by eigenvalues (those up to
 * n * eps * largest are taken as zero).  *RANK is the rank found.
 */
int ml_solve_spd(const double *a, double *b, size_t n, size_t *rank, struct ml_arena *scratch,
		 struct ml_err *err);

/* c (m x m, upper triangle) += X' X for x: n x m. */
void ml_syrk(double *c, const double *x, size_t n, size_t m);
/* out (n x k) = X C' for x: n x d, coef: k x d. */
void ml_rows_times(const double *x, const double *coef, size_t n, size_t d, size_t k, double *out);
/* c (k x d) += R' X for r: n x k, x: n x d. */
void ml_rows_product(const double *r, const double *x, size_t n, size_t k, size_t d, double *c);

#endif
