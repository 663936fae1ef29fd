/*
 * The CSV reader: any bytes must give the same however they arrive, with the splitter and with
 * libcsv alone; what was read as text must come back when written and read again.  The first two
 * bytes choose the options.
 */
#include <stdint.h>
#include <unistd.h>

#include "../unit/csv_dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must_equal(const char *what, const char *a, const char *b)
{
	if (strcmp(a, b) == 0)
		return;
	fprintf(stderr, "csv: %s:\n%s\n%s\n", what, a, b);
	abort();
}

/* Puts n bytes into the file that all inputs share; its path. */
static const char *
put_file(const void *p, size_t n)
{
	static char path[] = "/tmp/mlutils-fuzz-XXXXXX";
	static int fd = -1;

	if (fd < 0 && (fd = mkstemp(path)) < 0)
		abort();
	if (ftruncate(fd, 0) < 0 || pwrite(fd, p, n, 0) != (ssize_t)n)
		abort();
	return path;
}

static struct dump_options
choose(const uint8_t *bytes)
{
	static const char *const delimiters[] = {",", ";", "tab", " "};
	static const char *const missing[] = {NULL, "", "1,x", "-999,NA"};
	static const char letters[] = "EENT-";
	struct dump_options options = {.rows = SIZE_MAX};
	unsigned code = bytes[1];

	options.csv.delimiter = delimiters[bytes[0] & 3];
	options.csv.na = missing[bytes[0] >> 2 & 3];
	options.csv.no_header = (bytes[0] & 16) != 0;
	options.csv.on_error = (bytes[0] & 32) != 0 ? "skip" : "fail";
	options.csv.max_field = (bytes[0] & 64) != 0 ? 5 : 1000;
	for (size_t i = 0; i < 6; i++) {
		options.want[i] = (bytes[0] & 128) != 0 ? 'T' : letters[code % 5];
		code = code * 7 + 3;
	}
	return options;
}

static char *
read_so(const char *path, struct dump_options *options, const char *read_size, bool only_libcsv)
{
	setenv("MLUTILS_READ_SIZE", read_size, 1);
	options->only_libcsv = only_libcsv;
	return dump(path, options);
}

/* Appends a row as it would be written. */
static void
put_row(struct ml_buf *out, const struct ml_str *field, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			ml_buf_char(out, ',');
		ml_csv_put(out, field[i], ',');
	}
	ml_buf_char(out, '\n');
}

/* All cells of the file as text, written as CSV; false where it cannot be read. */
static bool
rewrite(const char *path, const struct ml_csv_options *options, struct ml_buf *out)
{
	struct ml_csv *csv = NULL;
	struct ml_batch batch = {0};
	struct ml_err err = {0};
	int status = ml_csv_open(&csv, path, options, &err);
	size_t n = status == ML_OK ? ml_csv_columns(csv) : 0;
	enum ml_want *want = calloc(n + 1, sizeof *want);
	struct ml_str *field = calloc(n + 1, sizeof *field);

	for (size_t i = 0; i < n; i++) {
		want[i] = ML_WANT_TEXT;
		field[i] = ml_str(ml_csv_name(csv, i));
	}
	put_row(out, field, n);
	while (status >= 0 && n > 0 && (status = ml_csv_next(csv, &batch, &err)) > 0) {
		status = ml_csv_parse(csv, want, &batch, &err);
		for (size_t row = 0; status == ML_OK && row < batch.n_rows; row++) {
			for (size_t i = 0; i < n; i++)
				field[i] = batch.cells[i].text[row];
			put_row(out, field, n);
		}
	}
	free(want);
	free(field);
	ml_batch_free(&batch);
	ml_csv_abandon(csv);
	return status == ML_OK;
}

static void
check_rewrite(const char *path, const struct dump_options *options)
{
	struct ml_csv_options written = {.max_field = 4000};
	struct ml_csv_options first = options->csv;
	struct ml_buf once = {0}, twice = {0};

	first.na = NULL;
	if (rewrite(path, &first, &once)) {
		ml_buf_char(&once, '\0');
		if (!rewrite(put_file(once.p, once.n - 1), &written, &twice))
			must_equal("what was written cannot be read", once.p, "");
		ml_buf_char(&twice, '\0');
		must_equal("written and read again", once.p, twice.p);
	}
	ml_buf_free(&once);
	ml_buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const sizes[] = {"1", "5", "64", "4096"};
	struct dump_options options;
	const char *path;
	char *first;

	if (n < 2)
		return 0;
	options = choose(data);
	path = put_file(data + 2, n - 2);
	first = read_so(path, &options, "4096", false);
	for (size_t i = 0; i < 4; i++) {
		char *other = read_so(path, &options, sizes[i], i % 2 == 1);

		must_equal(sizes[i], first, other);
		free(other);
	}
	free(first);
	check_rewrite(path, &options);
	return 0;
}
