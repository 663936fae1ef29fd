#include "model/common.h"

#include <math.h>

#include "num/func.h"

enum { MOST_GROUPS = 64, FEWEST_GROUPS = 4 };
static const size_t MOST_BYTES = (size_t)128 << 20; /* for the sums of all groups */

int
ml_no_memory(struct ml_err *err)
{
	return ml_fail(err, ML_ENOMEM, "out of memory");
}

static int
check_weight(const struct ml_data *data, double sum, struct ml_err *err)
{
	if (data->n == 0)
		return ml_fail(err, ML_EINPUT, "there are no rows to learn from");
	if (!(sum > 0))
		return ml_fail(err, ML_EINPUT, "all rows have weight zero");
	if (!isfinite(sum))
		return ml_fail(err, ML_EINPUT, "the weights are too large");
	return ML_OK;
}

int
ml_data_weight(const struct ml_data *data, double *sum, struct ml_err *err)
{
	*sum = 0;
	for (size_t b = 0; b < data->n_blocks; b++)
		for (size_t i = 0; i < data->rows[b]; i++)
			*sum += data->w == NULL ? 1 : data->w[b][i];
	return check_weight(data, *sum, err);
}

int
ml_data_classes(const struct ml_data *data, double *by_class, size_t min, struct ml_err *err)
{
	double sum = 0;
	size_t present = 0;

	for (size_t c = 0; c < data->k; c++)
		by_class[c] = 0;
	for (size_t b = 0; b < data->n_blocks; b++)
		for (size_t i = 0; i < data->rows[b]; i++)
			by_class[(size_t)data->y[b][i]] += data->w == NULL ? 1 : data->w[b][i];
	for (size_t c = 0; c < data->k; c++) {
		sum += by_class[c];
		present += by_class[c] > 0;
	}
	ML_TRY(check_weight(data, sum, err));
	if (present < min)
		return ml_fail(err, ML_EINPUT, "the target has only one class");
	return ML_OK;
}

size_t
ml_groups(size_t n_blocks, size_t bytes)
{
	size_t n = MOST_GROUPS;

	while (n > FEWEST_GROUPS && bytes > MOST_BYTES / n)
		n /= 2;
	return n < n_blocks ? n : n_blocks;
}

size_t
ml_group_start(size_t group, size_t n_groups, size_t n_blocks)
{
	return group * (n_blocks / n_groups) + group * (n_blocks % n_groups) / n_groups;
}

/* Four sums side by side, in an order that is the same for every width of vectors. */
static inline double
dot(const double *a, const double *b, size_t d)
{
	double s[4] = {0};
	size_t j = 0;

	for (; j + 4 <= d; j += 4)
		for (size_t l = 0; l < 4; l++)
			s[l] += a[j + l] * b[j + l];
	for (; j < d; j++)
		s[0] += a[j] * b[j];
	return (s[0] + s[2]) + (s[1] + s[3]);
}

void
ml_affine(const double *intercept, const double *coef, size_t k, size_t d, const double *x,
	  size_t n, double *score)
{
	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c < k; c++)
			score[i * k + c] = intercept[c] + dot(x + i * d, coef + c * d, d);
}

double
ml_softmax(const double *score, size_t k, double *p)
{
	double top = score[0], sum = 0;

	for (size_t c = 1; c < k; c++)
		top = score[c] > top ? score[c] : top;
	for (size_t c = 0; c < k; c++)
		p[c] = score[c] - top;
	ml_exp_n(p, p, k);
	for (size_t c = 0; c < k; c++)
		sum += p[c];
	for (size_t c = 0; c < k; c++)
		p[c] /= sum;
	return top + ml_log(sum);
}
