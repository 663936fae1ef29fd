#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "main.h"
#include "store/train.h"

struct options {
	const char *algorithm;
	bool list;
	struct ml_train_options train;
};

static const struct ml_opt options[] = {
    ML_TEXT('t', "target", "label", "column", struct options, train.target, NULL,
	    "the column to predict"),
    ML_TEXT('a', "algorithm", NULL, "name", struct options, algorithm, "auto",
	    "how to learn; auto: logistic for classes, ridge for numbers; see --list-algorithms"),
    ML_TEXT('w', "weight", NULL, "column", struct options, train.weight, NULL,
	    "a column of weights: a row of weight 2 counts like two rows"),
    ML_CHOICE(0, "task", NULL, "task", struct options, train.task, "auto", "auto class regress",
	      "auto: text, or only 0 and 1, means classes; other numbers mean regression"),
    ML_TEXT(0, "positive", NULL, "label", struct options, train.positive, NULL,
	    "of two classes, the one that scores are for; default is the last in order"),
    ML_TEXT(0, "class-weight", NULL, "weights", struct options, train.class_weight, "none",
	    "none, balanced (each class weighs the same), or LABEL=W,..."),
    ML_TEXT('c', "columns", NULL, "list", struct options, train.columns, NULL,
	    "learn from these columns only: names, numbers and ranges, as 1,id,3-5"),
    ML_NOT_COLUMNS(struct options, train.not_columns, "learn from all columns but these"),
    ML_TEXT(0, "numeric", NULL, "list", struct options, train.numeric, NULL,
	    "these columns hold numbers; text in them is an error"),
    ML_TEXT(0, "categorical", NULL, "list", struct options, train.categorical, NULL,
	    "these columns hold categories, even if they look like numbers"),
    ML_FLAG(0, "list-algorithms", struct options, list, "list the algorithms and what they do"),
    ML_OPT_LAST,
};

/* The hyper-parameters of the algorithm named; "auto" has none. */
static const struct ml_opt *
hyper_parameters(const char *name, size_t *size, struct ml_err *err)
{
	static const struct ml_opt none[] = {ML_OPT_LAST};
	const struct ml_model_type *type;

	*size = 1;
	if (strcmp(name, "auto") == 0)
		return none;
	if ((type = ml_model_find(name, err)) == NULL)
		return NULL;
	*size = type->param_size;
	return type->params != NULL ? type->params : none;
}

static int
list_algorithms(struct ml_err *err)
{
	struct ml_buf out = {0};
	struct ml_out standard;

	ml_buf_text(&out, "algorithm,classification,regression,description\n");
	for (const struct ml_model_type *const *t = ml_model_types; *t != NULL; t++) {
		ml_buf_format(&out, "%s,%s,%s,", (*t)->name,
			      (*t)->tasks & ML_CLASSIFY ? "yes" : "no",
			      (*t)->tasks & ML_REGRESS ? "yes" : "no");
		ml_csv_put(&out, ml_str((*t)->brief), ',');
		ml_buf_char(&out, '\n');
	}
	ML_TRY(ml_out_open(&standard, NULL, err));
	ML_TRY(ml_out_write(&standard, out.p, out.n, err));
	ml_buf_free(&out);
	return ml_out_commit(&standard, err);
}

static int
write_model(struct ml_bundle *bundle, struct ml_out *out, struct ml_err *err)
{
	struct ml_buf bytes = {0};
	int status = ml_bundle_write(bundle, &bytes, err);

	if (status == ML_OK)
		status = ml_out_write(out, bytes.p, bytes.n, err);
	ml_buf_free(&bytes);
	return status;
}

static int
check(const struct ml_tool *tool, const struct options *o, const struct ml_model_type **type)
{
	const char *why;

	if (o->train.target == NULL)
		return ml_fail(tool->err, ML_EUSAGE, "option '--target' is missing");
	if (tool->output == NULL && isatty(STDOUT_FILENO))
		return ml_fail(
		    tool->err, ML_EUSAGE,
		    "a model is not for a terminal: use -o FILE or redirect standard output");
	*type = NULL;
	if (strcmp(o->algorithm, "auto") == 0)
		return ML_OK;
	if ((*type = ml_model_find(o->algorithm, tool->err)) == NULL)
		return tool->err->status;
	if ((*type)->check != NULL && (why = (*type)->check(tool->extra, (*type)->tasks)) != NULL)
		return ml_fail(tool->err, ML_EUSAGE, "algorithm '%s': %s", (*type)->name, why);
	return ML_OK;
}

static int
run(struct ml_tool *tool)
{
	struct options *o = tool->options;
	struct ml_err *err = tool->err;
	struct ml_csv *csv = NULL;
	struct ml_pool *pool = NULL;
	struct ml_bundle *bundle = NULL;
	struct ml_train train = {.options = &o->train,
				 .params = tool->extra,
				 .say = &tool->say,
				 .seed = (uint64_t)tool->seed};
	struct ml_out out;
	int status;

	if (o->list)
		return list_algorithms(err);
	ML_TRY(check(tool, o, &train.type));
	ML_TRY(ml_out_open(&out, tool->output, err));
	tool->csv.replay = true; /* a column may turn out to be text after a million numbers */
	status = ml_input_open(tool, &csv);
	if (status == ML_OK)
		status = ml_pool_new(&pool, (size_t)tool->threads, err);
	if (status == ML_OK)
		status = ml_blas_start(err);
	train.csv = csv;
	train.pool = pool;
	if (status == ML_OK)
		status = ml_train(&train, &bundle, err);
	status = ml_input_end(tool, csv, status);
	if (status == ML_OK)
		status = write_model(bundle, &out, err);
	ml_bundle_free(bundle);
	ml_pool_free(pool);
	return ml_output_end(tool, &out, status);
}

static const struct ml_cmd mltrain = {
    .name = "mltrain",
    .brief = "Learn a model from a table.",
    .usage = "-t column [-a algorithm] [option ...] [file]",
    .uses = ML_USES_CSV | ML_USES_THREADS | ML_USES_SEED | ML_USES_OUTPUT,
    .options = options,
    .size = sizeof(struct options),
    .more_title = "preparation",
    .more = ml_encode_opts,
    .more_offset = offsetof(struct options, train.encode),
    .max_operands = 1,
    .extra_by = "algorithm",
    .extra_hint = "see 'mltrain -a NAME --help'",
    .extra = hyper_parameters,
    .run = run,
};

int
main(int argc, char **argv)
{
	return ml_main(&mltrain, argc, argv);
}
