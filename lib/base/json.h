#ifndef ML_BASE_JSON_H
#define ML_BASE_JSON_H

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"

/*
 * JSON through jansson, the one header that includes it.  Parsing refuses duplicate
 * keys, NUL, depth over 32 and trailing bytes; writing is compact, in the order of
 * insertion, reals as %.17g.
 */
int ml_json_parse(json_t **out, const char *p, size_t n, struct ml_err *err);
int ml_json_write(const json_t *json, struct ml_buf *out, struct ml_err *err);

/* Getters that fail with the name of the member and what was expected there. */
int ml_json_text(const json_t *object, const char *name, const char **out, struct ml_err *err);
int ml_json_int(const json_t *object, const char *name, int64_t min, int64_t max, int64_t *out,
		struct ml_err *err);
int ml_json_real(const json_t *object, const char *name, double *out, struct ml_err *err);
int ml_json_array(const json_t *object, const char *name, json_t **out, struct ml_err *err);

/* A text value of n bytes appended to BUF as a JSON string, quotes included. */
void ml_json_quote(struct ml_buf *buf, const char *p, size_t n);

#endif
