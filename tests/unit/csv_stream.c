#include "test.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "csv_dump.h"
#include "table/csv_scan.h"

/* The reader on generated input: blocks, pipes, rejects, lists, memory that fails. */

static void
write_file(const char *path, const struct ml_buf *bytes)
{
	FILE *file = fopen(path, "wb");

	CHECK(file != NULL && fwrite(bytes->p, 1, bytes->n, file) == bytes->n);
	if (file != NULL)
		fclose(file);
}

static bool
file_is(const char *path, const char *expected)
{
	struct ml_buf bytes = {0};
	struct ml_err err = {0};
	bool same = ml_io_read(path, 0, &bytes, &err) == ML_OK && bytes.n == strlen(expected) &&
		    memcmp(bytes.p, expected, bytes.n) == 0;

	ml_buf_free(&bytes);
	return same;
}

/* Opens TEXT as t.csv. */
static struct ml_csv *
open_text(const char *text, const struct ml_csv_options *options)
{
	struct ml_buf bytes = {.p = (char *)(uintptr_t)text, .n = strlen(text)};
	struct ml_csv *csv = NULL;
	struct ml_err err = {0};

	write_file("t.csv", &bytes);
	CHECK(ml_csv_open(&csv, "t.csv", options, &err) == ML_OK);
	CHECK_TEXT(err.text, "");
	return csv;
}

/* The next block of a table, all columns wanted as WANT; what next or parse returned. */
static int
next_block(struct ml_csv *csv, struct ml_batch *batch, enum ml_want want, struct ml_err *err)
{
	enum ml_want wants[16];
	int status = ml_csv_next(csv, batch, err);

	for (size_t i = 0; i < 16; i++)
		wants[i] = want;
	if (status <= 0)
		return status;
	status = ml_csv_parse(csv, wants, batch, err);
	return status < 0 ? status : 1;
}

static void
close_all(struct ml_csv *csv, struct ml_batch *batch)
{
	struct ml_err err = {0};
	size_t skipped;

	ml_batch_free(batch);
	CHECK(ml_csv_close(csv, &skipped, &err) == ML_OK);
}

static void
test_marks(void)
{
	char bytes[ML_CSV_STEP];
	uint32_t state = 1;

	test_case("both forms of the search find the same bytes");
	for (int round = 0; round < 2000; round++) {
		struct ml_marks plain, fast;

		for (int i = 0; i < ML_CSV_STEP; i++) {
			state = state * 1664525 + 1013904223;
			bytes[i] = round % 4 == 0 ? (char)(state >> 24)
						  : "\n\"\r\0a\x80\x0b\x7f"[state >> 24 & 7];
		}
		if (round % 3 == 0)
			memset(bytes, 'x', sizeof bytes - 1);
		plain = ml_marks_plain(bytes);
		fast = ml_marks(bytes);
		CHECK(plain.line_end == fast.line_end && plain.quote == fast.quote);
		CHECK(plain.nul == fast.nul && plain.high == fast.high);
		CHECK(plain.carriage_return == fast.carriage_return);
		for (int i = 0; i < ML_CSV_STEP; i++) {
			CHECK((plain.line_end >> i & 1) == (bytes[i] == '\n'));
			CHECK((plain.quote >> i & 1) == (bytes[i] == '"'));
		}
	}
}

/* Rows of three columns with odd things now and then, so that blocks have something to cut. */
static void
generate(struct ml_buf *out, size_t n_rows)
{
	ml_buf_text(out, "id,name,value\n");
	for (size_t i = 0; i < n_rows; i++) {
		ml_buf_format(out, "%zu,", i);
		if (i % 7 == 0)
			ml_buf_format(out, "\"a \"\"%zu\"\"\nb\",", i);
		else
			ml_buf_format(out, "t%zu,", i % 13);
		ml_buf_format(out, i % 11 == 0 ? "\r\n" : "%zu.25\n", i);
		if (i % 1000 == 999)
			ml_buf_text(out, "\n  \n");
	}
}

static void
test_blocks(void)
{
	enum { ROWS = 3 * ML_BLOCK + 100 };
	static const char *const sizes[] = {"37", "4096", "1048576"};
	struct dump_options options = {.rows = SIZE_MAX};
	struct ml_csv_options plain = {0};
	struct ml_buf bytes = {0};
	struct ml_batch batch = {0};
	struct ml_err err = {0};
	struct ml_csv *csv = NULL;
	char *first = NULL;
	size_t row = 0, line = 2;

	test_case("blocks have as many records whatever the reads give");
	generate(&bytes, ROWS);
	write_file("t.csv", &bytes);
	for (size_t i = 0; i < 3; i++) {
		char *text;

		setenv("MLUTILS_READ_SIZE", sizes[i], 1);
		options.only_libcsv = i == 1;
		options.twice = i == 2;
		text = dump("t.csv", &options);
		if (first == NULL)
			first = text;
		CHECK(strlen(text) > ROWS && strcmp(text, first) == 0);
		if (text != first)
			free(text);
	}
	free(first);
	CHECK(ml_csv_open(&csv, "t.csv", &plain, &err) == ML_OK);
	for (size_t i = 0; i < 4; i++) {
		CHECK(next_block(csv, &batch, ML_WANT_EITHER, &err) == 1);
		CHECK(batch.index == i && batch.n_rows == (i < 3 ? ML_BLOCK : 100));
		for (size_t k = 0; k < batch.n_rows; k++, row++) {
			CHECK(batch.cells[0].number[k] == (double)row && batch.line[k] == line);
			CHECK(isnan(batch.cells[2].number[k]) == (row % 11 == 0));
			CHECK(batch.cells[1].text[k].p != NULL);
			line += 1 + (row % 7 == 0) + 2 * (row % 1000 == 999);
		}
	}
	CHECK(row == ROWS && ml_csv_next(csv, &batch, &err) == 0 && ml_csv_share(csv) == 1);
	close_all(csv, &batch);
	ml_buf_free(&bytes);
}

static void
test_wide(void)
{
	enum { WIDE = 10000 };
	struct dump_options options = {.rows = SIZE_MAX};
	struct ml_csv_options plain = {0};
	struct ml_buf bytes = {0};
	struct ml_err err = {0};
	struct ml_csv *csv = NULL;
	char *text;

	test_case("ten thousand columns");
	for (size_t i = 0; i < WIDE; i++)
		ml_buf_format(&bytes, "%sc%zu", i > 0 ? "," : "", i);
	for (size_t i = 0; i < WIDE; i++)
		ml_buf_format(&bytes, "%s%zu", i > 0 ? "," : "\n", i % 10);
	write_file("t.csv", &bytes);
	CHECK(ml_csv_open(&csv, "t.csv", &plain, &err) == ML_OK);
	CHECK(ml_csv_columns(csv) == WIDE && ml_csv_find(csv, "c9999", &err) == 9999);
	ml_csv_abandon(csv);
	text = dump("t.csv", &options);
	CHECK(strlen(text) > WIDE && strcmp(text + strlen(text) - 13, "8 9 | unended") == 0);
	free(text);

	test_case("and one that comes twice");
	bytes.n = 0;
	for (size_t i = 0; i < WIDE; i++)
		ml_buf_format(&bytes, "%sc%zu", i > 0 ? "," : "", i == 8000 ? 17 : i);
	write_file("t.csv", &bytes);
	text = dump("t.csv", &options);
	CHECK_TEXT(text, "error: t.csv: column 8001 repeats the name of column 18: 'c17'");
	free(text);
	ml_buf_free(&bytes);
}

/* Short and long numbers by turns, and what is none: a row is missing a field or has one more. */
static void
generate_numbers(struct ml_buf *out, const char *line_end)
{
	static const char *const fields[] = {"0.5", "-12.25", "1e-05", "0.1234567890123456789",
					     "",    "7",      "-",     "99999999999999"};
	uint32_t state = 7;

	ml_buf_text(out, "a,b,c,d");
	for (size_t row = 0; row < 3000; row++) {
		size_t n = row % 97 == 5 ? 3 : row % 89 == 5 ? 5 : 4;

		ml_buf_text(out, line_end);
		for (size_t i = 0; i < n; i++) {
			state = state * 1664525 + 1013904223;
			ml_buf_text(out, i > 0 ? "," : "");
			/* Column b is short, c long after a while, d whatever comes. */
			ml_buf_text(out, fields[i == 1			    ? state >> 31
						: i == 2 && row % 200 > 100 ? 3
						: i == 3 && row > 2900	    ? state >> 29
						: i == 0		    ? (state >> 24) % 6
									    : state >> 30]);
		}
	}
}

static void
test_numbers(void)
{
	static const char *const line_ends[] = {"\n", "\r\n", "\n\n"};
	struct dump_options options = {.rows = SIZE_MAX, .csv.on_error = "skip"};

	test_case("short numbers, and what stands between them, as libcsv cuts them");
	for (size_t i = 0; i < 3; i++) {
		struct ml_buf bytes = {0};
		char *ours, *libcsv;

		generate_numbers(&bytes, line_ends[i]);
		write_file("t.csv", &bytes);
		options.only_libcsv = false;
		ours = dump("t.csv", &options);
		options.only_libcsv = true;
		libcsv = dump("t.csv", &options);
		CHECK(strlen(ours) > 30000 && strcmp(ours, libcsv) == 0);
		free(ours);
		free(libcsv);
		ml_buf_free(&bytes);
	}
}

static void
test_pipe(void)
{
	struct ml_csv_options options = {.partial = true, .replay = true};
	struct ml_batch batch = {0};
	struct ml_csv *csv = NULL;
	struct ml_err err = {0};
	int ends[2], standard = dup(STDIN_FILENO);

	CHECK(pipe(ends) == 0 && dup2(ends[0], STDIN_FILENO) == 0 && close(ends[0]) == 0);

	test_case("a pause of the input ends a block, with partial");
	CHECK(write(ends[1], "a,b\n1,2\n3,", 10) == 10);
	CHECK(ml_csv_open(&csv, "-", &options, &err) == ML_OK);
	CHECK_TEXT(ml_csv_path(csv), "standard input");
	CHECK(ml_csv_share(csv) == -1 && ml_csv_seekable(csv));
	CHECK(next_block(csv, &batch, ML_WANT_EITHER, &err) == 1);
	CHECK(batch.n_rows == 1 && batch.cells[1].number[0] == 2);
	CHECK(write(ends[1], "4\n5,6\n", 6) == 6);
	CHECK(next_block(csv, &batch, ML_WANT_EITHER, &err) == 1);
	CHECK(batch.n_rows == 2 && batch.cells[0].number[0] == 3 && batch.line[1] == 4);
	close(ends[1]);
	CHECK(ml_csv_next(csv, &batch, &err) == 0);

	test_case("a pipe is read again, with replay");
	CHECK(ml_csv_rewind(csv, &err) == ML_OK);
	CHECK(next_block(csv, &batch, ML_WANT_TEXT, &err) == 1);
	CHECK(batch.n_rows == 3 && batch.index == 0 && batch.line[2] == 4);
	CHECK(ml_str_is(batch.cells[1].text[2], "6"));
	CHECK(ml_csv_next(csv, &batch, &err) == 0);
	close_all(csv, &batch);

	test_case("and not without");
	options.replay = options.partial = false;
	err = (struct ml_err){0};
	CHECK(pipe(ends) == 0 && dup2(ends[0], STDIN_FILENO) == 0 && close(ends[0]) == 0);
	CHECK(write(ends[1], "a\n1\n", 4) == 4 && close(ends[1]) == 0);
	CHECK(ml_csv_open(&csv, NULL, &options, &err) == ML_OK && !ml_csv_seekable(csv));
	CHECK(ml_csv_rewind(csv, &err) == ML_EINPUT);
	ml_csv_abandon(csv);
	ml_csv_abandon(NULL);
	dup2(standard, STDIN_FILENO);
	close(standard);
}

static void
test_reject(void)
{
	struct ml_csv_options options = {.on_error = "reject=bad.csv"};
	struct ml_csv *csv = open_text("a,b\r\n1,2\r\n3\r\n4,5,6\r\n7,8\r\n9", &options);
	struct ml_batch batch = {0};
	struct ml_err err = {0};
	size_t skipped;

	test_case("bad records are kept with the header, as they came");
	for (int pass = 0; pass < 2; pass++) {
		CHECK(next_block(csv, &batch, ML_WANT_EITHER, &err) == 1);
		CHECK(ml_csv_settle(csv, &batch, &err) == ML_OK && batch.n_rows == 2);
		CHECK(ml_csv_next(csv, &batch, &err) == 0);
		CHECK(access("bad.csv", F_OK) < 0);
		if (pass == 0)
			CHECK(ml_csv_rewind(csv, &err) == ML_OK);
	}
	ml_batch_free(&batch);
	CHECK(ml_csv_close(csv, &skipped, &err) == ML_OK && skipped == 3);
	CHECK(file_is("bad.csv", "a,b\n3\r\n4,5,6\r\n9\n"));
	unlink("bad.csv");

	test_case("a reject file that cannot be made is said at once");
	options.on_error = "reject=none/bad.csv";
	CHECK(ml_csv_open(&csv, "t.csv", &options, &err) == ML_ESYS);

	test_case("abandoning leaves no reject file");
	options.on_error = "reject=bad.csv";
	err = (struct ml_err){0};
	CHECK(ml_csv_open(&csv, "t.csv", &options, &err) == ML_OK);
	ml_csv_abandon(csv);
	CHECK(access("bad.csv", F_OK) < 0);
}

static void
test_place(void)
{
	const char *text = "a,b\n1,2\n\"3\",\"\n\n1e999\"\n4,5\n";
	struct ml_csv_options options = {0};
	struct ml_csv *csv = open_text(text, &options);
	struct ml_batch batch = {0};
	struct ml_err err = {0};

	test_case("a cell found wrong later is placed by its line and column");
	CHECK(next_block(csv, &batch, ML_WANT_EITHER, &err) == 1);
	ml_fail(&err, ML_EINPUT, "odd");
	CHECK(ml_csv_place(csv, &batch, 1, 1, &err) == ML_EINPUT);
	CHECK_TEXT(err.text, "t.csv:3: column 2 'b': odd");
	close_all(csv, &batch);

	test_case("or its row is left out");
	options.on_error = "skip";
	csv = open_text("a,b\n1e999,x\n2\n3,y\n-1e999,z\n", &options);
	err = (struct ml_err){0};
	CHECK(next_block(csv, &batch, ML_WANT_EITHER, &err) == 1);
	CHECK(batch.n_rows == 3 && batch.n_bad == 1 && batch.cells[0].out_of_range == 0);
	ml_fail(&err, ML_EINPUT, "odd");
	CHECK(ml_csv_place(csv, &batch, 0, 0, &err) == ML_OK && err.status == ML_OK);
	CHECK(batch.n_rows == 2 && batch.cells[0].number[0] == 3 && batch.line[0] == 4);
	CHECK(ml_str_is(batch.cells[1].text[1], "z") && batch.cells[0].out_of_range == 1);
	CHECK(batch.n_bad == 2 && ml_str_is(batch.bad[0], "1e999,x") &&
	      ml_str_is(batch.bad[1], "2"));
	ml_fail(&err, ML_EINPUT, "odd");
	CHECK(ml_csv_place(csv, &batch, 0, 1, &err) == ML_OK);
	CHECK(batch.n_rows == 1 && batch.cells[0].out_of_range == 0);
	ml_fail(&err, ML_EINPUT, "odd");
	CHECK(ml_csv_place(csv, &batch, 0, 0, &err) == ML_OK);
	CHECK(batch.n_rows == 0 && batch.cells[0].out_of_range == -1);
	close_all(csv, &batch);
}

static void
test_fields(void)
{
	static const char text[] =
	    "a , \"b\"\"\",c\n 1,\t\"x,\"\"y\" ,\n\"\", z z ,\"\"\"\"\n,\"p\nq\",r";
	struct ml_csv_options options = {.na = ""};
	struct ml_csv *csv = open_text(text, &options);
	struct ml_batch batch = {0};
	struct ml_err err = {0};
	struct ml_str header = ml_csv_header(csv);
	struct ml_buf value = {0};

	test_case("fields of records as they came mean what was parsed");
	CHECK(ml_csv_delimiter(csv) == ',' && ml_str_is(header, "a , \"b\"\"\",c"));
	for (size_t i = 0; i < 3; i++) {
		value.n = 0;
		CHECK(ml_csv_value(csv, ml_csv_cut(&header, ','), &value));
		CHECK(ml_str_is((struct ml_str){value.p, value.n}, ml_csv_name(csv, i)));
	}
	CHECK(next_block(csv, &batch, ML_WANT_TEXT, &err) == 1 && batch.n_rows == 3);
	for (size_t row = 0; row < batch.n_rows; row++) {
		struct ml_str record = batch.record[row];

		for (size_t i = 0; i < 3; i++) {
			struct ml_str cell = batch.cells[i].text[row];

			value.n = 0;
			CHECK(ml_csv_value(csv, ml_csv_cut(&record, ','), &value) ==
			      (cell.p != NULL));
			CHECK(value.n == cell.n &&
			      (cell.n == 0 || memcmp(value.p, cell.p, cell.n) == 0));
		}
		CHECK(record.n == 0);
	}
	ml_buf_free(&value);
	close_all(csv, &batch);
}

static void
test_arrays(void)
{
	struct ml_csv_options options = {0};
	struct ml_buf bytes = {0};
	struct ml_csv *csv;
	struct ml_batch batch = {0};
	struct ml_err err = {0};
	double *taken, *kept;

	test_case("arrays are used again, unless they are taken away");
	ml_buf_text(&bytes, "a,b\n");
	for (int i = 0; i < 2 * ML_BLOCK; i++)
		ml_buf_format(&bytes, "%d,%d\n", i, -i);
	ml_buf_char(&bytes, '\0');
	csv = open_text(bytes.p, &options);
	CHECK(next_block(csv, &batch, ML_WANT_NUMBER, &err) == 1);
	taken = batch.cells[0].number;
	kept = batch.cells[1].number;
	batch.cells[0].number = NULL;
	CHECK(next_block(csv, &batch, ML_WANT_NUMBER, &err) == 1);
	CHECK(batch.cells[0].number != taken && batch.cells[1].number == kept);
	CHECK(taken[1] == 1 && batch.cells[0].number[1] == ML_BLOCK + 1);
	ml_free(taken);
	close_all(csv, &batch);
	ml_buf_free(&bytes);
}

/* The columns of LIST as digits, or the failure. */
static const char *
list(const struct ml_csv *csv, const char *columns)
{
	static char out[sizeof(struct ml_err)];
	struct ml_err err = {0};
	bool member[8];
	size_t n = 0;

	if (ml_csv_list(csv, columns, member, &err) < 0) {
		snprintf(out, sizeof out, "%s", err.text);
		return out;
	}
	for (size_t i = 0; i < ml_csv_columns(csv); i++)
		if (member[i])
			out[n++] = (char)('1' + i);
	out[n] = '\0';
	return out;
}

static void
test_lists(void)
{
	struct ml_csv_options options = {0};
	struct ml_csv *csv = open_text("id,species,3,\"a,b\",1-2,x\n", &options);
	struct ml_batch batch = {0};
	struct ml_err err = {0};

	test_case("columns are found by name");
	CHECK(ml_csv_find(csv, "species", &err) == 1 && ml_csv_find(csv, "a,b", &err) == 3);
	CHECK(ml_csv_find(csv, "speices", &err) == -1);
	CHECK_TEXT(err.text, "t.csv: no column 'speices' (did you mean 'species'?)");

	err = (struct ml_err){0};
	CHECK(ml_csv_find(csv, "none of these", &err) == -1);
	CHECK_TEXT(err.text, "t.csv: no column 'none of these'");

	test_case("a list has names, numbers and ranges; a name wins");
	CHECK_TEXT(list(csv, "id"), "1");
	CHECK_TEXT(list(csv, "2,id"), "12");
	CHECK_TEXT(list(csv, "3"), "3");
	CHECK_TEXT(list(csv, "2-4"), "234");
	CHECK_TEXT(list(csv, "5-"), "56");
	CHECK_TEXT(list(csv, "1-2"), "5");
	CHECK_TEXT(list(csv, "\"a,b\",x"), "46");
	CHECK_TEXT(list(csv, "x,x,6"), "6");
	CHECK_TEXT(list(csv, "7"), "t.csv: no column 7, there are 6");
	CHECK_TEXT(list(csv, "0"), "t.csv: no column 0, there are 6");
	CHECK_TEXT(list(csv, "2-9"), "t.csv: no column 9, there are 6");
	CHECK_TEXT(list(csv, "4-2"), "columns 4-2: the range runs backwards");
	CHECK_TEXT(list(csv, "y-2"), "t.csv: no column 'y-2' (did you mean '1-2'?)");
	CHECK_TEXT(list(csv, "id,,x"), "t.csv: no column ''");
	CHECK_TEXT(list(csv, "\"a,b"), "columns: bad quotes in '\"a,b'");
	CHECK_TEXT(list(csv, "99999999999999999999"),
		   "t.csv: no column 99999999999999999999, there are 6");
	close_all(csv, &batch);
}

static void
test_write(void)
{
	static const char *const texts[] = {
	    "x",    "",	  " x", "x\t", "a,b",	   "say \"hi\"", "two\nlines",
	    "a\rb", "NA", "1",	"\"",  "\xC3\xBC", "null",	 "N",
	};
	enum { TEXTS = sizeof texts / sizeof *texts };
	struct ml_csv_options options = {.delimiter = ","};
	struct ml_batch batch = {0};
	struct ml_buf out = {0};
	struct ml_err err = {0};
	struct ml_csv *csv;

	test_case("what is written is read back, missing and empty apart");
	ml_buf_text(&out, "a,b\n");
	for (size_t i = 0; i < TEXTS; i++) {
		ml_csv_put(&out, ml_str(texts[i]), ',');
		ml_buf_char(&out, ',');
		ml_csv_put(&out, (struct ml_str){0}, ',');
		ml_buf_char(&out, '\n');
	}
	ml_buf_char(&out, '\0');
	csv = open_text(out.p, &options);
	CHECK(next_block(csv, &batch, ML_WANT_TEXT, &err) == 1 && batch.n_rows == TEXTS);
	for (size_t i = 0; i < batch.n_rows; i++) {
		CHECK(ml_str_is(batch.cells[0].text[i], texts[i]));
		CHECK(batch.cells[1].text[i].p == NULL);
	}
	close_all(csv, &batch);
	out.n = 0;
	ml_csv_put(&out, ml_str("a;b"), ',');
	ml_csv_put(&out, ml_str("a;b"), ';');
	ml_csv_put(&out, ml_str("x\"y"), ';');
	CHECK(out.n == 14 && memcmp(out.p, "a;b\"a;b\"\"x\"\"y\"", 14) == 0);
	ml_buf_free(&out);
}

static void
test_source(void)
{
	struct ml_csv_options options = {0};
	struct ml_csv *csv = NULL;
	struct ml_err err = {0};

	test_case("an input that is not there, or is a folder");
	CHECK(ml_csv_open(&csv, "none.csv", &options, &err) == ML_ESYS);
	CHECK_TEXT(err.text, "cannot open 'none.csv': no such file or directory");
	err = (struct ml_err){0};
	CHECK(ml_csv_open(&csv, ".", &options, &err) == ML_EINPUT);
}

/* Reads t.csv in a process of its own, whose n-th allocation fails; its exit status. */
static int
read_without_memory(char *program, int n)
{
	char text[16], *const arguments[] = {program, (char[]){"once"}, NULL};
	int status = -1;
	pid_t child;

	snprintf(text, sizeof text, "%d", n);
	setenv("MLUTILS_FAIL_ALLOC", text, 1);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		execv(program, arguments);
		_exit(99);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
	unsetenv("MLUTILS_FAIL_ALLOC");
	return WEXITSTATUS(status);
}

/* What the child does: 0 if all was read, 1 if there was no memory, 2 for anything else. */
static int
read_once(void)
{
	struct ml_csv_options options = {.on_error = "reject=bad.csv"};
	struct ml_batch batch = {0};
	struct ml_csv *csv = NULL;
	struct ml_err err = {0};
	size_t skipped = 0;
	int status = ml_csv_open(&csv, "t.csv", &options, &err);

	if (status == ML_OK) {
		while ((status = next_block(csv, &batch, ML_WANT_EITHER, &err)) > 0)
			if ((status = ml_csv_settle(csv, &batch, &err)) < 0)
				break;
		ml_batch_free(&batch);
		if (status == ML_OK)
			status = ml_csv_close(csv, &skipped, &err);
		else
			ml_csv_abandon(csv);
	}
	return status == ML_OK && skipped == 2 ? 0 : status == ML_ENOMEM ? 1 : 2;
}

static void
test_memory(char *program)
{
	struct ml_csv_options options = {0};
	struct ml_batch none = {0};
	int successes = 0, failures = 0;

	test_case("memory that fails anywhere is a failure and no leak");
	close_all(open_text("a,b,c\n1,x,2\n\"3\",\"y \"\"\",w\n4\n5,z,6\n7,\"8\n", &options),
		  &none);
	/* libcsv tries again with less, so one success does not mean that the count is through. */
	for (int n = 1; successes < 8 && n < 1000; n++) {
		int status = read_without_memory(program, n);

		CHECK(status == 0 || status == 1);
		CHECK(access("bad.csv", F_OK) == 0 ? file_is("bad.csv", "a,b,c\n4\n7,\"8\n")
						   : status == 1);
		successes = status == 0 ? successes + 1 : 0;
		failures += status == 1;
		unlink("bad.csv");
	}
	CHECK(failures > 20 && successes == 8);
}

int
main(int argc, char **argv)
{
	char home[4096], program[4400];
	char temporary[] = "/tmp/mlutils-csv-XXXXXX";

	if (argc > 1)
		return read_once();
	test_case("a folder for files");
	CHECK(getcwd(home, sizeof home) != NULL);
	snprintf(program, sizeof program, "%s/%s", argv[0][0] == '/' ? "" : home, argv[0]);
	CHECK(mkdtemp(temporary) != NULL && chdir(temporary) == 0);
	test_marks();
	test_blocks();
	test_wide();
	test_numbers();
	test_pipe();
	test_reject();
	test_place();
	test_fields();
	test_arrays();
	test_lists();
	test_write();
	test_source();
	test_memory(program);
	unlink("t.csv");
	CHECK(rmdir(temporary) == 0);
	return test_end();
}
