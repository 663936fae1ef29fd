#include "store/score_log.h"

#include <string.h>
#include <time.h>

#include "base/io.h"
#include "base/num.h"

struct ml_score_log {
	const struct ml_csv *csv;
	bool *column; /* by column of the input; NULL: none */
	char *path;
	int fd;
	struct ml_buf model; /* ,"model":..,"version":..,"digest":.. */
	struct ml_arena arena;
};

static int
open_log(struct ml_score_log *log, const struct ml_bundle *bundle, const char *path,
	 const char *columns, struct ml_err *err)
{
	log->path = ml_arena_text(&log->arena, path, strlen(path));
	if (columns != NULL)
		log->column = ML_NEW(&log->arena, bool, ml_csv_columns(log->csv));
	ml_buf_text(&log->model, ",\"model\":");
	ml_json_quote(&log->model, bundle->name, strlen(bundle->name));
	if (bundle->version > 0)
		ml_buf_format(&log->model, ",\"version\":%lld", (long long)bundle->version);
	ml_buf_format(&log->model, ",\"digest\":\"%s\"", bundle->digest);
	if (ml_arena_failed(&log->arena) || log->model.failed)
		return ml_fail(err, ML_ENOMEM, "no memory for the log");
	if (columns != NULL && ml_csv_list(log->csv, columns, log->column, err) < 0)
		return ml_within(err, "option '--log-columns'");
	return ml_io_append_open(path, &log->fd, err);
}

int
ml_score_log_open(struct ml_score_log **out, const struct ml_bundle *bundle,
		  const struct ml_csv *csv, const char *path, const char *columns,
		  struct ml_err *err)
{
	struct ml_score_log *log = ml_alloc(1, sizeof *log);
	struct ml_err ignored = {0};
	int status;

	if (log == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory for the log");
	log->csv = csv;
	log->fd = -1;
	if ((status = open_log(log, bundle, path, columns, err)) < 0) {
		ml_score_log_close(log, &ignored);
		return status;
	}
	*out = log;
	return ML_OK;
}

static void
put_time(struct ml_buf *lines)
{
	struct timespec now;
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	ml_buf_format(lines, "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ\"",
		      utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
		      utc.tm_sec, now.tv_nsec / 1000000);
}

static void
put_number(struct ml_buf *lines, double value)
{
	if (ml_buf_reserve(lines, ML_NUM_TEXT))
		lines->n += ml_num_format(lines->p + lines->n, value);
}

static void
put_inputs(const struct ml_score_log *log, struct ml_buf *lines, struct ml_str record)
{
	struct ml_buf value = {0};
	bool first = true;

	ml_buf_text(lines, ",\"inputs\":{");
	for (size_t c = 0; c < ml_csv_columns(log->csv); c++) {
		struct ml_str field = ml_csv_cut(&record, ml_csv_delimiter(log->csv));
		const char *name = ml_csv_name(log->csv, c);

		if (!log->column[c])
			continue;
		if (!first)
			ml_buf_char(lines, ',');
		first = false;
		value.n = 0;
		ml_json_quote(lines, name, strlen(name));
		ml_buf_char(lines, ':');
		if (ml_csv_value(log->csv, field, &value))
			ml_json_quote(lines, value.p, value.n);
		else
			ml_buf_text(lines, "null");
		lines->failed |= value.failed;
	}
	ml_buf_char(lines, '}');
	ml_buf_free(&value);
}

void
ml_score_log_row(const struct ml_score_log *log, struct ml_buf *lines, struct ml_str record,
		 double value, const char *label)
{
	put_time(lines);
	ml_buf_add(lines, log->model.p, log->model.n);
	if (log->column != NULL)
		put_inputs(log, lines, record);
	ml_buf_text(lines, ",\"prediction\":");
	if (label == NULL) {
		put_number(lines, value);
	} else {
		ml_json_quote(lines, label, strlen(label));
		ml_buf_text(lines, ",\"probability\":");
		put_number(lines, value);
	}
	ml_buf_text(lines, "}\n");
}

int
ml_score_log_write(struct ml_score_log *log, const struct ml_buf *lines, struct ml_err *err)
{
	return ml_io_write(log->fd, log->path, lines->p, lines->n, err);
}

int
ml_score_log_close(struct ml_score_log *log, struct ml_err *err)
{
	int status = log->fd >= 0 ? ml_io_append_close(log->fd, log->path, err) : ML_OK;

	ml_buf_free(&log->model);
	ml_arena_free(&log->arena);
	ml_free(log);
	return status;
}
