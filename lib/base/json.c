#include "base/json.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

enum { DEEPEST = 32, TREE = 64 /* bytes a byte of text, at most */ };

/* Jansson's own limit is 2048; ours is checked on the text, before it recurses. */
static bool
too_deep(const char *p, size_t n)
{
	int depth = 0;
	bool text = false;

	for (size_t i = 0; i < n; i++) {
		if (text && p[i] == '\\')
			i++;
		else if (p[i] == '"')
			text = !text;
		else if (!text && (p[i] == '{' || p[i] == '[') && ++depth > DEEPEST)
			return true;
		else if (!text && (p[i] == '}' || p[i] == ']'))
			depth--;
	}
	return false;
}

int
ml_json_parse(json_t **out, const char *p, size_t n, struct ml_err *err)
{
	json_error_t error;
	char quoted[ML_QUOTED];
	void *room = ml_alloc(n, TREE);

	/*
	 * Without memory, jansson 2.14 gives errors of all sorts, or aborts within a text.  So it
	 * starts only where there is room for what its tree can need, and keeps to its own
	 * allocator.
	 */
	*out = NULL;
	if (room == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	ml_free(room);
	if (too_deep(p, n))
		return ml_fail(err, ML_EMODEL, "json: nested deeper than %d", DEEPEST);
	if ((*out = json_loadb(p, n, JSON_REJECT_DUPLICATES, &error)) != NULL)
		return ML_OK;
	return ml_fail(err, ML_EMODEL, "json: %s",
		       ml_quote(quoted, error.text, strlen(error.text)));
}

static int
append(const char *p, size_t n, void *buf)
{
	ml_buf_add(buf, p, n);
	return ((struct ml_buf *)buf)->failed ? -1 : 0;
}

int
ml_json_write(const json_t *json, struct ml_buf *out, struct ml_err *err)
{
	if (json == NULL ||
	    json_dump_callback(json, append, out,
			       JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17)) != 0)
		return ml_fail(err, ML_ENOMEM, "no memory");
	return ML_OK;
}

int
ml_json_text(const json_t *object, const char *name, const char **out, struct ml_err *err)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_string(value))
		return ml_fail(err, ML_EMODEL, "'%s' is not a text", name);
	*out = json_string_value(value);
	return ML_OK;
}

int
ml_json_int(const json_t *object, const char *name, int64_t min, int64_t max, int64_t *out,
	    struct ml_err *err)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value))
		return ml_fail(err, ML_EMODEL, "'%s' is not an integer", name);
	*out = json_integer_value(value);
	if (*out < min || *out > max)
		return ml_fail(err, ML_EMODEL, "'%s' is out of range", name);
	return ML_OK;
}

int
ml_json_real(const json_t *object, const char *name, double *out, struct ml_err *err)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_number(value))
		return ml_fail(err, ML_EMODEL, "'%s' is not a number", name);
	*out = json_number_value(value);
	return ML_OK;
}

int
ml_json_array(const json_t *object, const char *name, json_t **out, struct ml_err *err)
{
	*out = json_object_get(object, name);
	if (!json_is_array(*out))
		return ml_fail(err, ML_EMODEL, "'%s' is not a list", name);
	return ML_OK;
}

void
ml_json_quote(struct ml_buf *buf, const char *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	ml_buf_char(buf, '"');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];
		size_t width = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;

		if (c == '"' || c == '\\') {
			ml_buf_char(buf, '\\');
			ml_buf_char(buf, (char)c);
		} else if (c < 0x20 || c == 0x7F) {
			char code[7] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15], 0};

			ml_buf_text(buf, code);
		} else if (c < 0x80) {
			ml_buf_char(buf, (char)c);
		} else if (i + width <= n && ml_utf8_valid(p + i, width)) {
			ml_buf_add(buf, p + i, width);
			i += width - 1;
		} else {
			ml_buf_text(buf, "\xEF\xBF\xBD"); /* U+FFFD: JSON has no other bytes */
		}
	}
	ml_buf_char(buf, '"');
}
