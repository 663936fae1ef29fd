#ifndef ML_STORE_REGISTRY_H
#define ML_STORE_REGISTRY_H

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The registry: models by name, version and alias in plain files; mlregistry(5) is the
 * specification.
 *
 *   FOLDER/log             one JSON record a line, each with the hash of the one before
 *   FOLDER/lock            locked (open file description lock) by who writes; never removed
 *   FOLDER/objects/ab/cd.. immutable files under their SHA-256
 *   FOLDER/models/NAME/ALIAS -> ../../objects/...   symlinks: a cache, rebuilt from the log
 *
 * The log is the only commit point: what its records say has happened, nothing else has.  A torn
 * last record (a crash) is cut off by the next writer.  Readers take no lock.  Versions are 1,
 * 2, 3... and never used again.  Who and when stand in the log and nowhere else.
 */
struct ml_registry;

/* One version of a model, as the log has it. */
struct ml_version {
	const char *name;
	int64_t version;
	const char *hash;   /* of the object */
	const char *time;   /* RFC 3339, UTC */
	const char *actor;  /* user@host */
	const char *detail; /* JSON object as text: note, metrics, ... */
	bool retired;
};
struct ml_alias {
	const char *name, *alias;
	int64_t version;
	const char *time, *actor, *why;
};
/* One record of the log. */
struct ml_event {
	int64_t seq;
	const char *time, *actor, *event, *name, *alias, *detail;
	int64_t version; /* 0: none */
};

/* FOLDER, else $MLREGISTRY, else "mlregistry". */
const char *ml_registry_folder(const char *folder);
/* Makes an empty one; fine if it is there already.  MADE (may be NULL) says which. */
int ml_registry_init(const char *folder, bool *made, struct ml_err *err);
/* Reads the whole log and checks its chain. */
int ml_registry_open(struct ml_registry **registry, const char *folder, struct ml_err *err);
void ml_registry_close(struct ml_registry *registry);

/* What these give is valid until the next writer below.  In the order of the log. */
size_t ml_registry_aliases(const struct ml_registry *registry, const struct ml_alias **alias);
size_t ml_registry_events(const struct ml_registry *registry, const struct ml_event **event);
/* The version that NAME@ALIAS, NAME@VERSION or NAME (its newest) means, or NULL with a failure. */
const struct ml_version *ml_registry_resolve(const struct ml_registry *registry,
					     const char *reference, struct ml_err *err);
/* The path of its file, checked to be there; appended to PATH. */
int ml_registry_path(const struct ml_registry *registry, const struct ml_version *version,
		     struct ml_buf *path, struct ml_err *err);
/* The bytes of its file, appended to OUT; their hash is checked. */
int ml_registry_read(const struct ml_registry *registry, const struct ml_version *version,
		     struct ml_buf *out, struct ml_err *err);

/*
 * Writers: each takes the lock, reads what is new, checks, appends one record, fsyncs, and only
 * then returns.  DETAIL is a JSON object as text, or NULL.  A failure after the record is in the
 * log (a link that can't be made) says so.
 */
/* How long writers wait for the lock: 30 seconds unless told. */
void ml_registry_set_wait(struct ml_registry *registry, double seconds);
int ml_registry_add(struct ml_registry *registry, const char *name, const char *bytes, size_t n,
		    const char *detail, int64_t *version, struct ml_err *err);
/*
 * Version 0 removes the alias.  EXPECT: fails unless the alias is at that version now (0: at none,
 * -1: any).  Where the alias is there already, nothing is recorded.
 */
int ml_registry_alias(struct ml_registry *registry, const char *name, const char *alias,
		      int64_t version, int64_t expect, const char *why, struct ml_err *err);
/* Puts the alias back to the version that it had before its last change. */
int ml_registry_rollback(struct ml_registry *registry, const char *name, const char *alias,
			 const char *why, int64_t *version, struct ml_err *err);

struct ml_verified {
	size_t records, objects, wrong;
	char head[ML_HASH_HEX]; /* hash of the last record, to be kept elsewhere */
};

/*
 * Reads every record, link and object and compares hashes; calls REPORT for each thing wrong with a
 * stable id ("object-damaged") and a sentence.  HEAD (may be NULL): a hash that must be in the
 * chain.  What a killed writer leaves behind (a torn record, an object without a record, a link
 * that lags) is not wrong.  Writes nothing.
 */
int ml_registry_verify(const char *folder, const char *head,
		       void (*report)(void *ctx, const char *id, const char *what), void *ctx,
		       struct ml_verified *verified, struct ml_err *err);

#endif
