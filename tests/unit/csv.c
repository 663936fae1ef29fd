#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "csv_dump.h"

/*
 * The cases of tests/csv/cases.tsv: a line has a name, options, an input and the dump expected,
 * separated by tabs.  The input has escapes (\n \r \t \\ \xHH) and {text*count}, or is @FILE
 * beside the list.  Each is read with reads of 1, 4096 and a million bytes, with and without the
 * splitter, and twice.
 */

static const char *const read_sizes[] = {"1", "4096", "1048576"};

/* Undoes the escapes of n bytes. */
static void
unescape(struct ml_buf *out, const char *p, size_t n)
{
	const char *end = p + n;

	while (p < end) {
		char hex[3] = {0};

		if (*p != '\\') {
			ml_buf_char(out, *p++);
			continue;
		}
		switch (p[1]) {
		case 'n':
			ml_buf_char(out, '\n');
			break;
		case 'r':
			ml_buf_char(out, '\r');
			break;
		case 't':
			ml_buf_char(out, '\t');
			break;
		case 'x':
			memcpy(hex, p + 2, 2);
			ml_buf_char(out, (char)strtoul(hex, NULL, 16));
			p += 2;
			break;
		default:
			ml_buf_char(out, p[1]);
		}
		p += 2;
	}
}

/* The input of a case: escapes and repeats undone. */
static void
expand(struct ml_buf *out, const char *p)
{
	while (*p != '\0') {
		size_t n = strcspn(p, "{");
		const char *star;

		unescape(out, p, n);
		p += n;
		if (*p == '\0')
			break;
		star = strchr(p, '*');
		for (unsigned long k = strtoul(star + 1, NULL, 10); k > 0; k--)
			unescape(out, p + 1, (size_t)(star - p) - 1);
		p = strchr(star, '}') + 1;
	}
}

static void
write_file(const char *path, const char *p, size_t n)
{
	FILE *file = fopen(path, "wb");

	CHECK(file != NULL && fwrite(p, 1, n, file) == n);
	if (file != NULL)
		fclose(file);
}

/* The options of a case; TEXT must live as long as they do. */
static struct dump_options
read_options(char *text)
{
	struct dump_options options = {.rows = SIZE_MAX};

	while (*text != '\0') {
		bool delimiter = strncmp(text, "delim=", 6) == 0;
		size_t n = delimiter && text[6] == ' ' ? 7 : strcspn(text, " ");
		char *value = strchr(text, '=');

		if (text[n] != '\0')
			text[n++] = '\0';
		value = value == NULL ? text : value + 1;
		if (delimiter) {
			struct ml_buf raw = {0};

			if (strcmp(value, "\\t") != 0) {
				unescape(&raw, value, strlen(value));
				memcpy(value, raw.p == NULL ? "" : raw.p, raw.n);
				value[raw.n] = '\0';
				ml_buf_free(&raw);
			}
			options.csv.delimiter = value;
		} else if (strcmp(text, "tsv") == 0) {
			options.csv.tsv = true;
		} else if (strcmp(text, "nohead") == 0) {
			options.csv.no_header = true;
		} else if (strcmp(text, "quoted-na") == 0) {
			options.csv.quoted_na = true;
		} else if (strncmp(text, "na=", 3) == 0) {
			options.csv.na = value;
		} else if (strncmp(text, "error=", 6) == 0) {
			options.csv.on_error = value;
		} else if (strncmp(text, "max=", 4) == 0) {
			options.csv.max_field = strtol(value, NULL, 10);
		} else if (strncmp(text, "rows=", 5) == 0) {
			options.rows = strtoul(value, NULL, 10);
		} else if (strncmp(text, "want=", 5) == 0) {
			snprintf(options.want, sizeof options.want, "%s", value);
		} else {
			CHECK(!"a known option");
		}
		text += n;
	}
	return options;
}

/* Reads t.csv in every way. */
static void
check_dump(struct dump_options options, size_t n, const char *expected)
{
	enum { LARGE = 100000 /* where reads of one byte take too long */ };

	for (size_t i = n > LARGE; i < 3; i++)
		for (int way = 0; way < 3; way++) {
			char *text;

			setenv("MLUTILS_READ_SIZE", read_sizes[i], 1);
			options.only_libcsv = way == 1;
			options.twice = way == 2;
			text = dump("t.csv", &options);
			CHECK_TEXT(text, expected);
			free(text);
		}
}

static void
run_case(char *line, const char *folder)
{
	char *field[4] = {line}, path[4500], names[160];
	struct ml_buf input = {0}, file = {0};
	struct dump_options options;
	struct ml_err err = {0};

	for (int i = 1; i < 4; i++) {
		field[i] = strchr(field[i - 1], '\t');
		CHECK(field[i] != NULL);
		if (field[i] == NULL)
			return;
		*field[i]++ = '\0';
	}
	snprintf(names, sizeof names, "%s", field[0]);
	test_case(names);
	if (field[2][0] == '@') {
		snprintf(path, sizeof path, "%s/%s", folder, field[2] + 1);
		CHECK(ml_io_read(path, 0, &file, &err) == ML_OK);
		write_file("t.csv", file.p, file.n);
	} else {
		expand(&input, field[2]);
		write_file("t.csv", input.p == NULL ? "" : input.p, input.n);
	}
	options = read_options(field[1]);
	check_dump(options, input.n + file.n, field[3]);
	ml_buf_free(&input);
	ml_buf_free(&file);
	test_case(NULL);
}

int
main(int argc, char **argv)
{
	char home[4096], folder[4200], list_path[4300], temporary[] = "/tmp/mlutils-csv-XXXXXX";
	struct ml_buf list = {0};
	struct ml_err err = {0};

	snprintf(folder, sizeof folder, "%s/%s", getcwd(home, sizeof home),
		 argc > 1 ? argv[1] : "tests/csv");
	snprintf(list_path, sizeof list_path, "%s/cases.tsv", folder);
	test_case("the list of cases is there");
	CHECK(ml_io_read(list_path, 0, &list, &err) == ML_OK);
	CHECK(mkdtemp(temporary) != NULL && chdir(temporary) == 0);
	ml_buf_char(&list, '\0');
	for (char *line = list.p, *end; *line != '\0'; line = end) {
		end = line + strcspn(line, "\n");
		if (*end != '\0')
			*end++ = '\0';
		if (*line != '\0' && *line != '#')
			run_case(line, folder);
	}
	ml_buf_free(&list);
	unlink("t.csv");
	rmdir(temporary);
	return test_end();
}
