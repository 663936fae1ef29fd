#include "base/fields.h"

#include <math.h>

static void
move(struct ml_fields *f, const char *name, enum ml_kind kind, void **p, size_t n)
{
	if (f->status == ML_OK)
		f->status = f->array(f, name, kind, p, n);
}

void
ml_field_f64s(struct ml_fields *f, const char *name, double **p, size_t n)
{
	void *q = *p;

	move(f, name, ML_F64, &q, n);
	*p = q;
	for (size_t i = 0; f->status == ML_OK && i < n; i++)
		if (!isfinite((*p)[i]))
			f->status =
			    ml_fail(f->err, ML_EMODEL, "'%s%s' holds a value that is not finite",
				    f->prefix, name);
}

void
ml_field_i32s(struct ml_fields *f, const char *name, int32_t **p, size_t n)
{
	void *q = *p;

	move(f, name, ML_I32, &q, n);
	*p = q;
}

void
ml_field_i64s(struct ml_fields *f, const char *name, int64_t **p, size_t n)
{
	void *q = *p;

	move(f, name, ML_I64, &q, n);
	*p = q;
}

void
ml_field_f64(struct ml_fields *f, const char *name, double *p)
{
	double *q = p;

	ml_field_f64s(f, name, &q, 1);
	if (f->status == ML_OK)
		*p = *q;
}

void
ml_field_size(struct ml_fields *f, const char *name, size_t *p, size_t min, size_t max)
{
	int64_t value = (int64_t)*p, *q = &value;

	ml_field_i64s(f, name, &q, 1);
	if (f->status != ML_OK)
		return;
	ml_field_check(f, *q >= 0 && (uint64_t)*q >= min && (uint64_t)*q <= max, name);
	if (f->status == ML_OK)
		*p = (size_t)*q;
}

void
ml_field_check(struct ml_fields *f, bool ok, const char *what)
{
	if (f->status == ML_OK && f->reading && !ok)
		f->status = ml_fail(f->err, ML_EMODEL, "'%s%s' is out of range", f->prefix, what);
}
