#ifndef ML_TESTS_CSV_DUMP_H
#define ML_TESTS_CSV_DUMP_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "table/csv_inner.h"

/*
 * What the reader makes of an input, as one line of text: names, then "| LINE: cells" for each
 * row, then "| bad 'record'" for each record left out; or "error: ...".  Missing is "-", a column
 * not asked for ".", a number out of range "~".  For the tests and the fuzzer.
 */
struct dump_options {
	struct ml_csv_options csv;
	char want[64]; /* a letter a column: N T E -; E for the columns behind */
	size_t rows;   /* how many to show; SIZE_MAX: all, without their count */
	bool only_libcsv, twice;
};

static inline void
dump_number(struct ml_buf *out, double value)
{
	char text[ML_NUM_TEXT];

	ml_buf_add(out, text, ml_num_format(text, value));
}

static inline void
dump_text(struct ml_buf *out, struct ml_str text)
{
	char quoted[ML_QUOTED];

	ml_buf_text(out, ml_quote(quoted, text.p, text.n));
}

static inline void
dump_row(struct ml_buf *out, const struct ml_batch *batch, size_t n_columns, size_t row)
{
	ml_buf_format(out, " | %llu:", (unsigned long long)batch->line[row]);
	for (size_t i = 0; i < n_columns; i++) {
		const struct ml_cells *cells = &batch->cells[i];

		ml_buf_char(out, ' ');
		if (cells->number != NULL && cells->out_of_range == (int64_t)row)
			ml_buf_char(out, '~');
		else if (cells->number != NULL && !isnan(cells->number[row]))
			dump_number(out, cells->number[row]);
		else if (cells->text != NULL && cells->text[row].p != NULL)
			dump_text(out, cells->text[row]);
		else
			ml_buf_char(out, cells->number != NULL || cells->text != NULL ? '-' : '.');
	}
}

static inline void
dump_names(struct ml_buf *out, const struct ml_csv *csv)
{
	const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	for (size_t i = 0; i < ml_csv_columns(csv); i++) {
		const char *name = ml_csv_name(csv, i);

		ml_buf_text(out, i > 0 ? " " : "");
		if (name[strspn(name, plain)] == '\0')
			ml_buf_text(out, name);
		else
			dump_text(out, ml_str(name));
	}
}

static inline int
dump_pass(struct ml_buf *out, struct ml_csv *csv, const struct dump_options *options,
	  struct ml_err *err)
{
	size_t n = ml_csv_columns(csv), letters = strlen(options->want), shown = 0, rows = 0;
	enum ml_want *want = calloc(n, sizeof *want);
	struct ml_batch batch = {0};
	struct ml_buf bad = {0};
	bool unended = false;
	int status;

	for (size_t i = 0; i < n; i++) {
		char letter = i < letters ? options->want[i] : 'E';

		want[i] = letter == 'N'	  ? ML_WANT_NUMBER
			  : letter == 'T' ? ML_WANT_TEXT
			  : letter == 'E' ? ML_WANT_EITHER
					  : ML_WANT_NOTHING;
	}
	dump_names(out, csv);
	while ((status = ml_csv_next(csv, &batch, err)) > 0) {
		status = ml_csv_parse(csv, want, &batch, err);
		if (status == ML_OK)
			status = ml_csv_settle(csv, &batch, err);
		if (status < 0)
			break;
		for (size_t i = 0; i < batch.n_rows && shown < options->rows; i++, shown++)
			dump_row(out, &batch, n, i);
		rows += batch.n_rows;
		for (size_t i = 0; i < batch.n_bad; i++) {
			ml_buf_text(&bad, " | bad ");
			dump_text(&bad, batch.bad[i]);
		}
		unended = batch.last_unended;
	}
	if (shown < rows)
		ml_buf_format(out, " | %zu rows", rows);
	ml_buf_add(out, bad.p, bad.n);
	if (unended)
		ml_buf_text(out, " | unended");
	ml_batch_free(&batch);
	ml_buf_free(&bad);
	free(want);
	return status;
}

/* The dump of the file at PATH, terminated; the caller's to free. */
static inline char *
dump(const char *path, const struct dump_options *options)
{
	struct ml_csv *csv = NULL;
	struct ml_err err = {0};
	struct ml_buf out = {0};
	size_t skipped;
	int status = ml_csv_open(&csv, path, &options->csv, &err);

	if (status == ML_OK) {
		csv->only_libcsv = options->only_libcsv;
		if (options->twice) {
			status = dump_pass(&out, csv, options, &err);
			out.n = 0;
			if (status == ML_OK)
				status = ml_csv_rewind(csv, &err);
		}
		if (status == ML_OK)
			status = dump_pass(&out, csv, options, &err);
		if (status == ML_OK)
			status = ml_csv_close(csv, &skipped, &err);
		else
			ml_csv_abandon(csv);
	}
	if (status < 0) {
		out.n = 0;
		ml_buf_format(&out, "error: %s", err.text);
	}
	ml_buf_char(&out, '\0');
	return out.p;
}

#endif
