#ifndef ML_TABLE_PICK_H
#define ML_TABLE_PICK_H

#include "table/table.h"

/* Which columns of an input are read, and as what: for table.c and stream.c. */
struct ml_pick {
	size_t *input;	    /* by column of the schema: of the input */
	enum ml_want *want; /* by column of the input */
};

/*
 * Makes the schema (empty until now) of the columns in use, all numeric for the time being.  PICK's
 * arrays are ARENA's.
 */
int ml_pick_columns(const struct ml_csv *csv, const struct ml_table_options *options,
		    struct ml_schema *schema, struct ml_pick *pick, struct ml_arena *arena,
		    struct ml_err *err);

#endif
