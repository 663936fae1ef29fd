#ifndef ML_TABLE_PLAN_H
#define ML_TABLE_PLAN_H

#include "table/table.h"

/* What is read of an input: for table.c and stream.c. */
struct ml_plan {
	size_t *input;	    /* by column of the schema: of the input */
	enum ml_want *want; /* by column of the input */
};

/*
 * Makes the schema (empty until now) of the columns in use, all numeric for the time being.  PLAN's
 * arrays are ARENA's.
 */
int ml_plan_columns(const struct ml_csv *csv, const struct ml_table_options *options,
		    struct ml_schema *schema, struct ml_plan *plan, struct ml_arena *arena,
		    struct ml_err *err);

#endif
