#ifndef ML_BASE_STR_H
#define ML_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of somebody else's, not terminated.  p NULL is "missing"; n 0 is the empty text. */
struct ml_str {
	const char *p;
	size_t n;
};

struct ml_str ml_str(const char *text);
bool ml_str_is(struct ml_str s, const char *text);
/* <0, 0, >0 in the order of the bytes. */
int ml_str_compare(struct ml_str a, struct ml_str b);
bool ml_utf8_valid(const char *p, size_t n);

/*
 * A growing buffer.  A failure is remembered (failed), so a writer adds all it
 * has and asks once.  All zero is an empty buffer; ml_buf_free empties it.
 */
struct ml_buf {
	char *p;
	size_t n, room;
	bool failed;
};

/* Room for MORE bytes behind the end, or false. */
bool ml_buf_reserve(struct ml_buf *buf, size_t more);
void ml_buf_add(struct ml_buf *buf, const char *p, size_t n);
void ml_buf_text(struct ml_buf *buf, const char *text);
void ml_buf_char(struct ml_buf *buf, char c);
void ml_buf_format(struct ml_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void ml_buf_free(struct ml_buf *buf);

/*
 * The candidate nearest to WORD by edit distance, for "did you mean", or NULL if
 * none is near.  NAME(ctx, i) gives candidate i of n.
 */
const char *ml_nearest(const char *word, size_t n, const char *(*name)(const void *ctx, size_t i),
		       const void *ctx);

#endif
