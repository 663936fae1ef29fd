#ifndef ML_NUM_INPUT_H
#define ML_NUM_INPUT_H

#include <stddef.h>

/* What an algorithm asks of its matrix, and what the encoder says of each of its columns. */
enum ml_wants { /* what the encoder must give */
		ML_WANTS_SCALED =
		    1, /* numeric features of similar size, unless --scale says otherwise */
		ML_WANTS_ONEHOT = 2,   /* categories as 0/1 features; otherwise as codes */
		ML_WANTS_MISSING = 4,  /* takes NaN as it is; otherwise imputed */
		ML_WANTS_MOMENTS = 8,  /* fit_moments is there: one pass, constant memory */
		ML_WANTS_NOTHING = 16, /* needs no feature at all */
};

/* What kind of input a feature is: codes are 0..n_levels-1, NaN is missing. */
struct ml_input {
	size_t n_levels; /* 0: a number */
};

#endif
