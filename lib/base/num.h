#ifndef ML_BASE_NUM_H
#define ML_BASE_NUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Numbers and text, without locale.
 *
 * Grammar: [+-] (digits [. digits*] | . digits) [(e|E) [+-] digits].  No blanks,
 * no hexadecimal, no inf, no nan, no grouping.  Reading gives the double nearest
 * to the text (ties to even); writing gives the shortest text that reads back to
 * the same double, the nearest to it where several are as short.
 */
enum ml_num_kind {
	ML_NUM_NO,    /* not a number by the grammar */
	ML_NUM_YES,   /* a finite double (an underflow gives 0 or a denormal) */
	ML_NUM_RANGE, /* by the grammar, but beyond the doubles: 1e999 */
};

/*
 * Reads the longest number at p, at most up to END, and stores where it stops in
 * *STOP (p for ML_NUM_NO).  *VALUE is stored for ML_NUM_YES only.  The fast path of
 * the CSV reader: the caller looks at what stands at STOP.
 */
enum ml_num_kind ml_num_scan(const char *p, const char *end, const char **stop, double *value);

/* The whole of TEXT as one number. */
enum ml_num_kind ml_num_parse(struct ml_str text, double *value);

/* The whole of TEXT as a decimal integer that fits. */
bool ml_int_parse(struct ml_str text, int64_t *value);

enum { ML_NUM_TEXT = 32 };

/*
 * Shortest round trip, not terminated; returns its length.  Plain for 1e-5 <= |value| < 1e17
 * ("0.00012", "100000"), else as "1.5e-7", "1e20".  NaN and the infinities give no text (0).
 */
size_t ml_num_format(char out[ML_NUM_TEXT], double value);

/* Rounded to DIGITS significant digits (1..17), otherwise in the same form. */
size_t ml_num_round(char out[ML_NUM_TEXT], double value, int digits);

#endif
