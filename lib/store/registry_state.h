#ifndef ML_STORE_REGISTRY_STATE_H
#define ML_STORE_REGISTRY_STATE_H

#include "store/log.h"
#include "store/registry.h"

/*
 * What the log says, in memory: for the files registry*.c only.  Records are applied in order, by
 * readers and writers alike, and nothing else changes the state.
 */
struct ml_model {
	const char *name;
	size_t *version; /* version k is registry->version[version[k - 1]] */
	size_t n, room;
};

/* An alias that was ever set.  Version 0: it was removed. */
struct ml_pointer {
	struct ml_alias now;
	int64_t before; /* what it meant before its last change */
};

struct ml_registry {
	char *folder;
	double wait;
	int lock; /* -1: not held */
	struct ml_log log;
	size_t torn; /* bytes of a record cut short that stood behind the log when it was read */
	struct ml_arena arena; /* texts */
	struct ml_event *event;
	struct ml_version *version;
	struct ml_model *model;
	struct ml_pointer *pointer;
	struct ml_alias *alias; /* the pointers that mean something */
	size_t n_events, n_versions, n_models, n_pointers, n_aliases;
	size_t event_room, version_room, model_room, pointer_room, alias_room;
};

/* An empty one, not read yet. */
int ml_registry_new(struct ml_registry **registry, const char *folder, struct ml_err *err);
/* Reads and applies what is new in the log.  A missing log is an empty one. */
int ml_registry_catch_up(struct ml_registry *registry, struct ml_err *err);
/* The same for one line of the log, without its line feed. */
int ml_registry_take(struct ml_registry *registry, struct ml_str line, struct ml_err *err);
/* Checks that RECORD can follow the others in what it says, and applies it. */
int ml_registry_apply(struct ml_registry *registry, const struct ml_record *record,
		      struct ml_err *err);

/* NULL: none. */
const struct ml_model *ml_registry_model(const struct ml_registry *registry, const char *name);
const struct ml_pointer *ml_registry_pointer(const struct ml_registry *registry, const char *name,
					     const char *alias);
/* As the last, with a failure that names what is near. */
const struct ml_model *ml_registry_find_model(const struct ml_registry *registry, const char *name,
					      struct ml_err *err);
const struct ml_version *ml_registry_find_version(const struct ml_registry *registry,
						  const struct ml_model *model, int64_t version,
						  struct ml_err *err);

/* Fails unless TEXT can name a model or, with ALIAS, an alias. */
int ml_registry_check_name(const char *text, bool alias, struct ml_err *err);

/* FOLDER/FORMAT... in PATH, from its start; ended with NUL. */
int ml_registry_at(const struct ml_registry *registry, struct ml_buf *path, struct ml_err *err,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
