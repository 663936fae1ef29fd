#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fields.h"
#include "base/io.h"
#include "base/json.h"

/* Tests run in a folder of their own; what is left in it at the end is a fault. */
static char folder[] = "/tmp/ml-io-XXXXXX";

static void
put(const char *path, const char *text)
{
	FILE *file = fopen(path, "wb");

	CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* What a file holds, or "(none)". */
static const char *
get(const char *path)
{
	static char text[256];
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		return "(none)";
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	return text;
}

/* Everything in the folder, in no order: how many names there are. */
static int
count_files(void)
{
	FILE *list = popen("ls -A | wc -l", "r");
	int n = -1;

	CHECK(list != NULL && fscanf(list, "%d", &n) == 1);
	pclose(list);
	return n;
}

static int
out_text(const char *path, const char *text, struct ml_err *err)
{
	struct ml_out out;

	*err = (struct ml_err){0};
	ML_TRY(ml_out_open(&out, path, err));
	if (ml_out_write(&out, text, strlen(text), err) < 0) {
		ml_out_abort(&out);
		return err->status;
	}
	return ml_out_commit(&out, err);
}

static const char *
read_back(const char *path, size_t limit, struct ml_err *err)
{
	static char text[256];
	struct ml_buf buf = {0};

	*err = (struct ml_err){0};
	if (ml_io_read(path, limit, &buf, err) < 0) {
		buf.n = 0;
		ml_buf_text(&buf, err->text);
	}
	snprintf(text, sizeof text, "%.*s", (int)buf.n, buf.n > 0 ? buf.p : "");
	ml_buf_free(&buf);
	return text;
}

static void
check_read(void)
{
	struct ml_err err;
	struct ml_buf long_text = {0}, back = {0};

	put("a", "hello");
	CHECK_TEXT(read_back("a", 0, &err), "hello");
	CHECK_TEXT(read_back("a", 5, &err), "hello");
	CHECK_TEXT(read_back("a", 4, &err), "a is larger than 4 bytes");
	CHECK(err.status == ML_EINPUT);
	CHECK_TEXT(read_back("/dev/zero", 100, &err), "/dev/zero is larger than 100 bytes");
	CHECK_TEXT(read_back("/dev/null", 0, &err), "");
	CHECK_TEXT(read_back(".", 0, &err), "'.' is a folder");
	CHECK(err.status == ML_EINPUT);
	CHECK_TEXT(read_back("b", 0, &err), "cannot open 'b': no such file or directory");
	CHECK(err.status == ML_ESYS);
	/* of no size, but with content */
	CHECK(strncmp(read_back("/proc/self/status", 0, &err), "Name:", 5) == 0);

	for (int i = 0; i < 300000; i++)
		ml_buf_char(&long_text, (char)('a' + i % 23));
	ml_buf_char(&long_text, '\0');
	put("a", long_text.p);
	ml_buf_text(&back, "x");
	err = (struct ml_err){0};
	CHECK(ml_io_read("a", 0, &back, &err) == ML_OK);
	CHECK(back.n == 300001 && memcmp(back.p + 1, long_text.p, 300000) == 0);
	ml_buf_free(&long_text);
	ml_buf_free(&back);
	unlink("a");
}

static void
check_replace(void)
{
	struct ml_err err = {0};
	struct ml_out one, two;
	struct stat st;

	put("a", "old");
	chmod("a", 0600);
	umask(027);
	CHECK(ml_out_open(&one, "a", &err) == ML_OK);
	CHECK(ml_out_open(&two, "./b", &err) == ML_OK);
	CHECK(ml_out_write(&one, "new", 3, &err) == ML_OK);
	CHECK(ml_out_write(&two, "other", 5, &err) == ML_OK);
	CHECK_TEXT(get("a"), "old");
	CHECK_TEXT(get("b"), "(none)");
	CHECK(count_files() == 3);
	CHECK(ml_out_sync(&one, &err) == ML_OK && ml_out_commit(&one, &err) == ML_OK);
	CHECK_TEXT(get("a"), "new");
	CHECK_TEXT(get("b"), "(none)");
	CHECK(stat("a", &st) == 0 && (st.st_mode & 0777) == 0640);
	CHECK(ml_out_commit(&two, &err) == ML_OK);
	CHECK_TEXT(get("b"), "other");
	CHECK(count_files() == 2);
	/* once ended, ending again does nothing */
	ml_out_abort(&two);
	CHECK_TEXT(get("b"), "other");
	umask(022);
	unlink("a");
	unlink("b");
}

static void
check_abort(void)
{
	struct ml_err err = {0};
	struct ml_out one, two;

	put("a", "old");
	CHECK(ml_out_open(&one, "a", &err) == ML_OK && ml_out_open(&two, "b", &err) == ML_OK);
	CHECK(ml_out_write(&one, "new", 3, &err) == ML_OK);
	ml_out_abort(&one);
	ml_out_abort(&two);
	CHECK_TEXT(get("a"), "old");
	CHECK(count_files() == 1);
	unlink("a");
}

/* As the handler of a deadly signal does: it comes last, for no output is made from then on. */
static void
check_abort_all(void)
{
	struct ml_err err = {0};
	struct ml_out one, two, three;

	put("a", "old");
	CHECK(ml_out_open(&one, "a", &err) == ML_OK && ml_out_open(&two, "a", &err) == ML_OK);
	CHECK(ml_out_open(&three, "/dev/null", &err) == ML_OK);
	CHECK(count_files() == 3);
	ml_out_abort_all();
	CHECK(count_files() == 1);
	CHECK(ml_out_commit(&one, &err) == ML_ESYS);
	CHECK_TEXT(err.text, "cannot replace 'a': no such file or directory");
	ml_out_abort(&two);
	ml_out_abort(&three);
	/* a thread that opens one before the process ends */
	CHECK(ml_out_open(&one, "b", &err) == ML_OK && count_files() == 1);
	ml_out_abort(&one);
	CHECK_TEXT(get("a"), "old");
	unlink("a");
}

static void
check_refused(void)
{
	struct ml_err err;

	CHECK(out_text("no/such", "x", &err) == ML_ESYS);
	CHECK_TEXT(err.text, "cannot create 'no/such': no such file or directory");
	CHECK(out_text("", "x", &err) == ML_ESYS);
	CHECK_TEXT(err.text, "cannot create '': no such file or directory");
	CHECK(out_text(".", "x", &err) == ML_ESYS);
	CHECK_TEXT(err.text, "cannot create '.': is a directory");
	put("a", "old");
	CHECK(out_text("a/b", "x", &err) == ML_ESYS);
	CHECK_TEXT(err.text, "cannot create 'a/b': not a directory");
	CHECK(out_text("/dev/full", "x", &err) == ML_ESYS);
	CHECK(strstr(err.text, "no space left on device") != NULL);

	/* As somebody else, if we are root: root may do anything. */
	chmod("a", 0444);
	CHECK(mkdir("locked", 0555) == 0);
	CHECK(geteuid() != 0 || seteuid(65534) == 0);
	CHECK(out_text("locked/b", "x", &err) == ML_ESYS);
	CHECK_TEXT(err.text, "cannot create 'locked/b': permission denied");
	CHECK(out_text("a", "x", &err) == ML_ESYS);
	CHECK_TEXT(err.text, "cannot create 'a': permission denied");
	CHECK(getuid() != 0 || seteuid(0) == 0);
	CHECK_TEXT(get("a"), "old");
	CHECK(count_files() == 2);
	rmdir("locked");
	unlink("a");
}

static bool
is_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static void
check_links(void)
{
	struct ml_err err;
	char absolute[64];

	/* b -> sub/c -> ../a; d -> (absolute) sub/e, which is not there; f -> f */
	snprintf(absolute, sizeof absolute, "%s/sub/e", folder);
	CHECK(mkdir("sub", 0777) == 0);
	put("a", "old");
	CHECK(symlink("sub/c", "b") == 0 && symlink("../a", "sub/c") == 0);
	CHECK(symlink(absolute, "d") == 0 && symlink("f", "f") == 0);
	CHECK(out_text("b", "new", &err) == ML_OK);
	CHECK(is_link("b") && is_link("sub/c") && !is_link("a"));
	CHECK_TEXT(get("a"), "new");
	CHECK(out_text("d", "made", &err) == ML_OK);
	CHECK(is_link("d"));
	CHECK_TEXT(get("sub/e"), "made");
	CHECK(out_text("f", "x", &err) == ML_ESYS);
	CHECK(strstr(err.text, "cannot create 'f': ") != NULL);
	CHECK(is_link("f"));
	/* within a linked folder */
	CHECK(symlink("sub", "g") == 0 && out_text("g/h", "deep", &err) == ML_OK);
	CHECK_TEXT(get("sub/h"), "deep");
	CHECK(count_files() == 6);
	unlink("a");
	unlink("b");
	unlink("d");
	unlink("f");
	unlink("g");
	unlink("sub/c");
	unlink("sub/e");
	unlink("sub/h");
	CHECK(rmdir("sub") == 0);
}

/* Runs CALL in a child whose standard output goes to PATH, opened so. */
static int
with_output(const char *path, int flags, int (*call)(void))
{
	int state = -1;
	pid_t child;

	fflush(stdout);
	if ((child = fork()) == 0) {
		int fd = open(path, flags, 0666);

		_exit(fd < 0 || dup2(fd, STDOUT_FILENO) < 0 ? 99 : call());
	}
	CHECK(child > 0 && waitpid(child, &state, 0) == child);
	return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static int
say_standard(void)
{
	struct ml_err err;

	return out_text("/dev/stdout", "one", &err) == ML_OK ? 0 : 1;
}

static int
say_twice(void)
{
	struct ml_err err = {0};
	struct ml_out one, two;

	return ml_out_open(&one, "/dev/stdout", &err) == ML_OK &&
		       ml_out_open(&two, "-", &err) == ML_OK &&
		       ml_out_write(&one, "one", 3, &err) == ML_OK &&
		       ml_out_write(&two, "two", 3, &err) == ML_OK &&
		       ml_out_commit(&one, &err) == ML_OK && ml_out_commit(&two, &err) == ML_OK
		   ? 0
		   : 1;
}

static int
say_full(void)
{
	struct ml_err err;

	return out_text(NULL, "one", &err) == ML_ESYS ? 0 : 1;
}

static void
check_special(void)
{
	struct ml_err err;
	struct stat st;
	int state;
	pid_t child;

	put("a", "zero");
	CHECK(with_output("a", O_WRONLY | O_APPEND, say_standard) == 0);
	CHECK_TEXT(get("a"), "zeroone");
	CHECK(with_output("a", O_WRONLY | O_TRUNC, say_twice) == 0);
	CHECK_TEXT(get("a"), "onetwo");
	CHECK(with_output("/dev/full", O_WRONLY, say_full) == 0);
	CHECK(out_text("/dev/null", "x", &err) == ML_OK);
	CHECK(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));
	unlink("a");

	/* A named pipe stays one, and its reader gets the bytes. */
	CHECK(mkfifo("pipe", 0666) == 0);
	fflush(stdout);
	if ((child = fork()) == 0)
		_exit(strcmp(get("pipe"), "through") == 0 ? 0 : 1);
	CHECK(out_text("pipe", "through", &err) == ML_OK);
	CHECK(waitpid(child, &state, 0) == child && state == 0);
	CHECK(stat("pipe", &st) == 0 && S_ISFIFO(st.st_mode));
	CHECK(count_files() == 1);
	unlink("pipe");
}

static void
check_append(void)
{
	struct ml_err err = {0};
	int fd;

	for (int i = 0; i < 2; i++) {
		CHECK(ml_io_append_open("log", &fd, &err) == ML_OK);
		CHECK(ml_io_write(fd, "log", "line\n", 5, &err) == ML_OK);
		CHECK(ml_io_append_close(fd, "log", &err) == ML_OK);
	}
	CHECK_TEXT(get("log"), "line\nline\n");
	CHECK(ml_io_append_open("/dev/null", &fd, &err) == ML_OK);
	CHECK(ml_io_append_close(fd, "/dev/null", &err) == ML_OK);
	CHECK(ml_io_append_open(".", &fd, &err) == ML_ESYS);
	CHECK_TEXT(err.text, "cannot open '.': is a directory");
	unlink("log");
}

static void
check_ready(void)
{
	struct ml_err err = {0};
	const char *name;
	int ends[2], fd;
	char c;

	CHECK(pipe(ends) == 0);
	CHECK(!ml_io_ready(ends[0]));
	CHECK(write(ends[1], "x", 1) == 1 && ml_io_ready(ends[0]));
	CHECK(read(ends[0], &c, 1) == 1 && !ml_io_ready(ends[0]));
	CHECK(ml_io_size(ends[0]) == -1);
	close(ends[1]);
	CHECK(ml_io_ready(ends[0])); /* the end is ready, too */
	close(ends[0]);

	put("a", "12345");
	CHECK(ml_io_open("a", &fd, &name, &err) == ML_OK && ml_io_size(fd) == 5);
	CHECK(read(fd, &c, 1) == 1 && ml_io_size(fd) == 4);
	CHECK(ml_io_back(fd, name, 1, &err) == ML_OK && ml_io_size(fd) == 5);
	CHECK(ml_io_back(fd, name, 1, &err) == ML_ESYS);
	ml_io_close(fd);
	unlink("a");
}

static int
parse(const char *text, size_t n, struct ml_err *err)
{
	json_t *json = NULL;
	int status;

	*err = (struct ml_err){0};
	status = ml_json_parse(&json, text, n, err);
	json_decref(json);
	return status;
}

/* TEXT parsed and written again. */
static const char *
rewritten(const char *text)
{
	static char out[256];
	struct ml_buf buf = {0};
	struct ml_err err = {0};
	json_t *json = NULL;

	if (ml_json_parse(&json, text, strlen(text), &err) == ML_OK)
		ml_json_write(json, &buf, &err);
	snprintf(out, sizeof out, "%.*s", (int)(err.status < 0 ? strlen(err.text) : buf.n),
		 err.status < 0 ? err.text : buf.p);
	json_decref(json);
	ml_buf_free(&buf);
	return out;
}

static void
check_json(void)
{
	static const char *const bad[] = {
	    "",	     "{",	"{\"a\":1,\"a\":2}", "{}x",  "{'a':1}",	 "[1,]",
	    "[NaN]", "[1e999]", "[\"\xff\"]",	     "[01]", "[\"\t\"]", "[\"\\ud800\"]"};
	struct ml_err err;
	char deep[67];

	CHECK_TEXT(
	    rewritten(" { \"b\" : [ 1 , 0.1, -2e-7, true, null ] , \"a\" : \"\\u00e9\\n\" } "),
	    "{\"b\":[1,0.10000000000000001,-1.9999999999999999e-7,true,null],"
	    "\"a\":\"\xc3\xa9\\n\"}");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK(parse(bad[i], strlen(bad[i]), &err) == ML_EMODEL);
		CHECK(strncmp(err.text, "json: ", 6) == 0);
	}
	CHECK(parse("[\"\\u0000\"]", 10, &err) == ML_EMODEL);
	CHECK(parse("{}\0", 3, &err) == ML_EMODEL);
	memset(deep, '[', 33);
	memset(deep + 33, ']', 33);
	CHECK(parse(deep, 66, &err) == ML_EMODEL);
	CHECK_TEXT(err.text, "json: nested deeper than 32");
	CHECK(parse(deep + 1, 64, &err) == ML_OK);
	/* brackets in a text are no depth */
	CHECK_TEXT(rewritten("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[\"]"),
		   "[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[\"]");
}

static const char *
quoted(const char *p, size_t n)
{
	static char out[128];
	struct ml_buf buf = {0};

	ml_json_quote(&buf, p, n);
	snprintf(out, sizeof out, "%.*s", (int)buf.n, buf.p);
	ml_buf_free(&buf);
	return out;
}

static void
check_json_members(void)
{
	static const char text[] = "{\"n\":3,\"x\":0.5,\"t\":\"a\",\"l\":[1]}";
	struct ml_err err = {0};
	json_t *json, *list;
	const char *t;
	int64_t n;
	double x;

	CHECK(ml_json_parse(&json, text, sizeof text - 1, &err) == ML_OK);
	CHECK(ml_json_int(json, "n", 3, 3, &n, &err) == ML_OK && n == 3);
	CHECK(ml_json_real(json, "n", &x, &err) == ML_OK && x == 3);
	CHECK(ml_json_real(json, "x", &x, &err) == ML_OK && x == 0.5);
	CHECK(ml_json_text(json, "t", &t, &err) == ML_OK && strcmp(t, "a") == 0);
	CHECK(ml_json_array(json, "l", &list, &err) == ML_OK && json_array_size(list) == 1);
	CHECK(ml_json_int(json, "n", 4, 9, &n, &err) == ML_EMODEL);
	CHECK_TEXT(err.text, "'n' is out of range");
	err = (struct ml_err){0};
	CHECK(ml_json_int(json, "x", 0, 9, &n, &err) == ML_EMODEL);
	CHECK_TEXT(err.text, "'x' is not an integer");
	err = (struct ml_err){0};
	CHECK(ml_json_text(json, "z", &t, &err) == ML_EMODEL);
	CHECK_TEXT(err.text, "'z' is not a text");
	err = (struct ml_err){0};
	CHECK(ml_json_real(json, "t", &x, &err) == ML_EMODEL);
	CHECK(ml_json_array(NULL, "l", &list, &err) == ML_EMODEL);
	json_decref(json);

	CHECK_TEXT(quoted("a\"b\\c", 5), "\"a\\\"b\\\\c\"");
	CHECK_TEXT(quoted("\0\n\x1f\x7f", 4), "\"\\u0000\\u000a\\u001f\\u007f\"");
	CHECK_TEXT(quoted("\xc3\xa9\xf0\x9f\x98\x80", 6), "\"\xc3\xa9\xf0\x9f\x98\x80\"");
	/* what is not UTF-8 becomes U+FFFD: a lone byte, a cut character, a surrogate */
	CHECK_TEXT(quoted("\xff"
			  "a\xc3",
			  3),
		   "\"\xef\xbf\xbd"
		   "a\xef\xbf\xbd\"");
	CHECK_TEXT(quoted("\xed\xa0\x80", 3), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

/* A driver of ml_fields over one array in memory, called "v". */
struct memory {
	struct ml_fields fields;
	enum ml_kind kind;
	size_t n;
	_Alignas(8) char bytes[64];
	int calls;
};

static int
move(struct ml_fields *fields, const char *name, enum ml_kind kind, void **p, size_t n)
{
	static const size_t size[] = {8, 4, 8, 1};
	struct memory *m = (struct memory *)fields;

	m->calls++;
	if (fields->reading) {
		if (strcmp(name, "v") != 0 || n != m->n || kind != m->kind)
			return ml_fail(fields->err, ML_EMODEL, "no '%s'", name);
		*p = m->bytes;
		return ML_OK;
	}
	m->kind = kind;
	m->n = n;
	memcpy(m->bytes, *p, n * size[kind]);
	return ML_OK;
}

static void
turn(struct memory *m, bool reading, struct ml_err *err)
{
	*err = (struct ml_err){0};
	m->fields =
	    (struct ml_fields){.array = move, .prefix = "state/", .reading = reading, .err = err};
	m->calls = 0;
}

static void
check_fields(void)
{
	struct memory m = {0};
	struct ml_err err;
	double v[3] = {1, -2.5, 1e300}, *p = v, x = 7;
	int32_t i[2] = {-1, 5}, *q = i;
	size_t n = 9;

	turn(&m, false, &err);
	ml_field_f64s(&m.fields, "v", &p, 3);
	CHECK(m.fields.status == ML_OK && p == v);
	turn(&m, true, &err);
	p = NULL;
	ml_field_f64s(&m.fields, "v", &p, 3);
	CHECK(m.fields.status == ML_OK && memcmp(p, v, sizeof v) == 0);

	/* a value that is not finite is refused, when saved as when loaded */
	memcpy(m.bytes + 8, &(double){(double)NAN}, sizeof(double));
	ml_field_f64s(&m.fields, "v", &p, 3);
	CHECK(m.fields.status == ML_EMODEL);
	CHECK_TEXT(err.text, "'state/v' holds a value that is not finite");
	/* after a failure nothing is done */
	m.calls = 0;
	ml_field_f64(&m.fields, "v", &x);
	ml_field_size(&m.fields, "v", &n, 0, 100);
	ml_field_i32s(&m.fields, "v", &q, 2);
	ml_field_check(&m.fields, false, "w");
	CHECK(m.calls == 0 && x == 7 && n == 9 && q == i);
	CHECK_TEXT(err.text, "'state/v' holds a value that is not finite");

	turn(&m, false, &err);
	ml_field_size(&m.fields, "v", &n, 0, 100);
	for (size_t most = 8; most <= 9; most++) {
		turn(&m, true, &err);
		n = 0;
		ml_field_size(&m.fields, "v", &n, 1, most);
		CHECK(most == 9 ? m.fields.status == ML_OK && n == 9
				: m.fields.status == ML_EMODEL && n == 0);
	}
	memcpy(m.bytes, &(int64_t){-1}, sizeof(int64_t));
	turn(&m, true, &err);
	ml_field_size(&m.fields, "v", &n, 0, SIZE_MAX);
	CHECK(m.fields.status == ML_EMODEL);

	turn(&m, false, &err);
	ml_field_check(&m.fields, false, "w"); /* what we have is right */
	ml_field_i32s(&m.fields, "v", &q, 2);
	CHECK(m.fields.status == ML_OK);
	turn(&m, true, &err);
	ml_field_check(&m.fields, true, "w");
	ml_field_i32s(&m.fields, "v", &q, 2);
	CHECK(m.fields.status == ML_OK && q != i && q[0] == -1 && q[1] == 5);
	ml_field_check(&m.fields, false, "w");
	CHECK_TEXT(err.text, "'state/w' is out of range");
}

int
main(void)
{
	if (mkdtemp(folder) == NULL || chmod(folder, 0777) < 0 || chdir(folder) < 0) {
		perror(folder);
		return 2;
	}
	umask(022);
	test_case("a file is read whole, up to a limit");
	check_read();
	test_case("an output appears complete, with the umask's mode");
	check_replace();
	test_case("an output that is given up leaves nothing");
	check_abort();
	test_case("what cannot be written is refused at once");
	check_refused();
	test_case("symbolic links stay, what they point to is replaced");
	check_links();
	test_case("pipes, devices and standard output are written as they are");
	check_special();
	test_case("a file that is added to");
	check_append();
	test_case("what is ready, and what is left");
	check_ready();
	test_case("JSON is read strictly and written as it came");
	check_json();
	test_case("JSON members of the wrong kind are named");
	check_json_members();
	test_case("state goes out and in through one list of fields");
	check_fields();
	test_case("the end by a signal leaves nothing");
	check_abort_all();
	test_case("nothing is left behind");
	CHECK(count_files() == 0);
	CHECK(chdir("/") == 0 && rmdir(folder) == 0);
	return test_end();
}
