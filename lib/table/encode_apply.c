#include <math.h>
#include <string.h>

#include "table/encode_plan.h"

int
ml_encoder_new(struct ml_encoder **encoder, const struct ml_schema *schema, unsigned wants,
	       struct ml_err *err)
{
	struct ml_encoder *e = ml_alloc(1, sizeof *e);

	if (e != NULL) {
		e->plan = ML_NEW(&e->arena, struct ml_plan, schema->n);
		e->uses = ML_NEW(&e->arena, bool, schema->n);
		e->takes_na = (wants & ML_WANTS_MISSING) != 0;
	}
	if (e == NULL || ml_arena_failed(&e->arena)) {
		ml_encoder_free(e);
		return ml_fail(err, ML_ENOMEM, "no memory for %zu columns", schema->n);
	}
	*encoder = e;
	return ML_OK;
}

void
ml_encoder_free(struct ml_encoder *encoder)
{
	if (encoder == NULL)
		return;
	ml_arena_free(&encoder->arena);
	ml_free(encoder);
}

static size_t
features_of(const struct ml_plan *plan)
{
	if (plan->kind == ML_PLAN_ONEHOT)
		return plan->n_slots + plan->has_missing;
	return 1 + plan->indicator;
}

/* "name=level", or "name" and what is behind. */
static const char *
feature_name(struct ml_encoder *encoder, const char *name, const char *mark, struct ml_str level)
{
	struct ml_buf text = {0};
	const char *copy = NULL;

	ml_buf_text(&text, name);
	ml_buf_text(&text, mark);
	ml_buf_add(&text, level.p, level.n);
	if (!text.failed)
		copy = ml_arena_text(&encoder->arena, text.p, text.n);
	else
		encoder->arena.failed = true;
	ml_buf_free(&text);
	return copy;
}

static struct ml_str
level_of_slot(const struct ml_plan *plan, const struct ml_column *column, size_t slot)
{
	if ((int32_t)slot == plan->rare)
		return ml_str("(rare)");
	for (size_t c = 0; c < plan->n_levels; c++)
		if (plan->slot[c] == (int32_t)slot)
			return column->levels.text[c];
	return ml_str("");
}

static void
name_features(struct ml_encoder *encoder, const struct ml_plan *plan,
	      const struct ml_column *column)
{
	struct ml_feature *feature = encoder->feature + plan->first;

	for (size_t k = 0; k < features_of(plan); k++) {
		bool missing = plan->kind == ML_PLAN_ONEHOT ? k == plan->n_slots : k == 1;

		feature[k].column = plan->column;
		feature[k].kind = ML_FEATURE_NUMBER;
		if (missing) {
			feature[k].kind = ML_FEATURE_INDICATOR;
			feature[k].name = feature_name(encoder, plan->name, " missing", ml_str(""));
		} else if (plan->kind == ML_PLAN_ONEHOT) {
			feature[k].kind = ML_FEATURE_INDICATOR;
			feature[k].name =
			    feature_name(encoder, plan->name, "=", level_of_slot(plan, column, k));
		} else {
			feature[k].name = plan->name;
		}
		if (plan->kind == ML_PLAN_CODE) {
			feature[k].kind = ML_FEATURE_CODE;
			feature[k].input.n_levels = plan->n_slots;
		}
		encoder->input[plan->first + k] = feature[k].input;
	}
}

int
ml_encoder_lay_out(struct ml_encoder *encoder, const struct ml_schema *schema, struct ml_err *err)
{
	encoder->d = 0;
	for (size_t i = 0; i < encoder->n; i++) {
		encoder->plan[i].first = encoder->d;
		encoder->d += features_of(&encoder->plan[i]);
		encoder->uses[encoder->plan[i].column] = true;
	}
	encoder->feature = ML_NEW(&encoder->arena, struct ml_feature, encoder->d);
	encoder->input = ML_NEW(&encoder->arena, struct ml_input, encoder->d);
	for (size_t i = 0; i < encoder->n && !ml_arena_failed(&encoder->arena); i++)
		name_features(encoder, &encoder->plan[i], &schema->column[encoder->plan[i].column]);
	if (ml_arena_failed(&encoder->arena))
		return ml_fail(err, ML_ENOMEM, "no memory for %zu features", encoder->d);
	return ML_OK;
}

size_t
ml_encoder_features(const struct ml_encoder *encoder)
{
	return encoder->d;
}

const struct ml_feature *
ml_encoder_feature(const struct ml_encoder *encoder, size_t j)
{
	return &encoder->feature[j];
}

const struct ml_input *
ml_encoder_inputs(const struct ml_encoder *encoder)
{
	return encoder->input;
}

const bool *
ml_encoder_uses(const struct ml_encoder *encoder)
{
	return encoder->uses;
}

void
ml_encoder_move(struct ml_encoder *encoder, const size_t *place, size_t n)
{
	memset(encoder->uses, 0, n * sizeof *encoder->uses);
	for (size_t i = 0; i < encoder->n; i++) {
		encoder->plan[i].column = place[encoder->plan[i].column];
		encoder->uses[encoder->plan[i].column] = true;
	}
	for (size_t j = 0; j < encoder->d; j++)
		encoder->feature[j].column = place[encoder->feature[j].column];
}

static void
apply_number(const struct ml_plan *plan, bool takes_na, const double *v, size_t n, size_t d,
	     double *x)
{
	double missing = takes_na ? NAN : (plan->impute - plan->shift) * plan->scale;

	for (size_t i = 0; i < n; i++, x += d) {
		x[0] = isnan(v[i]) ? missing : (v[i] - plan->shift) * plan->scale;
		if (plan->indicator)
			x[1] = isnan(v[i]) ? 1 : 0;
	}
}

/* The slot of a code: unseen levels share the rare ones', or have none (-1). */
static int32_t
slot_of(const struct ml_plan *plan, int32_t code)
{
	return code >= 0 ? plan->slot[code] : code == ML_UNSEEN ? plan->rare : -1;
}

static void
apply_category(const struct ml_plan *plan, bool takes_na, const int32_t *code, size_t n, size_t d,
	       double *x)
{
	size_t width = features_of(plan);
	double missing = (plan->impute - plan->shift) * plan->scale;

	for (size_t i = 0; i < n; i++, x += d) {
		int32_t slot = slot_of(plan, code[i]);

		if (plan->kind == ML_PLAN_CODE) {
			x[0] = slot >= 0 ? slot : NAN;
		} else if (plan->kind == ML_PLAN_ORDINAL) {
			x[0] = slot >= 0  ? (slot - plan->shift) * plan->scale
			       : takes_na ? NAN
					  : missing;
			if (plan->indicator)
				x[1] = code[i] == ML_MISSING ? 1 : 0;
		} else {
			memset(x, 0, width * sizeof *x);
			if (slot >= 0)
				x[slot] = 1;
			else if (code[i] == ML_MISSING && plan->has_missing)
				x[plan->n_slots] = 1;
		}
	}
}

void
ml_encode_apply(const struct ml_encoder *encoder, const struct ml_frame *frame, double *x)
{
	for (size_t i = 0; i < encoder->n; i++) {
		const struct ml_plan *plan = &encoder->plan[i];

		if (plan->kind == ML_PLAN_NUMBER)
			apply_number(plan, encoder->takes_na, frame->number[plan->column], frame->n,
				     encoder->d, x + plan->first);
		else
			apply_category(plan, encoder->takes_na, frame->code[plan->column], frame->n,
				       encoder->d, x + plan->first);
	}
}

/*
 * With v = x - centre: sum w (v_i - a_i)(v_j - a_j) = G_ij - a_j G_i0 - a_i G_j0 + a_i a_j G_00,
 * a_i being how far the encoder's shift lies from the centre.
 */
void
ml_encode_moments(const struct ml_encoder *encoder, const struct ml_moments *raw,
		  struct ml_moments *out)
{
	size_t side = raw->d + 1, m = encoder->n + 2;
	const double *g = raw->gram;

	out->n = raw->n;
	for (size_t r = 0; r < m; r++)
		for (size_t c = r; c < m; c++) {
			const struct ml_plan *p =
			    r == 0 || r == m - 1 ? NULL : &encoder->plan[r - 1];
			const struct ml_plan *q =
			    c == 0 || c == m - 1 ? NULL : &encoder->plan[c - 1];
			size_t i = r == 0 ? 0 : p == NULL ? raw->d : p->moment;
			size_t j = c == 0 ? 0 : q == NULL ? raw->d : q->moment;
			double a = p == NULL ? 0 : p->shift - raw->centre[i - 1];
			double b = q == NULL ? 0 : q->shift - raw->centre[j - 1];
			double gij = i <= j ? g[i * side + j] : g[j * side + i];

			out->gram[r * m + c] = (gij - b * g[i] - a * g[j] + a * b * g[0]) *
					       (p == NULL ? 1 : p->scale) *
					       (q == NULL ? 1 : q->scale);
		}
	out->centre[out->d - 1] = raw->centre[raw->d - 1];
}

/* JSON for what is text and structure, arrays for numbers. */
static const char *const kind_name[] = {"number", "onehot", "ordinal", "code"};

int
ml_encoder_save(const struct ml_encoder *encoder, json_t *out, struct ml_fields *fields)
{
	json_t *columns = json_array();
	struct ml_arena scratch = {0};
	double *number = ML_NEW(&scratch, double, 3 * encoder->n);
	int32_t *slot;
	size_t n_slots = 0;

	for (size_t i = 0; i < encoder->n; i++)
		n_slots += encoder->plan[i].n_levels;
	slot = ML_NEW(&scratch, int32_t, n_slots);
	if (ml_arena_failed(&scratch))
		fields->status = ml_fail(fields->err, ML_ENOMEM, "no memory");
	n_slots = 0;
	for (size_t i = 0; i < encoder->n && fields->status == ML_OK; i++) {
		const struct ml_plan *p = &encoder->plan[i];
		json_t *item =
		    json_pack("{s:s,s:s,s:b,s:b,s:i,s:i}", "name", p->name, "kind",
			      kind_name[p->kind], "indicator", p->indicator, "missing",
			      p->has_missing, "slots", (int)p->n_slots, "rare", (int)p->rare);

		if (item == NULL || json_array_append_new(columns, item) != 0)
			fields->status = ml_fail(fields->err, ML_ENOMEM, "no memory");
		number[3 * i] = p->impute;
		number[3 * i + 1] = p->shift;
		number[3 * i + 2] = p->scale;
		if (p->n_levels > 0)
			memcpy(slot + n_slots, p->slot, p->n_levels * sizeof *slot);
		n_slots += p->n_levels;
	}
	if ((json_object_set_new(out, "missing", json_boolean(encoder->takes_na)) != 0 ||
	     json_object_set_new(out, "columns", columns) != 0) &&
	    fields->status == ML_OK)
		fields->status = ml_fail(fields->err, ML_ENOMEM, "no memory");
	ml_field_f64s(fields, "number", &number, 3 * encoder->n);
	ml_field_i32s(fields, "slot", &slot, n_slots);
	ml_arena_free(&scratch);
	return fields->status;
}

static int
load_plan(struct ml_plan *plan, const struct ml_schema *schema, const struct ml_dict *names,
	  const json_t *item, struct ml_err *err)
{
	const char *name, *kind;
	char quoted[ML_QUOTED];
	int64_t column, slots, rare, k = 0;

	ML_TRY(ml_json_text(item, "name", &name, err));
	ML_TRY(ml_json_text(item, "kind", &kind, err));
	ML_TRY(ml_json_int(item, "slots", 0, INT32_MAX, &slots, err));
	ML_TRY(ml_json_int(item, "rare", -1, slots - 1, &rare, err));
	if ((column = ml_dict_find(names, ml_str(name))) < 0)
		return ml_fail(err, ML_EMODEL, "encoder: no column %s",
			       ml_quote(quoted, name, strlen(name)));
	while (k < 4 && strcmp(kind, kind_name[k]) != 0)
		k++;
	plan->kind = (enum ml_plan_kind)k;
	plan->column = (size_t)column;
	plan->name = schema->column[column].name;
	plan->indicator = json_is_true(json_object_get(item, "indicator"));
	plan->has_missing = json_is_true(json_object_get(item, "missing"));
	plan->n_slots = (size_t)slots;
	plan->rare = (int32_t)rare;
	if (k == 4 || (schema->column[column].type == ML_NUMERIC) != (plan->kind == ML_PLAN_NUMBER))
		return ml_fail(err, ML_EMODEL, "encoder: column '%s' has the wrong kind", name);
	if ((plan->indicator && plan->kind != ML_PLAN_NUMBER && plan->kind != ML_PLAN_ORDINAL) ||
	    (plan->has_missing && plan->kind == ML_PLAN_NUMBER))
		return ml_fail(err, ML_EMODEL, "encoder: column '%s' has a feature of another kind",
			       name);
	plan->n_levels = plan->kind == ML_PLAN_NUMBER ? 0 : schema->column[column].levels.n;
	if (plan->n_slots > plan->n_levels)
		return ml_fail(err, ML_EMODEL, "encoder: column '%s' has too many slots", name);
	return ML_OK;
}

static int
load_plans(struct ml_encoder *encoder, const struct ml_schema *schema, const json_t *columns,
	   size_t *n_slots, struct ml_err *err)
{
	struct ml_dict names = {0};
	int status = ml_schema_names(schema, &names, err);

	*n_slots = 0;
	encoder->n = json_array_size(columns);
	for (size_t i = 0; i < encoder->n && status == ML_OK; i++) {
		status =
		    load_plan(&encoder->plan[i], schema, &names, json_array_get(columns, i), err);
		*n_slots += encoder->plan[i].n_levels;
	}
	ml_dict_free(&names);
	return status;
}

int
ml_encoder_load(struct ml_encoder **out, const struct ml_schema *schema, const json_t *in,
		struct ml_fields *fields)
{
	struct ml_encoder *encoder = NULL;
	json_t *columns;
	double *number = NULL;
	int32_t *slot = NULL;
	size_t n_slots = 0;
	int status = fields->status;

	if (status == ML_OK)
		status = ml_json_array(in, "columns", &columns, fields->err);
	if (status == ML_OK && json_array_size(columns) > schema->n)
		status = ml_fail(fields->err, ML_EMODEL, "encoder: too many columns");
	if (status == ML_OK)
		status = ml_encoder_new(
		    &encoder, schema,
		    json_is_true(json_object_get(in, "missing")) ? ML_WANTS_MISSING : 0,
		    fields->err);
	if (status < 0)
		return fields->status = status;
	fields->status = load_plans(encoder, schema, columns, &n_slots, fields->err);
	ml_field_f64s(fields, "number", &number, 3 * encoder->n);
	ml_field_i32s(fields, "slot", &slot, n_slots);
	for (size_t i = 0; i < encoder->n && fields->status == ML_OK; i++) {
		struct ml_plan *p = &encoder->plan[i];

		p->impute = number[3 * i];
		p->shift = number[3 * i + 1];
		p->scale = number[3 * i + 2];
		p->slot = ML_NEW(&encoder->arena, int32_t, p->n_levels + 1);
		if (p->slot == NULL)
			fields->status = ml_fail(fields->err, ML_ENOMEM, "no memory");
		for (size_t c = 0; c < p->n_levels && fields->status == ML_OK; c++) {
			p->slot[c] = *slot++;
			ml_field_check(fields, p->slot[c] >= 0 && (size_t)p->slot[c] < p->n_slots,
				       "slot");
		}
	}
	if (fields->status == ML_OK)
		fields->status = ml_encoder_lay_out(encoder, schema, fields->err);
	if (fields->status < 0)
		ml_encoder_free(encoder);
	else
		*out = encoder;
	return fields->status;
}
