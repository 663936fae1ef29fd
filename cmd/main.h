#ifndef ML_CMD_MAIN_H
#define ML_CMD_MAIN_H

#include "base/err.h"
#include "base/io.h"
#include "base/opt.h"
#include "base/par.h"
#include "base/say.h"
#include "table/csv.h"

/*
 * What all tools share: options, --help, --version, completion, signals, exit status.
 * A tool is a table and a function; `int main` is one call of ml_main.
 */
enum {
	ML_USES_CSV = 1,     /* has the options of CSV input: -H -d -T --na --on-error */
	ML_USES_THREADS = 2, /* -j */
	ML_USES_SEED = 4,    /* --seed */
	ML_USES_OUTPUT = 8,  /* -o */
};

enum ml_exit { ML_EXIT_YES = 0, ML_EXIT_NO = 1, ML_EXIT_TROUBLE = 2, ML_EXIT_UNDECIDED = 3 };

/* Rows of what several tools have, so that it is called and means the same. */
#define ML_FORMAT(type, member, help)                                                              \
	ML_CHOICE(0, "format", NULL, "format", type, member, "csv", "csv json text", help)
#define ML_DIGITS(type, member)                                                                    \
	ML_INT(0, "digits", NULL, "n", type, member, "-1", -1, 17,                                 \
	       "round to significant digits; 0: as many as read back the same; -1: 6 in text, "    \
	       "otherwise 0")
#define ML_OUTPUT_HEADER(type, member)                                                             \
	ML_FLAG_YES("output-header", type, member, "don't begin with a line of the columns' names")
#define ML_NOT_COLUMNS(type, member, help)                                                         \
	ML_TEXT('C', "not-columns", "ignore", "list", type, member, NULL, help)

struct ml_tool {
	const struct ml_cmd *cmd;
	void *options; /* the command's struct, filled */
	void *extra;   /* struct of the extra rows, or NULL */
	char **operand;
	size_t n_operands;
	struct ml_csv_options csv;
	const char *output; /* -o, or NULL */
	int64_t threads, seed;
	struct ml_say say;
	struct ml_err *err;
};

struct ml_cmd {
	const char *name;  /* mltrain; a verb's is "add" */
	const char *brief; /* one line */
	const char *usage; /* what stands behind the name: "[-a algorithm] -t column [file]" */
	unsigned uses;
	const struct ml_opt *options;
	size_t size; /* of the options' struct */
	/* More rows, which fill a struct within it; NULL: none. */
	const char *more_title;
	const struct ml_opt *more;
	size_t more_offset;
	int min_operands, max_operands; /* max -1: any number */
	const struct ml_cmd *verbs;	/* a tool with verbs: ends with a NULL name */
	/*
	 * Rows that depend on the value of one option (ML_EXTRA_BY): which, and the size of their
	 * struct.  NULL: none.
	 */
	const char *extra_by;
	const char *extra_hint; /* where to see them: "see 'mltrain -a NAME --help'" */
	const struct ml_opt *(*extra)(const char *value, size_t *size, struct ml_err *err);
	/* An enum ml_exit, or a negative status with err filled. */
	int (*run)(struct ml_tool *tool);
};

/* What ML_DIGITS means in a format. */
int ml_digits(int64_t digits, const char *format);

/* The table of a tool that reads one: the operand, or standard input. */
int ml_input_open(struct ml_tool *tool, struct ml_csv **csv);
/*
 * Ends CSV (NULL is fine) and says what was left out; after a failure, STATUS below 0, without a
 * word.  Gives STATUS back, or the failure to end it.
 */
int ml_input_end(struct ml_tool *tool, struct ml_csv *csv, int status);
/* Lets the output appear, or after a failure not; gives STATUS back, or the failure to do so. */
int ml_output_end(struct ml_tool *tool, struct ml_out *out, int status);

/* Never returns to its caller but with the exit status. */
int ml_main(const struct ml_cmd *cmd, int argc, char **argv);

#endif
