#ifndef ML_STORE_LOG_H
#define ML_STORE_LOG_H

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/registry.h"

/*
 * The log of a registry: its records, their chain, its lock and the one way to append.
 * mlregistry(5) is the specification.  Reading is strict: a line is accepted only in the exact
 * form that writing gives it.
 */
struct ml_record {
	struct ml_event event; /* texts that are null in the log are "" here */
	const char *hash;      /* of the object added, or "" */
	const char *self, *prev;
	/* out of the detail */
	int64_t format; /* init */
	int64_t old;	/* alias, rollback; 0: none */
	const char *why;
};

/* Where reading stands: behind `bytes` bytes of `seq` good records, the last one's hash in head. */
struct ml_log {
	size_t bytes;
	int64_t seq;
	char head[ML_HASH_HEX];
};

void ml_log_start(struct ml_log *log);

/* True for 64 small hexadecimal digits. */
bool ml_hash_text(const char *text);

/* A line without its line feed.  The record's texts come from the arena. */
int ml_record_read(struct ml_record *record, struct ml_arena *arena, const char *line, size_t n,
		   struct ml_err *err);
/* The line with its line feed appended to OUT; seq, prev and self come from LOG's end. */
void ml_record_write(const struct ml_record *record, const struct ml_log *log, struct ml_buf *out);

/* Fails unless RECORD is the next one of LOG; else steps over it and its n bytes. */
int ml_log_step(struct ml_log *log, const struct ml_record *record, size_t n, struct ml_err *err);

/* The next line of TEXT behind *AT; p NULL at the end or before a torn line. */
struct ml_str ml_log_line(const struct ml_buf *text, size_t *at);

/*
 * Locks FOLDER/lock against other writers; tries for WAIT seconds.  The lock ends when *FD is
 * closed, however the process ends.
 */
int ml_log_lock(const char *folder, double wait, int *fd, struct ml_err *err);

/*
 * Appends a line to the file at PATH behind GOOD bytes and syncs: the commit.  What stands behind
 * GOOD (a torn record) is cut off first.  On failure the file is put back to GOOD bytes.  With n 0
 * it only makes sure that what is there lasts.  The caller holds the lock.
 */
int ml_log_append(const char *path, size_t good, const char *line, size_t n, struct ml_err *err);

/* The time of the clock as the log has it: 2026-01-31T23:59:59Z. */
enum { ML_TIME_TEXT = 32 };
void ml_log_time(char out[ML_TIME_TEXT]);
/* user@host */
enum { ML_ACTOR_TEXT = 256 };
void ml_log_actor(char out[ML_ACTOR_TEXT]);

#endif
