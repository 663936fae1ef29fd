#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "store/log.h"
#include "store/registry.h"

static char top[64];

/* A name of a registry that isn't there yet; four may be in use at a time. */
static const char *
fresh(void)
{
	static char name[4][128];
	static int n;

	n++;
	snprintf(name[n % 4], sizeof name[0], "%s/r%d", top, n);
	return name[n % 4];
}

static struct ml_registry *
made(const char *folder)
{
	struct ml_registry *registry = NULL;
	struct ml_err err = {0};

	CHECK(ml_registry_init(folder, NULL, &err) == ML_OK);
	CHECK(ml_registry_open(&registry, folder, &err) == ML_OK);
	CHECK_TEXT(err.text, "");
	return registry;
}

static int64_t
add(struct ml_registry *registry, const char *name, const char *bytes)
{
	struct ml_err err = {0};
	int64_t version = -1;

	ml_registry_add(registry, name, bytes, strlen(bytes), "{\"note\":\"n\"}", &version, &err);
	CHECK_TEXT(err.text, "");
	return version;
}

static void
set(struct ml_registry *registry, const char *alias, int64_t version)
{
	struct ml_err err = {0};

	ml_registry_alias(registry, "fraud", alias, version, -1, NULL, &err);
	CHECK_TEXT(err.text, "");
}

static int64_t
at(const struct ml_registry *registry, const char *reference)
{
	struct ml_err err = {0};
	const struct ml_version *version = ml_registry_resolve(registry, reference, &err);

	return version == NULL ? -1 : version->version;
}

static size_t
events(const struct ml_registry *registry)
{
	const struct ml_event *event;

	return ml_registry_events(registry, &event);
}

/* Identifiers of what verify found, separated by blanks. */
static void
note_problem(void *ctx, const char *id, const char *what)
{
	struct ml_buf *buf = ctx;

	CHECK(strlen(what) > 10);
	ml_buf_format(buf, "%s%s", buf->n > 0 ? " " : "", id);
}

static const char *
problems(const char *folder, const char *head, struct ml_verified *verified)
{
	static char text[4096];
	struct ml_buf buf = {0};
	struct ml_err err = {0};

	if (ml_registry_verify(folder, head, note_problem, &buf, verified, &err) < 0)
		snprintf(text, sizeof text, "failed: %s", err.text);
	else
		snprintf(text, sizeof text, "%.*s", (int)buf.n, buf.n > 0 ? buf.p : "");
	ml_buf_free(&buf);
	return text;
}

static void
read_log(const char *folder, struct ml_buf *out)
{
	struct ml_err err = {0};
	char path[160];

	snprintf(path, sizeof path, "%s/log", folder);
	CHECK(ml_io_read(path, 0, out, &err) == ML_OK);
}

static void
write_log(const char *folder, const char *p, size_t n)
{
	struct ml_err err = {0};
	char path[160];
	int fd;

	snprintf(path, sizeof path, "%s/log", folder);
	fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0644);
	CHECK(fd >= 0 && ml_io_write(fd, path, p, n, &err) == ML_OK);
	close(fd);
}

/* init, two versions of fraud, champion at 1, then 2. */
static void
sample(const char *folder)
{
	struct ml_registry *registry = made(folder);

	CHECK(add(registry, "fraud", "one") == 1);
	set(registry, "champion", 1);
	CHECK(add(registry, "fraud", "two") == 2);
	set(registry, "champion", 2);
	ml_registry_close(registry);
}

static void
test_records(void)
{
	static const char line[] =
	    "{\"seq\":2,\"time\":\"2026-01-31T09:00:02Z\",\"actor\":\"ana@lab\",\"event\":\"add\","
	    "\"name\":\"fraud\",\"version\":1,\"alias\":null,"
	    "\"hash\":\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\","
	    "\"detail\":{\"bytes\":3},\"prev\":"
	    "\"0000000000000000000000000000000000000000000000000000000000000000\","
	    "\"self\":\"cb5f98974ba40184669ea1f7353fbdc0e808d872fb11c174ef6eeb7b85a12717\"}\n";
	struct ml_record record = {.event = {.time = "2026-01-31T09:00:02Z",
					     .actor = "ana@lab",
					     .event = "add",
					     .name = "fraud",
					     .version = 1,
					     .detail = "{\"bytes\":3}"},
				   .hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff6"
					   "1f20015ad"},
			 back;
	struct ml_arena arena = {0};
	struct ml_buf buf = {0};
	struct ml_err err = {0};
	struct ml_log log;

	/* self: sha256sum of GNU coreutils 9.1 over the line before ,"self" */
	test_case("a record is written in the form of mlregistry(5)");
	ml_log_start(&log);
	log.seq = 1;
	ml_record_write(&record, &log, &buf);
	ml_buf_char(&buf, '\0');
	CHECK_TEXT(buf.p, line);

	test_case("a record is read back");
	CHECK(ml_record_read(&back, &arena, buf.p, sizeof line - 2, &err) == ML_OK);
	CHECK_TEXT(err.text, "");
	CHECK(back.event.seq == 2 && back.event.version == 1);
	CHECK_TEXT(back.event.detail, "{\"bytes\":3}");
	CHECK_TEXT(back.event.alias, "");
	CHECK_TEXT(back.hash, record.hash);
	CHECK(ml_log_step(&log, &back, sizeof line - 1, &err) == ML_OK);
	CHECK(log.seq == 2 && log.bytes == sizeof line - 1);
	CHECK(ml_log_step(&log, &back, sizeof line - 1, &err) == ML_EMODEL);

	test_case("no byte of a record can change, none can be missing");
	for (size_t i = 0; i + 2 < sizeof line; i++) {
		memset(&err, 0, sizeof err);
		buf.p[i] ^= 1;
		CHECK(ml_record_read(&back, &arena, buf.p, sizeof line - 2, &err) == ML_EMODEL);
		buf.p[i] ^= 1;
		memset(&err, 0, sizeof err);
		CHECK(ml_record_read(&back, &arena, buf.p, i, &err) == ML_EMODEL);
	}
	ml_arena_free(&arena);
	ml_buf_free(&buf);

	test_case("a record with other members, order, or blanks isn't one");
	{
		static const char *const bad[] = {
		    "",
		    "{}",
		    "{\"seq\":1}",
		    "null",
		    "[]",
		    "{\"seq\": 1,\"time\":null,\"actor\":null,\"event\":null}",
		    "{\"time\":null,\"seq\":1}",
		    "{\"seq\":01,\"time\":null}",
		    "{\"seq\":0,\"time\":null}",
		};

		for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
			memset(&err, 0, sizeof err);
			CHECK(ml_record_read(&back, &arena, bad[i], strlen(bad[i]), &err) ==
			      ML_EMODEL);
		}
		ml_arena_free(&arena);
	}
}

static void
test_names(void)
{
	static const char *const bad[] = {"",	  "A",	   "a b",  "-a",  ".a",
					  "_a",	  "a/b",   "../a", "a@b", "caf\xc3\xa9",
					  "a\nb", "a\x01", "a\"b"};
	struct ml_registry *registry = made(fresh());
	struct ml_err err = {0};
	char name[66] = {0};
	int64_t version;

	test_case("names are small letters, digits, dot, underscore, dash");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		err = (struct ml_err){0};
		CHECK(ml_registry_add(registry, bad[i], "x", 1, NULL, &version, &err) == ML_EUSAGE);
		CHECK(strstr(err.text, "can't name") != NULL);
	}
	memset(name, 'a', 65);
	CHECK(ml_registry_add(registry, name, "x", 1, NULL, &version, &err) == ML_EUSAGE);
	name[64] = '\0';
	CHECK(add(registry, name, "x") == 1);
	CHECK(add(registry, "0", "x") == 1);
	CHECK(add(registry, "a.b_c-9", "x") == 1);
	CHECK(add(registry, "fraud", "x") == 1);

	test_case("an alias isn't a number");
	err = (struct ml_err){0};
	CHECK(ml_registry_alias(registry, "fraud", "12", 1, -1, NULL, &err) == ML_EUSAGE);
	err = (struct ml_err){0};
	CHECK(ml_registry_alias(registry, "fraud", "../x", 1, -1, NULL, &err) == ML_EUSAGE);
	set(registry, "1a", 1);
	CHECK(at(registry, "fraud@1a") == 1);

	test_case("a detail that isn't one line of JSON is refused");
	{
		static const char *const detail[] = {
		    "", "[]", "{", "{\"a\":1}\n", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}", "\"x\""};

		for (size_t i = 0; i < sizeof detail / sizeof *detail; i++) {
			err = (struct ml_err){0};
			CHECK(ml_registry_add(registry, "fraud", "x", 1, detail[i], &version,
					      &err) < 0);
		}
		CHECK(events(registry) == 6);
	}
	ml_registry_close(registry);
}

static void
test_versions(void)
{
	const char *folder = fresh();
	struct ml_registry *registry = made(folder);
	const struct ml_version *version;
	struct ml_buf out = {0};
	struct ml_err err = {0};
	char path[200];
	struct stat st;

	test_case("versions count from 1 for each model, also for the same bytes");
	CHECK(add(registry, "fraud", "abc") == 1);
	CHECK(add(registry, "fraud", "abd") == 2);
	CHECK(add(registry, "churn", "abc") == 1);
	CHECK(add(registry, "fraud", "abc") == 3);
	CHECK(add(registry, "empty", "") == 1);

	test_case("an object stands under its SHA-256, read-only");
	/* FIPS 180-2, appendix B.1: SHA-256 of "abc" */
	snprintf(path, sizeof path,
		 "%s/objects/ba/7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		 folder);
	CHECK(stat(path, &st) == 0 && st.st_size == 3 && (st.st_mode & 0777) == 0444);
	version = ml_registry_resolve(registry, "fraud@3", &err);
	CHECK(version != NULL && ml_registry_path(registry, version, &out, &err) == ML_OK);
	CHECK_TEXT(out.p, path);
	out.n = 0;
	CHECK(ml_registry_read(registry, version, &out, &err) == ML_OK);
	CHECK(out.n == 3 && memcmp(out.p, "abc", 3) == 0);

	test_case("a damaged object isn't read, and mended by adding it again");
	CHECK(chmod(path, 0644) == 0 && truncate(path, 2) == 0);
	CHECK(ml_registry_read(registry, version, &out, &err) == ML_EMODEL);
	CHECK(add(registry, "fraud", "abc") == 4);
	CHECK(stat(path, &st) == 0 && st.st_size == 3 && (st.st_mode & 0777) == 0444);
	ml_buf_free(&out);

	test_case("a reference is a name, a version, an alias");
	set(registry, "champion", 2);
	CHECK(at(registry, "fraud") == 4);
	CHECK(at(registry, "fraud@1") == 1);
	CHECK(at(registry, "fraud@champion") == 2);
	CHECK(at(registry, "fraud@5") == -1);
	CHECK(at(registry, "fraud@0") == -1);
	CHECK(at(registry, "fraud@-1") == -1);
	CHECK(at(registry, "fraud@") == -1);
	CHECK(at(registry, "fraud@99999999999999999999") == -1);
	CHECK(at(registry, "churn@champion") == -1);
	CHECK(at(registry, "@1") == -1);
	CHECK(at(registry, "") == -1);
	err = (struct ml_err){0};
	CHECK(ml_registry_resolve(registry, "fruad@1", &err) == NULL);
	CHECK(strstr(err.text, "did you mean 'fraud'?") != NULL);
	ml_registry_close(registry);
}

static void
test_aliases(void)
{
	const char *folder = fresh();
	struct ml_registry *registry = made(folder);
	const struct ml_alias *alias;
	struct ml_err err = {0};
	int64_t version;
	size_t n;

	for (int i = 0; i < 3; i++)
		add(registry, "fraud", "x");
	test_case("a rollback goes to where the alias was before its last change");
	CHECK(ml_registry_rollback(registry, "fraud", "champion", NULL, &version, &err) ==
	      ML_EINPUT);
	set(registry, "champion", 1);
	err = (struct ml_err){0};
	CHECK(ml_registry_rollback(registry, "fraud", "champion", NULL, &version, &err) ==
	      ML_EINPUT);
	set(registry, "champion", 2);
	set(registry, "champion", 3);
	err = (struct ml_err){0};
	CHECK(ml_registry_rollback(registry, "fraud", "champion", "bad \"AUC\"\n", &version,
				   &err) == ML_OK);
	CHECK(version == 2 && at(registry, "fraud@champion") == 2);
	CHECK(ml_registry_aliases(registry, &alias) == 1);
	CHECK_TEXT(alias->why, "bad \"AUC\"\n");

	test_case("a second rollback undoes the first");
	CHECK(ml_registry_rollback(registry, "fraud", "champion", NULL, &version, &err) == ML_OK);
	CHECK(version == 3 && at(registry, "fraud@champion") == 3);

	test_case("setting what is set already records nothing");
	n = events(registry);
	set(registry, "champion", 3);
	CHECK(events(registry) == n);

	test_case("a removed alias means nothing, and can be rolled back");
	set(registry, "champion", 0);
	CHECK(at(registry, "fraud@champion") == -1);
	CHECK(ml_registry_aliases(registry, &alias) == 0);
	set(registry, "champion", 0);
	CHECK(events(registry) == n + 1);
	CHECK(ml_registry_rollback(registry, "fraud", "champion", NULL, &version, &err) == ML_OK);
	CHECK(version == 3);

	test_case("expect fails exactly when it is stale");
	CHECK(ml_registry_alias(registry, "fraud", "champion", 1, 2, NULL, &err) == ML_EINPUT);
	CHECK(strstr(err.text, "is at version 3, expected 2") != NULL);
	err = (struct ml_err){0};
	CHECK(ml_registry_alias(registry, "fraud", "champion", 1, 3, NULL, &err) == ML_OK);
	CHECK(ml_registry_alias(registry, "fraud", "fresh", 1, 0, NULL, &err) == ML_OK);
	CHECK(ml_registry_alias(registry, "fraud", "fresh", 2, 0, NULL, &err) == ML_EINPUT);

	test_case("an alias of what doesn't exist is refused");
	err = (struct ml_err){0};
	CHECK(ml_registry_alias(registry, "fraud", "champion", 4, -1, NULL, &err) == ML_EINPUT);
	err = (struct ml_err){0};
	CHECK(ml_registry_alias(registry, "churn", "champion", 1, -1, NULL, &err) == ML_EINPUT);
	err = (struct ml_err){0};
	CHECK(ml_registry_alias(registry, "fraud", "champoin", 0, -1, NULL, &err) == ML_EINPUT);
	ml_registry_close(registry);

	test_case("what is read again is what was written");
	registry = made(folder);
	CHECK(at(registry, "fraud@champion") == 1 && at(registry, "fraud@fresh") == 1);
	CHECK(at(registry, "fraud") == 3);
	ml_registry_close(registry);
}

static void
test_torn(void)
{
	const char *folder = fresh();
	struct ml_registry *registry;
	const struct ml_event *event;
	struct ml_verified verified;
	struct ml_buf log = {0}, after = {0};
	size_t n;

	test_case("a torn record is passed over by readers and cut off by the next writer");
	sample(folder);
	read_log(folder, &log);
	ml_buf_text(&log, "{\"seq\":6,\"ti");
	write_log(folder, log.p, log.n);
	CHECK_TEXT(problems(folder, NULL, &verified), "");
	CHECK(verified.records == 5 && verified.objects == 2);
	registry = made(folder);
	CHECK(events(registry) == 5);
	CHECK(add(registry, "fraud", "three") == 3);
	n = ml_registry_events(registry, &event);
	CHECK(n == 6);
	CHECK_TEXT(event[n - 1].detail, "{\"recovered\":12,\"note\":\"n\"}");
	ml_registry_close(registry);
	read_log(folder, &after);
	CHECK(memcmp(log.p, after.p, log.n - 12) == 0 && after.p[after.n - 1] == '\n');
	CHECK_TEXT(problems(folder, NULL, &verified), "");

	test_case("a complete line that isn't a record is damage");
	ml_buf_text(&after, "\n");
	write_log(folder, after.p, after.n);
	CHECK_TEXT(problems(folder, NULL, &verified), "record-damaged");
	{
		struct ml_err err = {0};

		CHECK(ml_registry_open(&registry, folder, &err) == ML_EMODEL);
		CHECK(registry == NULL && strstr(err.text, "/log:7: ") != NULL);
	}
	ml_buf_free(&log);
	ml_buf_free(&after);
}

static void
test_damage(void)
{
	const char *folder = fresh();
	struct ml_verified verified, whole;
	struct ml_registry *registry;
	struct ml_buf log = {0};
	size_t opened = 0;

	sample(folder);
	read_log(folder, &log);
	CHECK_TEXT(problems(folder, NULL, &whole), "");

	test_case("verify finds every changed byte of the log");
	for (size_t i = 0; i < log.n; i++) {
		struct ml_err err = {0};

		log.p[i] ^= 4;
		write_log(folder, log.p, log.n);
		/* The last line feed: the record is torn now, and lost. */
		CHECK((*problems(folder, whole.head, &verified) != '\0' && verified.wrong > 0));
		if (i != log.n - 1)
			CHECK(*problems(folder, NULL, &verified) != '\0');
		if (ml_registry_open(&registry, folder, &err) == ML_OK)
			opened++;
		ml_registry_close(registry);
		log.p[i] ^= 4;
	}
	CHECK(opened == 1);

	test_case("a log cut at any byte opens with fewer records, and the head finds it");
	for (size_t n = 0; n < log.n; n++) {
		struct ml_err err = {0};
		int status;

		write_log(folder, log.p, n);
		status = ml_registry_open(&registry, folder, &err);
		CHECK(status == ML_OK ? events(registry) < 5 : status == ML_ESYS);
		CHECK(problems(folder, whole.head, &verified)[0] != '\0');
		CHECK(verified.records < 5);
		ml_registry_close(registry);
	}

	test_case("lines taken out, put in or moved are found");
	{
		char *second = (char *)memchr(log.p, '\n', log.n) + 1;
		char *third = (char *)memchr(second, '\n', (size_t)(log.p + log.n - second)) + 1;
		size_t one = (size_t)(second - log.p), two = (size_t)(third - second);
		struct ml_buf other = {0};

		ml_buf_add(&other, log.p, one);
		ml_buf_add(&other, third, log.n - one - two);
		write_log(folder, other.p, other.n);
		CHECK_TEXT(problems(folder, NULL, &verified), "chain-broken");
		other.n = 0;
		ml_buf_add(&other, log.p, one + two);
		ml_buf_add(&other, second, log.n - one);
		write_log(folder, other.p, other.n);
		CHECK_TEXT(problems(folder, NULL, &verified), "chain-broken");
		other.n = 0;
		ml_buf_add(&other, second, log.n - one);
		write_log(folder, other.p, other.n);
		CHECK(*problems(folder, NULL, &verified) != '\0');
		ml_buf_free(&other);
	}

	test_case("the head of an older log is in the chain of a newer one");
	write_log(folder, log.p, log.n);
	registry = made(folder);
	add(registry, "fraud", "three");
	ml_registry_close(registry);
	CHECK_TEXT(problems(folder, whole.head, &verified), "");
	CHECK(strcmp(verified.head, whole.head) != 0);
	CHECK_TEXT(problems(folder, "x", &verified),
		   "failed: not a hash of 64 hexadecimal digits: 'x'");
	ml_buf_free(&log);
}

/* A record made by hand, for logs that no writer of ours would write. */
static void
forge(struct ml_buf *log, struct ml_log *end, struct ml_record record)
{
	struct ml_arena arena = {0};
	struct ml_err err = {0};
	struct ml_record back;
	size_t from = log->n;

	record.event.time = "2026-01-01T00:00:00Z";
	record.event.actor = "ana@lab";
	ml_record_write(&record, end, log);
	CHECK(ml_record_read(&back, &arena, log->p + from, log->n - from - 1, &err) == ML_OK);
	CHECK(ml_log_step(end, &back, log->n - from, &err) == ML_OK);
	ml_arena_free(&arena);
}

static void
test_impossible(void)
{
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ADD(n, v, h)                                                                               \
	{                                                                                          \
		.event = {.event = "add", .name = n, .version = v, .detail = "{}"}, .hash = h      \
	}
#define MOVE(e, n, a, v, d)                                                                        \
	{                                                                                          \
		.event = {.event = e, .name = n, .alias = a, .version = v, .detail = d},           \
	}
	static const struct ml_record init = {
	    .event = {.event = "init", .detail = "{\"format\":1}"}};
	static const struct ml_record bad[] = {
	    {.event = {.event = "init", .detail = "{\"format\":1}"}},
	    {.event = {.event = "later", .detail = "{}"}},
	    ADD("m", 3, ABC),
	    ADD("m", 1, ABC),
	    ADD("m", 0, ABC),
	    ADD("n", 2, ABC),
	    ADD("../m", 1, ABC),
	    ADD("m", 2, NULL),
	    ADD(NULL, 2, ABC),
	    MOVE("alias", "m", "a", 2, "{\"old\":null}"),
	    MOVE("alias", "m", "a", 1, "{\"old\":1}"),
	    MOVE("alias", "m", "7", 1, "{\"old\":null}"),
	    MOVE("alias", "m", "../a", 1, "{\"old\":null}"),
	    MOVE("alias", "m", NULL, 1, "{\"old\":null}"),
	    MOVE("alias", "n", "a", 1, "{\"old\":null}"),
	    MOVE("rollback", "m", "a", 1, "{\"old\":null}"),
	};
	const char *folder = fresh();
	struct ml_registry *registry = made(folder);
	struct ml_verified verified;
	struct ml_buf log = {0};
	struct ml_log end;

	test_case("records whose hashes fit but that say the impossible are refused");
	CHECK(add(registry, "m", "abc") == 1);
	ml_registry_close(registry);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct ml_err err = {0};

		log.n = 0;
		ml_log_start(&end);
		forge(&log, &end, init);
		forge(&log, &end, (struct ml_record)ADD("m", 1, ABC));
		forge(&log, &end, bad[i]);
		write_log(folder, log.p, log.n);
		CHECK(ml_registry_open(&registry, folder, &err) == ML_EMODEL);
		CHECK(strstr(err.text, "/log:3: ") != NULL);
		CHECK_TEXT(problems(folder, NULL, &verified), "record-wrong");
	}

	test_case("a registry of another format is refused");
	{
		struct ml_err err = {0};

		log.n = 0;
		ml_log_start(&end);
		forge(&log, &end,
		      (struct ml_record){.event = {.event = "init", .detail = "{\"format\":2}"}});
		write_log(folder, log.p, log.n);
		CHECK(ml_registry_open(&registry, folder, &err) == ML_EMODEL);
		CHECK(strstr(err.text, "format 2") != NULL);
	}
	ml_buf_free(&log);
}

static void
test_objects(void)
{
	const char *folder = fresh();
	struct ml_verified verified;
	char path[200], link[200];
	int fd;

	test_case("verify finds damaged, missing and unreadable objects");
	sample(folder);
	/* sha256sum of "one", GNU coreutils 9.1 */
	snprintf(path, sizeof path,
		 "%s/objects/76/92c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed",
		 folder);
	CHECK(chmod(path, 0644) == 0);
	for (off_t i = 0; i < 3; i++) {
		char c = 0;

		fd = open(path, O_RDWR);
		CHECK(fd >= 0 && pread(fd, &c, 1, i) == 1);
		c ^= 32;
		CHECK(pwrite(fd, &c, 1, i) == 1);
		CHECK_TEXT(problems(folder, NULL, &verified), "object-damaged");
		c ^= 32;
		CHECK(pwrite(fd, &c, 1, i) == 1);
		close(fd);
	}
	CHECK_TEXT(problems(folder, NULL, &verified), "");
	CHECK(unlink(path) == 0);
	CHECK_TEXT(problems(folder, NULL, &verified), "object-missing");
	CHECK(mkdir(path, 0755) == 0);
	CHECK_TEXT(problems(folder, NULL, &verified), "object-unreadable");

	test_case("verify finds links to something else, and none that only lag");
	folder = fresh();
	sample(folder);
	snprintf(link, sizeof link, "%s/models/fraud/champion", folder);
	CHECK(unlink(link) == 0);
	CHECK_TEXT(problems(folder, NULL, &verified), "");
	CHECK(symlink("../../objects/76/92c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff43"
		      "1ed",
		      link) == 0);
	CHECK_TEXT(problems(folder, NULL, &verified), "");
	CHECK(unlink(link) == 0 && symlink("/bin/sh", link) == 0);
	CHECK_TEXT(problems(folder, NULL, &verified), "link-wrong");

	test_case("a writer renews all links");
	{
		struct ml_registry *registry = made(folder);
		char target[200] = {0};

		snprintf(path, sizeof path, "%s/models/fraud/2", folder);
		CHECK(unlink(path) == 0);
		CHECK(add(registry, "other", "x") == 1);
		CHECK(readlink(path, target, sizeof target - 1) == 6 + 8 + 3 + 62);
		CHECK_TEXT(problems(folder, NULL, &verified), "");
		set(registry, "champion", 0);
		CHECK(readlink(link, target, sizeof target) == -1 && errno == ENOENT);
		ml_registry_close(registry);
	}
}

static void
test_opening(void)
{
	const char *folder = fresh();
	struct ml_registry *registry;
	struct ml_verified verified;
	struct ml_err err = {0};
	struct ml_buf log = {0}, again = {0};
	char path[160];
	bool is_new = false;

	test_case("without a registry, opening says how to make one");
	CHECK(ml_registry_open(&registry, folder, &err) == ML_ESYS);
	CHECK(strstr(err.text, "mlversion init") != NULL && access(folder, F_OK) < 0);

	test_case("init twice changes nothing");
	err = (struct ml_err){0};
	CHECK(ml_registry_init(folder, &is_new, &err) == ML_OK && is_new);
	read_log(folder, &log);
	CHECK(ml_registry_init(folder, &is_new, &err) == ML_OK && !is_new);
	read_log(folder, &again);
	CHECK(log.n == again.n && memcmp(log.p, again.p, log.n) == 0);

	test_case("init doesn't cover up a lost log");
	sample(folder);
	snprintf(path, sizeof path, "%s/log", folder);
	CHECK(unlink(path) == 0);
	CHECK(ml_registry_init(folder, &is_new, &err) == ML_EMODEL && !is_new);
	CHECK(strstr(err.text, "restore the log") != NULL);
	write_log(folder, "", 0);
	CHECK_TEXT(problems(folder, NULL, &verified), "log-empty");

	test_case("init ends what another init began");
	folder = fresh();
	CHECK(mkdir(folder, 0755) == 0);
	write_log(folder, log.p, log.n / 2);
	err = (struct ml_err){0};
	CHECK(ml_registry_init(folder, &is_new, &err) == ML_OK && is_new);
	CHECK_TEXT(problems(folder, NULL, &verified), "");
	ml_buf_free(&log);
	ml_buf_free(&again);
}

static void
test_writers(void)
{
	const char *folder = fresh();
	struct ml_registry *first = made(folder), *second = made(folder);
	struct ml_verified verified;
	struct ml_err err = {0};
	int64_t version;
	int fd, status;
	enum { WRITERS = 4, EACH = 10 };

	test_case("a writer sees what others wrote since it opened");
	CHECK(add(first, "fraud", "x") == 1);
	CHECK(add(second, "fraud", "y") == 2);
	CHECK(add(first, "fraud", "z") == 3);
	CHECK(events(second) == 3 && events(first) == 4);

	test_case("a writer waits for the lock, and not for ever");
	CHECK(ml_log_lock(folder, 0, &fd, &err) == ML_OK);
	ml_registry_set_wait(second, 0.02);
	CHECK(ml_registry_add(second, "fraud", "x", 1, NULL, &version, &err) == ML_ESYS);
	CHECK(strstr(err.text, "locked by another process") != NULL);
	close(fd);
	err = (struct ml_err){0};
	CHECK(add(second, "fraud", "x") == 4);
	ml_registry_close(first);
	ml_registry_close(second);

	test_case("writers at once lose nothing");
	for (int i = 0; i < WRITERS; i++)
		if (fork() == 0) {
			struct ml_registry *own;

			if (ml_registry_open(&own, folder, &err) < 0)
				_exit(1);
			for (int k = 0; k < EACH; k++)
				if (ml_registry_add(own, "fraud", "w", 1, NULL, &version, &err) < 0)
					_exit(1);
			ml_registry_close(own);
			_exit(0);
		}
	for (int i = 0; i < WRITERS; i++)
		CHECK(wait(&status) > 0 && status == 0);
	first = made(folder);
	CHECK(at(first, "fraud") == 4 + WRITERS * EACH);
	CHECK(events(first) == 1 + 4 + WRITERS * EACH);
	ml_registry_close(first);
	CHECK_TEXT(problems(folder, NULL, &verified), "");
}

int
main(void)
{
	char command[100];

	snprintf(top, sizeof top, "/tmp/mlregistry-XXXXXX");
	if (mkdtemp(top) == NULL)
		return 2;
	test_records();
	test_names();
	test_versions();
	test_aliases();
	test_torn();
	test_damage();
	test_impossible();
	test_objects();
	test_opening();
	test_writers();
	snprintf(command, sizeof command, "rm -rf '%s'", top);
	if (system(command) != 0)
		return 2;
	return test_end();
}
