#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "store/registry_state.h"

struct check {
	struct ml_registry *registry;
	const char **hash; /* of the objects that were read */
	size_t n_hashes, hash_room;
	bool sound;  /* all records up to here: the registry's state can be trusted */
	bool linked; /* the chain can be followed: the record before was a good one */
	void (*report)(void *ctx, const char *id, const char *what);
	void *ctx;
	struct ml_verified *verified;
};

__attribute__((format(printf, 3, 4))) static void
wrong(struct check *check, const char *id, const char *format, ...)
{
	char what[1280];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	check->verified->wrong++;
	check->report(check->ctx, id, what);
}

/* A failure of what is checked is reported; one of our own memory ends the check. */
static int
settle(struct check *check, const char *id, const struct ml_err *found, struct ml_err *err)
{
	if (found->status == ML_ENOMEM)
		return ml_fail(err, ML_ENOMEM, "%s", found->text);
	wrong(check, id, "%s", found->text);
	return ML_OK;
}

static int
hash_file(const char *path, char hex[ML_HASH_HEX], struct ml_err *err)
{
	struct ml_hash hash;
	char room[32 * 1024];
	const char *name;
	size_t got;
	int fd, status;

	ML_TRY(ml_io_open(path, &fd, &name, err));
	ml_hash_start(&hash);
	while ((status = ml_io_some(fd, name, room, sizeof room, &got, err)) == ML_OK && got > 0)
		ml_hash_add(&hash, room, got);
	ml_hash_end(&hash, hex);
	ml_io_close(fd);
	return status;
}

static int
check_object(struct check *check, const struct ml_record *record, struct ml_err *err)
{
	const struct ml_event *event = &record->event;
	struct ml_err found = {0};
	struct ml_buf path = {0};
	char hex[ML_HASH_HEX];
	int status = ML_OK;

	for (size_t i = 0; i < check->n_hashes; i++)
		if (strcmp(check->hash[i], record->hash) == 0)
			return ML_OK;
	if (check->n_hashes == check->hash_room) {
		size_t room = 2 * check->hash_room + 64;
		const char **more = ml_realloc(check->hash, room, sizeof *more);

		if (more == NULL)
			return ml_fail(err, ML_ENOMEM, "no memory");
		check->hash = more;
		check->hash_room = room;
	}
	check->hash[check->n_hashes++] = record->hash;
	ML_TRY(ml_registry_at(check->registry, &path, err, "objects/%.2s/%s", record->hash,
			      record->hash + 2));
	if (access(path.p, F_OK) < 0 && errno == ENOENT)
		wrong(check, "object-missing", "%s: the object of %s@%lld is missing", path.p,
		      event->name, (long long)event->version);
	else if (hash_file(path.p, hex, &found) < 0)
		status = settle(check, "object-unreadable", &found, err);
	else if (strcmp(hex, record->hash) != 0)
		wrong(check, "object-damaged",
		      "%s: the object of %s@%lld is damaged: its hash is %s", path.p, event->name,
		      (long long)event->version, hex);
	ml_buf_free(&path);
	return status;
}

/* One line of the log.  Behind damage the chain is taken up again at the next good record. */
static int
check_line(struct check *check, struct ml_str line, size_t number, struct ml_err *err)
{
	struct ml_registry *registry = check->registry;
	struct ml_err found = {0};
	struct ml_record record;

	if (ml_record_read(&record, &registry->arena, line.p, line.n, &found) < 0) {
		ml_within(&found, "%s/log:%zu", registry->folder, number);
		check->sound = check->linked = false;
		registry->log.bytes += line.n + 1;
		return settle(check, "record-damaged", &found, err);
	}
	if (!check->linked) {
		registry->log.seq = record.event.seq - 1;
		memcpy(registry->log.head, record.prev, sizeof registry->log.head);
		check->linked = true;
	}
	if (ml_log_step(&registry->log, &record, line.n + 1, &found) < 0) {
		ml_within(&found, "%s/log:%zu", registry->folder, number);
		check->sound = false;
		registry->log.seq = record.event.seq;
		registry->log.bytes += line.n + 1;
		memcpy(registry->log.head, record.self, sizeof registry->log.head);
		ML_TRY(settle(check, "chain-broken", &found, err));
	} else if (check->sound && ml_registry_apply(registry, &record, &found) < 0) {
		ml_within(&found, "%s/log:%zu", registry->folder, number);
		check->sound = false;
		ML_TRY(settle(check, "record-wrong", &found, err));
	}
	check->verified->records++;
	return *record.hash != '\0' ? check_object(check, &record, err) : ML_OK;
}

static int
check_log(struct check *check, const char *head, struct ml_err *err)
{
	struct ml_registry *registry = check->registry;
	struct ml_buf path = {0}, text = {0};
	bool has_head = head == NULL;
	struct ml_str line;
	size_t at = 0, number = 0;
	int status = ml_registry_at(registry, &path, err, "log");

	if (status == ML_OK && access(path.p, F_OK) < 0 && errno == ENOENT)
		status = ml_fail(err, ML_ESYS, "no registry in '%s'", registry->folder);
	if (status == ML_OK)
		status = ml_io_read(path.p, 0, &text, err);
	while (status == ML_OK && (line = ml_log_line(&text, &at)).p != NULL) {
		status = check_line(check, line, ++number, err);
		has_head |= head != NULL && strcmp(registry->log.head, head) == 0;
	}
	if (status == ML_OK && number == 0)
		wrong(check, "log-empty", "%s: no record (an 'init' cut short, or a lost log)",
		      path.p);
	if (status == ML_OK && !has_head)
		wrong(check, "head-missing",
		      "%s: no record has hash %s: the log was cut or written anew", path.p, head);
	ml_buf_free(&text);
	ml_buf_free(&path);
	return status;
}

/* True if TARGET is what a link of this model could ever lead to: version NUMBER, or (0) any. */
static bool
leads_to(const struct ml_registry *registry, size_t model, size_t number, const char *target)
{
	const struct ml_model *m = registry->model + model;
	char object[128];

	for (size_t k = number == 0 ? 0 : number - 1; k < (number == 0 ? m->n : number); k++) {
		const char *hash = registry->version[m->version[k]].hash;

		snprintf(object, sizeof object, "../../objects/%.2s/%s", hash, hash + 2);
		if (strcmp(object, target) == 0)
			return true;
	}
	return false;
}

/*
 * A link may be missing or lag behind.  It is read before the log is, so that a writer at work
 * can't make it look wrong.
 */
static int
check_link(struct check *check, size_t model, size_t number, const char *link, struct ml_err *err)
{
	struct ml_registry *registry = check->registry;
	struct ml_buf path = {0};
	char target[128];
	ssize_t n;
	int status =
	    ml_registry_at(registry, &path, err, "models/%s/%s", registry->model[model].name, link);

	if (status == ML_OK && (n = readlink(path.p, target, sizeof target - 1)) >= 0) {
		target[n] = '\0';
		if (!leads_to(registry, model, number, target) &&
		    (status = ml_registry_catch_up(registry, err)) == ML_OK &&
		    !leads_to(registry, model, number, target))
			wrong(check, "link-wrong", "%s: leads to something else than this model",
			      path.p);
	} else if (status == ML_OK && errno != ENOENT) {
		wrong(check, "link-wrong", "%s: not a link", path.p);
	}
	ml_buf_free(&path);
	return status;
}

static int
check_links(struct check *check, struct ml_err *err)
{
	struct ml_registry *registry = check->registry;
	char link[32];

	for (size_t i = 0; i < registry->n_models; i++) {
		for (size_t k = 1; k <= registry->model[i].n; k++) {
			snprintf(link, sizeof link, "%zu", k);
			ML_TRY(check_link(check, i, k, link, err));
		}
		for (size_t k = 0; k < registry->n_pointers; k++)
			if (strcmp(registry->pointer[k].now.name, registry->model[i].name) == 0)
				ML_TRY(
				    check_link(check, i, 0, registry->pointer[k].now.alias, err));
	}
	return ML_OK;
}

int
ml_registry_verify(const char *folder, const char *head,
		   void (*report)(void *ctx, const char *id, const char *what), void *ctx,
		   struct ml_verified *verified, struct ml_err *err)
{
	struct check check = {
	    .sound = true, .linked = true, .report = report, .ctx = ctx, .verified = verified};
	int status;

	*verified = (struct ml_verified){0};
	if (head != NULL && !ml_hash_text(head))
		return ml_fail(err, ML_EUSAGE, "not a hash of 64 hexadecimal digits: '%s'", head);
	if ((status = ml_registry_new(&check.registry, folder, err)) == ML_OK)
		status = check_log(&check, head, err);
	if (status == ML_OK && check.sound)
		status = check_links(&check, err);
	if (status == ML_OK) {
		verified->objects = check.n_hashes;
		memcpy(verified->head, check.registry->log.head, sizeof verified->head);
	}
	ml_free(check.hash);
	ml_registry_close(check.registry);
	return status;
}
