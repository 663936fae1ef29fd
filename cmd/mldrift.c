#include <stddef.h>
#include <string.h>

#include "eval/drift.h"
#include "main.h"
#include "store/bundle.h"
#include "table/report.h"

enum { SEED = 1 }; /* of the samples of rows */

struct mldrift {
	const char *model, *registry, *reference;
	const char *columns, *not_columns, *format;
	int64_t digits;
	bool list, output_header;
	struct ml_drift_options tests;
};

static const struct ml_opt options[] = {
    ML_TEXT('m', "model", NULL, "model", struct mldrift, model, NULL,
	    "compare with what this model was trained on: a file, -, name@alias or name@version"),
    ML_TEXT('R', "registry", NULL, "folder", struct mldrift, registry, NULL,
	    "the registry; default $MLREGISTRY, else ./mlregistry"),
    ML_TEXT('r', "reference", NULL, "file", struct mldrift, reference, NULL,
	    "compare with this table instead"),
    ML_TEXT('c', "columns", NULL, "list", struct mldrift, columns, NULL,
	    "watch these columns; default is all of the reference"),
    ML_NOT_COLUMNS(struct mldrift, not_columns, "watch all columns but these"),
    ML_FORMAT(struct mldrift, format, "of the output; text has the worst first"),
    ML_DIGITS(struct mldrift, digits),
    ML_OUTPUT_HEADER(struct mldrift, output_header),
    ML_FLAG(0, "list-tests", struct mldrift, list, "list the tests and what they are"),
    ML_OPT_LAST,
};

/* What is compared with: a model's profile, or a table's. */
struct reference {
	struct ml_bundle *bundle;
	struct ml_table *table;
	struct ml_profile *own;
	const struct ml_schema *schema;
	const struct ml_profile *profile;
	const bool *needed; /* by column of the schema; NULL: all */
};

/*
 * Records that are put aside are the input's: of the reference, which is read first and as a whole,
 * a bad record is then an error.
 */
static int
reference_table(struct ml_tool *tool, const char *path, struct ml_pool *pool, struct reference *ref)
{
	struct ml_csv_options how = tool->csv;
	struct ml_csv *csv = NULL;
	size_t skipped;

	how.replay = true;
	if (strcmp(how.on_error, "skip") != 0)
		how.on_error = "fail";
	ML_TRY(ml_csv_open(&csv, path, &how, tool->err));
	if (ml_table_read(csv, &(struct ml_table_options){0}, pool, &tool->say, &ref->table,
			  tool->err) < 0) {
		ml_csv_abandon(csv);
		return tool->err->status;
	}
	ML_TRY(ml_csv_close(csv, &skipped, tool->err));
	if (skipped > 0)
		ml_warn(&tool->say, "reference: records left out: %zu", skipped);
	ref->schema = &ref->table->schema;
	ML_TRY(ml_profile_table(ref->table, SEED, pool, &ref->own, tool->err));
	ref->profile = ref->own;
	return ML_OK;
}

static int
reference_open(struct ml_tool *tool, struct ml_pool *pool, struct reference *ref)
{
	const struct mldrift *o = tool->options;

	if (o->reference != NULL)
		return reference_table(tool, o->reference, pool, ref);
	ML_TRY(ml_bundle_open(&ref->bundle, o->model, o->registry, tool->err));
	if (ref->bundle->profile == NULL)
		return ml_fail(tool->err, ML_EMODEL, "%s: the model has no profile of its training",
			       o->model);
	ref->schema = &ref->bundle->schema;
	ref->profile = ref->bundle->profile;
	ref->needed = ml_encoder_uses(ref->bundle->encoder);
	return ML_OK;
}

static void
reference_close(struct reference *ref)
{
	ml_profile_free(ref->own);
	ml_table_free(ref->table);
	ml_bundle_free(ref->bundle);
}

/* What was found; FOUND NULL: which tests there are. */
static int
print(struct ml_tool *tool, const struct ml_drift_report *found)
{
	const struct mldrift *o = tool->options;
	struct ml_report report = {.digits = ml_digits(o->digits, o->format)};
	int status = ML_OK;

	if (found == NULL)
		ml_drift_show_tests(&report);
	else
		status = ml_drift_show(found, strcmp(o->format, "text") == 0, &report, tool->err);
	if (status == ML_OK)
		status =
		    ml_report_save(&report, o->format, o->output_header, tool->output, tool->err);
	ml_report_free(&report);
	return status;
}

/* Which columns drifted, for who sees only standard error. */
static void
name_columns(struct ml_tool *tool, const struct ml_drift_report *found)
{
	enum { MOST = 5 };
	const struct ml_profile_column *last = NULL;
	struct ml_buf names = {0};
	size_t n = 0;

	for (size_t i = 0; i < found->n; i++) {
		const struct ml_drift_row *row = &found->row[i];

		if (row->answer != ML_DRIFT_YES || row->ref == last)
			continue;
		last = row->ref;
		if (n++ < MOST)
			ml_buf_format(&names, "%s'%s'", n > 1 ? ", " : "", row->ref->name);
	}
	ml_buf_add(&names, "", 1);
	if (!names.failed)
		ml_warn(&tool->say, "drift in %s%s", names.p, n > MOST ? " and others" : "");
	ml_buf_free(&names);
}

/* The exit status; where nothing could be decided, says what would do. */
static int
judge(struct ml_tool *tool, const struct ml_drift_report *found)
{
	const struct mldrift *o = tool->options;

	for (size_t i = 0; i < found->n; i++) {
		const struct ml_drift_row *row = &found->row[i];
		size_t m = row->result.rows_ref, n = row->result.rows;

		if (row->answer != ML_DRIFT_UNDECIDED)
			continue;
		ml_warn(
		    &tool->say,
		    "column '%s': too few rows for %s%s: %zu, %lld would do (tests undecided: %zu)",
		    row->ref->name, row->method->name, m < n ? " in the reference" : "",
		    m < n ? m : n, (long long)o->tests.min_rows, found->n_undecided);
		break;
	}
	if (found->n_drift > 0) {
		name_columns(tool, found);
		return ML_EXIT_NO;
	}
	return found->n_undecided > 0 ? ML_EXIT_UNDECIDED : ML_EXIT_YES;
}

/* What is compared: columns of the reference, and what they hold now. */
struct live {
	bool *watch;
	struct ml_profile *profile;
};

static int
profile_input(struct ml_tool *tool, const struct reference *ref, struct ml_pool *pool,
	      struct live *live)
{
	const struct mldrift *o = tool->options;
	struct ml_csv *csv = NULL;
	int status = ML_OK;

	if ((live->watch = ml_alloc(ref->schema->n + 1, sizeof *live->watch)) == NULL)
		return ml_fail(tool->err, ML_ENOMEM, "no memory");
	ML_TRY(ml_input_open(tool, &csv));
	status = ml_profile_watch(csv, ref->schema, o->columns, o->not_columns, ref->needed,
				  live->watch, tool->err);
	if (status == ML_OK)
		status = ml_profile_stream(csv, ref->schema, live->watch, ref->profile, SEED, pool,
					   &tool->say, &live->profile, tool->err);
	return ml_input_end(tool, csv, status);
}

static int
compare(struct ml_tool *tool, const struct reference *ref, const struct live *live)
{
	const struct mldrift *o = tool->options;
	struct ml_drift_report found = {0};
	int status =
	    ml_drift_run(ref->profile, live->profile, live->watch, &o->tests, &found, tool->err);

	if (status == ML_OK)
		status = print(tool, &found);
	if (status == ML_OK)
		status = judge(tool, &found);
	ml_drift_free(&found);
	return status;
}

static int
check(const struct mldrift *o, const struct ml_tool *tool)
{
	bool from_stdin = tool->n_operands == 0 || strcmp(tool->operand[0], "-") == 0;
	const char *where = o->model != NULL ? o->model : o->reference;

	if ((o->model == NULL) == (o->reference == NULL))
		return ml_fail(tool->err, ML_EUSAGE,
			       "one of '--model' and '--reference' is needed");
	if (o->columns != NULL && o->not_columns != NULL)
		return ml_fail(tool->err, ML_EUSAGE,
			       "options '--columns' and '--not-columns' exclude each other");
	if (from_stdin && strcmp(where, "-") == 0)
		return ml_fail(
		    tool->err, ML_EUSAGE,
		    "the reference comes from standard input: name a file with the data");
	return ML_OK;
}

static int
run(struct ml_tool *tool)
{
	const struct mldrift *o = tool->options;
	struct ml_pool *pool = NULL;
	struct reference ref = {0};
	struct live live = {0};
	int status;

	if (o->list)
		return print(tool, NULL);
	ML_TRY(check(o, tool));
	status = ml_pool_new(&pool, (size_t)tool->threads, tool->err);
	if (status == ML_OK)
		status = reference_open(tool, pool, &ref);
	if (status == ML_OK)
		status = profile_input(tool, &ref, pool, &live);
	if (status == ML_OK)
		status = compare(tool, &ref, &live);
	ml_profile_free(live.profile);
	ml_free(live.watch);
	reference_close(&ref);
	ml_pool_free(pool);
	return status;
}

static const struct ml_cmd mldrift = {
    .name = "mldrift",
    .brief = "Say whether a table still looks like the one a model was trained on.",
    .usage = "-m model | -r file [option ...] [file]",
    .uses = ML_USES_CSV | ML_USES_THREADS | ML_USES_OUTPUT,
    .options = options,
    .size = sizeof(struct mldrift),
    .more_title = "Tests",
    .more = ml_drift_opts,
    .more_offset = offsetof(struct mldrift, tests),
    .max_operands = 1,
    .run = run,
};

int
main(int argc, char **argv)
{
	return ml_main(&mldrift, argc, argv);
}
