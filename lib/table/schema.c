#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/order.h"
#include "table/table.h"

void
ml_schema_free(struct ml_schema *schema)
{
	for (size_t c = 0; c < schema->n; c++)
		ml_dict_free(&schema->column[c].levels);
	ml_arena_free(&schema->arena);
	*schema = (struct ml_schema){0};
}

int64_t
ml_schema_find(const struct ml_schema *schema, const char *name)
{
	for (size_t c = 0; c < schema->n; c++)
		if (strcmp(schema->column[c].name, name) == 0)
			return (int64_t)c;
	return -1;
}

int
ml_schema_names(const struct ml_schema *schema, struct ml_dict *names, struct ml_err *err)
{
	for (size_t c = 0; c < schema->n; c++)
		if (ml_dict_add(names, ml_str(schema->column[c].name)) < 0)
			return ml_fail(err, ML_ENOMEM, "no memory for the columns");
	return ML_OK;
}

struct levels {
	const struct ml_dict *found;
	const double *value; /* by code; NULL unless all levels are numbers */
};

static int
compare_levels(const void *ctx, size_t a, size_t b)
{
	const struct levels *levels = ctx;
	const double *value = levels->value;

	if (value != NULL && value[a] != value[b])
		return value[a] < value[b] ? -1 : 1;
	return ml_str_compare(levels->found->text[a], levels->found->text[b]);
}

int
ml_levels_sort(const struct ml_dict *found, struct ml_dict *sorted, int32_t *rank,
	       struct ml_err *err)
{
	size_t n = found->n, i = 0;
	struct ml_arena arena = {0};
	double *value = ML_NEW(&arena, double, n);
	size_t *order = ML_NEW(&arena, size_t, n), *scratch = ML_NEW(&arena, size_t, n);
	bool failed = ml_arena_failed(&arena);

	while (!failed && i < n && ml_num_parse(found->text[i], &value[i]) == ML_NUM_YES)
		i++;
	if (!failed)
		ml_order(order, scratch, n, compare_levels,
			 &(struct levels){found, i == n ? value : NULL});
	for (i = 0; i < n && !failed; i++) {
		rank[order[i]] = (int32_t)i;
		failed = ml_dict_add(sorted, found->text[order[i]]) < 0;
	}
	ml_arena_free(&arena);
	return failed ? ml_fail(err, ML_ENOMEM, "no memory for %zu levels", n) : ML_OK;
}

/* The input's column of each column of the schema that is there, found through a dictionary. */
static int
match_names(const struct ml_schema *schema, const struct ml_csv *csv, struct ml_binding *binding,
	    struct ml_err *err)
{
	struct ml_dict names = {0};

	for (size_t i = 0; i < ml_csv_columns(csv); i++)
		if (ml_dict_add(&names, ml_str(ml_csv_name(csv, i))) < 0) {
			ml_dict_free(&names);
			return ml_fail(err, ML_ENOMEM, "no memory for the columns");
		}
	/* Names differ, so codes are the columns' numbers. */
	for (size_t c = 0; c < schema->n; c++)
		binding->input[c] = ml_dict_find(&names, ml_str(schema->column[c].name));
	ml_dict_free(&names);
	return ML_OK;
}

int
ml_bind(const struct ml_schema *schema, const bool *use, const struct ml_csv *csv,
	struct ml_binding *binding, struct ml_err *err)
{
	int status;

	*binding = (struct ml_binding){.n = schema->n};
	binding->input = ML_NEW(&binding->arena, int64_t, schema->n);
	binding->want = ML_NEW(&binding->arena, enum ml_want, ml_csv_columns(csv));
	status = ml_arena_failed(&binding->arena)
		     ? ml_fail(err, ML_ENOMEM, "no memory for the columns")
		     : match_names(schema, csv, binding, err);
	for (size_t c = 0; status == ML_OK && c < schema->n; c++) {
		int64_t i = binding->input[c];

		if (use != NULL && !use[c])
			binding->input[c] = -1;
		else if (i >= 0)
			binding->want[i] =
			    schema->column[c].type == ML_NUMERIC ? ML_WANT_NUMBER : ML_WANT_TEXT;
		else if (use != NULL && ml_csv_find(csv, schema->column[c].name, err) < 0)
			status = err->status;
	}
	if (status < 0)
		ml_binding_free(binding);
	return status;
}

void
ml_binding_free(struct ml_binding *binding)
{
	ml_arena_free(&binding->arena);
	*binding = (struct ml_binding){0};
}

static void
fill_codes(int32_t *code, const struct ml_str *text, size_t n, const struct ml_dict *levels)
{
	for (size_t i = 0; i < n; i++) {
		code[i] = ML_MISSING;
		if (text == NULL || text[i].p == NULL)
			continue;
		if ((code[i] = ml_dict_find(levels, text[i])) < 0)
			code[i] = ML_UNSEEN;
	}
}

int
ml_frame_fill(const struct ml_schema *schema, const struct ml_binding *binding,
	      const struct ml_batch *batch, struct ml_frame *frame, struct ml_arena *arena,
	      struct ml_err *err)
{
	static const struct ml_cells absent = {NULL, NULL, -1};
	size_t n = batch->n_rows;

	frame->n = n;
	frame->number = ML_NEW(arena, double *, schema->n);
	frame->code = ML_NEW(arena, int32_t *, schema->n);
	for (size_t c = 0; c < schema->n && !ml_arena_failed(arena); c++) {
		int64_t input = binding->input[c];
		const struct ml_cells *cells = input < 0 ? &absent : &batch->cells[input];

		if (schema->column[c].type == ML_CATEGORY) {
			if ((frame->code[c] = ML_NEW(arena, int32_t, n)) != NULL)
				fill_codes(frame->code[c], cells->text, n,
					   &schema->column[c].levels);
		} else if (cells->number != NULL) {
			frame->number[c] = cells->number;
		} else if ((frame->number[c] = ML_NEW(arena, double, n)) != NULL) {
			for (size_t i = 0; i < n; i++)
				frame->number[c][i] = NAN;
		}
	}
	return ml_arena_failed(arena) ? ml_fail(err, ML_ENOMEM, "no memory for %zu rows", n)
				      : ML_OK;
}
