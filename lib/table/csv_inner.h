#ifndef ML_TABLE_CSV_INNER_H
#define ML_TABLE_CSV_INNER_H

#include "base/io.h"
#include "table/csv.h"

/*
 * What the files of the CSV reader share: csv.c (opening, header, names, rejects),
 * csv_block.c (bytes to blocks), csv_parse.c (blocks to cells); csv_write.c takes the words from
 * it.  Nobody else includes it but their tests.
 */
enum ml_csv_on_error { ML_CSV_FAIL, ML_CSV_SKIP, ML_CSV_REJECT };

struct ml_csv {
	struct ml_arena arena; /* names, words */

	/* The source. */
	const char *path; /* as in messages */
	int fd;
	int64_t size;	  /* of a regular file, or -1 */
	size_t read_size; /* of one read */
	uint64_t taken;	  /* bytes that came from the source so far */
	bool ended, partial, replay;
	struct ml_buf kept; /* all bytes of a pipe, with replay */
	size_t kept_at;	    /* next of them to give; kept.n: read on */

	/*
	 * Bytes that came and are not given yet: in.p + at to the end of IN.  The offsets count
	 * from AT, where the next block starts.
	 */
	struct ml_buf in;
	size_t at;
	size_t scan;   /* searched up to here */
	size_t record; /* start of the record that has not ended */
	size_t field;  /* start of its last quoted field */
	size_t closed; /* behind the last closing quote, or ML_CSV_NONE */
	bool inside;   /* that quoted field has not ended */
	bool overlong; /* it is too long: the next line end ends the record */
	bool hold;     /* keep what was given in IN: the first record is read twice */
	uint64_t line; /* physical line at AT, 1-based */
	size_t index;  /* of the next block */

	/* Where the data starts, for rewinding. */
	uint64_t data_at, data_line;

	/* The table. */
	char delimiter;
	size_t max_field, max_record;
	struct ml_buf header; /* as it came, without line end */
	bool has_header;
	size_t n_columns; /* 0 until the header is read */
	const char **name;
	size_t *by_name; /* columns in the order of their names */
	struct ml_str *na;
	size_t n_na;
	bool quoted_na;
	bool na_first[256]; /* bytes that a word of NA starts with */
	bool na_number;	    /* a word of NA is a number too */

	/* Bad records. */
	enum ml_csv_on_error on_error;
	size_t skipped;
	const char *reject_path;
	struct ml_out reject;
	bool rejecting; /* REJECT is open */

	bool only_libcsv; /* for tests: no record takes the splitter */
};

#define ML_CSV_NONE SIZE_MAX

/* The words that mean missing unless --na says otherwise. */
#define ML_CSV_MISSING "NA,N/A,NaN,nan,null,NULL"

/* Records are never longer than so many fields of the longest. */
enum { ML_CSV_FIELDS_LIMIT = 64 };

/* A column's arrays while a block is parsed. */
struct ml_csv_column {
	double *number;
	struct ml_str *text;
	int mode;
	uint32_t turned;     /* row with the first text */
	uint32_t short_from; /* row from which ml_num_short is tried */
	int64_t out_of_range;
};

/* The part of a batch that is the parser's. */
struct ml_csv_work {
	/* by ml_csv_next; may say yes for a neighbour's byte */
	bool carriage_return, nul, high;
	bool gaps;     /* blank lines between records */
	uint32_t *cut; /* records cut off in an over-long quoted field */
	size_t n_cut, cut_room;
	size_t room; /* records that the arrays have room for */
	/* by ml_csv_parse */
	size_t n_columns;
	struct ml_csv_column *column;
	struct ml_buf text; /* of cells that libcsv read; never moves while a block is parsed */
	struct csv_parser *libcsv;
};

/* A field as it stands in a record. */
struct ml_csv_raw {
	const char *p; /* the value: between the quotes, or without the blanks around it */
	size_t n;
	const char *stop; /* the delimiter behind it, or the record's end */
	bool quoted;
	const char *wrong; /* what is wrong with its quotes, or NULL */
};

/* Why a record is bad. */
struct ml_csv_problem {
	const char *what; /* NULL: it has too many or too few fields */
	size_t column;
	struct ml_str text; /* of the field */
	bool has_limit;	    /* WHAT ends with the length of the longest field */
	size_t n_fields;
};

static inline bool
ml_csv_blank(char c, char delimiter)
{
	return (c == ' ' || c == '\t') && c != delimiter;
}

/* The value between P and STOP without the blanks around it. */
static inline struct ml_str
ml_csv_trim(const char *p, const char *stop, char delimiter)
{
	while (p < stop && ml_csv_blank(*p, delimiter))
		p++;
	while (p < stop && ml_csv_blank(stop[-1], delimiter))
		stop--;
	return (struct ml_str){p, (size_t)(stop - p)};
}

/* As ml_csv_next, with up to LIMIT records: the same for all calls with a batch. */
int ml_csv_block(struct ml_csv *csv, struct ml_batch *batch, size_t limit, struct ml_err *err);
/* One read from the source into IN. */
int ml_csv_refill(struct ml_csv *csv, struct ml_err *err);
/* Bytes '\n' from p to END. */
size_t ml_csv_line_ends(const char *p, const char *end);

/* Record i of BATCH, without its line end and the blank lines behind it. */
struct ml_str ml_csv_record(const struct ml_csv *csv, const struct ml_batch *batch, size_t i);
/* The field that starts at p in a record that ends at END. */
struct ml_csv_raw ml_csv_raw(const char *p, const char *end, char delimiter);
/* Whether a value, QUOTED or not, is missing. */
bool ml_csv_missing(const struct ml_csv *csv, const char *p, size_t n, bool quoted);
/*
 * Walks over the fields of a record; false if its shape is wrong: quotes, forbidden bytes, a
 * field too long, their number (unless that is not known yet).  CUT: it was cut off in an over-long
 * field.
 */
bool ml_csv_shape(const struct ml_csv *csv, struct ml_str record, bool cut,
		  struct ml_csv_problem *problem);
/* Makes the problem of a record that starts in LINE a failure with its place. */
int ml_csv_report(const struct ml_csv *csv, struct ml_str record, uint64_t line,
		  const struct ml_csv_problem *problem, struct ml_err *err);
/* Puts a record among the bad ones of its batch, which stand in the order of the input. */
int ml_csv_leave_out(const struct ml_csv *csv, struct ml_batch *batch, struct ml_str record,
		     struct ml_err *err);

#endif
