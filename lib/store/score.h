#ifndef ML_STORE_SCORE_H
#define ML_STORE_SCORE_H

#include "base/io.h"
#include "store/bundle.h"

/*
 * Predictions for a stream of rows: each row comes out again, in order and byte for byte, with the
 * prediction behind it.  Memory is constant; rows go out as soon as the input pauses.
 */
struct ml_score_options {
	bool proba, raw;  /* columns p_CLASS; score or score_CLASS */
	bool only;	  /* no input column goes out */
	const char *keep; /* only these do */
	bool no_output_header;
	int64_t digits;		 /* 0: shortest that reads back */
	const char *log;	 /* append a JSON line for each row to this file */
	const char *log_columns; /* with the values of these columns */
};

/* CSV was opened with `partial`. */
int ml_score(struct ml_csv *csv, const struct ml_bundle *bundle,
	     const struct ml_score_options *options, struct ml_pool *pool, struct ml_out *out,
	     struct ml_say *say, struct ml_err *err);

#endif
