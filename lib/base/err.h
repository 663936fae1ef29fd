#ifndef ML_BASE_ERR_H
#define ML_BASE_ERR_H

#include <stddef.h>

/*
 * Errors are values with a place.  The library never prints or exits: the
 * function that understands what went wrong writes the cause once, and each
 * caller above may put a place before it, so that the text reads from the
 * outside in: "train.csv:17: column 'age': not a number: 'abc'".
 */
enum ml_status {
	ML_OK = 0,
	ML_ESYS = -1,	/* the system refused: file, disk, thread */
	ML_EINPUT = -2, /* the data is not what it must be */
	ML_EMODEL = -3, /* a model, profile or registry file is not sound */
	ML_ENOMEM = -4,
	ML_EUSAGE = -5, /* the command line is wrong */
	ML_EFEW = -6,	/* cannot be decided: too few rows (exit status 3) */
};

struct ml_err {
	int status; /* the first failure's, or ML_OK */
	char text[1024];
};

/* Records the cause and returns STATUS; a failure that is already there stays. */
int ml_fail(struct ml_err *err, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a failed system call: appends ": " and what errno means. */
int ml_fail_errno(struct ml_err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts a place before the cause and returns the failure's status. */
int ml_within(struct ml_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Leaves the function with the status of EXPR where that is a failure. */
#define ML_TRY(expr)                                                                               \
	do {                                                                                       \
		int ml_try_status = (expr);                                                        \
		if (ml_try_status < 0)                                                             \
			return ml_try_status;                                                      \
	} while (0)

enum { ML_QUOTED = 256 };

/*
 * Foreign bytes as they may stand in a message: in single quotes, control
 * bytes, quotes, backslashes and invalid UTF-8 as \xHH, cut with "..." after 60 bytes.
 */
const char *ml_quote(char out[ML_QUOTED], const char *p, size_t n);

#endif
