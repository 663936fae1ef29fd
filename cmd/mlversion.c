#include "main.h"

#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/num.h"
#include "store/registry.h"
#include "store/registry_report.h"

/* A row of the table of verbs at the end. */
#define VERB(verb, what, rows, operands, least, most, function)                                    \
	{                                                                                          \
		.name = verb, .brief = what, .usage = "[option]..." operands, .options = rows,     \
		.size = sizeof(struct options), .min_operands = least, .max_operands = most,       \
		.run = function                                                                    \
	}

struct options {
	const char *registry, *format, *kind, *note, *why, *head;
	struct ml_texts metrics;
	double lock_timeout;
	int64_t expect;
	bool remove;
};

#define REGISTRY                                                                                   \
	ML_TEXT('R', "registry", NULL, "folder", struct options, registry, NULL,                   \
		"the registry; default is $MLREGISTRY, then ./mlregistry")
#define FORMAT                                                                                     \
	ML_CHOICE(0, "format", NULL, "format", struct options, format, "csv", "csv json text",     \
		  "how to show it")
#define LOCK_TIMEOUT                                                                               \
	ML_REAL(0, "lock-timeout", NULL, "seconds", struct options, lock_timeout, "30", 0, 86400,  \
		"how long to wait for another writer")
#define WHY ML_TEXT(0, "why", NULL, "text", struct options, why, NULL, "the reason, for the log")

static const struct ml_opt add_rows[] = {
    REGISTRY,
    ML_CHOICE(0, "kind", NULL, "kind", struct options, kind, "model", "model data report other",
	      "what the file is; a model must be one that can be loaded"),
    ML_LIST(0, "metric", NULL, "name=value", struct options, metrics,
	    "a figure to keep with the version; may be given several times"),
    ML_TEXT(0, "note", NULL, "text", struct options, note, NULL, "a remark to keep with it"),
    LOCK_TIMEOUT,
    ML_OPT_LAST,
};
static const struct ml_opt alias_rows[] = {
    REGISTRY,
    ML_INT(0, "expect", NULL, "version", struct options, expect, "-1", -1, 9007199254740992,
	   "fail unless the alias is at this version now; 0: at none, -1: anything goes"),
    ML_FLAG(0, "remove", struct options, remove, "remove the alias; the same as version 0"),
    WHY,
    LOCK_TIMEOUT,
    ML_OPT_LAST,
};
static const struct ml_opt rollback_rows[] = {REGISTRY, WHY, LOCK_TIMEOUT, ML_OPT_LAST};
static const struct ml_opt report_rows[] = {REGISTRY, FORMAT, ML_OPT_LAST};
static const struct ml_opt file_rows[] = {REGISTRY, ML_OPT_LAST};
static const struct ml_opt verify_rows[] = {
    REGISTRY,
    ML_TEXT(0, "head", NULL, "hash", struct options, head, NULL,
	    "a head that verify gave before: it must still be in the log"),
    ML_OPT_LAST,
};

/* The tool's registry, to be read or, with a lock timeout, written. */
static int
open_registry(struct ml_tool *tool, struct ml_registry **registry)
{
	const struct options *o = tool->options;

	ML_TRY(ml_registry_open(registry, o->registry, tool->err));
	ml_registry_set_wait(*registry, o->lock_timeout);
	return ML_OK;
}

/* Room for "NAME@N", ahead of what can't be taken back. */
static int
reserve_answer(struct ml_buf *text, const char *name, struct ml_err *err)
{
	if (!ml_buf_reserve(text, strlen(name) + 32))
		return ml_fail(err, ML_ENOMEM, "no memory");
	return ML_OK;
}

/* Says what happened, or fails; ends the registry. */
static int
answer(struct ml_tool *tool, struct ml_registry *registry, struct ml_buf *text, int status)
{
	struct ml_out out;

	if (status == ML_OK && text->failed)
		status = ml_fail(tool->err, ML_ENOMEM, "no memory");
	if (status == ML_OK && (status = ml_out_open(&out, NULL, tool->err)) == ML_OK &&
	    (status = ml_out_write(&out, text->p, text->n, tool->err)) == ML_OK)
		status = ml_out_commit(&out, tool->err);
	ml_buf_free(text);
	ml_registry_close(registry);
	return status;
}

static int
run_init(struct ml_tool *tool)
{
	const struct options *o = tool->options;
	const char *folder = ml_registry_folder(o->registry);
	bool made;

	ML_TRY(ml_registry_init(folder, &made, tool->err));
	ml_note(&tool->say, "%s '%s'", made ? "made registry" : "there already is a registry in",
		folder);
	return ML_OK;
}

/* NAME@VERSION, which a verb has made. */
static void
put_reference(struct ml_buf *text, const char *name, int64_t version, int status)
{
	if (status == ML_OK)
		ml_buf_format(text, "%s@%lld\n", name, (long long)version);
}

static int
run_add(struct ml_tool *tool)
{
	const struct options *o = tool->options;
	const struct ml_registry_note note = {o->kind, o->note, o->metrics.text, o->metrics.n};
	struct ml_registry *registry;
	struct ml_buf text = {0};
	int64_t version = 0;
	int status;

	ML_TRY(open_registry(tool, &registry));
	status = reserve_answer(&text, tool->operand[0], tool->err);
	if (status == ML_OK)
		status = ml_registry_add_file(registry, tool->operand[0], tool->operand[1], &note,
					      &version, tool->err);
	put_reference(&text, tool->operand[0], version, status);
	return answer(tool, registry, &text, status);
}

static int
run_alias(struct ml_tool *tool)
{
	const struct options *o = tool->options;
	char **operand = tool->operand, quoted[ML_QUOTED];
	struct ml_registry *registry;
	int64_t version = 0;
	int status;

	if (o->remove != (tool->n_operands == 2))
		return ml_fail(tool->err, ML_EUSAGE, "expected %s", tool->cmd->usage);
	if (!o->remove && (!ml_int_parse(ml_str(operand[2]), &version) || version < 0))
		return ml_fail(tool->err, ML_EUSAGE, "not a version: %s",
			       ml_quote(quoted, operand[2], strlen(operand[2])));
	ML_TRY(open_registry(tool, &registry));
	status = ml_registry_alias(registry, operand[0], operand[1], version, o->expect, o->why,
				   tool->err);
	ml_registry_close(registry);
	return status;
}

static int
run_rollback(struct ml_tool *tool)
{
	const struct options *o = tool->options;
	const char *name = tool->operand[0];
	struct ml_registry *registry;
	struct ml_buf text = {0};
	int64_t version = 0;
	int status;

	ML_TRY(open_registry(tool, &registry));
	status = reserve_answer(&text, name, tool->err);
	if (status == ML_OK)
		status = ml_registry_rollback(registry, name, tool->operand[1], o->why, &version,
					      tool->err);
	put_reference(&text, name, version, status);
	return answer(tool, registry, &text, status);
}

static int
give_path(const struct ml_registry *registry, const char *reference, const char *format,
	  struct ml_buf *out, struct ml_err *err)
{
	const struct ml_version *version = ml_registry_resolve(registry, reference, err);

	(void)format;
	if (version == NULL || ml_registry_path(registry, version, out, err) < 0)
		return err->status;
	ml_buf_char(out, '\n');
	return ML_OK;
}

static int
give_bytes(const struct ml_registry *registry, const char *reference, const char *format,
	   struct ml_buf *out, struct ml_err *err)
{
	const struct ml_version *version = ml_registry_resolve(registry, reference, err);

	(void)format;
	return version == NULL ? err->status : ml_registry_read(registry, version, out, err);
}

/* The verbs that only look, and what each makes of its operand: a name or NULL, or a reference. */
static int
look(struct ml_tool *tool)
{
	static const struct {
		const char *verb;
		int (*give)(const struct ml_registry *registry, const char *operand,
			    const char *format, struct ml_buf *out, struct ml_err *err);
	} views[] = {{"ls", ml_registry_list},
		     {"log", ml_registry_history},
		     {"show", ml_registry_show},
		     {"path", give_path},
		     {"cat", give_bytes}};
	const struct options *o = tool->options;
	const char *operand = tool->n_operands > 0 ? tool->operand[0] : NULL;
	struct ml_registry *registry;
	struct ml_buf out = {0};
	size_t i = 0;

	while (strcmp(tool->cmd->name, views[i].verb) != 0)
		i++;
	if (views[i].give == ml_registry_show &&
	    (ml_io_is_standard(operand) || access(operand, R_OK) == 0))
		return answer(tool, NULL, &out,
			      ml_registry_show_file(operand, o->format, &out, tool->err));
	ML_TRY(open_registry(tool, &registry));
	return answer(tool, registry, &out,
		      views[i].give(registry, operand, o->format, &out, tool->err));
}

static void
note_problem(void *ctx, const char *id, const char *what)
{
	ml_buf_format(ctx, "%s: %s\n", id, what);
}

static int
run_verify(struct ml_tool *tool)
{
	const struct options *o = tool->options;
	struct ml_verified verified;
	struct ml_buf text = {0};
	int status =
	    ml_registry_verify(o->registry, o->head, note_problem, &text, &verified, tool->err);

	if (status == ML_OK && verified.wrong == 0)
		ml_buf_format(&text, "ok: %zu records, %zu objects, head %s\n", verified.records,
			      verified.objects, verified.head);
	status = answer(tool, NULL, &text, status);
	return status < 0 ? status : verified.wrong == 0 ? ML_EXIT_YES : ML_EXIT_NO;
}

static const struct ml_cmd verbs[] = {
    VERB("init", "make an empty registry", file_rows, "", 0, 0, run_init),
    VERB("add", "add a file as the next version of a name", add_rows, " name file", 2, 2, run_add),
    VERB("ls", "list versions with their aliases", report_rows, " [name]", 0, 1, look),
    VERB("show", "show what is known of a version", report_rows, " reference", 1, 1, look),
    VERB("alias", "let an alias mean a version", alias_rows, " name alias version", 2, 3,
	 run_alias),
    VERB("rollback", "put an alias back to where it was", rollback_rows, " name alias", 2, 2,
	 run_rollback),
    VERB("log", "show who did what, and when", report_rows, " [name]", 0, 1, look),
    VERB("path", "print the path of a version's file", file_rows, " reference", 1, 1, look),
    VERB("cat", "write a version's file to standard output", file_rows, " reference", 1, 1, look),
    VERB("verify", "check the log, the objects and the links", verify_rows, "", 0, 0, run_verify),
    {.name = NULL},
};

int
main(int argc, char **argv)
{
	static const struct ml_cmd cmd = {
	    .name = "mlversion",
	    .brief = "Keep models by name, version and alias, with a log of who changed what.",
	    .usage = "verb [option]... [operand]...",
	    .max_operands = -1,
	    .verbs = verbs,
	};

	return ml_main(&cmd, argc, argv);
}
