#ifndef ML_TABLE_CSV_H
#define ML_TABLE_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/par.h"
#include "base/str.h"

/*
 * CSV in and out.  Input goes through three steps, made for ml_flow:
 *
 *   ml_csv_next    in order      bytes -> a block of up to ML_BLOCK records
 *   ml_csv_parse   in parallel   a block -> cells, numbers read on the way
 *   ml_csv_settle  in order      counts what was skipped, writes rejects
 *
 * Blocks are cut by records, so they don't depend on how the bytes arrive.  Records with a
 * quote in them are parsed by libcsv (strict), the others by our one-pass splitter; tests
 * and a fuzzer hold the two equal.  mlcsv(5) is the specification.
 */
struct ml_csv_options {
	const char *delimiter; /* one byte, "tab" or "\t" */
	bool tsv, no_header;
	const char *na;	      /* words that mean missing, separated by commas */
	bool quoted_na;	      /* they and the empty text mean so in quotes, too */
	const char *on_error; /* fail, skip, reject=FILE */
	int64_t max_field;    /* bytes */
	bool replay;	      /* ml_csv_rewind must work on pipes too: keeps all bytes */
	bool partial; /* give short blocks while the input pauses, for rows that must go out at once
		       */
};

/* The rows of these options; `replay` and `partial` have none. */
extern const struct ml_opt ml_csv_opts[];

struct ml_csv;

/* "-" or NULL is standard input.  Reads the header; *csv is the caller's (ml_csv_close). */
int ml_csv_open(struct ml_csv **csv, const char *path, const struct ml_csv_options *options,
		struct ml_err *err);
/* Says how many records were skipped through OUT (0 if none) and checks the reject file. */
int ml_csv_close(struct ml_csv *csv, size_t *skipped, struct ml_err *err);
/* Frees without a word, for the way out of a failure.  NULL is fine. */
void ml_csv_abandon(struct ml_csv *csv);

const char *
ml_csv_path(const struct ml_csv *csv); /* as in messages: "train.csv", "standard input" */
size_t ml_csv_columns(const struct ml_csv *csv);
const char *ml_csv_name(const struct ml_csv *csv, size_t column);
struct ml_str ml_csv_header(const struct ml_csv *csv); /* as it came; p NULL without header */
char ml_csv_delimiter(const struct ml_csv *csv);
/* The column called NAME, or -1 with a failure that suggests a near name. */
int64_t ml_csv_find(const struct ml_csv *csv, const char *name, struct ml_err *err);
/*
 * A column list: names, 1-based numbers and ranges ("1,id,3-5,8-"); fills member[column], an array
 * of ml_csv_columns.  A name wins over a number; one with a comma stands in double quotes.
 */
int ml_csv_list(const struct ml_csv *csv, const char *list, bool *member, struct ml_err *err);
/* Share of the input that was read, or -1 if its size is not known. */
double ml_csv_share(const struct ml_csv *csv);
/* True if the input can be read again (a file, or a pipe with replay). */
bool ml_csv_seekable(const struct ml_csv *csv);
int ml_csv_rewind(struct ml_csv *csv, struct ml_err *err);

enum ml_want {
	ML_WANT_NOTHING,
	ML_WANT_NUMBER, /* anything else is an error */
	ML_WANT_TEXT,	/* valid UTF-8 */
	ML_WANT_EITHER, /* numbers if all the cells of this block are; otherwise text */
};

/*
 * Cells of one column of a block; what it was not asked for is NULL.  NUMBER may be taken away,
 * by setting it NULL: it has room for the block's records and is released with ml_free.
 */
struct ml_cells {
	double *number;	     /* NaN is missing */
	struct ml_str *text; /* p NULL is missing; bytes live as long as the batch */
	/* With ML_WANT_EITHER: first row with a number beyond the doubles, or -1; NaN stands there.
	 */
	int64_t out_of_range;
};

/*
 * A block of one input on its way: raw records and, after parsing, cells.  All zero is empty.
 */
struct ml_batch {
	/* by ml_csv_next */
	size_t index; /* of the block */
	struct ml_buf bytes;
	size_t n_records;
	uint32_t *start;     /* n_records + 1 offsets */
	uint64_t first_line; /* physical line of record 0, 1-based */
	bool quoted;	     /* a quote stands in it */
	bool last_unended;   /* the input's last line has no line end */
	/* by ml_csv_parse */
	size_t n_rows;		/* good records */
	struct ml_str *record;	/* by row: the bytes as they came, without line end */
	uint64_t *line;		/* by row: physical line */
	struct ml_cells *cells; /* by column of the input */
	size_t n_bad;
	struct ml_str *bad; /* records left out by --on-error, in order */
	/* the parser's */
	void *own;
};

/* 1: a block; 0: the end. */
int ml_csv_next(struct ml_csv *csv, struct ml_batch *batch, struct ml_err *err);
/*
 * WANT has one entry a column.  A bad record fails, or is left out, as --on-error says;
 * "file:line: column 'x': ..." in the message.  Blank lines are no records where there
 * are several columns.
 */
int ml_csv_parse(const struct ml_csv *csv, const enum ml_want *want, struct ml_batch *batch,
		 struct ml_err *err);
int ml_csv_settle(struct ml_csv *csv, const struct ml_batch *batch, struct ml_err *err);
/*
 * For a cell found wrong after parsing, before the batch is settled.  Where a bad record fails:
 * puts "file:line: column 2 'x'" before ERR and returns its status.  Where bad records are left
 * out: forgets ERR, makes the row a bad record (the rows behind it move up) and returns 0.
 */
int ml_csv_place(const struct ml_csv *csv, struct ml_batch *batch, size_t row, size_t column,
		 struct ml_err *err);
void ml_batch_free(struct ml_batch *batch);

/* Takes the first field off a batch's record or the header: its bytes as they came. */
struct ml_str ml_csv_cut(struct ml_str *record, char delimiter);
/*
 * What the bytes of a field mean: without blanks around and without quotes; appended to OUT.  False
 * if that is a missing value.
 */
bool ml_csv_value(const struct ml_csv *csv, struct ml_str field, struct ml_buf *out);

/*
 * A field for output, quoted where it would be read back as something else: a delimiter, a quote, a
 * control byte, a blank edge, the empty text, a word that means missing by default.
 */
void ml_csv_put(struct ml_buf *out, struct ml_str field, char delimiter);

#endif
