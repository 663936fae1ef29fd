#include <stddef.h>
#include <string.h>

#include "main.h"
#include "store/score.h"

struct options {
	const char *model, *registry;
	bool output_header;
	struct ml_score_options score;
};

static const struct ml_opt options[] = {
    ML_TEXT(
	'm', "model", NULL, "model", struct options, model, NULL,
	"the model: a file, - for standard input, or name@alias or name@version in the registry"),
    ML_TEXT('R', "registry", NULL, "folder", struct options, registry, NULL,
	    "the registry; default $MLREGISTRY, else ./mlregistry"),
    ML_FLAG(0, "proba", struct options, score.proba, "add a column p_CLASS for each class"),
    ML_FLAG(
	0, "raw", struct options, score.raw,
	"add the raw score: the log-odds of the positive class, score_CLASS of several classes"),
    ML_FLAG(0, "only", struct options, score.only, "leave the input columns out"),
    ML_TEXT(0, "keep", NULL, "list", struct options, score.keep, NULL,
	    "of the input columns, keep these only"),
    ML_INT(
	0, "digits", NULL, "n", struct options, score.digits, "0", 0, 17,
	"round to this many significant digits; 0 is the shortest text that reads back the same"),
    ML_OUTPUT_HEADER(struct options, output_header),
    ML_TEXT(0, "log", NULL, "file", struct options, score.log, NULL,
	    "append a JSON line for each row to this file"),
    ML_TEXT(0, "log-columns", NULL, "list", struct options, score.log_columns, NULL,
	    "values of these input columns go into the log"),
    ML_OPT_LAST,
};

static int
check(const struct ml_tool *tool, const struct options *o)
{
	if (o->model == NULL)
		return ml_fail(tool->err, ML_EUSAGE, "option '--model' is missing");
	if (o->score.only && o->score.keep != NULL)
		return ml_fail(tool->err, ML_EUSAGE,
			       "options '--only' and '--keep' exclude each other");
	if (o->score.log_columns != NULL && o->score.log == NULL)
		return ml_fail(tool->err, ML_EUSAGE, "option '--log-columns' needs '--log'");
	if (strcmp(o->model, "-") == 0 &&
	    (tool->n_operands == 0 || strcmp(tool->operand[0], "-") == 0))
		return ml_fail(tool->err, ML_EUSAGE,
			       "the model comes from standard input: name a file with the data");
	return ML_OK;
}

static int
run(struct ml_tool *tool)
{
	struct options *o = tool->options;
	struct ml_err *err = tool->err;
	struct ml_bundle *bundle = NULL;
	struct ml_csv *csv = NULL;
	struct ml_pool *pool = NULL;
	struct ml_out out;
	int status;

	ML_TRY(check(tool, o));
	ML_TRY(ml_bundle_open(&bundle, o->model, o->registry, err));
	status = ml_out_open(&out, tool->output, err);
	if (status < 0) {
		ml_bundle_free(bundle);
		return status;
	}
	tool->csv.partial = true;
	o->score.no_output_header = !o->output_header;
	status = ml_input_open(tool, &csv);
	if (status == ML_OK)
		status = ml_pool_new(&pool, (size_t)tool->threads, err);
	if (status == ML_OK)
		status = ml_score(csv, bundle, &o->score, pool, &out, &tool->say, err);
	status = ml_input_end(tool, csv, status);
	ml_pool_free(pool);
	ml_bundle_free(bundle);
	return ml_output_end(tool, &out, status);
}

static const struct ml_cmd mlpredict = {
    .name = "mlpredict",
    .brief = "Add a model's predictions to a table.",
    .usage = "-m model [option ...] [file]",
    .uses = ML_USES_CSV | ML_USES_THREADS | ML_USES_OUTPUT,
    .options = options,
    .size = sizeof(struct options),
    .max_operands = 1,
    .run = run,
};

int
main(int argc, char **argv)
{
	return ml_main(&mlpredict, argc, argv);
}
