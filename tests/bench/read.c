/*
 * usage: read FILE [THREADS]    A CSV file to typed columns in memory, timed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "table/table.h"

int
main(int argc, char **argv)
{
	struct ml_csv_options options = {0};
	struct ml_opt_set set = {NULL, ml_csv_opts, &options, NULL};
	struct ml_table_options all = {0};
	struct ml_err err = {0};
	struct ml_csv *csv = NULL;
	struct ml_pool *pool = NULL;
	struct ml_table *table = NULL;
	int64_t threads = 0;
	double start = ml_clock();
	int status = argc < 2 ? ML_EUSAGE : ml_opt_defaults(&set, 1, &err);

	if (argc > 2)
		ml_int_parse(ml_str(argv[2]), &threads);
	if (status == ML_OK)
		status = ml_csv_open(&csv, argv[1], &options, &err);
	if (status == ML_OK)
		status = ml_pool_new(&pool, (size_t)threads, &err);
	if (status == ML_OK)
		status = ml_table_read(csv, &all, pool, NULL, &table, &err);
	if (status < 0) {
		fprintf(stderr, "read: %s\n", err.text);
		return 2;
	}
	printf("%zu rows x %zu columns, %.3f s\n", table->n_rows, table->schema.n,
	       ml_clock() - start);
	ml_table_free(table);
	ml_csv_abandon(csv);
	ml_pool_free(pool);
	return 0;
}
