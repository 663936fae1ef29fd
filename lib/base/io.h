#ifndef ML_BASE_IO_H
#define ML_BASE_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/*
 * Files.  The only place that calls open, read, write, fsync, rename.  Interrupted
 * and short calls are continued; a failed fsync is final.
 */

/*
 * A closed descriptor 0, 1 or 2 must not become a data file's: opens /dev/null there, the wrong
 * way round, so that reading or writing it fails.  False if that can't be done.
 */
bool ml_io_guard(void);

/* All of a file ("-": standard input), at most LIMIT bytes (0: no limit). */
int ml_io_read(const char *path, size_t limit, struct ml_buf *out, struct ml_err *err);

/* Whether PATH means standard input or output: NULL or "-". */
bool ml_io_is_standard(const char *path);

/*
 * An input: standard input (path NULL or "-") or a file; a folder is refused.  NAME is set to what
 * messages call it.
 */
int ml_io_open(const char *path, int *fd, const char **name, struct ml_err *err);
void ml_io_close(int fd);
/* One read of up to n bytes; *GOT 0 is the end. */
int ml_io_some(int fd, const char *name, char *p, size_t n, size_t *got, struct ml_err *err);
/* True if a read would give bytes or the end at once. */
bool ml_io_ready(int fd);
/* The size of a regular file, or -1; where standard input is a file, what is left of it. */
int64_t ml_io_size(int fd);
/* Moves the reading place of a regular file n bytes back. */
int ml_io_back(int fd, const char *name, uint64_t n, struct ml_err *err);

/* All n bytes to a descriptor; NAME is for the message. */
int ml_io_write(int fd, const char *name, const char *p, size_t n, struct ml_err *err);

/* A file that is only added to; made if it is not there.  Close syncs it. */
int ml_io_append_open(const char *path, int *fd, struct ml_err *err);
int ml_io_append_close(int fd, const char *path, struct ml_err *err);

/* Syncs the folder that PATH stands in, so that a rename there outlives a power cut. */
int ml_io_sync_folder(const char *path, struct ml_err *err);
/* The same in two steps: what can fail for lack of memory or descriptors comes first. */
int ml_io_folder_open(const char *path, int *fd, struct ml_err *err);
int ml_io_folder_sync(int fd, const char *path, struct ml_err *err);

/*
 * An output: standard output (path NULL or "-"), or a file that appears complete or
 * not at all: written beside, fsynced, renamed, its folder fsynced (ml_out_commit).
 * ml_out_abort, or the end by a signal, leaves nothing behind.
 *
 * The new file has the mode that the umask gives, whatever was there before; one that may not be
 * written is not replaced.  A symbolic link stays, and what it points to is replaced.  What is no
 * regular file (a pipe, a device) is written as it is, and so is the file that standard output
 * goes to (/dev/stdout).
 */
struct ml_out {
	int fd;
	int folder;	 /* of the target, once synced; else -1 */
	char *path;	 /* as given; NULL for standard output */
	char *target;	 /* the file to replace; NULL if written as it is */
	char *temporary; /* beside it */
};

int ml_out_open(struct ml_out *out, const char *path, struct ml_err *err);
int ml_out_write(struct ml_out *out, const char *p, size_t n, struct ml_err *err);
/*
 * For several outputs that belong together: all that can fail but the rename, ahead of the first
 * commit, so that a full disk leaves none of them.
 */
int ml_out_sync(struct ml_out *out, struct ml_err *err);
/* Every output ends with one of these two.  Commit checks the close of standard output too. */
int ml_out_commit(struct ml_out *out, struct ml_err *err);
void ml_out_abort(struct ml_out *out);

/* Removes the temporary files of all open outputs: for the handler of a deadly signal. */
void ml_out_abort_all(void);

#endif
