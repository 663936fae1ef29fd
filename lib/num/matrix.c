#include "num/matrix.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* LAPACK from Fortran: column-major, so our upper triangle is its lower; lengths of texts last. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t);
void dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a, const int *lda,
	     double *b, const int *ldb, int *info, size_t);
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
	     double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t,
	     size_t);

#pragma weak cblas_dgemm
#pragma weak cblas_dsyrk
#pragma weak dpotrf_
#pragma weak dpotrs_
#pragma weak dsyevd_
#pragma weak openblas_get_parallel
#pragma weak openblas_set_num_threads

enum { OPENMP = 2 }; /* what openblas_get_parallel calls it */

int
ml_blas_start(struct ml_err *err)
{
	double one = 1, sum = 0;

	if (cblas_dgemm == NULL || cblas_dsyrk == NULL || dpotrf_ == NULL || dpotrs_ == NULL ||
	    dsyevd_ == NULL || openblas_get_parallel == NULL || openblas_set_num_threads == NULL)
		return ml_fail(err, ML_ESYS, "this program was linked without OpenBLAS");
	/* Under OpenMP the number of threads is not a property of the process. */
	if (openblas_get_parallel() == OPENMP)
		return ml_fail(err, ML_ESYS,
			       "OpenBLAS is built with OpenMP: install its pthread or serial form");
	openblas_set_num_threads(1);
	/* The first call maps the library's buffers; let no two threads make it. */
	cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, 1, 1, 1, &one, 1, 1, &sum, 1);
	return ML_OK;
}

int
ml_moments_new(struct ml_moments *m, size_t d, struct ml_arena *arena)
{
	size_t side = d + 1;

	*m = (struct ml_moments){.d = d};
	if (side > SIZE_MAX / sizeof(double) / side)
		return ML_ENOMEM;
	m->centre = ML_NEW(arena, double, d);
	m->gram = ML_NEW(arena, double, (side * side));
	return ml_arena_failed(arena) ? ML_ENOMEM : ML_OK;
}

void
ml_syrk(double *c, const double *x, size_t n, size_t m)
{
	cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)m, (int)n, 1, x, (int)m, 1, c,
		    (int)m);
}

void
ml_moments_add_rows(struct ml_moments *m, const double *x, const double *w, size_t n,
		    double *scratch)
{
	size_t d = m->d, side = d + 1;

	for (size_t start = 0; start < n; start += ML_MOMENT_ROWS) {
		size_t rows = n - start < ML_MOMENT_ROWS ? n - start : ML_MOMENT_ROWS;

		for (size_t i = 0; i < rows; i++) {
			const double *from = x + (start + i) * d;
			double root = w == NULL ? 1 : sqrt(w[start + i]);
			double *to = scratch + i * side;

			to[0] = root;
			for (size_t j = 0; j < d; j++)
				to[j + 1] = (from[j] - m->centre[j]) * root;
		}
		ml_syrk(m->gram, scratch, rows, side);
	}
	m->n += (double)n;
}

void
ml_moments_add(struct ml_moments *m, const struct ml_moments *from)
{
	size_t side = m->d + 1;

	m->n += from->n;
	for (size_t i = 0; i < side * side; i++)
		m->gram[i] += from->gram[i];
}

void
ml_rows_times(const double *x, const double *coef, size_t n, size_t d, size_t k, double *out)
{
	cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, (int)k, (int)d, 1, x, (int)d,
		    coef, (int)d, 0, out, (int)k);
}

void
ml_rows_product(const double *r, const double *x, size_t n, size_t k, size_t d, double *c)
{
	cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)k, (int)d, (int)n, 1, r, (int)k,
		    x, (int)d, 1, c, (int)d);
}

/* f = S a S with S = diag(scale); where scale is 0, a row of the unit matrix. */
static void
scaled_copy(double *f, const double *a, const double *scale, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = i; j < n; j++)
			f[i * n + j] = a[i * n + j] * scale[i] * scale[j];
		if (scale[i] == 0)
			f[i * n + i] = 1;
	}
}

/* Cholesky of F in place; whether its pivots say that F, of unit diagonal, is regular. */
static bool
factor(double *f, size_t n)
{
	int order = (int)n, info;
	double least = 1;

	dpotrf_("L", &order, f, &order, &info, 1);
	for (size_t i = 0; i < n && info == 0; i++)
		least = fmin(least, f[i * n + i] * f[i * n + i]);
	return info == 0 && least > (double)n * DBL_EPSILON;
}

/*
 * Takes from x its part in the span of N's rows (k x n): of all solutions x + N't, the shortest.
 */
static int
shorten(double *x, const double *null, size_t k, size_t n, struct ml_arena *scratch,
	struct ml_err *err)
{
	double *product = ML_NEW(scratch, double, (k * k)), *t = ML_NEW(scratch, double, k);
	size_t rank;

	if (ml_arena_failed(scratch))
		return ml_fail(err, ML_ENOMEM, "out of memory");
	for (size_t r = 0; r < k; r++) {
		for (size_t c = r; c < k; c++)
			for (size_t j = 0; j < n; j++)
				product[r * k + c] += null[r * n + j] * null[c * n + j];
		for (size_t j = 0; j < n; j++)
			t[r] += null[r * n + j] * x[j];
	}
	ML_TRY(ml_solve_spd(product, t, k, &rank, scratch, err));
	for (size_t r = 0; r < k; r++)
		for (size_t j = 0; j < n; j++)
			x[j] -= t[r] * null[r * n + j];
	return ML_OK;
}

/* The solution of least norm for the singular matrix whose scaled copy is F; b becomes x. */
static int
solve_singular(double *f, double *b, const double *scale, size_t n, size_t *rank,
	       struct ml_arena *scratch, struct ml_err *err)
{
	int order = (int)n, n_work = (int)(1 + 6 * n + 2 * n * n), n_iwork = (int)(3 + 5 * n), info;
	double *value = ML_NEW(scratch, double, n), *x = ML_NEW(scratch, double, n);
	double *work = ML_NEW(scratch, double, (size_t)n_work);
	int *iwork = ML_NEW(scratch, int, (size_t)n_iwork);
	size_t n_null = 0;

	if (ml_arena_failed(scratch))
		return ml_fail(err, ML_ENOMEM, "out of memory");
	dsyevd_("V", "L", &order, f, &order, value, work, &n_work, iwork, &n_iwork, &info, 1, 1);
	if (info != 0)
		return ml_fail(err, ML_EINPUT,
			       "the eigenvalues of a singular matrix do not "
			       "converge");
	/* Row i of f is now the vector of value[i]; values ascend. */
	while (n_null < n && value[n_null] <= (double)n * DBL_EPSILON * value[n - 1])
		n_null++;
	for (size_t i = n_null; i < n; i++) {
		double part = 0;

		for (size_t j = 0; j < n; j++)
			part += f[i * n + j] * b[j];
		for (size_t j = 0; j < n; j++)
			x[j] += part / value[i] * f[i * n + j];
	}
	for (size_t j = 0; j < n; j++)
		b[j] = x[j] * scale[j];
	*rank -= n_null;
	for (size_t i = 0; i < n_null; i++)
		for (size_t j = 0; j < n; j++)
			f[i * n + j] *= scale[j];
	return n_null == 0 ? ML_OK : shorten(b, f, n_null, n, scratch, err);
}

int
ml_solve_spd(const double *a, double *b, size_t n, size_t *rank, struct ml_arena *scratch,
	     struct ml_err *err)
{
	double *scale = ML_NEW(scratch, double, n), *f = NULL;
	int order = (int)n, one = 1, info;

	*rank = 0;
	if (n == 0)
		return ML_OK;
	if (n <= SIZE_MAX / sizeof *f / n && n < 1u << 15)
		f = ML_NEW(scratch, double, (n * n));
	if (f == NULL || ml_arena_failed(scratch))
		return ml_fail(err, ML_ENOMEM, "out of memory");
	for (size_t j = 0; j < n; j++) {
		scale[j] = a[j * n + j] > 0 ? 1 / sqrt(a[j * n + j]) : 0;
		*rank += scale[j] > 0;
		b[j] *= scale[j];
	}
	scaled_copy(f, a, scale, n);
	if (!factor(f, n)) {
		scaled_copy(f, a, scale, n);
		return solve_singular(f, b, scale, n, rank, scratch, err);
	}
	dpotrs_("L", &order, &one, f, &order, b, &order, &info, 1);
	for (size_t j = 0; j < n; j++)
		b[j] *= scale[j];
	return ML_OK;
}
