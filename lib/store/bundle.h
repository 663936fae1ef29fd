#ifndef ML_STORE_BUNDLE_H
#define ML_STORE_BUNDLE_H

#include "base/hash.h"
#include "eval/profile.h"
#include "model/model.h"
#include "table/encode.h"

/*
 * A model file: all that prediction and monitoring need, as a plain safetensors file; mlmodel(5)
 * is the specification.  What is loaded has passed every check there is: no user of a bundle needs
 * another.
 */
struct ml_bundle {
	const char *name; /* in the registry, or the file's; for logs */
	int64_t version;  /* in the registry; 0: none */
	const struct ml_model_type *type;
	unsigned task;
	struct ml_schema schema; /* the columns that the model reads or watches, and the target */
	const char *target;	 /* name; a category of the schema for classes */
	const char *
	    *class_name; /* k, in the order of scores: the positive one of two is the last */
	struct ml_shape shape;
	struct ml_encoder *encoder;
	void *state;
	struct ml_profile *profile; /* NULL: none */
	json_t *options;	    /* what it was trained with: {"algorithm": ..., "l2": ...} */
	json_t *metrics;	    /* what training measured */
	json_t *origin;		    /* rows, seed, version of the tool */
	char digest[ML_HASH_HEX];   /* after saving or loading */
	struct ml_arena arena;
};

/* The file's bytes.  Fills bundle->digest. */
int ml_bundle_write(struct ml_bundle *bundle, struct ml_buf *out, struct ml_err *err);
/* NAME is for messages.  The bundle copies what it needs of the bytes. */
int ml_bundle_read(struct ml_bundle **bundle, const char *name, const char *p, size_t n,
		   struct ml_err *err);
/*
 * From a path, "-" (standard input), or NAME@ALIAS / NAME@VERSION in the registry at FOLDER (NULL:
 * the default one).  A file of that name wins.
 */
int ml_bundle_open(struct ml_bundle **bundle, const char *where, const char *folder,
		   struct ml_err *err);
void ml_bundle_free(struct ml_bundle *bundle);

#endif
