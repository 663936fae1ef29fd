#include <stddef.h>
#include <string.h>

#include "eval/split.h"
#include "main.h"
#include "table/check.h"

struct options {
	/* split */
	double test;
	const char *shares, *target, *group, *time;
	bool stratify;
	struct ml_texts parts;
	/* check and columns */
	const char *fail_on, *format;
	int64_t digits;
	/* all */
	bool output_header;
};

#define FORMAT ML_FORMAT(struct options, format, "of the output")
#define OUTPUT_HEADER ML_OUTPUT_HEADER(struct options, output_header)

static const struct ml_opt split_rows[] = {
    ML_LIST('o', "output", NULL, "file", struct options, parts,
	    "where a part goes; once for each part, in order: training, test"),
    ML_REAL(0, "test", "test-size", "share", struct options, test, "0", 0, 1,
	    "two parts: this share of the rows is for the test, the rest for training"),
    ML_TEXT(0, "shares", NULL, "list", struct options, shares, NULL,
	    "parts of these shares, which add up to 1, as 0.6,0.2,0.2"),
    ML_FLAG(0, "stratify", struct options, stratify,
	    "every value of the target has its shares, as the whole has"),
    ML_TEXT('t', "target", "label", "column", struct options, target, NULL,
	    "the column to stratify by"),
    ML_TEXT(0, "group", NULL, "column", struct options, group, NULL,
	    "rows of one value in this column stay together"),
    ML_TEXT(0, "time", NULL, "column", struct options, time, NULL,
	    "nothing is shuffled: the first part has the lowest values of this column, and so on"),
    OUTPUT_HEADER,
    ML_OPT_LAST,
};

static const struct ml_opt check_rows[] = {
    ML_TEXT('t', "target", "label", "column", struct options, target, NULL,
	    "the column to predict: is it there, and does another column give it away"),
    ML_TEXT(0, "fail-on", NULL, "list", struct options, fail_on, "no-target,leak",
	    "problems that make the exit status 1, or all, or none"),
    FORMAT,
    ML_DIGITS(struct options, digits),
    OUTPUT_HEADER,
    ML_OPT_LAST,
};

static const struct ml_opt columns_rows[] = {FORMAT, OUTPUT_HEADER, ML_OPT_LAST};

/* What to do, from the options. */
static int
plan_split(struct ml_tool *tool, struct ml_split *split)
{
	const struct options *o = tool->options;
	struct ml_err *err = tool->err;

	if (o->stratify + (o->group != NULL) + (o->time != NULL) > 1)
		return ml_fail(err, ML_EUSAGE,
			       "options '--stratify', '--group' and '--time' exclude each other");
	if (o->stratify != (o->target != NULL))
		return ml_fail(err, ML_EUSAGE,
			       "options '--stratify' and '--target' need each other");
	if ((o->shares != NULL) == (o->test > 0))
		return ml_fail(err, ML_EUSAGE, "one of '--test' and '--shares' is needed");
	if (o->test >= 1)
		return ml_fail(err, ML_EUSAGE, "option '--test': nothing is left for training");
	split->shares = (struct ml_shares){.share = {1 - o->test, o->test}, .n = 2};
	if (o->shares != NULL)
		ML_TRY(ml_shares_parse(&split->shares, o->shares, err));
	if (split->shares.n < 2)
		return ml_fail(err, ML_EUSAGE, "option '--shares': expected two shares or more");
	if (o->parts.n != split->shares.n)
		return ml_fail(err, ML_EUSAGE, "%zu parts need as many options '-o', not %zu",
			       split->shares.n, o->parts.n);
	for (size_t i = 0; i < o->parts.n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(o->parts.text[i], o->parts.text[k]) == 0)
				return ml_fail(err, ML_EUSAGE, "two parts cannot go to '%s'",
					       o->parts.text[i]);
	split->by = o->stratify	       ? ML_SPLIT_LEVELS
		    : o->group != NULL ? ML_SPLIT_GROUPS
		    : o->time != NULL  ? ML_SPLIT_TIME
				       : ML_SPLIT_CHANCE;
	split->column = o->stratify ? o->target : o->group != NULL ? o->group : o->time;
	split->seed = (uint64_t)tool->seed;
	split->no_header = !o->output_header;
	return ML_OK;
}

/* All that can fail comes before the first of them appears. */
static int
commit(struct ml_out *out, size_t n, struct ml_err *err)
{
	for (size_t i = 0; i < n; i++)
		ML_TRY(ml_out_sync(&out[i], err));
	for (size_t i = 0; i < n; i++)
		ML_TRY(ml_out_commit(&out[i], err));
	return ML_OK;
}

static int
run_split(struct ml_tool *tool)
{
	const struct options *o = tool->options;
	struct ml_out out[ML_PARTS_MOST];
	struct ml_split split = {0};
	struct ml_csv *csv = NULL;
	struct ml_pool *pool = NULL;
	size_t n_open = 0;
	int status;

	ML_TRY(plan_split(tool, &split));
	tool->csv.replay = true;
	ML_TRY(ml_input_open(tool, &csv));
	status = ml_pool_new(&pool, (size_t)tool->threads, tool->err);
	while (status == ML_OK && n_open < o->parts.n)
		if ((status = ml_out_open(&out[n_open], o->parts.text[n_open], tool->err)) == ML_OK)
			n_open++;
	if (status == ML_OK)
		status = ml_split(&split, csv, pool, &tool->say, out, tool->err);
	status = ml_input_end(tool, csv, status);
	if (status == ML_OK)
		status = commit(out, n_open, tool->err);
	for (size_t i = 0; status < 0 && i < n_open; i++)
		ml_out_abort(&out[i]);
	ml_pool_free(pool);
	return status;
}

static int
run_check(struct ml_tool *tool)
{
	const struct options *o = tool->options;
	struct ml_report report = {.digits = ml_digits(o->digits, o->format)};
	bool fail_on[ML_PROBLEMS] = {false}, failed = false;
	struct ml_check check = {0};
	struct ml_csv *csv = NULL;
	struct ml_pool *pool = NULL;
	int status;

	ML_TRY(ml_problems_parse(o->fail_on, fail_on, tool->err));
	tool->csv.replay = true;
	ML_TRY(ml_input_open(tool, &csv));
	status = ml_pool_new(&pool, (size_t)tool->threads, tool->err);
	if (status == ML_OK)
		status = ml_check_table(csv, o->target, pool, &tool->say, &check, tool->err);
	status = ml_input_end(tool, csv, status);
	if (status == ML_OK) {
		ml_check_show(&check, &report);
		status =
		    ml_report_save(&report, o->format, o->output_header, tool->output, tool->err);
		for (size_t j = 0; j <= check.n_columns; j++)
			failed = failed || fail_on[check.column[j].problem];
	}
	ml_report_free(&report);
	ml_check_free(&check);
	ml_pool_free(pool);
	return status < 0 ? status : failed ? ML_EXIT_NO : ML_EXIT_YES;
}

static int
run_columns(struct ml_tool *tool)
{
	static const char *const names[] = {"number", "name"};
	const struct options *o = tool->options;
	struct ml_report report = {.column = names, .n_columns = 2};
	struct ml_csv *csv = NULL;
	int status;

	ML_TRY(ml_input_open(tool, &csv));
	for (size_t i = 0; i < ml_csv_columns(csv); i++) {
		ml_report_number(&report, (double)(i + 1));
		ml_report_text(&report, ml_str(ml_csv_name(csv, i)));
	}
	status = ml_report_save(&report, o->format, o->output_header, tool->output, tool->err);
	ml_report_free(&report);
	return ml_input_end(tool, csv, status);
}

#define VERB(verb, what, operands, used)                                                           \
	{                                                                                          \
		.name = #verb, .brief = what, .usage = operands, .uses = ML_USES_CSV | (used),     \
		.options = verb##_rows, .size = sizeof(struct options), .max_operands = 1,         \
		.run = run_##verb                                                                  \
	}

static const struct ml_cmd verbs[] = {
    VERB(split, "split a table into parts, such as training and test",
	 "--test share -o file -o file [option ...] [file]", ML_USES_THREADS | ML_USES_SEED),
    VERB(check, "show what each column holds, and what is wrong with it", "[option ...] [file]",
	 ML_USES_THREADS | ML_USES_OUTPUT),
    VERB(columns, "list the columns with their numbers", "[option ...] [file]", ML_USES_OUTPUT),
    {.name = NULL},
};

int
main(int argc, char **argv)
{
	static const struct ml_cmd mlprep = {
	    .name = "mlprep",
	    .brief = "Look at a table, check it, split it.",
	    .usage = "verb [option ...] [file]",
	    .max_operands = -1,
	    .verbs = verbs,
	};

	return ml_main(&mlprep, argc, argv);
}
