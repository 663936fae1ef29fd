#ifndef ML_STORE_SCORE_LOG_H
#define ML_STORE_SCORE_LOG_H

#include "store/bundle.h"

/*
 * The prediction log: one JSON line a row, appended to a file in writes of whole lines, so that
 * several processes may share it:
 * {"time":..,"model":..,"version":..,"digest":..,"inputs":{..},"prediction":..,"probability":..}
 */
struct ml_score_log;

/* COLUMNS: a column list of the input, or NULL. */
int ml_score_log_open(struct ml_score_log **log, const struct ml_bundle *bundle,
		      const struct ml_csv *csv, const char *path, const char *columns,
		      struct ml_err *err);
/* Adds a line to LINES.  VALUE, finite, is the prediction or the probability of the class LABEL. */
void ml_score_log_row(const struct ml_score_log *log, struct ml_buf *lines, struct ml_str record,
		      double value, const char *label);
/* Appends the lines of a block. */
int ml_score_log_write(struct ml_score_log *log, const struct ml_buf *lines, struct ml_err *err);
int ml_score_log_close(struct ml_score_log *log, struct ml_err *err);

#endif
