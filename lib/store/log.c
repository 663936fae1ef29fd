#define _GNU_SOURCE /* F_OFD_SETLK, locks that belong to the open file and not to the process */
#include "store/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/json.h"
#include "base/say.h"

#ifndef F_OFD_SETLK
#define F_OFD_SETLK F_SETLK
#endif

#define SELF ",\"self\":\""
static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
enum { HEX = ML_HASH_HEX - 1, SELF_SIZE = sizeof SELF - 1, TAIL_SIZE = SELF_SIZE + HEX + 2 };

bool
ml_hash_text(const char *text)
{
	return strspn(text, "0123456789abcdef") == HEX && text[HEX] == '\0';
}

void
ml_log_start(struct ml_log *log)
{
	*log = (struct ml_log){0};
	memcpy(log->head, zeros, sizeof zeros);
}

/* Reading goes through a line from left to right; after a mismatch nothing matches any more. */
struct scan {
	const char *at, *end;
	struct ml_arena *arena;
	bool bad;
};

static bool
take(struct scan *s, const char *literal)
{
	size_t n = strlen(literal);

	if (s->bad || (size_t)(s->end - s->at) < n || memcmp(s->at, literal, n) != 0)
		return false;
	s->at += n;
	return true;
}

static void
expect(struct scan *s, const char *literal)
{
	if (!take(s, literal))
		s->bad = true;
}

/* A text of printable ASCII that needs no escape and isn't empty; or null, which gives "". */
static const char *
take_text(struct scan *s)
{
	const char *from;
	size_t n;

	if (take(s, "null"))
		return "";
	expect(s, "\"");
	from = s->at;
	while (s->at < s->end && *s->at >= ' ' && *s->at <= '~' && *s->at != '"' && *s->at != '\\')
		s->at++;
	n = (size_t)(s->at - from);
	expect(s, "\"");
	if (n == 0)
		s->bad = true;
	return s->bad ? "" : ml_arena_text(s->arena, from, n);
}

static const char *
take_hash(struct scan *s)
{
	const char *text = take_text(s);

	if (text != NULL && *text != '\0' && !ml_hash_text(text))
		s->bad = true;
	return text;
}

/* 1, 2, 3... without leading zeros, or null, which gives 0. */
static int64_t
take_count(struct scan *s)
{
	int64_t value = 0;
	int digits = 0;

	if (take(s, "null"))
		return 0;
	for (; s->at < s->end && *s->at >= '0' && *s->at <= '9' && digits < 18; digits++)
		value = value * 10 + (*s->at++ - '0');
	if (value == 0 || (digits > 1 && s->at[-digits] == '0'))
		s->bad = true;
	return value;
}

/* The detail reaches to the last two members, whose length is fixed. */
static const char *
take_detail(struct scan *s, const char *line, size_t n)
{
	const size_t tail = sizeof ",\"prev\":\"\"" - 1 + HEX + TAIL_SIZE;
	const char *from = s->at, *end;

	if (s->bad || n < tail || (end = line + n - tail) < from) {
		s->bad = true;
		return NULL;
	}
	s->at = end;
	return ml_arena_text(s->arena, from, (size_t)(end - from));
}

/* What the registry itself must know of the detail. */
static int
read_detail(struct ml_record *record, struct ml_arena *arena, struct ml_err *err)
{
	const char *text = record->event.detail;
	json_t *detail, *old, *why, *format;
	int status = ML_OK;

	ML_TRY(ml_json_parse(&detail, text, strlen(text), err));
	old = json_object_get(detail, "old");
	why = json_object_get(detail, "why");
	format = json_object_get(detail, "format");
	if (!json_is_object(detail) || text[0] != '{')
		status = ml_fail(err, ML_EMODEL, "'detail' is not an object");
	record->old = json_is_integer(old) ? json_integer_value(old) : 0;
	record->format = json_is_integer(format) ? json_integer_value(format) : 0;
	record->why = !json_is_string(why)
			  ? ""
			  : ml_arena_text(arena, json_string_value(why), json_string_length(why));
	json_decref(detail);
	return status;
}

int
ml_record_read(struct ml_record *record, struct ml_arena *arena, const char *line, size_t n,
	       struct ml_err *err)
{
	struct scan s = {.at = line, .end = line + n, .arena = arena};
	struct ml_event *event = &record->event;
	char self[ML_HASH_HEX];

	*record = (struct ml_record){0};
	expect(&s, "{\"seq\":");
	event->seq = take_count(&s);
	expect(&s, ",\"time\":");
	event->time = take_text(&s);
	expect(&s, ",\"actor\":");
	event->actor = take_text(&s);
	expect(&s, ",\"event\":");
	event->event = take_text(&s);
	expect(&s, ",\"name\":");
	event->name = take_text(&s);
	expect(&s, ",\"version\":");
	event->version = take_count(&s);
	expect(&s, ",\"alias\":");
	event->alias = take_text(&s);
	expect(&s, ",\"hash\":");
	record->hash = take_hash(&s);
	expect(&s, ",\"detail\":");
	event->detail = take_detail(&s, line, n);
	expect(&s, ",\"prev\":");
	record->prev = take_hash(&s);
	expect(&s, ",\"self\":");
	record->self = take_hash(&s);
	expect(&s, "}");
	if (ml_arena_failed(arena))
		return ml_fail(err, ML_ENOMEM, "no memory for the log");
	if (s.bad || s.at != s.end)
		return ml_fail(err, ML_EMODEL, "not a record (damaged at byte %zu)",
			       (size_t)(s.at - line) + 1);
	ml_hash_of(line, n - TAIL_SIZE, self);
	if (strcmp(self, record->self) != 0)
		return ml_fail(err, ML_EMODEL, "the record was changed: its hash doesn't fit");
	ML_TRY(read_detail(record, arena, err));
	return ml_arena_failed(arena) ? ml_fail(err, ML_ENOMEM, "no memory for the log") : ML_OK;
}

static void
put_text(struct ml_buf *out, const char *key, const char *text)
{
	ml_buf_text(out, key);
	if (text == NULL || *text == '\0')
		ml_buf_text(out, "null");
	else
		ml_json_quote(out, text, strlen(text));
}

static void
put_count(struct ml_buf *out, const char *key, int64_t value)
{
	ml_buf_text(out, key);
	if (value == 0)
		ml_buf_text(out, "null");
	else
		ml_buf_format(out, "%lld", (long long)value);
}

void
ml_record_write(const struct ml_record *record, const struct ml_log *log, struct ml_buf *out)
{
	const struct ml_event *event = &record->event;
	size_t from = out->n;
	char self[ML_HASH_HEX];

	put_count(out, "{\"seq\":", log->seq + 1);
	put_text(out, ",\"time\":", event->time);
	put_text(out, ",\"actor\":", event->actor);
	put_text(out, ",\"event\":", event->event);
	put_text(out, ",\"name\":", event->name);
	put_count(out, ",\"version\":", event->version);
	put_text(out, ",\"alias\":", event->alias);
	put_text(out, ",\"hash\":", record->hash);
	ml_buf_text(out, ",\"detail\":");
	ml_buf_text(out, event->detail);
	put_text(out, ",\"prev\":", log->head);
	if (out->failed)
		return;
	ml_hash_of(out->p + from, out->n - from, self);
	ml_buf_text(out, SELF);
	ml_buf_text(out, self);
	ml_buf_text(out, "\"}\n");
}

int
ml_log_step(struct ml_log *log, const struct ml_record *record, size_t n, struct ml_err *err)
{
	if (record->event.seq != log->seq + 1)
		return ml_fail(err, ML_EMODEL, "the record has number %lld, expected %lld",
			       (long long)record->event.seq, (long long)log->seq + 1);
	if (strcmp(record->prev, log->head) != 0)
		return ml_fail(err, ML_EMODEL, "the record doesn't follow the one before it");
	log->seq++;
	log->bytes += n;
	memcpy(log->head, record->self, sizeof log->head);
	return ML_OK;
}

struct ml_str
ml_log_line(const struct ml_buf *text, size_t *at)
{
	const char *from = text->p + *at;
	const char *end = *at < text->n ? memchr(from, '\n', text->n - *at) : NULL;

	if (end == NULL)
		return (struct ml_str){NULL, 0};
	*at += (size_t)(end - from) + 1;
	return (struct ml_str){from, (size_t)(end - from)};
}

int
ml_log_lock(const char *folder, double wait, int *fd, struct ml_err *err)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct timespec pause = {.tv_nsec = 1000000};
	double end = ml_clock() + wait;
	struct ml_buf path = {0};

	ml_buf_format(&path, "%s/lock", folder);
	if (path.failed)
		return ml_fail(err, ML_ENOMEM, "no memory");
	*fd = open(path.p, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (*fd < 0)
		ml_fail_errno(err, "cannot open '%s'", path.p);
	ml_buf_free(&path);
	if (*fd < 0)
		return err->status;
	while (fcntl(*fd, F_OFD_SETLK, &whole) < 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			ml_fail_errno(err, "cannot lock '%s'", folder);
		else if (ml_clock() >= end)
			ml_fail(err, ML_ESYS, "'%s' is locked by another process", folder);
		if (err->status < 0) {
			close(*fd);
			*fd = -1;
			return err->status;
		}
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 64000000)
			pause.tv_nsec *= 2;
	}
	return ML_OK;
}

/* A torn record goes for good before another one takes its place. */
static int
cut(int fd, const char *path, size_t good, struct ml_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return ml_fail_errno(err, "cannot read '%s'", path);
	if (st.st_size < (off_t)good)
		return ml_fail(err, ML_EMODEL, "%s: the log became shorter", path);
	if (st.st_size > (off_t)good && (ftruncate(fd, (off_t)good) < 0 || fsync(fd) < 0))
		return ml_fail_errno(err, "cannot repair '%s'", path);
	return ML_OK;
}

int
ml_log_append(const char *path, size_t good, const char *line, size_t n, struct ml_err *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	int status;

	if (fd < 0)
		return ml_fail_errno(err, "cannot open '%s'", path);
	status = cut(fd, path, good, err);
	if (status == ML_OK && (ml_io_write(fd, path, line, n, err) < 0 ||
				(fsync(fd) < 0 && ml_fail_errno(err, "cannot sync '%s'", path)))) {
		status = err->status;
		/* Nobody may act on a record that a power cut can take away. */
		if (ftruncate(fd, (off_t)good) < 0)
			ml_within(err, "the record may or may not be in the log");
	}
	close(fd);
	return status;
}

void
ml_log_time(char out[ML_TIME_TEXT])
{
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(out, ML_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		memcpy(out, "1970-01-01T00:00:00Z", sizeof "1970-01-01T00:00:00Z");
}

void
ml_log_actor(char out[ML_ACTOR_TEXT])
{
	char room[4096], host[128] = "";
	struct passwd entry, *user = NULL;

	if (gethostname(host, sizeof host - 1) < 0 || host[0] == '\0')
		memcpy(host, "unknown", sizeof "unknown");
	getpwuid_r(geteuid(), &entry, room, sizeof room, &user);
	if (user != NULL)
		snprintf(out, ML_ACTOR_TEXT, "%.100s@%s", user->pw_name, host);
	else
		snprintf(out, ML_ACTOR_TEXT, "%ld@%s", (long)geteuid(), host);
	for (char *c = out; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || *c == '"' || *c == '\\')
			*c = '_';
}
