#include "store/tensors.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "tensors are moved as they lie in memory");

enum { LENGTH = 8, DIGEST = 64 };
static const size_t max_header = 100 * 1000 * 1000; /* as the reference reader has it */
static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

static const struct {
	const char *name;
	size_t size;
} kinds[] = {
    [ML_F64] = {"F64", 8}, [ML_I32] = {"I32", 4}, [ML_I64] = {"I64", 8}, [ML_U8] = {"U8", 1}};

static int
no_memory(struct ml_tensors *t)
{
	return t->fields.status = ml_fail(t->fields.err, ML_ENOMEM, "no memory for the model file");
}

static int
full_name(struct ml_fields *fields, const char *name, char out[128])
{
	int n = snprintf(out, 128, "%s%s", fields->prefix, name);

	if (n < 0 || n >= 128)
		return ml_fail(fields->err, ML_EMODEL, "the name of tensor '%s' is too long", name);
	return ML_OK;
}

static int
put(struct ml_fields *fields, const char *name, enum ml_kind kind, void **p, size_t n)
{
	struct ml_tensors *t = (struct ml_tensors *)fields;
	char full[128];
	size_t at = t->data.n, bytes = n * kinds[kind].size;
	json_t *entry;

	ML_TRY(full_name(fields, name, full));
	ml_buf_add(&t->data, *p, bytes);
	entry = json_pack("{s:s,s:[I],s:[I,I]}", "dtype", kinds[kind].name, "shape", (json_int_t)n,
			  "data_offsets", (json_int_t)at, (json_int_t)t->data.n);
	if (t->data.failed || entry == NULL || json_object_get(t->header, full) != NULL) {
		json_decref(entry);
		return no_memory(t);
	}
	return json_object_set_new(t->header, full, entry) != 0 ? no_memory(t) : ML_OK;
}

int
ml_tensors_start(struct ml_tensors *t, struct ml_arena *arena, struct ml_err *err)
{
	*t = (struct ml_tensors){.fields = {.array = put, .prefix = "", .arena = arena, .err = err},
				 .header = json_object(),
				 .metadata = json_object()};
	if (json_object_set_new(t->header, "__metadata__", t->metadata) != 0)
		return no_memory(t);
	return ml_tensors_text(t, "digest", zeros);
}

int
ml_tensors_text(struct ml_tensors *t, const char *name, const char *value)
{
	if (t->fields.status == ML_OK &&
	    json_object_set_new(t->metadata, name, json_string(value)) != 0)
		no_memory(t);
	return t->fields.status;
}

int
ml_tensors_json(struct ml_tensors *t, const char *name, json_t *value)
{
	struct ml_buf text = {0};

	if (t->fields.status == ML_OK)
		t->fields.status = ml_json_write(value, &text, t->fields.err);
	ml_buf_char(&text, '\0');
	if (t->fields.status == ML_OK && text.failed)
		no_memory(t);
	if (t->fields.status == ML_OK)
		ml_tensors_text(t, name, text.p);
	ml_buf_free(&text);
	json_decref(value);
	return t->fields.status;
}

/* Where the digits of the digest stand in the header: it is the first member of the metadata. */
static const char *
find_digest(const char *header, size_t n)
{
	static const char before[] = "{\"__metadata__\":{\"digest\":\"";
	size_t k = sizeof before - 1;

	if (n < k + DIGEST || memcmp(header, before, k) != 0)
		return NULL;
	return header + k;
}

/* Of the whole file, the digits themselves taken as zeros. */
static void
digest_of(const char *p, size_t n, const char *digits, char out[ML_HASH_HEX])
{
	struct ml_hash hash;
	size_t at = (size_t)(digits - p);

	ml_hash_start(&hash);
	ml_hash_add(&hash, p, at);
	ml_hash_add(&hash, zeros, DIGEST);
	ml_hash_add(&hash, p + at + DIGEST, n - at - DIGEST);
	ml_hash_end(&hash, out);
}

bool
ml_tensors_seal(char *p, size_t n, char digest[ML_HASH_HEX])
{
	const char *digits = n < LENGTH ? NULL : find_digest(p + LENGTH, n - LENGTH);

	if (digits == NULL)
		return false;
	digest_of(p, n, digits, digest);
	memcpy(p + (digits - p), digest, DIGEST);
	return true;
}

int
ml_tensors_write(struct ml_tensors *t, struct ml_buf *out, char digest[ML_HASH_HEX])
{
	size_t start = out->n;
	uint64_t n;

	if (t->fields.status < 0)
		return t->fields.status;
	ml_buf_add(out, zeros, LENGTH);
	if ((t->fields.status = ml_json_write(t->header, out, t->fields.err)) < 0)
		return t->fields.status;
	while (!out->failed && (out->n - start) % 8 != 0)
		ml_buf_char(out, ' ');
	n = out->n - start - LENGTH;
	ml_buf_add(out, t->data.p, t->data.n);
	if (out->failed)
		return no_memory(t);
	for (int i = 0; i < LENGTH; i++)
		out->p[start + (size_t)i] = (char)(n >> 8 * i & 0xFF);
	ml_tensors_seal(out->p + start, out->n - start, digest);
	return ML_OK;
}

static int64_t
entry_count(const json_t *entry)
{
	return json_integer_value(json_array_get(json_object_get(entry, "shape"), 0));
}

static int
get(struct ml_fields *fields, const char *name, enum ml_kind kind, void **p, size_t n)
{
	struct ml_tensors *t = (struct ml_tensors *)fields;
	char full[128];
	const json_t *entry;
	int64_t at;
	void *q;

	ML_TRY(full_name(fields, name, full));
	if ((entry = json_object_get(t->header, full)) == NULL)
		return ml_fail(fields->err, ML_EMODEL, "tensor '%s' is missing", full);
	if (strcmp(json_string_value(json_object_get(entry, "dtype")), kinds[kind].name) != 0)
		return ml_fail(fields->err, ML_EMODEL, "tensor '%s' is not %s", full,
			       kinds[kind].name);
	if ((uint64_t)entry_count(entry) != n)
		return ml_fail(fields->err, ML_EMODEL,
			       "tensor '%s' has %lld elements, expected %zu", full,
			       (long long)entry_count(entry), n);
	at = json_integer_value(json_array_get(json_object_get(entry, "data_offsets"), 0));
	if ((q = ml_arena_get(fields->arena, n, kinds[kind].size)) == NULL)
		return ml_fail(fields->err, ML_ENOMEM, "no memory for tensor '%s'", full);
	memcpy(q, t->p + at, n * kinds[kind].size);
	*p = q;
	t->used++;
	return ML_OK;
}

struct span {
	int64_t begin, end;
};

static int
check_entry(const char *name, const json_t *entry, struct span *span, struct ml_err *err)
{
	char quoted[ML_QUOTED];
	json_t *shape, *offsets;
	const char *type;
	size_t kind = 0;
	int64_t n;

	ml_quote(quoted, name, strlen(name));
	if (!json_is_object(entry) || json_object_size(entry) != 3 ||
	    ml_json_text(entry, "dtype", &type, err) < 0 ||
	    ml_json_array(entry, "shape", &shape, err) < 0 ||
	    ml_json_array(entry, "data_offsets", &offsets, err) < 0 ||
	    json_array_size(shape) != 1 || json_array_size(offsets) != 2 ||
	    !json_is_integer(json_array_get(shape, 0)) ||
	    !json_is_integer(json_array_get(offsets, 0)) ||
	    !json_is_integer(json_array_get(offsets, 1))) {
		*err = (struct ml_err){0};
		return ml_fail(err, ML_EMODEL, "tensor %s is badly described", quoted);
	}
	while (kind < sizeof kinds / sizeof *kinds && strcmp(kinds[kind].name, type) != 0)
		kind++;
	if (kind == sizeof kinds / sizeof *kinds)
		return ml_fail(err, ML_EMODEL, "tensor %s has an unknown type", quoted);
	n = entry_count(entry);
	span->begin = json_integer_value(json_array_get(offsets, 0));
	span->end = json_integer_value(json_array_get(offsets, 1));
	if (n < 0 || span->begin < 0 || span->end < span->begin ||
	    (uint64_t)(span->end - span->begin) / kinds[kind].size != (uint64_t)n ||
	    (uint64_t)(span->end - span->begin) % kinds[kind].size != 0)
		return ml_fail(err, ML_EMODEL, "tensor %s has a size that does not fit its shape",
			       quoted);
	return ML_OK;
}

/* Tensors follow each other in the header as in the data: no hole, no overlap, nothing behind. */
static int
check_entries(struct ml_tensors *t, struct ml_err *err)
{
	const char *name;
	json_t *entry;
	int64_t at = 0;

	json_object_foreach(t->header, name, entry)
	{
		struct span span;

		if (strcmp(name, "__metadata__") == 0)
			continue;
		ML_TRY(check_entry(name, entry, &span, err));
		if (span.begin != at || (uint64_t)span.end > t->n)
			return ml_fail(err, ML_EMODEL,
				       "the tensors have a hole, overlap or end beyond the file");
		at = span.end;
	}
	if ((uint64_t)at != t->n)
		return ml_fail(err, ML_EMODEL, "%zu bytes behind the last tensor",
			       t->n - (size_t)at);
	return ML_OK;
}

static int
check_metadata(struct ml_tensors *t, struct ml_err *err)
{
	const char *name;
	json_t *value;

	t->metadata = json_object_get(t->header, "__metadata__");
	if (!json_is_object(t->metadata))
		return ml_fail(err, ML_EMODEL, "not a model of mlutils: no metadata");
	json_object_foreach(t->metadata, name, value)
	{
		if (!json_is_string(value))
			return ml_fail(err, ML_EMODEL, "metadata holds something that is no text");
	}
	return ML_OK;
}

int
ml_tensors_open(struct ml_tensors *t, const char *p, size_t n, struct ml_arena *arena,
		char digest[ML_HASH_HEX], struct ml_err *err)
{
	uint64_t length = 0;
	const char *digits;

	*t = (struct ml_tensors){
	    .fields = {.array = get, .prefix = "", .reading = true, .arena = arena, .err = err}};
	if (n < LENGTH + 2)
		return ml_fail(err, ML_EMODEL, "not a model file: only %zu bytes", n);
	for (int i = 0; i < LENGTH; i++)
		length |= (uint64_t)(unsigned char)p[i] << 8 * i;
	if (p[LENGTH] != '{' || length > max_header)
		return ml_fail(err, ML_EMODEL, "not a model file (expected safetensors)");
	if (length > n - LENGTH)
		return ml_fail(err, ML_EMODEL, "the file ends early: it is cut off");
	t->p = p + LENGTH + length;
	t->n = n - LENGTH - length;
	ML_TRY(ml_json_parse(&t->header, p + LENGTH, length, err));
	if (!json_is_object(t->header))
		return ml_fail(err, ML_EMODEL, "the header is not a JSON object");
	ML_TRY(check_metadata(t, err));
	if ((digits = find_digest(p + LENGTH, length)) == NULL)
		return ml_fail(err, ML_EMODEL, "not a model of mlutils: no digest");
	digest_of(p, n, digits, digest);
	if (memcmp(digest, digits, DIGEST) != 0)
		return ml_fail(err, ML_EMODEL, "damaged: the digest does not match the content");
	return check_entries(t, err);
}

int
ml_tensors_all_used(struct ml_tensors *t)
{
	if (t->fields.status == ML_OK && t->used != json_object_size(t->header) - 1)
		t->fields.status = ml_fail(t->fields.err, ML_EMODEL,
					   "holds tensors that its algorithm does not know");
	return t->fields.status;
}

int
ml_tensors_get_text(struct ml_tensors *t, const char *name, const char **out)
{
	if (t->fields.status == ML_OK &&
	    (t->fields.status = ml_json_text(t->metadata, name, out, t->fields.err)) < 0)
		ml_within(t->fields.err, "metadata");
	return t->fields.status;
}

int
ml_tensors_get_json(struct ml_tensors *t, const char *name, json_t **out)
{
	const char *text;

	if (ml_tensors_get_text(t, name, &text) == ML_OK &&
	    (t->fields.status = ml_json_parse(out, text, strlen(text), t->fields.err)) == ML_OK &&
	    !json_is_object(*out))
		t->fields.status = ml_fail(t->fields.err, ML_EMODEL, "not a JSON object");
	if (t->fields.status < 0)
		ml_within(t->fields.err, "metadata '%s'", name);
	return t->fields.status;
}

void
ml_tensors_end(struct ml_tensors *t)
{
	json_decref(t->header);
	ml_buf_free(&t->data);
}
