#include "complete.h"

#include <string.h>

/* START is what a line begins with. */
typedef void print_row(FILE *out, const char *start, const struct ml_opt *row);

static void
each_row(FILE *out, const struct ml_cmd *cmd, ml_sets_of *sets_of, print_row *print,
	 const char *start)
{
	struct ml_opt_set sets[ML_MOST_SETS];
	size_t n_sets = sets_of(cmd, sets);

	for (size_t s = 0; s < n_sets; s++)
		for (const struct ml_opt *row = sets[s].rows; row->type != ML_OPT_END; row++)
			print(out, start, row);
}

/* The names of the verbs, with blanks between. */
static void
print_verbs(FILE *out, const struct ml_cmd *cmd)
{
	for (const struct ml_cmd *verb = cmd->verbs; verb->name != NULL; verb++)
		fprintf(out, "%s%s", verb == cmd->verbs ? "" : " ", verb->name);
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
bash_word(FILE *out, const char *start, const struct ml_opt *row)
{
	fprintf(out, "%s--%s%s", start, ml_opt_no(row), row->name);
}

static void
bash_choices(FILE *out, const char *start, const struct ml_opt *row)
{
	if (row->choices != NULL)
		fprintf(out, "%s--%s) COMPREPLY=($(compgen -W '%s' -- \"$word\")); return ;;\n",
			start, row->name, row->choices);
}

static void
bash_command(FILE *out, const struct ml_cmd *cmd, ml_sets_of *sets_of)
{
	fprintf(out, "\t\tcase $before in\n");
	each_row(out, cmd, sets_of, bash_choices, "\t\t");
	fprintf(out, "\t\tesac\n\t\toptions='");
	each_row(out, cmd, sets_of, bash_word, " ");
	fprintf(out, "' ;;\n");
}

static void
bash(FILE *out, const struct ml_cmd *cmd, ml_sets_of *sets_of)
{
	fprintf(out,
		"_%s() {\n\tlocal word=${COMP_WORDS[COMP_CWORD]} "
		"before=${COMP_WORDS[COMP_CWORD-1]} options=\n"
		"\tif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
		"\tif [[ $word == = ]]; then word=; fi\n\tcase ${COMP_WORDS[1]} in\n",
		cmd->name);
	for (const struct ml_cmd *verb = cmd->verbs; verb != NULL && verb->name != NULL; verb++) {
		fprintf(out, "\t%s)\n", verb->name);
		bash_command(out, verb, sets_of);
	}
	fprintf(out, "\t*)\n");
	bash_command(out, cmd, sets_of);
	fprintf(out, "\tesac\n\tif [[ $word == -* ]]; then\n"
		     "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n");
	if (cmd->verbs != NULL) {
		fprintf(out, "\telif ((COMP_CWORD == 1)); then\n\t\tCOMPREPLY=($(compgen -W '");
		print_verbs(out, cmd);
		fprintf(out, "' -- \"$word\"))\n");
	}
	fprintf(out, "\tfi\n}\ncomplete -o default -F _%s %s\n", cmd->name, cmd->name);
}

static void
zsh_row(FILE *out, const char *start, const struct ml_opt *row)
{
	fprintf(out, "%s'--%s%s%s[", start, ml_opt_no(row), row->name,
		row->type == ML_OPT_FLAG ? "" : "=");
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

/* The rows of CMD, the verbs of TOP, files. */
static void
zsh_command(FILE *out, const struct ml_cmd *top, const struct ml_cmd *cmd, ml_sets_of *sets_of)
{
	fprintf(out, "_arguments \\\n");
	each_row(out, cmd, sets_of, zsh_row, "\t");
	if (top->verbs != NULL) {
		fprintf(out, "\t'1:verb:(");
		print_verbs(out, top);
		fprintf(out, ")' \\\n");
	}
	fprintf(out, "\t'*:file:_files'\n");
}

static void
zsh(FILE *out, const struct ml_cmd *cmd, ml_sets_of *sets_of)
{
	fprintf(out, "#compdef %s\ncase $words[2] in\n", cmd->name);
	for (const struct ml_cmd *verb = cmd->verbs; verb != NULL && verb->name != NULL; verb++) {
		fprintf(out, "%s)\n", verb->name);
		zsh_command(out, cmd, verb, sets_of);
		fprintf(out, ";;\n");
	}
	fprintf(out, "*)\n");
	zsh_command(out, cmd, cmd, sets_of);
	fprintf(out, ";;\nesac\n");
}

static void
fish_row(FILE *out, const char *start, const struct ml_opt *row)
{
	fprintf(out, "%s -l %s%s", start, ml_opt_no(row), row->name);
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
fish(FILE *out, const struct ml_cmd *cmd, ml_sets_of *sets_of)
{
	char start[128];

	snprintf(start, sizeof start, "complete -c %s%s", cmd->name,
		 cmd->verbs != NULL ? " -n __fish_use_subcommand" : "");
	for (const struct ml_cmd *verb = cmd->verbs; verb != NULL && verb->name != NULL; verb++) {
		fprintf(out, "%s -a %s -d '", start, verb->name);
		print_quoted(out, verb->brief);
		fprintf(out, "'\n");
	}
	each_row(out, cmd, sets_of, fish_row, start);
	for (const struct ml_cmd *verb = cmd->verbs; verb != NULL && verb->name != NULL; verb++) {
		snprintf(start, sizeof start, "complete -c %s -n '__fish_seen_subcommand_from %s'",
			 cmd->name, verb->name);
		each_row(out, verb, sets_of, fish_row, start);
	}
}

void
ml_complete(FILE *out, const char *shell, const struct ml_cmd *cmd, ml_sets_of *sets_of)
{
	if (strcmp(shell, "bash") == 0)
		bash(out, cmd, sets_of);
	else if (strcmp(shell, "zsh") == 0)
		zsh(out, cmd, sets_of);
	else
		fish(out, cmd, sets_of);
}
