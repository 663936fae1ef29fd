#include "store/bundle.h"

#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "store/registry.h"
#include "store/tensors.h"

static const char format_name[] = "mlutils-model";
static const char format_version[] = "1";
enum { LARGEST = 1 << 30 };

/* {"columns":[{"name":..,"type":"numeric"},{"name":..,"type":"category","levels":[..]}]} */
static json_t *
schema_json(const struct ml_schema *schema)
{
	json_t *columns = json_array();

	for (size_t c = 0; c < schema->n; c++) {
		const struct ml_column *column = &schema->column[c];
		json_t *levels = column->type == ML_CATEGORY ? json_array() : NULL, *item;

		for (size_t i = 0; i < column->levels.n && levels != NULL; i++)
			json_array_append_new(levels, json_stringn(column->levels.text[i].p,
								   column->levels.text[i].n));
		item = levels == NULL
			   ? json_pack("{s:s,s:s}", "name", column->name, "type", "numeric")
			   : json_pack("{s:s,s:s,s:o}", "name", column->name, "type", "category",
				       "levels", levels);
		if (json_array_append_new(columns, item) != 0 ||
		    (levels != NULL && json_array_size(levels) != column->levels.n)) {
			json_decref(columns);
			return NULL;
		}
	}
	return json_pack("{s:o}", "columns", columns);
}

static int
load_column(struct ml_schema *schema, size_t c, const json_t *item, struct ml_dict *names,
	    struct ml_err *err)
{
	struct ml_column *column = &schema->column[c];
	const char *name, *type;
	json_t *levels, *level;
	size_t i;

	ML_TRY(ml_json_text(item, "name", &name, err));
	ML_TRY(ml_json_text(item, "type", &type, err));
	if (*name == '\0' || ml_dict_find(names, ml_str(name)) >= 0)
		return ml_fail(err, ML_EMODEL, "schema: an empty or repeated column name");
	if ((column->name = ml_arena_text(&schema->arena, name, strlen(name))) == NULL ||
	    ml_dict_add(names, ml_str(name)) < 0)
		return ml_fail(err, ML_ENOMEM, "no memory");
	schema->n = c + 1;
	column->type = strcmp(type, "numeric") == 0 ? ML_NUMERIC : ML_CATEGORY;
	if (column->type == ML_NUMERIC)
		return ML_OK;
	if (strcmp(type, "category") != 0)
		return ml_fail(err, ML_EMODEL, "schema: unknown type of column '%s'", name);
	ML_TRY(ml_json_array(item, "levels", &levels, err));
	json_array_foreach(levels, i, level)
	{
		struct ml_str text = {json_string_value(level), json_string_length(level)};

		if (!json_is_string(level) || ml_dict_find(&column->levels, text) >= 0)
			return ml_fail(err, ML_EMODEL, "schema: bad levels of column '%s'", name);
		if (ml_dict_add(&column->levels, text) < 0)
			return ml_fail(err, ML_ENOMEM, "no memory");
	}
	return ML_OK;
}

static int
load_schema(struct ml_schema *schema, const json_t *json, struct ml_err *err)
{
	struct ml_dict names = {0};
	json_t *columns;
	size_t n;
	int status = ML_OK;

	ML_TRY(ml_json_array(json, "columns", &columns, err));
	n = json_array_size(columns);
	if ((schema->column = ML_NEW(&schema->arena, struct ml_column, n)) == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory for %zu columns", n);
	for (size_t c = 0; c < n && status == ML_OK; c++)
		status = load_column(schema, c, json_array_get(columns, c), &names, err);
	ml_dict_free(&names);
	return status;
}

/* {"names":[..]} */
static json_t *
classes_json(const struct ml_bundle *bundle)
{
	json_t *names = json_array();

	for (size_t k = 0; k < bundle->shape.k; k++)
		if (json_array_append_new(names, json_string(bundle->class_name[k])) != 0) {
			json_decref(names);
			return NULL;
		}
	return json_pack("{s:o}", "names", names);
}

static const char *
task_name(unsigned task)
{
	return task == ML_CLASSIFY ? "classification" : "regression";
}

int
ml_bundle_write(struct ml_bundle *bundle, struct ml_buf *out, struct ml_err *err)
{
	struct ml_tensors t;
	struct ml_arena arena = {0};
	json_t *encoder = json_object();
	int status;

	ml_tensors_start(&t, &arena, err);
	ml_tensors_text(&t, "format", format_name);
	ml_tensors_text(&t, "version", format_version);
	ml_tensors_text(&t, "algorithm", bundle->type->name);
	ml_tensors_text(&t, "task", task_name(bundle->task));
	ml_tensors_text(&t, "target", bundle->target);
	ml_tensors_json(&t, "classes", classes_json(bundle));
	ml_tensors_json(&t, "schema", schema_json(&bundle->schema));
	t.fields.prefix = "encoder/";
	ml_encoder_save(bundle->encoder, encoder, &t.fields);
	ml_tensors_json(&t, "encoder", encoder);
	ml_tensors_json(&t, "options", json_incref(bundle->options));
	ml_tensors_json(&t, "metrics", json_incref(bundle->metrics));
	ml_tensors_json(&t, "origin", json_incref(bundle->origin));
	t.fields.prefix = "state/";
	if (t.fields.status == ML_OK)
		t.fields.status = bundle->type->fields(&t.fields, bundle->state, &bundle->shape);
	t.fields.prefix = "profile/";
	if (bundle->profile != NULL && t.fields.status == ML_OK)
		ml_profile_save(bundle->profile, &t.fields);
	status = ml_tensors_write(&t, out, bundle->digest);
	ml_tensors_end(&t);
	ml_arena_free(&arena);
	return status;
}

static int
load_classes(struct ml_bundle *b, const json_t *json, struct ml_err *err)
{
	int64_t target = ml_schema_find(&b->schema, b->target);
	const struct ml_column *column;
	json_t *names;
	bool *seen;

	if (target < 0)
		return ml_fail(err, ML_EMODEL, "the target is no column of the schema");
	column = &b->schema.column[target];
	if ((column->type == ML_CATEGORY) != (b->task == ML_CLASSIFY))
		return ml_fail(err, ML_EMODEL, "the target's type does not fit the task");
	ML_TRY(ml_json_array(json, "names", &names, err));
	b->shape.k = json_array_size(names);
	if (b->shape.k != (b->task == ML_CLASSIFY ? column->levels.n : 0) ||
	    (b->task == ML_CLASSIFY && b->shape.k == 0))
		return ml_fail(err, ML_EMODEL, "the classes are not the target's levels");
	b->class_name = ML_NEW(&b->arena, const char *, b->shape.k);
	seen = ML_NEW(&b->arena, bool, b->shape.k);
	for (size_t k = 0; k < b->shape.k && !ml_arena_failed(&b->arena); k++) {
		const json_t *name = json_array_get(names, k);
		struct ml_str text = {json_string_value(name), json_string_length(name)};
		int32_t level = text.p == NULL ? -1 : ml_dict_find(&column->levels, text);

		if (level < 0 || seen[level])
			return ml_fail(err, ML_EMODEL, "the classes are not the target's levels");
		seen[level] = true;
		b->class_name[k] = ml_arena_text(&b->arena, text.p, text.n);
	}
	return ml_arena_failed(&b->arena) ? ml_fail(err, ML_ENOMEM, "no memory") : ML_OK;
}

/* What the file says it is. */
static int
load_kind(struct ml_bundle *b, struct ml_tensors *t)
{
	const char *format, *version, *algorithm, *task, *target;
	struct ml_err *err = t->fields.err;
	struct ml_err unknown = {0};
	char quoted[ML_QUOTED];

	ML_TRY(ml_tensors_get_text(t, "format", &format));
	ML_TRY(ml_tensors_get_text(t, "version", &version));
	if (strcmp(format, format_name) != 0)
		return ml_fail(err, ML_EMODEL, "not a model of mlutils but %s",
			       ml_quote(quoted, format, strlen(format)));
	if (strcmp(version, format_version) != 0)
		return ml_fail(err, ML_EMODEL, "format version %s is not known here; expected %s",
			       ml_quote(quoted, version, strlen(version)), format_version);
	ML_TRY(ml_tensors_get_text(t, "algorithm", &algorithm));
	ML_TRY(ml_tensors_get_text(t, "task", &task));
	ML_TRY(ml_tensors_get_text(t, "target", &target));
	if ((b->type = ml_model_find(algorithm, &unknown)) == NULL)
		return ml_fail(err, ML_EMODEL, "%s", unknown.text);
	b->task = strcmp(task, task_name(ML_CLASSIFY)) == 0 ? ML_CLASSIFY : ML_REGRESS;
	if (strcmp(task, task_name(b->task)) != 0 || !(b->type->tasks & b->task))
		return ml_fail(err, ML_EMODEL, "the task does not fit the algorithm");
	if ((b->target = ml_arena_text(&b->arena, target, strlen(target))) == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	return ML_OK;
}

static int
load_texts(struct ml_bundle *b, struct ml_tensors *t)
{
	json_t *json = NULL;
	int status;

	if ((status = ml_tensors_get_json(t, "schema", &json)) == ML_OK)
		status = load_schema(&b->schema, json, t->fields.err);
	json_decref(json);
	json = NULL;
	if (status == ML_OK && (status = ml_tensors_get_json(t, "classes", &json)) == ML_OK)
		status = load_classes(b, json, t->fields.err);
	json_decref(json);
	json = NULL;
	if (status == ML_OK && (status = ml_tensors_get_json(t, "encoder", &json)) == ML_OK) {
		t->fields.prefix = "encoder/";
		status = ml_encoder_load(&b->encoder, &b->schema, json, &t->fields);
	}
	json_decref(json);
	ML_TRY(status);
	ML_TRY(ml_tensors_get_json(t, "options", &b->options));
	ML_TRY(ml_tensors_get_json(t, "metrics", &b->metrics));
	return ml_tensors_get_json(t, "origin", &b->origin);
}

static int
load_arrays(struct ml_bundle *b, struct ml_tensors *t)
{
	b->shape.d = ml_encoder_features(b->encoder);
	b->shape.input = ml_encoder_inputs(b->encoder);
	if (b->target != NULL && ml_encoder_uses(b->encoder)[ml_schema_find(&b->schema, b->target)])
		return ml_fail(t->fields.err, ML_EMODEL, "the encoder reads the target");
	if ((b->state = ml_arena_get(&b->arena, 1, b->type->state_size)) == NULL)
		return ml_fail(t->fields.err, ML_ENOMEM, "no memory");
	t->fields.prefix = "state/";
	ML_TRY(b->type->fields(&t->fields, b->state, &b->shape));
	t->fields.prefix = "profile/";
	if (t->used < json_object_size(t->header) - 1)
		ML_TRY(ml_profile_load(&b->profile, &b->schema, &t->fields));
	return ml_tensors_all_used(t);
}

int
ml_bundle_read(struct ml_bundle **out, const char *name, const char *p, size_t n,
	       struct ml_err *err)
{
	struct ml_bundle *b = ml_alloc(1, sizeof *b);
	struct ml_tensors t = {0};
	int status;

	if (b == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	status = ml_tensors_open(&t, p, n, &b->arena, b->digest, err);
	if (status == ML_OK)
		status = load_kind(b, &t);
	if (status == ML_OK)
		status = load_texts(b, &t);
	if (status == ML_OK)
		status = load_arrays(b, &t);
	ml_tensors_end(&t);
	if (status == ML_OK && (b->name = ml_arena_text(&b->arena, name, strlen(name))) == NULL)
		status = ml_fail(err, ML_ENOMEM, "no memory");
	if (status < 0) {
		ml_bundle_free(b);
		return ml_within(err, "%s", name);
	}
	*out = b;
	return ML_OK;
}

/* NAME@ALIAS or NAME@VERSION: its bytes, and what logs call it. */
static int
read_registered(const char *where, const char *folder, struct ml_buf *bytes, struct ml_buf *name,
		int64_t *version, struct ml_err *err)
{
	struct ml_registry *registry;
	const struct ml_version *v;
	int status = ML_OK;

	ML_TRY(ml_registry_open(&registry, folder, err));
	if ((v = ml_registry_resolve(registry, where, err)) == NULL)
		status = err->status;
	if (status == ML_OK)
		status = ml_registry_read(registry, v, bytes, err);
	if (status == ML_OK) {
		*version = v->version;
		ml_buf_add(name, v->name, strlen(v->name) + 1);
		if (name->failed)
			status = ml_fail(err, ML_ENOMEM, "no memory");
	}
	ml_registry_close(registry);
	return status;
}

int
ml_bundle_open(struct ml_bundle **bundle, const char *where, const char *folder, struct ml_err *err)
{
	bool standard = ml_io_is_standard(where);
	struct ml_buf bytes = {0}, name = {0};
	int64_t version = 0;
	int status;

	if (!standard && strchr(where, '@') != NULL && access(where, F_OK) != 0)
		status = read_registered(where, folder, &bytes, &name, &version, err);
	else
		status = ml_io_read(where, LARGEST, &bytes, err);
	if (status == ML_OK)
		status = ml_bundle_read(bundle, standard ? "standard input" : where, bytes.p,
					bytes.n, err);
	if (status == ML_OK && name.p != NULL) {
		(*bundle)->version = version;
		(*bundle)->name = ml_arena_text(&(*bundle)->arena, name.p, name.n - 1);
		if ((*bundle)->name == NULL) {
			status = ml_fail(err, ML_ENOMEM, "no memory");
			ml_bundle_free(*bundle);
			*bundle = NULL;
		}
	}
	ml_buf_free(&bytes);
	ml_buf_free(&name);
	return status;
}

void
ml_bundle_free(struct ml_bundle *bundle)
{
	if (bundle == NULL)
		return;
	ml_encoder_free(bundle->encoder);
	ml_profile_free(bundle->profile);
	ml_schema_free(&bundle->schema);
	json_decref(bundle->options);
	json_decref(bundle->metrics);
	json_decref(bundle->origin);
	ml_arena_free(&bundle->arena);
	ml_free(bundle);
}
