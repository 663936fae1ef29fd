#ifndef ML_BASE_FIELDS_H
#define ML_BASE_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

/*
 * Saving and loading as one function.  Whoever has state to keep names each member
 * once, in a function that a driver (store/bundle) runs in writing or in reading mode, so
 * the two cannot disagree.  In reading mode every count is checked before it is used and
 * every double must be finite; the first failure is remembered and the later calls do
 * nothing, so a list of members needs no `if`.  Memory read comes from the arena.
 */
enum ml_kind { ML_F64, ML_I32, ML_I64, ML_U8 };

struct ml_fields {
	/* The driver's: moves n elements of KIND called NAME between *p and the file. */
	int (*array)(struct ml_fields *fields, const char *name, enum ml_kind kind, void **p,
		     size_t n);
	const char *prefix; /* put before names: "state/" */
	bool reading;
	int status;
	struct ml_arena *arena;
	struct ml_err *err;
};

void ml_field_f64s(struct ml_fields *fields, const char *name, double **p, size_t n);
void ml_field_i32s(struct ml_fields *fields, const char *name, int32_t **p, size_t n);
void ml_field_i64s(struct ml_fields *fields, const char *name, int64_t **p, size_t n);
/* A single number; a count read must lie in min..max. */
void ml_field_f64(struct ml_fields *fields, const char *name, double *p);
void ml_field_size(struct ml_fields *fields, const char *name, size_t *p, size_t min, size_t max);
/* A rule that joins several members: fails in reading mode unless OK. */
void ml_field_check(struct ml_fields *fields, bool ok, const char *what);

#endif
