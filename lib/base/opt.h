#ifndef ML_BASE_OPT_H
#define ML_BASE_OPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"

/*
 * Options.  One row says all there is to know of an option; parsing, --help,
 * completion, ranges, --config, the hyper-parameters kept in a model and the check of the
 * manual all come from it.  Rows fill a struct through offsets.
 */
enum ml_opt_type {
	ML_OPT_END,  /* the row behind the last */
	ML_OPT_FLAG, /* bool; --no-NAME sets it false */
	ML_OPT_INT,  /* int64_t in min..max */
	ML_OPT_REAL, /* double in min..max */
	ML_OPT_TEXT, /* const char *, NULL if not given; one of CHOICES if there are any */
	ML_OPT_LIST, /* struct ml_texts: may be given several times */
};

struct ml_texts {
	const char **text;
	size_t n;
};

struct ml_opt {
	enum ml_opt_type type;
	char letter;	     /* 0: none */
	const char *name;    /* long name, with dashes (underscores are accepted) */
	const char *aliases; /* other long names, separated by blanks, or NULL */
	const char
	    *argument; /* what --help calls the value, small letters; "[when]": may be left out */
	const char *value; /* the default as text, or NULL */
	double min, max;
	const char *choices; /* separated by blanks; NULL: any */
	size_t offset;
	/*
	 * A phrase; no capital, no full stop.  Of a flag whose default is "yes" it says what
	 * --no-NAME does, which is how such a flag is shown.
	 */
	const char *help;
};

/* Rows: ML_FLAG('q', "quiet", struct x, member, "help") and so on. */
#define ML_FLAG(letter, name, type, member, help)                                                  \
	{                                                                                          \
		ML_OPT_FLAG, letter, name, NULL, NULL, NULL, 0, 0, NULL, offsetof(type, member),   \
		    help                                                                           \
	}
#define ML_FLAG_YES(name, type, member, help)                                                      \
	{                                                                                          \
		ML_OPT_FLAG, 0, name, NULL, NULL, "yes", 0, 0, NULL, offsetof(type, member), help  \
	}
#define ML_INT(letter, name, aliases, argument, type, member, value, min, max, help)               \
	{                                                                                          \
		ML_OPT_INT, letter, name, aliases, argument, value, min, max, NULL,                \
		    offsetof(type, member), help                                                   \
	}
#define ML_REAL(letter, name, aliases, argument, type, member, value, min, max, help)              \
	{                                                                                          \
		ML_OPT_REAL, letter, name, aliases, argument, value, min, max, NULL,               \
		    offsetof(type, member), help                                                   \
	}
#define ML_TEXT(letter, name, aliases, argument, type, member, value, help)                        \
	{                                                                                          \
		ML_OPT_TEXT, letter, name, aliases, argument, value, 0, 0, NULL,                   \
		    offsetof(type, member), help                                                   \
	}
#define ML_CHOICE(letter, name, aliases, argument, type, member, value, choices, help)             \
	{                                                                                          \
		ML_OPT_TEXT, letter, name, aliases, argument, value, 0, 0, choices,                \
		    offsetof(type, member), help                                                   \
	}
#define ML_LIST(letter, name, aliases, argument, type, member, help)                               \
	{                                                                                          \
		ML_OPT_LIST, letter, name, aliases, argument, NULL, 0, 0, NULL,                    \
		    offsetof(type, member), help                                                   \
	}
#define ML_OPT_LAST                                                                                \
	{                                                                                          \
		ML_OPT_END, 0, NULL, NULL, NULL, NULL, 0, 0, NULL, 0, NULL                         \
	}

/* Rows that fill one struct.  given[i] (may be NULL) says whether row i was given. */
struct ml_opt_set {
	const char *title; /* heading in --help, or NULL */
	const struct ml_opt *rows;
	void *base;
	bool *given;
};

/* Puts the defaults in. */
int ml_opt_defaults(const struct ml_opt_set *sets, size_t n_sets, struct ml_err *err);

/*
 * Parses argv[1..]: options of all sets, in any place, operands moved to argv[1..] and
 * counted in *OPERANDS; "--" ends the options.  Long options may be abbreviated while
 * unique; whole names win.  Lists are ml_opt_free's.
 */
int ml_opt_parse(const struct ml_opt_set *sets, size_t n_sets, int argc, char **argv,
		 size_t *operands, struct ml_err *err);

/* Frees the lists of a struct that ROWS filled; the texts in them are the command line's. */
void ml_opt_free(const struct ml_opt *rows, void *base);

/* Sets one option from text. */
int ml_opt_set_text(const struct ml_opt_set *sets, size_t n_sets, const char *name,
		    const char *value, struct ml_err *err);

/*
 * A --config file: "name = value" a line, # comments, blank lines.  It is read once, for it may be
 * a pipe.  Options point into it: it is freed after them.
 */
struct ml_opt_setting {
	const char *name, *value;
	size_t line;
};
struct ml_opt_file {
	const char *path;
	struct ml_opt_setting *setting;
	size_t n;
	struct ml_buf text;
};

/* On failure, too, the caller frees FILE. */
int ml_opt_file_read(struct ml_opt_file *file, const char *path, struct ml_err *err);
void ml_opt_file_free(struct ml_opt_file *file);
/* What was given on the command line stays. */
int ml_opt_apply(const struct ml_opt_set *sets, size_t n_sets, const struct ml_opt_file *file,
		 struct ml_err *err);

/*
 * The value that option NAME will have been given once the command line is parsed and FILE (may be
 * NULL) is applied, or NULL.  For options that decide which others there are: what is unknown or
 * wrong is passed over.
 */
const char *ml_opt_peek(const struct ml_opt_set *sets, size_t n_sets, const char *name, int argc,
			char **argv, const struct ml_opt_file *file);

/* Appends the value of a row as text, as it could be typed; nothing for a text that is not given.
 */
void ml_opt_value(const struct ml_opt *row, const void *base, struct ml_buf *out);

/* What stands before the name where an option is shown: "no-" for a flag that is on, or "". */
const char *ml_opt_no(const struct ml_opt *row);

/* --help's list. */
void ml_opt_help(FILE *out, const struct ml_opt_set *sets, size_t n_sets);
/* One line an option for scripts: letter, name, aliases, argument, default, range or choices, help.
 */
void ml_opt_dump(FILE *out, const struct ml_opt_set *sets, size_t n_sets);

#endif
