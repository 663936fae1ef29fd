#ifndef ML_TABLE_REPORT_H
#define ML_TABLE_REPORT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/*
 * What a tool found, as a small table with the same content in each format: csv; json, one object a
 * line; text, aligned for eyes.  Cells are added line by line; a failure is remembered until
 * ml_report_write.  All zero but for the columns is an empty report.
 */
struct ml_report {
	const char *const *column; /* names */
	size_t n_columns;
	int digits; /* significant; 0: the shortest that reads back */
	struct ml_buf bytes;
	struct ml_report_cell {
		size_t at, n;
		bool number, json, missing;
	} * cell;
	size_t n_cells, room;
	bool failed;
};

/* NaN is missing: an empty field, null in json. */
void ml_report_number(struct ml_report *report, double value);
/* p NULL is missing. */
void ml_report_text(struct ml_report *report, struct ml_str text);
/* Valid JSON, which stands in json as it is and in the other formats as its text. */
void ml_report_json(struct ml_report *report, struct ml_str json);

/* FORMAT is csv, json or text; HEADER is for csv and text. */
int ml_report_write(const struct ml_report *report, const char *format, bool header,
		    struct ml_buf *out, struct ml_err *err);
/* The same to a file that appears complete or not at all, or to standard output (base/io). */
int ml_report_save(const struct ml_report *report, const char *format, bool header,
		   const char *path, struct ml_err *err);
void ml_report_free(struct ml_report *report);

#endif
