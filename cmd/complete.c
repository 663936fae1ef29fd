#include "complete.h"

#include <string.h>

/* Calls print for each row of the sets, and of the verbs' own rows. */
static void
each_row(FILE *out, const struct ml_cmd *cmd, const struct ml_opt_set *sets, size_t n_sets,
	 void (*print)(FILE *out, const struct ml_cmd *cmd, const struct ml_opt *row))
{
	for (size_t s = 0; s < n_sets; s++)
		for (const struct ml_opt *row = sets[s].rows; row->type != ML_OPT_END; row++)
			print(out, cmd, row);
	for (const struct ml_cmd *verb = cmd->verbs; verb != NULL && verb->name != NULL; verb++)
		for (const struct ml_opt *row = verb->options;
		     row != NULL && row->type != ML_OPT_END; row++)
			print(out, cmd, row);
}

/* Text between single quotes of a shell. */
static void
print_quoted(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\'')
			fputs("'\\''", out);
		else
			fputc(*text, out);
}

static void
bash_word(FILE *out, const struct ml_cmd *cmd, const struct ml_opt *row)
{
	(void)cmd;
	fprintf(out, " --%s", row->name);
}

static void
bash_choices(FILE *out, const struct ml_cmd *cmd, const struct ml_opt *row)
{
	(void)cmd;
	if (row->choices != NULL)
		fprintf(out, "\t--%s) COMPREPLY=($(compgen -W '%s' -- \"$word\")); return ;;\n",
			row->name, row->choices);
}

static void
bash(FILE *out, const struct ml_cmd *cmd, const struct ml_opt_set *sets, size_t n_sets)
{
	fprintf(out,
		"_%s() {\n\tlocal word=${COMP_WORDS[COMP_CWORD]} "
		"before=${COMP_WORDS[COMP_CWORD-1]}\n"
		"\tif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
		"\tif [[ $word == = ]]; then word=; fi\n\tcase $before in\n",
		cmd->name);
	each_row(out, cmd, sets, n_sets, bash_choices);
	fprintf(out, "\tesac\n\tif [[ $word == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W '");
	each_row(out, cmd, sets, n_sets, bash_word);
	fprintf(out, "' -- \"$word\"))\n");
	if (cmd->verbs != NULL) {
		fprintf(out, "\telif ((COMP_CWORD == 1)); then\n\t\tCOMPREPLY=($(compgen -W '");
		for (const struct ml_cmd *verb = cmd->verbs; verb->name != NULL; verb++)
			fprintf(out, " %s", verb->name);
		fprintf(out, "' -- \"$word\"))\n");
	}
	fprintf(out, "\tfi\n}\ncomplete -o default -F _%s %s\n", cmd->name, cmd->name);
}

static void
zsh_row(FILE *out, const struct ml_cmd *cmd, const struct ml_opt *row)
{
	(void)cmd;
	fprintf(out, "\t'--%s%s[", row->name, row->type == ML_OPT_FLAG ? "" : "=");
	for (const char *p = row->help; *p != '\0'; p++)
		if (*p == '\'')
			fputs("'\\''", out);
		else if (strchr("[]:", *p) != NULL)
			fprintf(out, "\\%c", *p);
		else
			fputc(*p, out);
	fputc(']', out);
	if (row->choices != NULL)
		fprintf(out, ":value:(%s)", row->choices);
	else if (row->type != ML_OPT_FLAG)
		fprintf(out, ":%s:_files", row->argument);
	fprintf(out, "' \\\n");
}

static void
zsh(FILE *out, const struct ml_cmd *cmd, const struct ml_opt_set *sets, size_t n_sets)
{
	fprintf(out, "#compdef %s\n_arguments \\\n", cmd->name);
	each_row(out, cmd, sets, n_sets, zsh_row);
	if (cmd->verbs != NULL) {
		fprintf(out, "\t'1:verb:(");
		for (const struct ml_cmd *verb = cmd->verbs; verb->name != NULL; verb++)
			fprintf(out, " %s", verb->name);
		fprintf(out, ")' \\\n");
	}
	fprintf(out, "\t'*:file:_files'\n");
}

static void
fish_row(FILE *out, const struct ml_cmd *cmd, const struct ml_opt *row)
{
	fprintf(out, "complete -c %s -l %s", cmd->name, row->name);
	if (row->letter != 0)
		fprintf(out, " -s %c", row->letter);
	if (row->type != ML_OPT_FLAG)
		fprintf(out, " -r");
	if (row->choices != NULL)
		fprintf(out, " -f -a '%s'", row->choices);
	fprintf(out, " -d '");
	print_quoted(out, row->help);
	fprintf(out, "'\n");
}

static void
fish(FILE *out, const struct ml_cmd *cmd, const struct ml_opt_set *sets, size_t n_sets)
{
	for (const struct ml_cmd *verb = cmd->verbs; verb != NULL && verb->name != NULL; verb++) {
		fprintf(out, "complete -c %s -n __fish_use_subcommand -a %s -d '", cmd->name,
			verb->name);
		print_quoted(out, verb->brief);
		fprintf(out, "'\n");
	}
	each_row(out, cmd, sets, n_sets, fish_row);
}

void
ml_complete(FILE *out, const char *shell, const struct ml_cmd *cmd, const struct ml_opt_set *sets,
	    size_t n_sets)
{
	if (strcmp(shell, "bash") == 0)
		bash(out, cmd, sets, n_sets);
	else if (strcmp(shell, "zsh") == 0)
		zsh(out, cmd, sets, n_sets);
	else
		fish(out, cmd, sets, n_sets);
}
