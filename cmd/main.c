#include "main.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "complete.h"

struct common {
	int64_t threads, seed;
	const char *output, *progress, *config, *completion;
	bool quiet, verbose, help, version, dump_options;
};

static const struct ml_opt threads_rows[] = {
    ML_INT('j', "threads", "jobs num-threads n-jobs", "n", struct common, threads, "0", 0, 1024,
	   "threads; 0 means one for each core; no result depends on it"),
    ML_OPT_LAST,
};
static const struct ml_opt seed_rows[] = {
    ML_INT(0, "seed", "random-seed random-state", "n", struct common, seed, "1", 0,
	   9007199254740992, "seed of all that is random"),
    ML_OPT_LAST,
};
static const struct ml_opt output_rows[] = {
    ML_TEXT('o', "output", NULL, "file", struct common, output, NULL,
	    "write to this file, which appears complete or not at all; default is standard output"),
    ML_OPT_LAST,
};
static const struct ml_opt common_rows[] = {
    ML_TEXT(0, "config", NULL, "file", struct common, config, NULL,
	    "read options from a file of name = value lines; the command line wins"),
    ML_CHOICE(0, "progress", NULL, "[when]", struct common, progress, "auto", "always auto never",
	      "show progress on standard error; auto: where that is a terminal"),
    ML_FLAG('q', "quiet", struct common, quiet, "no messages but errors"),
    ML_FLAG('v', "verbose", struct common, verbose, "more messages"),
    ML_FLAG('h', "help", struct common, help, "show this help"),
    ML_FLAG('V', "version", struct common, version, "show the version"),
    ML_OPT_LAST,
};
/* For scripts of this project and of packagers; not in --help. */
static const struct ml_opt script_rows[] = {
    ML_CHOICE(0, "completion", NULL, "shell", struct common, completion, NULL, "bash zsh fish",
	      "print a completion script"),
    ML_FLAG(0, "dump-options", struct common, dump_options, "list the options, one a line"),
    ML_OPT_LAST,
};

/* Several threads may be here at once: none ends the process before all files are removed. */
static void
end_by_signal(int number)
{
	ml_out_abort_all();
	signal(number, SIG_DFL);
	raise(number);
}

static void
catch_deadly_signals(void)
{
	static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXCPU, SIGXFSZ};
	struct sigaction act = {.sa_handler = end_by_signal}, old;

	sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
		sigaddset(&act.sa_mask, deadly[i]);
	for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
		if (sigaction(deadly[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(deadly[i], &act, NULL);
}

static int
trouble(const struct ml_say *say, const struct ml_err *err)
{
	fprintf(stderr, "%s: %s\n", say->tool,
		err->text[0] != '\0' ? err->text
				     : "internal error without a message: please report it");
	return err->status == ML_EFEW ? ML_EXIT_UNDECIDED : ML_EXIT_TROUBLE;
}

/* Whether an option in front of the verb, of whichever verb, has its value in the next word. */
static bool
value_follows(const struct ml_cmd *cmd, const char *word)
{
	for (const struct ml_cmd *verb = cmd->verbs; verb->name != NULL; verb++)
		for (const struct ml_opt *row = verb->options;
		     row != NULL && row->type != ML_OPT_END; row++)
			if (row->type != ML_OPT_FLAG &&
			    (word[1] == '-' ? strcmp(word + 2, row->name) == 0
					    : word[1] == row->letter && word[2] == '\0'))
				return true;
	return false;
}

static const struct ml_cmd *
find_verb(const struct ml_cmd *cmd, int *argc, char **argv, struct ml_err *err)
{
	char quoted[ML_QUOTED];
	int i = 1;

	while (i < *argc && argv[i][0] == '-' && argv[i][1] != '\0')
		i += value_follows(cmd, argv[i]) ? 2 : 1;
	if (i >= *argc) {
		ml_fail(err, ML_EUSAGE, "a verb is missing (see '%s --help')", cmd->name);
		return NULL;
	}
	for (const struct ml_cmd *verb = cmd->verbs; verb->name != NULL; verb++)
		if (strcmp(argv[i], verb->name) == 0) {
			memmove(argv + i, argv + i + 1, (size_t)(*argc - i) * sizeof *argv);
			--*argc;
			return verb;
		}
	ml_fail(err, ML_EUSAGE, "unknown verb %s (see '%s --help')",
		ml_quote(quoted, argv[i], strlen(argv[i])), cmd->name);
	return NULL;
}

static void
print_help(const struct ml_cmd *top, const struct ml_cmd *cmd, const struct ml_opt_set *sets,
	   size_t n_sets)
{
	printf("usage: %s%s%s %s\n%s\n", top->name, cmd == top ? "" : " ",
	       cmd == top ? "" : cmd->name, cmd->usage, cmd->brief);
	if (cmd->verbs != NULL) {
		printf("\nverbs:\n");
		for (const struct ml_cmd *verb = cmd->verbs; verb->name != NULL; verb++)
			printf("  %-10s %s\n", verb->name, verb->brief);
		printf("\nSee '%s VERB --help' for the options of a verb.\n", cmd->name);
	} else {
		ml_opt_help(stdout, sets, n_sets);
	}
	if (cmd->extra_hint != NULL)
		printf("\nOptions of an %s: %s.\n", cmd->extra_by, cmd->extra_hint);
	printf("\nSee the manual: man %s\n", top->name);
}

/* What was printed must have been written. */
static int
end_standard_output(const struct ml_say *say, struct ml_err *err)
{
	if (fflush(stdout) != 0 || ferror(stdout) || close(STDOUT_FILENO) != 0) {
		ml_fail_errno(err, "cannot write standard output");
		return trouble(say, err);
	}
	return ML_EXIT_YES;
}

enum { MAX_SETS = ML_MOST_SETS, MAX_ROWS = 64 };

struct parsed {
	struct ml_opt_set sets[MAX_SETS];
	size_t n_sets, extra; /* index of the extra set, or n_sets */
	bool given[MAX_SETS][MAX_ROWS];
	struct common common;
	struct ml_opt_file config; /* of no path: none */
};

static void
add_set(struct parsed *p, const char *title, const struct ml_opt *rows, void *base)
{
	p->sets[p->n_sets] = (struct ml_opt_set){title, rows, base, p->given[p->n_sets]};
	p->n_sets++;
}

/* All rows that a command has, but those that depend on an option. */
static void
add_sets(struct parsed *p, const struct ml_cmd *cmd, struct ml_tool *tool)
{
	if (cmd->options != NULL)
		add_set(p, NULL, cmd->options, tool->options);
	if (cmd->more != NULL)
		add_set(p, cmd->more_title, cmd->more,
			tool->options == NULL ? NULL : (char *)tool->options + cmd->more_offset);
	if (cmd->uses & ML_USES_CSV)
		add_set(p, "input", ml_csv_opts, &tool->csv);
	add_set(p, "common", common_rows, &p->common);
	if (cmd->uses & ML_USES_OUTPUT)
		add_set(p, "output", output_rows, &p->common);
	if (cmd->uses & ML_USES_THREADS)
		add_set(p, "work", threads_rows, &p->common);
	if (cmd->uses & ML_USES_SEED)
		add_set(p, "chance", seed_rows, &p->common);
}

/* The same for a list, without what they fill. */
static size_t
sets_of(const struct ml_cmd *cmd, struct ml_opt_set sets[ML_MOST_SETS])
{
	struct parsed p = {0};
	struct ml_tool tool = {0};

	add_sets(&p, cmd, &tool);
	for (size_t s = 0; s < p.n_sets; s++)
		sets[s] = (struct ml_opt_set){p.sets[s].title, p.sets[s].rows, NULL, NULL};
	return p.n_sets;
}

static int
gather(struct parsed *p, struct ml_tool *tool, int argc, char **argv, struct ml_err *err)
{
	static char title[64];
	const struct ml_cmd *cmd = tool->cmd;
	const char *value;
	size_t size;

	add_sets(p, cmd, tool);
	p->extra = p->n_sets;
	ML_TRY(ml_opt_defaults(p->sets, p->n_sets, err));
	value = ml_opt_peek(p->sets, p->n_sets, "config", argc, argv, NULL);
	if (value != NULL)
		ML_TRY(ml_opt_file_read(&p->config, value, err));
	if (ml_opt_peek(p->sets, p->n_sets, "config", 0, NULL, &p->config) != NULL)
		return ml_fail(err, ML_EUSAGE, "%s: option 'config' is for the command line only",
			       value);
	if (cmd->extra == NULL)
		return ML_OK;
	value = ml_opt_peek(p->sets, p->n_sets, cmd->extra_by, argc, argv, &p->config);
	if (value == NULL)
		for (const struct ml_opt *row = cmd->options; row->type != ML_OPT_END; row++)
			if (strcmp(row->name, cmd->extra_by) == 0)
				value = row->value;
	if ((p->sets[p->n_sets].rows = cmd->extra(value, &size, err)) == NULL)
		return err->status;
	if ((tool->extra = ml_alloc(1, size)) == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	snprintf(title, sizeof title, "%s %s", cmd->extra_by, value);
	add_set(p, title, p->sets[p->n_sets].rows, tool->extra);
	return ml_opt_defaults(p->sets + p->extra, 1, err);
}

static int
check_operands(const struct ml_cmd *cmd, size_t n, struct ml_err *err)
{
	if ((int)n < cmd->min_operands)
		return ml_fail(err, ML_EUSAGE, "operand missing: expected %s", cmd->usage);
	if (cmd->max_operands >= 0 && (int)n > cmd->max_operands)
		return ml_fail(err, ML_EUSAGE, "too many operands: expected %s", cmd->usage);
	return ML_OK;
}

/* Options that end the program before it works; true if one was given. */
static bool
answered(const struct ml_cmd *top, const struct ml_cmd *cmd, const struct parsed *p)
{
	const struct common *c = &p->common;

	if (c->help)
		print_help(top, cmd, p->sets, p->n_sets);
	else if (c->version)
		printf("%s (mlutils) %s\n", top->name, ML_VERSION);
	else if (c->dump_options)
		ml_opt_dump(stdout, p->sets, p->n_sets);
	else if (c->completion != NULL)
		ml_complete(stdout, c->completion, top, sets_of);
	else
		return false;
	return true;
}

/* An option that is unknown here may be another algorithm's. */
static void
append_hint(const struct ml_cmd *cmd, struct ml_err *err)
{
	size_t n = strlen(err->text);

	snprintf(err->text + n, sizeof err->text - n, " (%s)", cmd->extra_hint);
}

static int
parse_and_run(const struct ml_cmd *top, const struct ml_cmd *cmd, struct parsed *p,
	      struct ml_tool *tool, int argc, char **argv)
{
	const struct common *common = &p->common;
	struct ml_opt_set all[MAX_SETS + 1];
	struct ml_err *err = tool->err;

	if (cmd->size > 0 && (tool->options = ml_alloc(1, cmd->size)) == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	tool->cmd = cmd;
	ML_TRY(gather(p, tool, argc, argv, err));
	memcpy(all, p->sets, sizeof p->sets);
	all[p->n_sets] = (struct ml_opt_set){NULL, script_rows, &p->common, NULL};
	if (ml_opt_parse(all, p->n_sets + 1, argc, argv, &tool->n_operands, err) < 0) {
		if (cmd->extra_hint != NULL && strstr(err->text, "unknown option") != NULL)
			append_hint(cmd, err);
		return err->status;
	}
	if (answered(top, cmd, p))
		return end_standard_output(&tool->say, err);
	if (cmd->verbs != NULL)
		return find_verb(cmd, &argc, argv, err) == NULL ? err->status : ML_OK;
	ML_TRY(ml_opt_apply(p->sets, p->n_sets, &p->config, err));
	ML_TRY(check_operands(cmd, tool->n_operands, err));
	tool->operand = argv + 1;
	tool->threads = common->threads;
	tool->seed = common->seed;
	tool->output = common->output;
	tool->say.level = common->quiet ? 0 : common->verbose ? 2 : 1;
	tool->say.progress =
	    strcmp(common->progress, "always") == 0 ||
	    (strcmp(common->progress, "auto") == 0 && !common->quiet && isatty(STDERR_FILENO));
	return cmd->run(tool);
}

int
ml_digits(int64_t digits, const char *format)
{
	enum { FOR_EYES = 6 };

	return digits >= 0 ? (int)digits : strcmp(format, "text") == 0 ? FOR_EYES : 0;
}

int
ml_input_open(struct ml_tool *tool, struct ml_csv **csv)
{
	return ml_csv_open(csv, tool->n_operands > 0 ? tool->operand[0] : NULL, &tool->csv,
			   tool->err);
}

int
ml_input_end(struct ml_tool *tool, struct ml_csv *csv, int status)
{
	size_t skipped = 0;

	if (status < 0 || csv == NULL) {
		ml_csv_abandon(csv);
		return status;
	}
	ML_TRY(ml_csv_close(csv, &skipped, tool->err));
	if (skipped > 0)
		ml_warn(&tool->say, "records left out: %zu", skipped);
	return status;
}

int
ml_output_end(struct ml_tool *tool, struct ml_out *out, int status)
{
	if (status == ML_OK)
		return ml_out_commit(out, tool->err);
	ml_out_abort(out);
	return status;
}

static int
run(const struct ml_cmd *top, const struct ml_cmd *cmd, struct ml_tool *tool, int argc, char **argv)
{
	struct parsed p = {0};
	int status = parse_and_run(top, cmd, &p, tool, argc, argv);

	ml_opt_file_free(&p.config);
	return status;
}

int
ml_main(const struct ml_cmd *top, int argc, char **argv)
{
	const struct ml_cmd *cmd = top;
	struct ml_err err = {0};
	struct ml_tool tool = {.err = &err,
			       .say = {.tool = top->name, .level = 1, .start = ml_clock()}};
	int status;

	if (!ml_io_guard())
		_exit(ML_EXIT_TROUBLE);
	catch_deadly_signals();
	if (top->verbs != NULL) {
		struct ml_err missing = {0};

		if ((cmd = find_verb(top, &argc, argv, &missing)) == NULL)
			cmd = top;
	}
	status = run(top, cmd, &tool, argc, argv);
	ml_progress_end(&tool.say);
	if (status < 0)
		status = trouble(&tool.say, &err);
	if (tool.options != NULL)
		ml_opt_free(tool.cmd->options, tool.options);
	ml_free(tool.options);
	ml_free(tool.extra);
	return status;
}
