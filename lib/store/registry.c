#include "store/registry.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/num.h"
#include "store/registry_state.h"

enum { LONGEST_NAME = 64 };
#define DIGITS "0123456789"

const char *
ml_registry_folder(const char *folder)
{
	const char *said = getenv("MLREGISTRY");

	return folder != NULL ? folder : said != NULL && *said != '\0' ? said : "mlregistry";
}

/* A name of small letters, digits and "._-"; an alias isn't made of digits alone. */
static bool
is_name(const char *text, bool alias)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz" DIGITS "._-";
	size_t n = strlen(text);

	return n >= 1 && n <= LONGEST_NAME && strspn(text, good) == n &&
	       strchr("._-", text[0]) == NULL && !(alias && strspn(text, DIGITS) == n);
}

int
ml_registry_check_name(const char *text, bool alias, struct ml_err *err)
{
	char quoted[ML_QUOTED];
	size_t n = strlen(text);

	if (is_name(text, alias))
		return ML_OK;
	ml_quote(quoted, text, n);
	if (alias && n > 0 && strspn(text, DIGITS) == n)
		return ml_fail(err, ML_EUSAGE, "%s can't name an alias: digits mean a version",
			       quoted);
	return ml_fail(err, ML_EUSAGE,
		       "%s can't name %s: expected 1 to %d of a-z, 0-9, '.', '_', '-', "
		       "beginning with a letter or digit",
		       quoted, alias ? "an alias" : "a model", LONGEST_NAME);
}

int
ml_registry_at(const struct ml_registry *registry, struct ml_buf *path, struct ml_err *err,
	       const char *format, ...)
{
	char behind[4 * LONGEST_NAME];
	va_list args;

	va_start(args, format);
	vsnprintf(behind, sizeof behind, format, args);
	va_end(args);
	path->n = 0;
	ml_buf_format(path, "%s/%s", registry->folder, behind);
	return path->failed ? ml_fail(err, ML_ENOMEM, "no memory") : ML_OK;
}

/* Room for one element more behind n of them; elements are SIZE bytes. */
static void *
grow(void *p, size_t n, size_t *room, size_t size, struct ml_err *err)
{
	size_t wanted = *room == 0 ? 8 : 2 * *room;
	void *more;

	if (n < *room)
		return p;
	if ((more = ml_realloc(p, wanted, size)) == NULL) {
		ml_fail(err, ML_ENOMEM, "no memory for the registry");
		return NULL;
	}
	*room = wanted;
	return more;
}

/* Makes room for list[n], or leaves the function. */
#define ROOM(list, n, room, err)                                                                   \
	do {                                                                                       \
		void *room_more = grow((list), (n), &(room), sizeof *(list), (err));               \
		if (room_more == NULL)                                                             \
			return (err)->status;                                                      \
		(list) = room_more;                                                                \
	} while (0)

/* Where it stands, or n_models. */
static size_t
model_index(const struct ml_registry *registry, const char *name)
{
	size_t i = 0;

	while (i < registry->n_models && strcmp(registry->model[i].name, name) != 0)
		i++;
	return i;
}

/* Where it stands, or n_pointers. */
static size_t
pointer_index(const struct ml_registry *registry, const char *name, const char *alias)
{
	size_t i = 0;

	while (i < registry->n_pointers && (strcmp(registry->pointer[i].now.alias, alias) != 0 ||
					    strcmp(registry->pointer[i].now.name, name) != 0))
		i++;
	return i;
}

const struct ml_model *
ml_registry_model(const struct ml_registry *registry, const char *name)
{
	size_t i = model_index(registry, name);

	return i < registry->n_models ? registry->model + i : NULL;
}

const struct ml_pointer *
ml_registry_pointer(const struct ml_registry *registry, const char *name, const char *alias)
{
	size_t i = pointer_index(registry, name, alias);

	return i < registry->n_pointers ? registry->pointer + i : NULL;
}

static int
apply_add(struct ml_registry *registry, const struct ml_record *record, struct ml_err *err)
{
	const struct ml_event *event = &record->event;
	size_t i = model_index(registry, event->name);
	struct ml_model *model;

	if (!is_name(event->name, false) || *event->alias != '\0' || *record->hash == '\0')
		return ml_fail(err, ML_EMODEL, "an 'add' needs a name, a hash and no alias");
	if (i == registry->n_models) {
		ROOM(registry->model, i, registry->model_room, err);
		registry->model[i] = (struct ml_model){.name = event->name};
		registry->n_models++;
	}
	model = registry->model + i;
	if (event->version != (int64_t)model->n + 1)
		return ml_fail(err, ML_EMODEL, "version %lld of '%s' doesn't follow version %zu",
			       (long long)event->version, event->name, model->n);
	ROOM(model->version, model->n, model->room, err);
	ROOM(registry->version, registry->n_versions, registry->version_room, err);
	model->version[model->n++] = registry->n_versions;
	registry->version[registry->n_versions++] = (struct ml_version){
	    .name = model->name,
	    .version = event->version,
	    .hash = record->hash,
	    .time = event->time,
	    .actor = event->actor,
	    .detail = event->detail,
	};
	return ML_OK;
}

/* An alias that moves, by 'alias' or, with BACK, by 'rollback'. */
static int
apply_alias(struct ml_registry *registry, const struct ml_record *record, bool back,
	    struct ml_err *err)
{
	const struct ml_event *event = &record->event;
	const struct ml_model *model = ml_registry_model(registry, event->name);
	size_t i = pointer_index(registry, event->name, event->alias);
	struct ml_pointer was = {0};

	if (!is_name(event->alias, true))
		return ml_fail(err, ML_EMODEL, "an alias without a proper name");
	if (model == NULL || event->version > (int64_t)model->n || *record->hash != '\0')
		return ml_fail(err, ML_EMODEL, "an alias for a version that doesn't exist");
	if (i < registry->n_pointers)
		was = registry->pointer[i];
	if (record->old != was.now.version)
		return ml_fail(err, ML_EMODEL, "alias '%s' of '%s' was at version %lld, not %lld",
			       event->alias, event->name, (long long)was.now.version,
			       (long long)record->old);
	if (back && (event->version == 0 || event->version != was.before))
		return ml_fail(err, ML_EMODEL, "a rollback to a version that wasn't before");
	ROOM(registry->pointer, i, registry->pointer_room, err);
	registry->pointer[i] = (struct ml_pointer){
	    .now = {.name = model->name,
		    .alias = event->alias,
		    .version = event->version,
		    .time = event->time,
		    .actor = event->actor,
		    .why = record->why},
	    .before = record->old,
	};
	if (i == registry->n_pointers)
		registry->n_pointers++;
	return ML_OK;
}

static int
apply_init(struct ml_registry *registry, const struct ml_record *record, struct ml_err *err)
{
	const struct ml_event *event = &record->event;

	if (registry->n_events != 0 || *event->name != '\0' || *event->alias != '\0' ||
	    *record->hash != '\0' || event->version != 0)
		return ml_fail(err, ML_EMODEL, "'init' must be the first record, and plain");
	if (record->format != 1)
		return ml_fail(err, ML_EMODEL, "a registry of format %lld: expected 1",
			       (long long)record->format);
	return ML_OK;
}

int
ml_registry_apply(struct ml_registry *registry, const struct ml_record *record, struct ml_err *err)
{
	const char *event = record->event.event;
	char quoted[ML_QUOTED];

	ROOM(registry->event, registry->n_events, registry->event_room, err);
	if (strcmp(event, "init") == 0)
		ML_TRY(apply_init(registry, record, err));
	else if (registry->n_events == 0)
		return ml_fail(err, ML_EMODEL, "the first record isn't 'init'");
	else if (strcmp(event, "add") == 0)
		ML_TRY(apply_add(registry, record, err));
	else if (strcmp(event, "alias") == 0 || strcmp(event, "rollback") == 0)
		ML_TRY(apply_alias(registry, record, *event == 'r', err));
	else
		return ml_fail(err, ML_EMODEL, "unknown event %s: a newer mlversion wrote it",
			       ml_quote(quoted, event, strlen(event)));
	registry->event[registry->n_events++] = record->event;
	return ML_OK;
}

/* The list of aliases without those that were removed. */
static int
list_aliases(struct ml_registry *registry, struct ml_err *err)
{
	registry->n_aliases = 0;
	for (size_t i = 0; i < registry->n_pointers; i++)
		if (registry->pointer[i].now.version != 0) {
			ROOM(registry->alias, registry->n_aliases, registry->alias_room, err);
			registry->alias[registry->n_aliases++] = registry->pointer[i].now;
		}
	return ML_OK;
}

int
ml_registry_take(struct ml_registry *registry, struct ml_str line, struct ml_err *err)
{
	struct ml_record record;

	if (ml_record_read(&record, &registry->arena, line.p, line.n, err) < 0 ||
	    ml_log_step(&registry->log, &record, line.n + 1, err) < 0 ||
	    ml_registry_apply(registry, &record, err) < 0)
		return ml_within(err, "%s/log:%zu", registry->folder, registry->n_events + 1);
	return list_aliases(registry, err);
}

int
ml_registry_catch_up(struct ml_registry *registry, struct ml_err *err)
{
	struct ml_buf path = {0}, text = {0};
	size_t at = registry->log.bytes;
	struct ml_str line;
	int status = ml_registry_at(registry, &path, err, "log");

	if (status == ML_OK && !(access(path.p, F_OK) < 0 && errno == ENOENT))
		status = ml_io_read(path.p, 0, &text, err);
	if (status == ML_OK && text.n < at)
		status = ml_fail(err, ML_EMODEL, "%s: the log became shorter", path.p);
	while (status == ML_OK && (line = ml_log_line(&text, &at)).p != NULL)
		status = ml_registry_take(registry, line, err);
	registry->torn = status == ML_OK ? text.n - at : 0;
	ml_buf_free(&text);
	ml_buf_free(&path);
	return status;
}

int
ml_registry_new(struct ml_registry **registry, const char *folder, struct ml_err *err)
{
	struct ml_registry *r = ml_alloc(1, sizeof *r);
	size_t n;

	*registry = r;
	if (r == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	ml_log_start(&r->log);
	r->lock = -1;
	r->wait = 30;
	folder = ml_registry_folder(folder);
	for (n = strlen(folder); n > 1 && folder[n - 1] == '/';)
		n--;
	r->folder = ml_arena_text(&r->arena, folder, n);
	return r->folder == NULL ? ml_fail(err, ML_ENOMEM, "no memory") : ML_OK;
}

int
ml_registry_open(struct ml_registry **registry, const char *folder, struct ml_err *err)
{
	if (ml_registry_new(registry, folder, err) == ML_OK &&
	    ml_registry_catch_up(*registry, err) == ML_OK && (*registry)->n_events == 0)
		ml_fail(err, ML_ESYS, "no registry in '%s' ('mlversion init' makes one)",
			(*registry)->folder);
	if (err->status < 0) {
		ml_registry_close(*registry);
		*registry = NULL;
	}
	return err->status;
}

void
ml_registry_close(struct ml_registry *registry)
{
	if (registry == NULL)
		return;
	for (size_t i = 0; i < registry->n_models; i++)
		ml_free(registry->model[i].version);
	ml_free(registry->model);
	ml_free(registry->event);
	ml_free(registry->version);
	ml_free(registry->pointer);
	ml_free(registry->alias);
	ml_arena_free(&registry->arena);
	ml_free(registry);
}

void
ml_registry_set_wait(struct ml_registry *registry, double seconds)
{
	registry->wait = seconds;
}

size_t
ml_registry_aliases(const struct ml_registry *registry, const struct ml_alias **alias)
{
	*alias = registry->alias;
	return registry->n_aliases;
}

size_t
ml_registry_events(const struct ml_registry *registry, const struct ml_event **event)
{
	*event = registry->event;
	return registry->n_events;
}

static const char *
model_name(const void *ctx, size_t i)
{
	return ((const struct ml_registry *)ctx)->model[i].name;
}

const struct ml_model *
ml_registry_find_model(const struct ml_registry *registry, const char *name, struct ml_err *err)
{
	const struct ml_model *model = ml_registry_model(registry, name);
	const char *near;

	if (model == NULL && ml_registry_check_name(name, false, err) == ML_OK) {
		near = ml_nearest(name, registry->n_models, model_name, registry);
		if (near != NULL)
			ml_fail(err, ML_EINPUT, "no model '%s' in '%s' (did you mean '%s'?)", name,
				registry->folder, near);
		ml_fail(err, ML_EINPUT, "no model '%s' in '%s'", name, registry->folder);
	}
	return model;
}

const struct ml_version *
ml_registry_find_version(const struct ml_registry *registry, const struct ml_model *model,
			 int64_t version, struct ml_err *err)
{
	if (version >= 1 && version <= (int64_t)model->n)
		return registry->version + model->version[version - 1];
	ml_fail(err, ML_EINPUT, "no version %lld of '%s': expected 1 to %zu", (long long)version,
		model->name, model->n);
	return NULL;
}

const struct ml_version *
ml_registry_resolve(const struct ml_registry *registry, const char *reference, struct ml_err *err)
{
	char name[LONGEST_NAME + 2];
	const char *at = strchr(reference, '@');
	size_t n = at == NULL ? strlen(reference) : (size_t)(at - reference);
	const struct ml_model *model;
	const struct ml_pointer *pointer;
	int64_t version;

	snprintf(name, sizeof name, "%.*s", n > LONGEST_NAME ? LONGEST_NAME + 1 : (int)n,
		 reference);
	if ((model = ml_registry_find_model(registry, name, err)) == NULL)
		return NULL;
	if (at == NULL)
		return ml_registry_find_version(registry, model, (int64_t)model->n, err);
	if (ml_int_parse(ml_str(at + 1), &version))
		return ml_registry_find_version(registry, model, version, err);
	if (ml_registry_check_name(at + 1, true, err) < 0)
		return NULL;
	pointer = ml_registry_pointer(registry, name, at + 1);
	if (pointer != NULL && pointer->now.version != 0)
		return ml_registry_find_version(registry, model, pointer->now.version, err);
	ml_fail(err, ML_EINPUT, "no alias '%s' of '%s'", at + 1, name);
	return NULL;
}

int
ml_registry_path(const struct ml_registry *registry, const struct ml_version *version,
		 struct ml_buf *path, struct ml_err *err)
{
	ml_buf_format(path, "%s/objects/%.2s/%s", registry->folder, version->hash,
		      version->hash + 2);
	if (path->failed)
		return ml_fail(err, ML_ENOMEM, "no memory");
	if (access(path->p, R_OK) < 0)
		return ml_fail_errno(err, "cannot read %s@%lld: '%s'", version->name,
				     (long long)version->version, path->p);
	return ML_OK;
}

int
ml_registry_read(const struct ml_registry *registry, const struct ml_version *version,
		 struct ml_buf *out, struct ml_err *err)
{
	struct ml_buf path = {0};
	size_t from = out->n;
	char hash[ML_HASH_HEX];
	int status = ml_registry_path(registry, version, &path, err);

	if (status == ML_OK)
		status = ml_io_read(path.p, 0, out, err);
	if (status == ML_OK) {
		ml_hash_of(out->p + from, out->n - from, hash);
		if (strcmp(hash, version->hash) != 0)
			status =
			    ml_fail(err, ML_EMODEL,
				    "%s@%lld is damaged: the hash of '%s' doesn't fit its name",
				    version->name, (long long)version->version, path.p);
	}
	ml_buf_free(&path);
	return status;
}
