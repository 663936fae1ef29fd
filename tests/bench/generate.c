/*
 * usage: generate FOLDER [ROWS]    The data of the benchmarks, the same on every run:
 *
 *   numbers_train.csv, numbers_test.csv   target and 28 numeric columns, 80 % and 20 % of ROWS
 *   numbers_score.csv                     all the rows, without the target
 *   numbers_one.csv                       one of them
 *   mixed.csv                             half as many rows: target, 10 numbers (5 % missing), 8
 * texts
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/rng.h"

enum { NUMBERS = 28, MIXED_NUMBERS = 10, MIXED_TEXTS = 8 };

static double
uniform(uint64_t row, unsigned k)
{
	return ml_rng_uniform(7, ML_RNG_TEST, row * 64 + k);
}

/* Standard normal, by Box and Muller. */
static double
normal(uint64_t row, unsigned k)
{
	return sqrt(-2 * log(1 - uniform(row, 2 * k))) *
	       cos(6.283185307179586 * uniform(row, 2 * k + 1));
}

static FILE *
create(const char *folder, const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	if ((file = fopen(path, "w")) == NULL) {
		perror(path);
		exit(2);
	}
	return file;
}

static void
close_all(FILE **file, int n)
{
	for (int i = 0; i < n; i++)
		if (ferror(file[i]) || fclose(file[i]) != 0) {
			perror("generate");
			exit(2);
		}
}

static void
numbers(const char *folder, uint64_t rows)
{
	FILE *file[4] = {create(folder, "numbers_train.csv"), create(folder, "numbers_test.csv"),
			 create(folder, "numbers_score.csv"), create(folder, "numbers_one.csv")};

	for (int f = 0; f < 4; f++) {
		fputs(f < 2 ? "target," : "", file[f]);
		for (int j = 0; j < NUMBERS; j++)
			fprintf(file[f], "f%02d%c", j, j + 1 < NUMBERS ? ',' : '\n');
	}
	for (uint64_t i = 0; i < rows; i++) {
		FILE *out = file[i >= rows * 8 / 10];
		double x[NUMBERS], z;

		for (unsigned j = 0; j < NUMBERS; j++) {
			x[j] = normal(i, j);
			if (j < 6)
				x[j] = exp(x[j] / 2); /* heavy tails, bounds and ties */
			else if (j < 10)
				x[j] = 3.14 * tanh(x[j]);
			else if (j < 13)
				x[j] = round(fabs(x[j]));
		}
		z = 0.9 * log(x[0]) + 0.5 * x[1] - 0.7 * x[13] + 0.4 * x[25] + 0.6 * x[22] * x[23] -
		    1.1;
		fprintf(out, "%d", uniform(i, 60) < 1 / (1 + exp(-z)));
		for (int j = 0; j < NUMBERS; j++) {
			fprintf(out, ",%.6g", x[j]);
			fprintf(file[2], "%.6g%c", x[j], j + 1 < NUMBERS ? ',' : '\n');
			if (i == 0)
				fprintf(file[3], "%.6g%c", x[j], j + 1 < NUMBERS ? ',' : '\n');
		}
		fputc('\n', out);
	}
	close_all(file, 4);
}

static void
mixed(const char *folder, uint64_t rows)
{
	static const double levels[MIXED_TEXTS] = {3, 5, 12, 30, 80, 200, 500, 1000};
	FILE *file = create(folder, "mixed.csv");

	fputs("target", file);
	for (int j = 0; j < MIXED_NUMBERS; j++)
		fprintf(file, ",n%d", j);
	for (int j = 0; j < MIXED_TEXTS; j++)
		fprintf(file, ",c%d", j);
	fputc('\n', file);
	for (uint64_t i = 0; i < rows; i++) {
		fprintf(file, "%d", uniform(i, 60) < 0.05);
		for (unsigned j = 0; j < MIXED_NUMBERS; j++)
			if (uniform(i, 40 + j) < 0.05)
				fputc(',', file);
			else
				fprintf(file, ",%.6g", normal(i, j));
		for (unsigned j = 0; j < MIXED_TEXTS; j++) {
			double u = uniform(i, 30 + j);

			fprintf(file, ",c%u_%x", j, (unsigned)(u * u * levels[j]) * 7919 + 13);
		}
		fputc('\n', file);
	}
	close_all(&file, 1);
}

int
main(int argc, char **argv)
{
	int64_t rows = 1000000;

	if (argc < 2 || (argc > 2 && !ml_int_parse(ml_str(argv[2]), &rows)) || rows < 10) {
		fputs("usage: generate FOLDER [ROWS]\n", stderr);
		return 2;
	}
	numbers(argv[1], (uint64_t)rows);
	mixed(argv[1], (uint64_t)rows / 2);
	return 0;
}
