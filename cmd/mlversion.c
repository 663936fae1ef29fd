#include "main.h"

#include <string.h>

#include "base/io.h"
#include "base/num.h"
#include "store/bundle.h"
#include "store/registry.h"
#include "store/registry_report.h"

/* A row of the table of verbs at the end. */
#define VERB(verb, what, rows, operands, least, most)                                              \
	{                                                                                          \
		.name = #verb, .brief = what, .usage = "[option]..." operands, .options = rows,    \
		.size = sizeof(struct options), .min_operands = least, .max_operands = most,       \
		.run = run_##verb                                                                  \
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

static int
print(const struct ml_buf *text, struct ml_err *err)
{
	struct ml_out out;

	if (text->failed)
		return ml_fail(err, ML_ENOMEM, "no memory");
	ML_TRY(ml_out_open(&out, NULL, err));
	ML_TRY(ml_out_write(&out, text->p, text->n, err));
	return ml_out_commit(&out, err);
}

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
	if (status == ML_OK)
		status = print(text, tool->err);
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

/* Only what every tool can load goes in as a model. */
static int
check_object(const char *path, const struct ml_buf *bytes, struct ml_err *err)
{
	struct ml_bundle *bundle = NULL;

	if (ml_bundle_read(&bundle, path, bytes->p, bytes->n, err) < 0)
		return ml_within(err,
				 "not a model that can be loaded (--kind other adds any file)");
	ml_bundle_free(bundle);
	return ML_OK;
}

static int
run_add(struct ml_tool *tool)
{
	const struct options *o = tool->options;
	const char *name = tool->operand[0], *path = tool->operand[1];
	struct ml_registry *registry;
	struct ml_buf bytes = {0}, detail = {0}, text = {0};
	int64_t version;
	int status;

	ML_TRY(open_registry(tool, &registry));
	status = ml_io_read(path, 0, &bytes, tool->err);
	if (status == ML_OK && strcmp(o->kind, "model") == 0)
		status = check_object(path, &bytes, tool->err);
	if (status == ML_OK)
		status = ml_registry_detail(&detail, o->kind, bytes.n, o->note, o->metrics.text,
					    o->metrics.n, tool->err);
	if (status == ML_OK)
		status = reserve_answer(&text, name, tool->err);
	if (status == ML_OK)
		status = ml_registry_add(registry, name, bytes.p, bytes.n, detail.p, &version,
					 tool->err);
	ml_buf_free(&bytes);
	ml_buf_free(&detail);
	if (status == ML_OK)
		ml_buf_format(&text, "%s@%lld\n", name, (long long)version);
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
	int64_t version;
	int status;

	ML_TRY(open_registry(tool, &registry));
	status = reserve_answer(&text, name, tool->err);
	if (status == ML_OK)
		status = ml_registry_rollback(registry, name, tool->operand[1], o->why, &version,
					      tool->err);
	if (status == ML_OK)
		ml_buf_format(&text, "%s@%lld\n", name, (long long)version);
	return answer(tool, registry, &text, status);
}

/* ls and log: what GIVE makes of one model or all. */
static int
report(struct ml_tool *tool,
       int (*give)(const struct ml_registry *registry, const char *name, const char *format,
		   struct ml_buf *out, struct ml_err *err))
{
	const struct options *o = tool->options;
	const char *name = tool->n_operands > 0 ? tool->operand[0] : NULL;
	struct ml_registry *registry;
	struct ml_buf out = {0};

	ML_TRY(open_registry(tool, &registry));
	return answer(tool, registry, &out, give(registry, name, o->format, &out, tool->err));
}

static int
run_ls(struct ml_tool *tool)
{
	return report(tool, ml_registry_list);
}

static int
run_log(struct ml_tool *tool)
{
	return report(tool, ml_registry_history);
}

/* show, path and cat: what GIVE makes of the version that the operand means. */
static int
run_reference(struct ml_tool *tool,
	      int (*give)(const struct ml_registry *registry, const struct ml_version *version,
			  const struct options *o, struct ml_buf *out, struct ml_err *err))
{
	const struct ml_version *version;
	struct ml_registry *registry;
	struct ml_buf out = {0};

	ML_TRY(open_registry(tool, &registry));
	version = ml_registry_resolve(registry, tool->operand[0], tool->err);
	return answer(tool, registry, &out,
		      version == NULL ? tool->err->status
				      : give(registry, version, tool->options, &out, tool->err));
}

static int
give_facts(const struct ml_registry *registry, const struct ml_version *version,
	   const struct options *o, struct ml_buf *out, struct ml_err *err)
{
	return ml_registry_show(registry, version, o->format, out, err);
}

static int
give_path(const struct ml_registry *registry, const struct ml_version *version,
	  const struct options *o, struct ml_buf *out, struct ml_err *err)
{
	(void)o;
	ML_TRY(ml_registry_path(registry, version, out, err));
	ml_buf_char(out, '\n');
	return ML_OK;
}

static int
give_bytes(const struct ml_registry *registry, const struct ml_version *version,
	   const struct options *o, struct ml_buf *out, struct ml_err *err)
{
	(void)o;
	return ml_registry_read(registry, version, out, err);
}

static int
run_show(struct ml_tool *tool)
{
	return run_reference(tool, give_facts);
}

static int
run_path(struct ml_tool *tool)
{
	return run_reference(tool, give_path);
}

static int
run_cat(struct ml_tool *tool)
{
	return run_reference(tool, give_bytes);
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
    VERB(init, "make an empty registry", file_rows, "", 0, 0),
    VERB(add, "add a file as the next version of a name", add_rows, " name file", 2, 2),
    VERB(ls, "list versions with their aliases", report_rows, " [name]", 0, 1),
    VERB(show, "show what is known of a version", report_rows, " reference", 1, 1),
    VERB(alias, "let an alias mean a version", alias_rows, " name alias version", 2, 3),
    VERB(rollback, "put an alias back to where it was", rollback_rows, " name alias", 2, 2),
    VERB(log, "show who did what, and when", report_rows, " [name]", 0, 1),
    VERB(path, "print the path of a version's file", file_rows, " reference", 1, 1),
    VERB(cat, "write a version's file to standard output", file_rows, " reference", 1, 1),
    VERB(verify, "check the log, the objects and the links", verify_rows, "", 0, 0),
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
