#include "table/csv.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/order.h"
#include "table/csv_inner.h"
#include "table/csv_scan.h"

enum { LONGEST_FIELD = 1024 * 1024, READ_SIZE = 1024 * 1024 };

const struct ml_opt ml_csv_opts[] = {
    ML_TEXT('d', "delimiter", NULL, "char", struct ml_csv_options, delimiter, ",",
	    "what separates fields: one byte, or tab"),
    ML_FLAG('T', "tsv", struct ml_csv_options, tsv, "fields are separated by tabs"),
    ML_FLAG('H', "no-header", struct ml_csv_options, no_header,
	    "the first line is data; columns are called 1, 2, 3..."),
    ML_TEXT(0, "na", NULL, "list", struct ml_csv_options, na, ML_CSV_MISSING,
	    "words that mean a missing value"),
    ML_FLAG(0, "quoted-na", struct ml_csv_options, quoted_na,
	    "a missing value may stand in quotes, too: for files with everything quoted"),
    ML_CHOICE(0, "on-error", NULL, "what", struct ml_csv_options, on_error, "fail",
	      "fail skip reject=", "what to do with a bad record; reject=file keeps it there"),
    ML_INT(0, "max-field", NULL, "bytes", struct ml_csv_options, max_field, "1048576", 1,
	   1073741824, "longest field to accept"),
    ML_OPT_LAST,
};

/* How other formats than plain text start. */
static const struct {
	const char *bytes;
	size_t n;
	const char *what; /* NULL: skipped */
} signatures[] = {
    {"\xEF\xBB\xBF", 3, NULL},
    {"\xFF\xFE", 2, "looks like UTF-16; convert with iconv -f UTF-16 -t UTF-8"},
    {"\xFE\xFF", 2, "looks like UTF-16; convert with iconv -f UTF-16 -t UTF-8"},
    {"\x1F\x8B", 2, "looks compressed; pipe it through zcat"},
    {"\x28\xB5\x2F\xFD", 4, "looks compressed; pipe it through zstdcat"},
    {"\xFD\x37\x7A\x58\x5A", 5, "looks compressed; pipe it through xzcat"},
    {"BZh91AY&SY", 10, "looks compressed; pipe it through bzcat"},
    {"PK\x03\x04", 4, "looks like a zip archive or a spreadsheet; save it as CSV"},
};

static int
no_memory(const struct ml_csv *csv, struct ml_err *err)
{
	return ml_fail(err, ML_ENOMEM, "no memory for the columns of %s", csv->path);
}

static int
set_delimiter(struct ml_csv *csv, const struct ml_csv_options *options, struct ml_err *err)
{
	const char *text = options->tsv ? "tab" : options->delimiter;
	char quoted[ML_QUOTED];
	unsigned char c;

	if (text == NULL)
		text = ",";
	if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
		text = "\t";
	c = (unsigned char)text[0];
	if (c == '\0' || text[1] != '\0')
		return ml_fail(err, ML_EUSAGE, "delimiter %s: expected one byte, or tab",
			       ml_quote(quoted, text, strlen(text)));
	/* What may stand in a number cannot also end it. */
	if (c >= 0x80 || strchr("\"\r\n+-.", c) != NULL || (c >= '0' && c <= '9') ||
	    ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
		return ml_fail(err, ML_EUSAGE, "delimiter %s cannot separate fields",
			       ml_quote(quoted, text, 1));
	csv->delimiter = (char)c;
	return ML_OK;
}

static int
set_missing(struct ml_csv *csv, const char *list, struct ml_err *err)
{
	const char *words = ml_arena_text(&csv->arena, list, strlen(list));
	size_t n = 1;
	double number;

	for (const char *p = list; *p != '\0'; p++)
		n += *p == ',';
	csv->na = ML_NEW(&csv->arena, struct ml_str, n);
	if (ml_arena_failed(&csv->arena))
		return no_memory(csv, err);
	for (const char *p = words;; p++) {
		struct ml_str word = {p, strcspn(p, ",")};

		if (word.n > 0) {
			csv->na[csv->n_na++] = word;
			csv->na_first[(unsigned char)*word.p] = true;
			csv->na_number |= ml_num_parse(word, &number) != ML_NUM_NO;
		}
		p += word.n;
		if (*p == '\0')
			return ML_OK;
	}
}

static int
open_reject(struct ml_csv *csv, struct ml_err *err)
{
	ML_TRY(ml_out_open(&csv->reject, csv->reject_path, err));
	csv->rejecting = true;
	if (!csv->has_header)
		return ML_OK;
	ML_TRY(ml_out_write(&csv->reject, csv->header.p, csv->header.n, err));
	return ml_out_write(&csv->reject, "\n", 1, err);
}

static int
set_on_error(struct ml_csv *csv, const char *what, struct ml_err *err)
{
	char quoted[ML_QUOTED];

	if (what == NULL || strcmp(what, "fail") == 0)
		return ML_OK;
	if (strcmp(what, "skip") == 0) {
		csv->on_error = ML_CSV_SKIP;
		return ML_OK;
	}
	if (strncmp(what, "reject=", 7) != 0 || what[7] == '\0')
		return ml_fail(err, ML_EUSAGE,
			       "--on-error: expected fail, skip or reject=FILE, not %s",
			       ml_quote(quoted, what, strlen(what)));
	csv->on_error = ML_CSV_REJECT;
	csv->reject_path = ml_arena_text(&csv->arena, what + 7, strlen(what + 7));
	return csv->reject_path == NULL ? no_memory(csv, err) : open_reject(csv, err);
}

/* Skips a byte order mark; refuses what is no text. */
static int
read_signature(struct ml_csv *csv, struct ml_err *err)
{
	size_t i = 0;

	while (i < sizeof signatures / sizeof *signatures) {
		size_t n = signatures[i].n < csv->in.n ? signatures[i].n : csv->in.n;

		if (n > 0 && memcmp(csv->in.p, signatures[i].bytes, n) != 0) {
			i++;
		} else if (n < signatures[i].n) {
			if (csv->ended)
				return ML_OK;
			ML_TRY(ml_csv_refill(csv, err));
		} else if (signatures[i].what != NULL) {
			return ml_fail(err, ML_EINPUT, "%s: %s", csv->path, signatures[i].what);
		} else {
			csv->at = n;
			return ML_OK;
		}
	}
	return ML_OK;
}

static int
compare_names(const void *ctx, size_t a, size_t b)
{
	const struct ml_csv *csv = ctx;

	return strcmp(csv->name[a], csv->name[b]);
}

/* Sorts the columns by name and refuses a name that comes twice. */
static int
sort_names(struct ml_csv *csv, struct ml_err *err)
{
	size_t n = csv->n_columns, first = 0, second = SIZE_MAX;
	size_t *scratch = ML_NEW(&csv->arena, size_t, n);
	char quoted[ML_QUOTED];

	csv->by_name = ML_NEW(&csv->arena, size_t, n);
	if (ml_arena_failed(&csv->arena))
		return no_memory(csv, err);
	ml_order(csv->by_name, scratch, n, compare_names, csv);
	for (size_t i = 1; i < n; i++)
		if (csv->by_name[i] < second &&
		    strcmp(csv->name[csv->by_name[i - 1]], csv->name[csv->by_name[i]]) == 0) {
			first = csv->by_name[i - 1];
			second = csv->by_name[i];
		}
	if (second == SIZE_MAX)
		return ML_OK;
	return ml_fail(err, ML_EINPUT, "%s: column %zu repeats the name of column %zu: %s",
		       csv->path, second + 1, first + 1,
		       ml_quote(quoted, csv->name[second], strlen(csv->name[second])));
}

static const char *
number_name(struct ml_csv *csv, size_t column)
{
	struct ml_buf text = {0};
	const char *name;

	ml_buf_format(&text, "%zu", column + 1);
	name = text.failed ? NULL : ml_arena_text(&csv->arena, text.p, text.n);
	ml_buf_free(&text);
	return name;
}

/* The names in the record of HEAD; an empty one is the column's number. */
static int
read_names(struct ml_csv *csv, struct ml_batch *head, struct ml_err *err)
{
	enum ml_want *want = ml_alloc(csv->n_columns, sizeof *want);
	int status = want == NULL ? no_memory(csv, err) : ML_OK;

	for (size_t i = 0; status == ML_OK && i < csv->n_columns; i++)
		want[i] = ML_WANT_TEXT;
	if (status == ML_OK)
		status = ml_csv_parse(csv, want, head, err);
	ml_free(want);
	if (status < 0)
		return status;
	csv->name = ML_NEW(&csv->arena, const char *, csv->n_columns);
	for (size_t i = 0; csv->name != NULL && i < csv->n_columns; i++) {
		struct ml_str text = head->cells[i].text[0];

		csv->name[i] =
		    text.n == 0 ? number_name(csv, i) : ml_arena_text(&csv->arena, text.p, text.n);
	}
	csv->has_header = true;
	ml_buf_add(&csv->header, head->record[0].p, head->record[0].n);
	/* The search for a field's end may look behind. */
	if (ml_buf_reserve(&csv->header, ML_CSV_STEP))
		memset(csv->header.p + csv->header.n, 0, ML_CSV_STEP);
	return ml_arena_failed(&csv->arena) || csv->header.failed ? no_memory(csv, err) : ML_OK;
}

/* There are as many columns as the record of HEAD has fields. */
static int
count_columns(struct ml_csv *csv, const struct ml_batch *head, struct ml_err *err)
{
	struct ml_str record = ml_csv_record(csv, head, 0);
	const char *p = record.p, *end = p + record.n;
	const struct ml_csv_work *work = head->own;
	struct ml_csv_problem problem;

	if (!ml_csv_shape(csv, record, work->n_cut > 0, &problem))
		return ml_csv_report(csv, record, head->first_line, &problem, err);
	for (csv->n_columns = 1; (p = ml_csv_raw(p, end, csv->delimiter).stop) < end; p++)
		csv->n_columns++;
	return ML_OK;
}

/* Reads the first record: names, or how many columns there are. */
static int
read_header(struct ml_csv *csv, bool no_header, struct ml_batch *head, struct ml_err *err)
{
	size_t at = csv->at;
	int got;

	csv->hold = no_header;
	ML_TRY(got = ml_csv_block(csv, head, 1, err));
	if (got == 0)
		return ml_fail(err, ML_EINPUT, "%s: empty input%s", csv->path,
			       no_header ? "" : ", expected a header line");
	ML_TRY(count_columns(csv, head, err));
	if (!no_header)
		return read_names(csv, head, err);
	csv->name = ML_NEW(&csv->arena, const char *, csv->n_columns);
	for (size_t i = 0; csv->name != NULL && i < csv->n_columns; i++)
		csv->name[i] = number_name(csv, i);
	csv->at = at;
	csv->line = 1;
	csv->hold = false;
	return ml_arena_failed(&csv->arena) ? no_memory(csv, err) : ML_OK;
}

static int
open_source(struct ml_csv *csv, const char *path, const struct ml_csv_options *options,
	    struct ml_err *err)
{
	const char *text = getenv("MLUTILS_READ_SIZE"), *name;
	int64_t size;

	ML_TRY(ml_io_open(path, &csv->fd, &name, err));
	csv->path = ml_arena_text(&csv->arena, name, strlen(name));
	if (csv->path == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory for %s", name);
	csv->size = ml_io_size(csv->fd);
	csv->partial = options->partial;
	csv->replay = options->replay;
	csv->read_size = READ_SIZE;
	if (text != NULL && ml_int_parse(ml_str(text), &size) && size > 0 && size <= 1 << 30)
		csv->read_size = (size_t)size;
	csv->max_field = options->max_field > 0 ? (size_t)options->max_field : LONGEST_FIELD;
	csv->max_record = csv->max_field * ML_CSV_FIELDS_LIMIT;
	if (csv->max_record > INT32_MAX)
		csv->max_record = INT32_MAX;
	return ML_OK;
}

static int
start(struct ml_csv *csv, const char *path, const struct ml_csv_options *options,
      struct ml_batch *head, struct ml_err *err)
{
	ML_TRY(open_source(csv, path, options, err));
	ML_TRY(set_delimiter(csv, options, err));
	ML_TRY(read_signature(csv, err));
	ML_TRY(read_header(csv, options->no_header, head, err));
	ML_TRY(sort_names(csv, err));
	/* Only now: names are texts whatever they say, and a bad header is never left out. */
	ML_TRY(set_missing(csv, options->na == NULL ? ML_CSV_MISSING : options->na, err));
	csv->quoted_na = options->quoted_na;
	ML_TRY(set_on_error(csv, options->on_error, err));
	csv->data_at = csv->taken - (csv->in.n - csv->at);
	csv->data_line = csv->line;
	csv->index = 0;
	return ML_OK;
}

int
ml_csv_open(struct ml_csv **out, const char *path, const struct ml_csv_options *options,
	    struct ml_err *err)
{
	struct ml_csv *csv = ml_alloc(1, sizeof *csv);
	struct ml_batch head = {0};
	int status;

	if (csv == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory to read");
	csv->fd = -1;
	csv->line = 1;
	csv->closed = ML_CSV_NONE;
	status = start(csv, path, options, &head, err);
	ml_batch_free(&head);
	if (status < 0)
		ml_csv_abandon(csv);
	else
		*out = csv;
	return status;
}

void
ml_csv_abandon(struct ml_csv *csv)
{
	if (csv == NULL)
		return;
	if (csv->rejecting)
		ml_out_abort(&csv->reject);
	if (csv->fd >= 0)
		ml_io_close(csv->fd);
	ml_buf_free(&csv->kept);
	ml_buf_free(&csv->in);
	ml_buf_free(&csv->header);
	ml_arena_free(&csv->arena);
	ml_free(csv);
}

int
ml_csv_close(struct ml_csv *csv, size_t *skipped, struct ml_err *err)
{
	int status = ML_OK;

	*skipped = csv->skipped;
	if (csv->rejecting) {
		csv->rejecting = false;
		status = ml_out_commit(&csv->reject, err);
	}
	ml_csv_abandon(csv);
	return status;
}

const char *
ml_csv_path(const struct ml_csv *csv)
{
	return csv->path;
}

size_t
ml_csv_columns(const struct ml_csv *csv)
{
	return csv->n_columns;
}

const char *
ml_csv_name(const struct ml_csv *csv, size_t column)
{
	return csv->name[column];
}

struct ml_str
ml_csv_header(const struct ml_csv *csv)
{
	return csv->has_header ? (struct ml_str){csv->header.p, csv->header.n} : (struct ml_str){0};
}

char
ml_csv_delimiter(const struct ml_csv *csv)
{
	return csv->delimiter;
}

double
ml_csv_share(const struct ml_csv *csv)
{
	uint64_t given = csv->taken - (csv->in.n - csv->at);

	if (csv->size < 0)
		return -1;
	return csv->size == 0 || given > (uint64_t)csv->size ? 1
							     : (double)given / (double)csv->size;
}

bool
ml_csv_seekable(const struct ml_csv *csv)
{
	return csv->size >= 0 || csv->replay;
}

int
ml_csv_rewind(struct ml_csv *csv, struct ml_err *err)
{
	if (csv->size >= 0)
		ML_TRY(ml_io_back(csv->fd, csv->path, csv->taken - csv->data_at, err));
	else if (csv->replay)
		csv->kept_at = csv->data_at;
	else
		return ml_fail(err, ML_EINPUT, "%s cannot be read twice", csv->path);
	csv->taken = csv->data_at;
	csv->line = csv->data_line;
	csv->in.n = csv->at = csv->scan = csv->record = csv->index = csv->skipped = 0;
	csv->closed = ML_CSV_NONE;
	csv->inside = csv->overlong = csv->ended = false;
	if (!csv->rejecting)
		return ML_OK;
	ml_out_abort(&csv->reject);
	csv->rejecting = false;
	return open_reject(csv, err);
}

int
ml_csv_settle(struct ml_csv *csv, const struct ml_batch *batch, struct ml_err *err)
{
	struct ml_buf lines = {0};
	int status;

	csv->skipped += batch->n_bad;
	if (!csv->rejecting || batch->n_bad == 0)
		return ML_OK;
	for (size_t i = 0; i < batch->n_bad; i++) {
		struct ml_str bad = batch->bad[i];

		/* With the line end that it came with: the byte behind a record is readable. */
		bad.n += bad.p[bad.n] == '\r' && bad.p[bad.n + 1] == '\n';
		ml_buf_add(&lines, bad.p, bad.n);
		ml_buf_char(&lines, '\n');
	}
	status = lines.failed
		     ? ml_fail(err, ML_ENOMEM, "no memory for the bad records of %s", csv->path)
		     : ml_out_write(&csv->reject, lines.p, lines.n, err);
	ml_buf_free(&lines);
	return status;
}
