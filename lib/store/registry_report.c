#include "store/registry_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/json.h"
#include "base/num.h"
#include "store/bundle.h"
#include "store/registry_state.h"
#include "table/report.h"

/* A text that is missing where it is empty. */
static struct ml_str
filled(const char *text)
{
	return ml_str(text == NULL || *text == '\0' ? NULL : text);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* No two are equal, so the order doesn't depend on how it is sorted. */
static int
by_name_and_version(const void *a, const void *b)
{
	const struct ml_version *v = *(const struct ml_version *const *)a;
	const struct ml_version *w = *(const struct ml_version *const *)b;
	int order = strcmp(v->name, w->name);

	return order != 0 ? order : (v->version > w->version) - (v->version < w->version);
}

/* The aliases of a version in order of the alphabet, with blanks between; ended with NUL. */
static int
aliases_of(const struct ml_registry *registry, const struct ml_version *version, struct ml_buf *out,
	   struct ml_err *err)
{
	const char **alias = ml_alloc(registry->n_aliases + 1, sizeof *alias);
	size_t n = 0;

	if (alias == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	for (size_t i = 0; i < registry->n_aliases; i++)
		if (registry->alias[i].version == version->version &&
		    strcmp(registry->alias[i].name, version->name) == 0)
			alias[n++] = registry->alias[i].alias;
	qsort(alias, n, sizeof *alias, by_text);
	out->n = 0;
	ml_buf_format(out, "%s", n > 0 ? alias[0] : "");
	for (size_t i = 1; i < n; i++)
		ml_buf_format(out, " %s", alias[i]);
	ml_free(alias);
	return out->failed ? ml_fail(err, ML_ENOMEM, "no memory") : ML_OK;
}

static int
list_version(const struct ml_registry *registry, const struct ml_version *version,
	     struct ml_report *report, struct ml_err *err)
{
	struct ml_buf aliases = {0};
	json_t *detail;
	int status = ml_json_parse(&detail, version->detail, strlen(version->detail), err);

	if (status == ML_OK && (status = aliases_of(registry, version, &aliases, err)) == ML_OK) {
		ml_report_text(report, ml_str(version->name));
		ml_report_number(report, (double)version->version);
		ml_report_text(report, filled(aliases.p));
		ml_report_text(report, ml_str(version->time));
		ml_report_text(report, ml_str(version->actor));
		ml_report_text(report, ml_str(version->hash));
		ml_report_text(report, filled(json_string_value(json_object_get(detail, "note"))));
	}
	json_decref(detail);
	ml_buf_free(&aliases);
	return status;
}

int
ml_registry_list(const struct ml_registry *registry, const char *name, const char *format,
		 struct ml_buf *out, struct ml_err *err)
{
	static const char *const column[] = {"name",  "version", "aliases", "time",
					     "actor", "hash",	 "note"};
	struct ml_report report = {.column = column, .n_columns = 7};
	const struct ml_version **version;
	size_t n = 0;
	int status = ML_OK;

	if (name != NULL && ml_registry_find_model(registry, name, err) == NULL)
		return err->status;
	if ((version = ml_alloc(registry->n_versions + 1, sizeof *version)) == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	for (size_t i = 0; i < registry->n_versions; i++)
		if (name == NULL || strcmp(registry->version[i].name, name) == 0)
			version[n++] = registry->version + i;
	qsort(version, n, sizeof *version, by_name_and_version);
	for (size_t i = 0; i < n && status == ML_OK; i++)
		status = list_version(registry, version[i], &report, err);
	if (status == ML_OK)
		status = ml_report_write(&report, format, true, out, err);
	ml_free(version);
	ml_report_free(&report);
	return status;
}

int
ml_registry_history(const struct ml_registry *registry, const char *name, const char *format,
		    struct ml_buf *out, struct ml_err *err)
{
	static const char *const column[] = {"seq",  "time",	"actor", "event",
					     "name", "version", "alias", "detail"};
	struct ml_report report = {.column = column, .n_columns = 8};
	int status;

	if (name != NULL && ml_registry_find_model(registry, name, err) == NULL)
		return err->status;
	for (size_t i = 0; i < registry->n_events; i++) {
		const struct ml_event *event = registry->event + i;

		if (name != NULL && strcmp(event->name, name) != 0)
			continue;
		ml_report_number(&report, (double)event->seq);
		ml_report_text(&report, ml_str(event->time));
		ml_report_text(&report, ml_str(event->actor));
		ml_report_text(&report, ml_str(event->event));
		ml_report_text(&report, filled(event->name));
		ml_report_number(&report,
				 event->version > 0 ? (double)event->version : (double)NAN);
		ml_report_text(&report, filled(event->alias));
		ml_report_json(&report, ml_str(event->detail));
	}
	status = ml_report_write(&report, format, true, out, err);
	ml_report_free(&report);
	return status;
}

/*
 * Facts with a name each: in csv and text a line a fact, in json an object.  The names of an
 * object's columns are kept until the report is written.
 */
struct facts {
	struct ml_report report;
	struct ml_arena arena;
	const char *name[128];
	size_t n;
	bool lines;
};

static bool
name_fact(struct facts *facts, const char *name)
{
	if (facts->lines)
		ml_report_text(&facts->report, ml_str(name));
	else if (facts->n < sizeof facts->name / sizeof *facts->name)
		facts->name[facts->n++] = ml_arena_text(&facts->arena, name, strlen(name));
	else
		return false; /* more metrics than anybody reads */
	return true;
}

static void
text_fact(struct facts *facts, const char *name, const char *value)
{
	if (name_fact(facts, name))
		ml_report_text(&facts->report, filled(value));
}

static void
number_fact(struct facts *facts, const char *name, double value)
{
	if (name_fact(facts, name))
		ml_report_number(&facts->report, value);
}

/* The members of an object that are texts or numbers, PREFIX before their names. */
static void
json_facts(struct facts *facts, const char *prefix, json_t *object)
{
	const char *key;
	json_t *value;
	char name[128];

	json_object_foreach(object, key, value)
	{
		snprintf(name, sizeof name, "%s%s", prefix, key);
		if (json_is_number(value))
			number_fact(facts, name, json_number_value(value));
		else if (json_is_string(value))
			text_fact(facts, name, json_string_value(value));
		else if (json_is_object(value))
			json_facts(facts, "metric.", value);
	}
}

/* The state as its own fields function names it, a third way beside saving and loading. */
struct state_facts {
	struct ml_fields fields;
	const struct ml_bundle *bundle;
	struct facts *facts;
};

/* A number for each score, or coefficients: one for each feature, score by score. */
static int
show_array(struct ml_fields *fields, const char *name, enum ml_kind kind, void **p, size_t n)
{
	struct state_facts *s = (struct state_facts *)fields;
	const struct ml_bundle *b = s->bundle;
	size_t scores = ml_model_scores(b->shape.k), d = b->shape.d;
	bool features = strcmp(name, "coef") == 0 && n == scores * d;
	const double *v = *p;

	if (kind != ML_F64 || (n != scores && !features))
		return ML_OK;
	for (size_t i = 0; i < n; i++) {
		struct ml_buf text = {0};

		ml_buf_text(&text, name);
		if (scores > 1)
			ml_buf_format(&text, "[%s]", b->class_name[features ? i / d : i]);
		if (features)
			ml_buf_format(&text, "[%s]", ml_encoder_feature(b->encoder, i % d)->name);
		ml_buf_char(&text, '\0');
		if (text.failed)
			return ml_fail(fields->err, ML_ENOMEM, "no memory");
		number_fact(s->facts, text.p, v[i]);
		ml_buf_free(&text);
	}
	return ML_OK;
}

static int
bundle_facts(struct facts *facts, const struct ml_bundle *bundle, struct ml_err *err)
{
	struct state_facts state = {
	    .fields = {.array = show_array, .prefix = "", .err = err},
	    .bundle = bundle,
	    .facts = facts,
	};

	text_fact(facts, "algorithm", bundle->type->name);
	text_fact(facts, "task", bundle->task == ML_CLASSIFY ? "classification" : "regression");
	text_fact(facts, "target", bundle->target);
	if (bundle->task == ML_CLASSIFY)
		number_fact(facts, "classes", (double)bundle->shape.k);
	number_fact(facts, "columns", (double)bundle->schema.n);
	number_fact(facts, "features", (double)bundle->shape.d);
	json_facts(facts, "", bundle->origin);
	json_facts(facts, "option.", bundle->options);
	json_facts(facts, "training.", bundle->metrics);
	text_fact(facts, "digest", bundle->digest);
	return bundle->type->fields(&state.fields, bundle->state, &bundle->shape);
}

static int
model_facts(struct facts *facts, const struct ml_registry *registry,
	    const struct ml_version *version, struct ml_err *err)
{
	struct ml_bundle *bundle = NULL;
	struct ml_buf bytes = {0};
	int status = ml_registry_read(registry, version, &bytes, err);

	if (status == ML_OK)
		status = ml_bundle_read(&bundle, version->name, bytes.p, bytes.n, err);
	if (status == ML_OK)
		status = bundle_facts(facts, bundle, err);
	ml_bundle_free(bundle);
	ml_buf_free(&bytes);
	return status;
}

static const char *const fact_columns[] = {"fact", "value"};

static int
write_facts(struct facts *facts, const char *format, struct ml_buf *out, int status,
	    struct ml_err *err)
{
	if (!facts->lines) {
		facts->report.column = facts->name;
		facts->report.n_columns = facts->n;
	}
	if (status == ML_OK && ml_arena_failed(&facts->arena))
		status = ml_fail(err, ML_ENOMEM, "no memory for the report");
	if (status == ML_OK)
		status = ml_report_write(&facts->report, format, true, out, err);
	ml_report_free(&facts->report);
	ml_arena_free(&facts->arena);
	return status;
}

int
ml_registry_show_file(const char *path, const char *format, struct ml_buf *out, struct ml_err *err)
{
	struct facts facts = {.report = {.column = fact_columns, .n_columns = 2},
			      .lines = strcmp(format, "json") != 0};
	struct ml_bundle *bundle = NULL;
	int status = ml_bundle_open(&bundle, path, NULL, err);

	if (status == ML_OK)
		status = bundle_facts(&facts, bundle, err);
	ml_bundle_free(bundle);
	return write_facts(&facts, format, out, status, err);
}

int
ml_registry_show(const struct ml_registry *registry, const char *reference, const char *format,
		 struct ml_buf *out, struct ml_err *err)
{
	const struct ml_version *version = ml_registry_resolve(registry, reference, err);
	struct facts facts = {.report = {.column = fact_columns, .n_columns = 2},
			      .lines = strcmp(format, "json") != 0};
	struct ml_buf aliases = {0};
	const char *kind;
	json_t *detail;
	int status;

	if (version == NULL)
		return err->status;
	ML_TRY(ml_json_parse(&detail, version->detail, strlen(version->detail), err));
	status = aliases_of(registry, version, &aliases, err);
	kind = json_string_value(json_object_get(detail, "kind"));
	text_fact(&facts, "name", version->name);
	number_fact(&facts, "version", (double)version->version);
	text_fact(&facts, "aliases", aliases.p);
	text_fact(&facts, "time", version->time);
	text_fact(&facts, "actor", version->actor);
	text_fact(&facts, "hash", version->hash);
	json_facts(&facts, "", detail);
	if (status == ML_OK && kind != NULL && strcmp(kind, "model") == 0)
		status = model_facts(&facts, registry, version, err);
	status = write_facts(&facts, format, out, status, err);
	json_decref(detail);
	ml_buf_free(&aliases);
	return status;
}

/* NAME=VALUE as a member of a JSON object: a number where it is one. */
static int
put_metric(struct ml_buf *json, const char *metric, struct ml_err *err)
{
	char quoted[ML_QUOTED], number[ML_NUM_TEXT];
	const char *value = strchr(metric, '=');
	double x;

	if (value == NULL || value == metric)
		return ml_fail(err, ML_EUSAGE, "not a metric: %s: expected name=value",
			       ml_quote(quoted, metric, strlen(metric)));
	ml_json_quote(json, metric, (size_t)(value - metric));
	ml_buf_char(json, ':');
	value++;
	if (ml_num_parse(ml_str(value), &x) == ML_NUM_YES)
		ml_buf_add(json, number, ml_num_format(number, x));
	else
		ml_json_quote(json, value, strlen(value));
	return ML_OK;
}

/* The detail of an added file: {"kind":..,"bytes":..,"note":..,"metrics":{..}}; ended with NUL. */
static int
put_detail(struct ml_buf *json, const struct ml_registry_note *note, size_t bytes,
	   struct ml_err *err)
{
	ml_buf_format(json, "{\"kind\":\"%s\",\"bytes\":%zu", note->kind, bytes);
	if (note->note != NULL) {
		ml_buf_text(json, ",\"note\":");
		ml_json_quote(json, note->note, strlen(note->note));
	}
	for (size_t i = 0; i < note->n_metrics; i++) {
		ml_buf_text(json, i == 0 ? ",\"metrics\":{" : ",");
		ML_TRY(put_metric(json, note->metric[i], err));
	}
	ml_buf_format(json, "%s", note->n_metrics > 0 ? "}}" : "}");
	return json->failed ? ml_fail(err, ML_ENOMEM, "no memory") : ML_OK;
}

/* Only what every tool can load goes in as a model. */
static int
check_model(const char *path, const struct ml_buf *bytes, struct ml_err *err)
{
	struct ml_bundle *bundle = NULL;

	if (ml_bundle_read(&bundle, path, bytes->p, bytes->n, err) < 0)
		return ml_within(err,
				 "not a model that can be loaded (--kind other adds any file)");
	ml_bundle_free(bundle);
	return ML_OK;
}

int
ml_registry_add_file(struct ml_registry *registry, const char *name, const char *path,
		     const struct ml_registry_note *note, int64_t *version, struct ml_err *err)
{
	struct ml_buf bytes = {0}, detail = {0};
	int status = ml_io_read(path, 0, &bytes, err);

	if (status == ML_OK && strcmp(note->kind, "model") == 0)
		status = check_model(path, &bytes, err);
	if (status == ML_OK)
		status = put_detail(&detail, note, bytes.n, err);
	if (status == ML_OK)
		status = ml_registry_add(registry, name, bytes.p, bytes.n, detail.p, version, err);
	ml_buf_free(&bytes);
	ml_buf_free(&detail);
	return status;
}
