#include "table/pick.h"

#include <string.h>

int
ml_pick_columns(const struct ml_csv *csv, const struct ml_table_options *options,
		struct ml_schema *schema, struct ml_pick *pick, struct ml_arena *arena,
		struct ml_err *err)
{
	size_t n = ml_csv_columns(csv);
	char quoted[ML_QUOTED];

	pick->input = ML_NEW(arena, size_t, n);
	pick->want = ML_NEW(arena, enum ml_want, n);
	schema->column = ML_NEW(&schema->arena, struct ml_column, n);
	for (size_t i = 0; i < n && !ml_arena_failed(&schema->arena); i++) {
		const char *name = ml_csv_name(csv, i);
		bool numeric = options->numeric != NULL && options->numeric[i];
		bool categorical = options->categorical != NULL && options->categorical[i];

		if (ml_arena_failed(arena))
			break;
		pick->want[i] = ML_WANT_NOTHING;
		if (options->use != NULL && !options->use[i])
			continue;
		if (numeric && categorical)
			return ml_fail(err, ML_EUSAGE,
				       "column %s is to be both numeric and categorical",
				       ml_quote(quoted, name, strlen(name)));
		pick->want[i] = numeric	      ? ML_WANT_NUMBER
				: categorical ? ML_WANT_TEXT
					      : ML_WANT_EITHER;
		pick->input[schema->n] = i;
		schema->column[schema->n++] = (struct ml_column){
		    .name = ml_arena_text(&schema->arena, name, strlen(name)), .type = ML_NUMERIC};
	}
	if (ml_arena_failed(arena) || ml_arena_failed(&schema->arena))
		return ml_fail(err, ML_ENOMEM, "no memory for the columns of %s", ml_csv_path(csv));
	return ML_OK;
}
