#include "table/report.h"

#include <math.h>
#include <string.h>

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/num.h"
#include "table/csv.h"

static void
add(struct ml_report *report, struct ml_str text, bool number, bool json)
{
	if (report->n_cells == report->room) {
		size_t room = report->room > 0 ? 2 * report->room : 64;
		struct ml_report_cell *cell = ml_realloc(report->cell, room, sizeof *cell);

		if (cell == NULL) {
			report->failed = true;
			return;
		}
		report->cell = cell;
		report->room = room;
	}
	report->cell[report->n_cells++] =
	    (struct ml_report_cell){report->bytes.n, text.n, number, json, text.p == NULL};
	ml_buf_add(&report->bytes, text.p, text.n);
}

void
ml_report_number(struct ml_report *report, double value)
{
	char text[ML_NUM_TEXT];
	size_t n = 0;

	if (!isnan(value))
		n = report->digits > 0 && value != floor(value)
			? ml_num_round(text, value, report->digits)
			: ml_num_format(text, value); /* counts stay exact */
	add(report, (struct ml_str){n > 0 ? text : NULL, n}, true, true);
}

void
ml_report_text(struct ml_report *report, struct ml_str text)
{
	add(report, text, false, false);
}

void
ml_report_json(struct ml_report *report, struct ml_str json)
{
	add(report, json, false, true);
}

static struct ml_str
text_of(const struct ml_report *report, const struct ml_report_cell *cell)
{
	return (struct ml_str){cell->n > 0 ? report->bytes.p + cell->at : "", cell->n};
}

static void
write_csv(const struct ml_report *report, bool header, struct ml_buf *out)
{
	for (size_t j = 0; header && j < report->n_columns; j++) {
		ml_csv_put(out, ml_str(report->column[j]), ',');
		ml_buf_char(out, j + 1 < report->n_columns ? ',' : '\n');
	}
	for (size_t i = 0; i < report->n_cells; i++) {
		const struct ml_report_cell *cell = &report->cell[i];

		if (!cell->missing)
			ml_csv_put(out, text_of(report, cell), ',');
		ml_buf_char(out, (i + 1) % report->n_columns != 0 ? ',' : '\n');
	}
}

static void
write_json(const struct ml_report *report, struct ml_buf *out)
{
	for (size_t i = 0; i < report->n_cells; i++) {
		const struct ml_report_cell *cell = &report->cell[i];
		const char *name = report->column[i % report->n_columns];
		struct ml_str text = text_of(report, cell);

		ml_buf_char(out, i % report->n_columns == 0 ? '{' : ',');
		ml_json_quote(out, name, strlen(name));
		ml_buf_char(out, ':');
		if (cell->missing)
			ml_buf_text(out, "null");
		else if (cell->json)
			ml_buf_add(out, text.p, text.n);
		else
			ml_json_quote(out, text.p, text.n);
		if ((i + 1) % report->n_columns == 0)
			ml_buf_text(out, "}\n");
	}
}

/* Characters of valid UTF-8, close enough to columns of a terminal. */
static size_t
width(struct ml_str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xC0) != 0x80;
	return n;
}

/* Control bytes would break the lines or the terminal. */
static void
put_shown(struct ml_buf *out, struct ml_str text)
{
	for (size_t i = 0; i < text.n; i++)
		ml_buf_char(out,
			    (unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7F ? '?' : text.p[i]);
}

static void
put_padded(struct ml_buf *out, struct ml_str text, size_t to, bool right, bool last)
{
	size_t n = width(text), pad = to > n ? to - n : 0;

	for (size_t i = 0; right && i < pad; i++)
		ml_buf_char(out, ' ');
	put_shown(out, text);
	for (size_t i = 0; !right && !last && i < pad; i++)
		ml_buf_char(out, ' ');
	ml_buf_text(out, last ? "\n" : "  ");
}

/* A column is as wide as its widest cell and to the right if all that it has are numbers. */
static void
write_text(const struct ml_report *report, bool header, struct ml_buf *out)
{
	size_t m = report->n_columns, *wide = ml_alloc(m, sizeof *wide);
	bool *right = ml_alloc(m, sizeof *right);

	out->failed |= wide == NULL || right == NULL;
	for (size_t j = 0; !out->failed && j < m; j++) {
		wide[j] = header ? width(ml_str(report->column[j])) : 0;
		right[j] = true;
		for (size_t i = j; i < report->n_cells; i += m) {
			size_t w = width(text_of(report, &report->cell[i]));

			wide[j] = w > wide[j] ? w : wide[j];
			right[j] &= report->cell[i].number;
		}
	}
	for (size_t j = 0; !out->failed && header && j < m; j++)
		put_padded(out, ml_str(report->column[j]), wide[j], right[j], j + 1 == m);
	for (size_t i = 0; !out->failed && i < report->n_cells; i++)
		put_padded(out, text_of(report, &report->cell[i]), wide[i % m], right[i % m],
			   (i + 1) % m == 0);
	ml_free(wide);
	ml_free(right);
}

int
ml_report_write(const struct ml_report *report, const char *format, bool header, struct ml_buf *out,
		struct ml_err *err)
{
	bool failed = report->failed || report->bytes.failed;

	if (!failed && strcmp(format, "json") == 0)
		write_json(report, out);
	else if (!failed && strcmp(format, "text") == 0)
		write_text(report, header, out);
	else if (!failed)
		write_csv(report, header, out);
	if (failed || out->failed)
		return ml_fail(err, ML_ENOMEM, "no memory for the report");
	return ML_OK;
}

int
ml_report_save(const struct ml_report *report, const char *format, bool header, const char *path,
	       struct ml_err *err)
{
	struct ml_buf text = {0};
	struct ml_out out;
	int status = ml_report_write(report, format, header, &text, err);

	if (status == ML_OK)
		status = ml_out_open(&out, path, err);
	if (status == ML_OK) {
		status = ml_out_write(&out, text.p, text.n, err);
		if (status == ML_OK)
			status = ml_out_commit(&out, err);
		else
			ml_out_abort(&out);
	}
	ml_buf_free(&text);
	return status;
}

void
ml_report_free(struct ml_report *report)
{
	ml_buf_free(&report->bytes);
	ml_free(report->cell);
	report->cell = NULL;
	report->n_cells = report->room = 0;
}
