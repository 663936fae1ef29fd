#ifndef ML_STORE_TENSORS_H
#define ML_STORE_TENSORS_H

#include "base/fields.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/str.h"

/*
 * A safetensors file (https://github.com/huggingface/safetensors): 8 bytes little-endian length, a
 * JSON header, then the data of all tensors without a hole.  Ours are one-dimensional.
 * "__metadata__" has texts only; its "digest" is the SHA-256 of the file with the digest's own 64
 * digits taken as zeros.
 */
struct ml_tensors {
	struct ml_fields fields; /* first: its functions find the rest by it */
	json_t *header;		 /* whole: __metadata__ and tensors */
	json_t *metadata;	 /* within it */
	struct ml_buf data;	 /* writing */
	const char *p;		 /* reading: the data part */
	size_t n, used;		 /* its bytes; tensors that were asked for */
};

int ml_tensors_start(struct ml_tensors *t, struct ml_arena *arena, struct ml_err *err);
int ml_tensors_text(struct ml_tensors *t, const char *name, const char *value);
/* Text from JSON; takes VALUE over. */
int ml_tensors_json(struct ml_tensors *t, const char *name, json_t *value);
/* The file's bytes, with the digest filled in. */
int ml_tensors_write(struct ml_tensors *t, struct ml_buf *out, char digest[ML_HASH_HEX]);

/* Puts the right digest into the bytes of a file; false if there is no place for one. */
bool ml_tensors_seal(char *p, size_t n, char digest[ML_HASH_HEX]);

/* Checks all that can be checked without knowing what the tensors mean; P must outlive T. */
int ml_tensors_open(struct ml_tensors *t, const char *p, size_t n, struct ml_arena *arena,
		    char digest[ML_HASH_HEX], struct ml_err *err);
/* Fails if a tensor was never asked for. */
int ml_tensors_all_used(struct ml_tensors *t);
/* Metadata: a text, or the JSON in it (*OUT is the caller's). */
int ml_tensors_get_text(struct ml_tensors *t, const char *name, const char **out);
int ml_tensors_get_json(struct ml_tensors *t, const char *name, json_t **out);
void ml_tensors_end(struct ml_tensors *t);

#endif
