#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/json.h"
#include "store/registry_state.h"

/* Takes the lock and reads what others wrote.  Ends with end(), also after a failure. */
static int
begin(struct ml_registry *registry, struct ml_err *err)
{
	ML_TRY(ml_log_lock(registry->folder, registry->wait, &registry->lock, err));
	return ml_registry_catch_up(registry, err);
}

static int
end(struct ml_registry *registry, int status)
{
	if (registry->lock >= 0)
		close(registry->lock);
	registry->lock = -1;
	return status;
}

/* A folder that is there, for good, when this returns. */
static int
make_folder(const char *path, struct ml_err *err)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return ml_fail_errno(err, "cannot make folder '%s'", path);
	return ml_io_sync_folder(path, err);
}

/* Makes the symlink at PATH lead to TARGET, in one step; *CHANGED if it didn't yet. */
static int
set_link(const char *path, const char *fresh, const char *target, bool *changed, struct ml_err *err)
{
	char now[128];
	ssize_t n = readlink(path, now, sizeof now);

	if (n >= 0 && (size_t)n == strlen(target) && memcmp(now, target, (size_t)n) == 0)
		return ML_OK;
	unlink(fresh); /* a killed writer's */
	if (symlink(target, fresh) < 0 || rename(fresh, path) < 0)
		return ml_fail_errno(err, "cannot make the link '%s'", path);
	*changed = true;
	return ML_OK;
}

static int
set_version_link(const struct ml_registry *registry, const struct ml_version *version,
		 const char *link, struct ml_buf paths[2], bool *changed, struct ml_err *err)
{
	char target[128];

	snprintf(target, sizeof target, "../../objects/%.2s/%s", version->hash, version->hash + 2);
	ML_TRY(ml_registry_at(registry, &paths[0], err, "models/%s/%s", version->name, link));
	ML_TRY(ml_registry_at(registry, &paths[1], err, "models/%s/.new", version->name));
	return set_link(paths[0].p, paths[1].p, target, changed, err);
}

static int
renew_model(const struct ml_registry *registry, const struct ml_model *model,
	    struct ml_buf paths[2], struct ml_err *err)
{
	bool changed = false;
	char link[32];

	ML_TRY(ml_registry_at(registry, &paths[0], err, "models/%s", model->name));
	if (access(paths[0].p, F_OK) < 0)
		ML_TRY(make_folder(paths[0].p, err));
	for (size_t k = 0; k < model->n; k++) {
		snprintf(link, sizeof link, "%zu", k + 1);
		ML_TRY(set_version_link(registry, registry->version + model->version[k], link,
					paths, &changed, err));
	}
	for (size_t i = 0; i < registry->n_pointers; i++) {
		const struct ml_alias *alias = &registry->pointer[i].now;

		if (strcmp(alias->name, model->name) != 0)
			continue;
		if (alias->version != 0) {
			size_t at = model->version[alias->version - 1];

			ML_TRY(set_version_link(registry, registry->version + at, alias->alias,
						paths, &changed, err));
			continue;
		}
		ML_TRY(ml_registry_at(registry, &paths[0], err, "models/%s/%s", alias->name,
				      alias->alias));
		if (unlink(paths[0].p) == 0)
			changed = true;
		else if (errno != ENOENT)
			return ml_fail_errno(err, "cannot remove the link '%s'", paths[0].p);
	}
	return changed ? ml_io_sync_folder(paths[0].p, err) : ML_OK;
}

/* Makes all links say what the log says: those of a writer that was killed lag behind. */
static int
renew_links(const struct ml_registry *registry, struct ml_err *err)
{
	struct ml_buf paths[2] = {{0}};
	int status = ML_OK;

	for (size_t i = 0; i < registry->n_models && status == ML_OK; i++)
		status = renew_model(registry, registry->model + i, paths, err);
	ml_buf_free(&paths[0]);
	ml_buf_free(&paths[1]);
	return status;
}

/*
 * Appends RECORD, whose detail is compact JSON, and renews the links.  The append is the one step
 * that matters: before it nothing has happened, behind it all has.
 */
static int
commit(struct ml_registry *registry, struct ml_record *record, struct ml_err *err)
{
	char time[ML_TIME_TEXT], actor[ML_ACTOR_TEXT];
	const char *detail = record->event.detail;
	struct ml_buf path = {0}, line = {0}, recovered = {0};
	int status;

	ml_log_time(time);
	ml_log_actor(actor);
	record->event.time = time;
	record->event.actor = actor;
	if (registry->torn > 0) {
		ml_buf_format(&recovered, "{\"recovered\":%zu%s%s", registry->torn,
			      detail[1] == '}' ? "" : ",", detail + 1);
		record->event.detail = recovered.p;
	}
	if (!recovered.failed)
		ml_record_write(record, &registry->log, &line);
	status = ml_registry_at(registry, &path, err, "log");
	if (recovered.failed || line.failed)
		status = ml_fail(err, ML_ENOMEM, "no memory");
	if (status == ML_OK)
		status = ml_log_append(path.p, registry->log.bytes, line.p, line.n, err);
	if (status == ML_OK) {
		registry->torn = 0;
		if (ml_registry_take(registry, (struct ml_str){line.p, line.n - 1}, err) < 0 ||
		    renew_links(registry, err) < 0)
			status = ml_within(err, "the record is in the log, but afterwards");
	}
	ml_buf_free(&recovered);
	ml_buf_free(&line);
	ml_buf_free(&path);
	return status;
}

/*
 * What the log says is so already.  The writer who said it may have been killed before its sync,
 * and nobody may rely on our word before there was one.
 */
static int
confirm(const struct ml_registry *registry, struct ml_err *err)
{
	struct ml_buf path = {0};
	int status = ml_registry_at(registry, &path, err, "log");

	if (status == ML_OK)
		status = ml_log_append(path.p, registry->log.bytes + registry->torn, NULL, 0, err);
	if (status == ML_OK)
		status = renew_links(registry, err);
	ml_buf_free(&path);
	return status;
}

/* Objects without a log are a registry that lost its log, and not a new one. */
static int
check_no_objects(const struct ml_registry *registry, const char *objects, struct ml_err *err)
{
	DIR *folder = opendir(objects);
	struct dirent *entry;

	if (folder == NULL)
		return ml_fail_errno(err, "cannot read folder '%s'", objects);
	while ((entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.' && err->status == ML_OK)
			ml_fail(err, ML_EMODEL, "'%s' has objects but no log: restore the log",
				registry->folder);
	closedir(folder);
	return err->status;
}

static int
init(struct ml_registry *registry, bool *made, struct ml_err *err)
{
	struct ml_record record = {.event = {.event = "init", .detail = "{\"format\":1}"}};
	struct ml_buf path = {0};
	int status = make_folder(registry->folder, err);

	if (status == ML_OK && (status = ml_registry_at(registry, &path, err, "models")) == ML_OK)
		status = make_folder(path.p, err);
	if (status == ML_OK && (status = ml_registry_at(registry, &path, err, "objects")) == ML_OK)
		status = make_folder(path.p, err);
	if (status == ML_OK)
		status = begin(registry, err);
	if (status == ML_OK && registry->n_events > 0) {
		status = confirm(registry, err);
	} else if (status == ML_OK && (status = check_no_objects(registry, path.p, err)) == ML_OK) {
		status = commit(registry, &record, err);
		*made = status == ML_OK;
	}
	/* The log has a name only from here on, also where another init was cut short. */
	if (status == ML_OK)
		status = ml_io_sync_folder(path.p, err);
	ml_buf_free(&path);
	return status;
}

int
ml_registry_init(const char *folder, bool *made, struct ml_err *err)
{
	struct ml_registry *registry;
	bool fresh = false;
	int status = ml_registry_new(&registry, folder, err);

	if (status == ML_OK)
		status = end(registry, init(registry, &fresh, err));
	if (made != NULL)
		*made = fresh;
	ml_registry_close(registry);
	return status;
}

/* True if the file has these bytes. */
static bool
holds(const char *path, const char *bytes, size_t n)
{
	struct ml_err ignored = {0};
	struct ml_buf there = {0};
	bool same = access(path, R_OK) == 0 && ml_io_read(path, 0, &there, &ignored) == ML_OK &&
		    there.n == n && (n == 0 || memcmp(there.p, bytes, n) == 0);

	ml_buf_free(&there);
	return same;
}

/* Writes the file at PATH by way of FRESH, which nobody else touches while we hold the lock. */
static int
write_object(const char *path, const char *fresh, const char *bytes, size_t n, struct ml_err *err)
{
	int fd, status;

	if ((fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444)) < 0)
		return ml_fail_errno(err, "cannot create '%s'", fresh);
	status = ml_io_write(fd, fresh, bytes, n, err);
	if (status == ML_OK && fsync(fd) < 0)
		status = ml_fail_errno(err, "cannot sync '%s'", fresh);
	if (close(fd) < 0 && status == ML_OK)
		status = ml_fail_errno(err, "cannot write '%s'", fresh);
	if (status == ML_OK && rename(fresh, path) < 0)
		status = ml_fail_errno(err, "cannot create '%s'", path);
	if (status < 0)
		unlink(fresh);
	return status;
}

/* Puts the bytes on the disk under their hash.  A damaged object of that name is replaced. */
static int
store(const struct ml_registry *registry, const char *hash, const char *bytes, size_t n,
      struct ml_err *err)
{
	struct ml_buf folder = {0}, path = {0}, fresh = {0};
	int status = ML_OK;

	if (ml_registry_at(registry, &folder, err, "objects/%.2s", hash) < 0 ||
	    ml_registry_at(registry, &path, err, "objects/%.2s/%s", hash, hash + 2) < 0 ||
	    ml_registry_at(registry, &fresh, err, "objects/new") < 0)
		status = err->status;
	if (status == ML_OK)
		status = make_folder(folder.p, err);
	if (status == ML_OK)
		unlink(fresh.p); /* a killed writer's */
	if (status == ML_OK && !holds(path.p, bytes, n))
		status = write_object(path.p, fresh.p, bytes, n, err);
	if (status == ML_OK)
		status = ml_io_sync_folder(path.p, err);
	ml_buf_free(&folder);
	ml_buf_free(&path);
	ml_buf_free(&fresh);
	return status;
}

/* The detail goes into the log as it is: it must be one line of JSON. */
static int
check_detail(const char *detail, struct ml_err *err)
{
	size_t n = strlen(detail);
	json_t *json;

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)detail[i] < ' ')
			return ml_fail(err, ML_EUSAGE, "the detail has a control byte");
	if (n < 2 || detail[0] != '{' || detail[n - 1] != '}')
		return ml_fail(err, ML_EUSAGE, "the detail isn't a JSON object");
	if (ml_json_parse(&json, detail, n, err) < 0)
		return ml_within(err, "the detail");
	json_decref(json);
	return ML_OK;
}

int
ml_registry_add(struct ml_registry *registry, const char *name, const char *bytes, size_t n,
		const char *detail, int64_t *version, struct ml_err *err)
{
	struct ml_record record = {
	    .event = {.event = "add", .name = name, .detail = detail == NULL ? "{}" : detail}};
	const struct ml_model *model;
	char hash[ML_HASH_HEX];
	int status;

	ML_TRY(ml_registry_check_name(name, false, err));
	ML_TRY(check_detail(record.event.detail, err));
	ml_hash_of(bytes, n, hash);
	record.hash = hash;
	if ((status = begin(registry, err)) == ML_OK)
		status = store(registry, hash, bytes, n, err);
	if (status == ML_OK) {
		model = ml_registry_model(registry, name);
		record.event.version = model == NULL ? 1 : (int64_t)model->n + 1;
		*version = record.event.version;
		status = commit(registry, &record, err);
	}
	return end(registry, status);
}

/* The record of an alias that moves from version OLD; the lock is held. */
static int
move_alias(struct ml_registry *registry, const char *event, const char *name, const char *alias,
	   int64_t old, int64_t version, const char *why, struct ml_err *err)
{
	struct ml_buf detail = {0};
	struct ml_record record = {
	    .event = {.event = event, .name = name, .alias = alias, .version = version}};
	int status;

	if (old == 0)
		ml_buf_text(&detail, "{\"old\":null");
	else
		ml_buf_format(&detail, "{\"old\":%lld", (long long)old);
	if (why != NULL && *why != '\0') {
		ml_buf_text(&detail, ",\"why\":");
		ml_json_quote(&detail, why, strlen(why));
	}
	ml_buf_add(&detail, "}", 2);
	record.event.detail = detail.p;
	status =
	    detail.failed ? ml_fail(err, ML_ENOMEM, "no memory") : commit(registry, &record, err);
	ml_buf_free(&detail);
	return status;
}

static int
set_alias(struct ml_registry *registry, const char *name, const char *alias, int64_t version,
	  int64_t expect, const char *why, struct ml_err *err)
{
	const struct ml_model *model = ml_registry_find_model(registry, name, err);
	const struct ml_pointer *pointer;
	int64_t now;

	if (model == NULL)
		return err->status;
	if (version != 0 && ml_registry_find_version(registry, model, version, err) == NULL)
		return err->status;
	pointer = ml_registry_pointer(registry, name, alias);
	now = pointer == NULL ? 0 : pointer->now.version;
	if (expect >= 0 && expect != now)
		return ml_fail(err, ML_EINPUT,
			       "alias '%s' of '%s' is at version %lld, expected %lld", alias, name,
			       (long long)now, (long long)expect);
	if (pointer == NULL && version == 0)
		return ml_fail(err, ML_EINPUT, "no alias '%s' of '%s'", alias, name);
	if (now == version)
		return confirm(registry, err);
	return move_alias(registry, "alias", name, alias, now, version, why, err);
}

int
ml_registry_alias(struct ml_registry *registry, const char *name, const char *alias,
		  int64_t version, int64_t expect, const char *why, struct ml_err *err)
{
	int status;

	ML_TRY(ml_registry_check_name(alias, true, err));
	if ((status = begin(registry, err)) == ML_OK)
		status = set_alias(registry, name, alias, version, expect, why, err);
	return end(registry, status);
}

static int
roll_back(struct ml_registry *registry, const char *name, const char *alias, const char *why,
	  int64_t *version, struct ml_err *err)
{
	const struct ml_pointer *pointer;

	if (ml_registry_find_model(registry, name, err) == NULL)
		return err->status;
	if ((pointer = ml_registry_pointer(registry, name, alias)) == NULL)
		return ml_fail(err, ML_EINPUT, "no alias '%s' of '%s'", alias, name);
	if (pointer->before == 0)
		return ml_fail(err, ML_EINPUT, "alias '%s' of '%s' was at no version before", alias,
			       name);
	*version = pointer->before;
	return move_alias(registry, "rollback", name, alias, pointer->now.version, *version, why,
			  err);
}

int
ml_registry_rollback(struct ml_registry *registry, const char *name, const char *alias,
		     const char *why, int64_t *version, struct ml_err *err)
{
	int status;

	ML_TRY(ml_registry_check_name(alias, true, err));
	if ((status = begin(registry, err)) == ML_OK)
		status = roll_back(registry, name, alias, why, version, err);
	return end(registry, status);
}
