#ifndef ML_BASE_SAY_H
#define ML_BASE_SAY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Messages and progress for people, on standard error.  Only commands and what they
 * hand a `struct ml_say` to may talk; results never go here.
 */
struct ml_say {
	const char *tool;
	int level;     /* 0 quiet, 1 normal, 2 and more: verbose */
	bool progress; /* show a progress line */
	bool shown;    /* a progress line stands on the terminal now */
	double start, last;
};

/* "tool: text", unless quiet. */
void ml_warn(struct ml_say *say, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, only if verbose. */
void ml_note(struct ml_say *say, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The progress line: what is being done, the share done (negative: unknown), and a
 * figure such as "1.2M rows/s" or "loss 0.512".  Shown after a second, at most ten times
 * a second, with the time left where the share is known.
 */
void ml_progress(struct ml_say *say, const char *what, double share, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Wipes the line. */
void ml_progress_end(struct ml_say *say);

/* Seconds of a clock that never goes back. */
double ml_clock(void);

#endif
