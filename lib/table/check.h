#ifndef ML_TABLE_CHECK_H
#define ML_TABLE_CHECK_H

#include "table/report.h"
#include "table/table.h"

/*
 * A look at a table before training: what each column holds, and what is wrong with it.  Of several
 * problems of a column the first in this list is named.
 */
enum ml_problem {
	ML_PROBLEM_NONE,
	ML_PROBLEM_TARGET,     /* the target has fewer than two values */
	ML_PROBLEM_EMPTY,      /* all missing */
	ML_PROBLEM_CONSTANT,   /* one value, or one and missing */
	ML_PROBLEM_LEAK,       /* says the same as the target */
	ML_PROBLEM_MIXED,      /* text in a column of which at least half are numbers */
	ML_PROBLEM_ID,	       /* texts or whole numbers that all differ, in 20 rows or more */
	ML_PROBLEM_DUPLICATES, /* of the table: rows that are the same, byte for byte */
	ML_PROBLEMS,
};
extern const char *const ml_problem_names[ML_PROBLEMS];
/* Sets those of a list: names, "all", "none". */
int ml_problems_parse(const char *list, bool set[ML_PROBLEMS], struct ml_err *err);

struct ml_check_column {
	const char *name;
	enum ml_type type;
	size_t missing, distinct;
	double min, max, mean; /* of a numeric column; NaN: has none */
	enum ml_problem problem;
	/* Of the first text of a mixed column, or of the first doubled row. */
	uint64_t line;
	const char *text;
};

struct ml_check {
	size_t n_rows, n_columns;
	struct ml_check_column *column; /* one more than columns: the table as a whole */
	struct ml_arena arena;
};

/* Reads CSV twice.  TARGET may be NULL.  CHECK is to be freed whatever comes back. */
int ml_check_table(struct ml_csv *csv, const char *target, struct ml_pool *pool, struct ml_say *say,
		   struct ml_check *check, struct ml_err *err);
void ml_check_free(struct ml_check *check);

/* column,type,rows,missing,distinct,min,max,mean,problem,line,text; the table's line is last. */
void ml_check_show(const struct ml_check *check, struct ml_report *report);

#endif
