#ifndef ML_TABLE_ENCODE_PLAN_H
#define ML_TABLE_ENCODE_PLAN_H

#include "table/encode.h"

/*
 * The inside of an encoder, shared by the file that fits one (encode.c) and the file that uses,
 * saves and loads one (encode_apply.c).
 */
enum ml_plan_kind { ML_PLAN_NUMBER, ML_PLAN_ONEHOT, ML_PLAN_ORDINAL, ML_PLAN_CODE };

/* What becomes of one column. */
struct ml_plan {
	size_t column; /* of the schema */
	const char *name;
	enum ml_plan_kind kind;
	size_t first; /* its first feature */
	/* numbers and ranks: ((missing ? impute : x) - shift) * scale */
	double impute, shift, scale;
	bool indicator; /* one more feature: 1 where missing */
	/* categories */
	size_t n_levels, n_slots;
	int32_t *slot;	  /* by level: 0..n_slots-1 */
	int32_t rare;	  /* slot of the levels not kept, and of unseen ones; -1: none */
	bool has_missing; /* one-hot: one more feature: 1 where missing */
	size_t moment;	  /* ml_encode_from_moments: 1-based place there */
};

struct ml_encoder {
	size_t n, d;
	struct ml_plan *plan; /* n, room for all columns of the schema */
	struct ml_feature *feature;
	struct ml_input *input;
	bool *uses;    /* by column of the schema */
	bool takes_na; /* the algorithm takes NaN: nothing is imputed */
	struct ml_arena arena;
};

/* Room for a plan for each column of SCHEMA. */
int ml_encoder_new(struct ml_encoder **encoder, const struct ml_schema *schema, unsigned wants,
		   struct ml_err *err);
/* Numbers and names the features of the plans. */
int ml_encoder_lay_out(struct ml_encoder *encoder, const struct ml_schema *schema,
		       struct ml_err *err);

#endif
