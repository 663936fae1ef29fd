#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/num.h"
#include "base/rng.h"
#include "num/stat.h"
#include "table/encode.h"

/*
 * Numbers are from scikit-learn 1.2.1 and numpy 1.24.2 (tests/oracle/encode.py), which this file
 * follows line by line.
 */
enum { MOST_COLUMNS = 8 };

/* A table encoded: the matrix, what was said, and the encoder. */
struct encoded {
	struct ml_table *table;
	struct ml_encoder *encoder;
	struct ml_encode_options options;
	char text[128]; /* the options point into it */
	double *x;
	size_t n, d;
	char said[1024];
	struct ml_err err;
};

/* TEXT as a table, read by THREADS. */
static struct ml_table *
table_of(const char *text, size_t threads)
{
	char path[] = "/tmp/ml-encode-XXXXXX";
	struct ml_csv_options options = {.delimiter = ",", .na = "NA", .on_error = "fail"};
	struct ml_table_options all = {0};
	struct ml_table *table = NULL;
	struct ml_pool *pool = NULL;
	struct ml_csv *csv = NULL;
	struct ml_err err = {0};
	size_t n = strlen(text);
	int fd = mkstemp(path);

	options.max_field = 1000;
	CHECK(write(fd, text, n) == (ssize_t)n);
	CHECK(ml_pool_new(&pool, threads, &err) == ML_OK);
	CHECK(ml_csv_open(&csv, path, &options, &err) == ML_OK);
	CHECK(ml_table_read(csv, &all, pool, NULL, &table, &err) == ML_OK);
	CHECK_TEXT(err.text, "");
	ml_csv_abandon(csv);
	ml_pool_free(pool);
	close(fd);
	unlink(path);
	return table;
}

/* "impute=median scale=robust", and defaults. */
static void
set_options(struct encoded *e, const char *text)
{
	struct ml_opt_set set = {NULL, ml_encode_opts, &e->options, NULL};
	char *next = e->text, *word;

	snprintf(e->text, sizeof e->text, "%s", text);
	CHECK(ml_opt_defaults(&set, 1, &e->err) == ML_OK);
	while ((word = strtok_r(next, " ", &next)) != NULL) {
		char *value = strchr(word, '=');

		*value++ = '\0';
		CHECK(ml_opt_set_text(&set, 1, word, value, &e->err) == ML_OK);
	}
}

/* Runs ml_encode_fit with standard error caught in e->said. */
static int
fit_quietly(struct encoded *e, const bool *use, const double *const *w, unsigned wants,
	    struct ml_pool *pool)
{
	struct ml_say say = {.tool = "t", .level = 1};
	FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO), status;
	size_t n;

	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	status =
	    ml_encode_fit(e->table, use, w, wants, &e->options, pool, &say, &e->encoder, &e->err);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	n = fread(e->said, 1, sizeof e->said - 1, file);
	e->said[n] = '\0';
	fclose(file);
	return status;
}

/* All rows of TABLE, in order. */
static double *
apply(const struct ml_encoder *encoder, const struct ml_table *table)
{
	size_t d = ml_encoder_features(encoder), at = 0;
	double *x = calloc(table->n_rows * d + 1, sizeof *x);

	for (size_t f = 0; f < table->n_frames; f++) {
		ml_encode_apply(encoder, &table->frame[f], x + at * d);
		at += table->frame[f].n;
	}
	return x;
}

/* Encodes TEXT; a column "w" holds weights and is no feature. */
static int
encode(struct encoded *e, const char *text, const char *options, unsigned wants, size_t threads)
{
	bool use[MOST_COLUMNS];
	const double **w = NULL;
	struct ml_pool *pool = NULL;
	int64_t weight;
	int status;

	memset(e, 0, sizeof *e);
	e->table = table_of(text, threads);
	CHECK(e->table->schema.n <= MOST_COLUMNS);
	weight = ml_schema_find(&e->table->schema, "w");
	for (size_t c = 0; c < e->table->schema.n; c++)
		use[c] = (int64_t)c != weight;
	if (weight >= 0) {
		w = calloc(e->table->n_frames + 1, sizeof *w);
		for (size_t f = 0; f < e->table->n_frames; f++)
			w[f] = e->table->frame[f].number[weight];
	}
	set_options(e, options);
	CHECK(ml_pool_new(&pool, threads, &e->err) == ML_OK);
	status = fit_quietly(e, use, w, wants, pool);
	ml_pool_free(pool);
	free(w);
	if (status == ML_OK) {
		e->n = e->table->n_rows;
		e->d = ml_encoder_features(e->encoder);
		e->x = apply(e->encoder, e->table);
	}
	return status;
}

static void
encoded_free(struct encoded *e)
{
	free(e->x);
	ml_encoder_free(e->encoder);
	ml_table_free(e->table);
}

/* The names of the features, separated by '|'. */
static const char *
names(const struct encoded *e)
{
	static char out[512];
	size_t at = 0;

	out[0] = '\0';
	for (size_t j = 0; j < e->d; j++)
		at += (size_t)snprintf(out + at, sizeof out - at, "%s%s", j == 0 ? "" : "|",
				       ml_encoder_feature(e->encoder, j)->name);
	return out;
}

/* Feature j is COLUMN, to 1e-12 of the largest value. */
static void
check_column(const struct encoded *e, size_t j, const double *column)
{
	double largest = 0;

	CHECK(j < e->d);
	for (size_t i = 0; i < e->n; i++)
		largest = fmax(largest, fabs(column[i]));
	for (size_t i = 0; j < e->d && i < e->n; i++)
		if (!(fabs(e->x[i * e->d + j] - column[i]) <= 1e-12 * largest))
			CHECK_NEAR(e->x[i * e->d + j], column[i], 1e-12);
}

static const char two_columns[] = "x,y\n1,5\n2,\n3,NA\n4,-3\n100,0.5\n,2\n7,2\n7,11\n";
enum { ROWS = 8 };

static const struct {
	const char *options;
	double x[ROWS], y[ROWS];
} numeric[] = {
    {"impute=mean",
     {1, 2, 3, 4, 100, 17.714285714285715, 7, 7},
     {5, 2.9166666666666665, 2.9166666666666665, -3, 0.5, 2, 2, 11}},
    {"impute=mean scale=standard",
     {-0.5308320135365866, -0.49907283323952584, -0.4673136529424651, -0.43555447264540437,
      2.6133268358724258, 0, -0.34027693175422213, -0.34027693175422213},
     {0.5562771235169444, 0, 0, -1.5798270307881217, -0.6452814632796553, -0.24476193434745544,
      -0.24476193434745544, 2.158355239245744}},
    {"impute=mean scale=minmax",
     {0, 0.010101010101010102, 0.0202020202020202, 0.030303030303030304, 1, 0.16883116883116886,
      0.060606060606060615, 0.060606060606060615},
     {0.5714285714285714, 0.42261904761904756, 0.42261904761904756, 0, 0.25, 0.3571428571428571,
      0.3571428571428571, 1}},
    {"impute=median", {1, 2, 3, 4, 100, 4, 7, 7}, {5, 2, 2, -3, 0.5, 2, 2, 11}},
    {"impute=median scale=standard",
     {-0.4715209600964486, -0.440086229423352, -0.40865149875025547, -0.37721676807715887,
      2.6405173765401124, -0.37721676807715887, -0.2829125760578692, -0.2829125760578692},
     {0.6140285994180829, -0.18254904307024084, -0.18254904307024084, -1.5101784472174469,
      -0.5808378643144027, -0.18254904307024084, -0.18254904307024084, 2.20718388439473}},
    {"impute=median scale=minmax",
     {0, 0.010101010101010102, 0.0202020202020202, 0.030303030303030304, 1, 0.030303030303030304,
      0.060606060606060615, 0.060606060606060615},
     {0.5714285714285714, 0.3571428571428571, 0.3571428571428571, 0, 0.25, 0.3571428571428571,
      0.3571428571428571, 1}},
    {"impute=constant=-1.5", {1, 2, 3, 4, 100, -1.5, 7, 7}, {5, -1.5, -1.5, -3, 0.5, 2, 2, 11}},
    {"impute=constant=-1.5 scale=standard",
     {-0.44556998666475983, -0.4144384592122002, -0.38330693175964053, -0.35217540430708094,
      2.6364512311386443, -0.5233988052961589, -0.258780821949402, -0.258780821949402},
     {0.7579925355151066, -0.7877177329862872, -0.7877177329862872, -1.144420102640455,
      -0.31211457344739685, 0.044587796206770974, 0.044587796206770974, 2.184802014131778}},
    {"impute=constant=-1.5 scale=minmax",
     {0.02463054187192118, 0.034482758620689655, 0.04433497536945813, 0.054187192118226604, 1, 0,
      0.08374384236453201, 0.08374384236453201},
     {0.5714285714285714, 0.10714285714285714, 0.10714285714285714, 0, 0.25, 0.3571428571428571,
      0.3571428571428571, 1}},
    /* quantiles of the present values; the median imputed is 0 then */
    {"impute=median scale=robust",
     {-0.6666666666666666, -0.4444444444444444, -0.2222222222222222, 0, 21.333333333333332, 0,
      0.6666666666666666, 0.6666666666666666},
     {0.8888888888888888, 0, 0, -1.4814814814814814, -0.4444444444444444, 0, 0,
      2.6666666666666665}},
};

static void
check_numbers(void)
{
	static const double x_missing[ROWS] = {[5] = 1}, y_missing[ROWS] = {[1] = 1, [2] = 1};
	struct encoded e;

	for (size_t k = 0; k < sizeof numeric / sizeof *numeric; k++) {
		char options[96];

		CHECK(encode(&e, two_columns, numeric[k].options, 0, 1) == ML_OK);
		CHECK_TEXT(names(&e), "x|y");
		check_column(&e, 0, numeric[k].x);
		check_column(&e, 1, numeric[k].y);
		encoded_free(&e);
		snprintf(options, sizeof options, "%s impute-indicator=yes", numeric[k].options);
		CHECK(encode(&e, two_columns, options, 0, 1) == ML_OK);
		CHECK_TEXT(names(&e), "x|x missing|y|y missing");
		check_column(&e, 0, numeric[k].x);
		check_column(&e, 1, x_missing);
		check_column(&e, 2, numeric[k].y);
		check_column(&e, 3, y_missing);
		encoded_free(&e);
	}
	/* what the algorithm wants, and --scale=none against it */
	CHECK(encode(&e, two_columns, "", ML_WANTS_SCALED, 1) == ML_OK);
	check_column(&e, 0, numeric[1].x);
	encoded_free(&e);
	CHECK(encode(&e, two_columns, "scale=none", ML_WANTS_SCALED, 1) == ML_OK);
	check_column(&e, 0, numeric[0].x);
	encoded_free(&e);
	CHECK(encode(&e, two_columns, "impute=constant=x", 0, 1) == ML_EUSAGE);
	CHECK_TEXT(e.err.text, "option '--impute': not a number: 'x'");
	encoded_free(&e);
}

static void
check_whole(void)
{
	static const char text[] = "x\n1\n2\n3\n4\n100\n";
	static const double standard[] = {-0.5382846166435669, -0.512652015851016,
					  -0.48701941505846524, -0.46138681426591444,
					  1.9993428618189626};
	static const double minmax[] = {0, 0.010101010101010102, 0.0202020202020202,
					0.030303030303030304, 1};
	static const double robust[] = {-1, -0.5, 0, 0.5, 48.5};
	struct encoded e;

	CHECK(encode(&e, text, "scale=standard", 0, 1) == ML_OK);
	check_column(&e, 0, standard);
	encoded_free(&e);
	CHECK(encode(&e, text, "scale=minmax impute-indicator=yes", 0, 1) == ML_OK);
	CHECK_TEXT(names(&e), "x"); /* nothing is missing */
	check_column(&e, 0, minmax);
	encoded_free(&e);
	CHECK(encode(&e, text, "scale=robust", 0, 1) == ML_OK);
	check_column(&e, 0, robust);
	encoded_free(&e);
}

static void
check_weights(void)
{
	static const char text[] =
	    "x,y,w\n1,5,1\n2,,2\n3,,1\n4,-3,3\n100,0.5,1\n,2,1\n7,2,2\n7,11,0.5\n";
	static const double x[] = {-0.4478541435749641, -0.41082683249199464, -0.37379952140902517,
				   -0.3367722103260557, 3.2178496536390133,   0,
				   -0.2256902770771473, -0.2256902770771473};
	static const double y[] = {1.2712973488665407,
				   0,
				   0,
				   -1.23444815034867,
				   -0.13818449444201533,
				   0.33164278666083663,
				   0.33164278666083663,
				   3.1506064732779486};
	struct encoded e;

	CHECK(encode(&e, text, "scale=standard", 0, 1) == ML_OK);
	check_column(&e, 0, x);
	check_column(&e, 1, y);
	encoded_free(&e);
	CHECK(encode(&e, "x,w\n1,0\n2,0\n", "", 0, 1) == ML_EINPUT);
	CHECK_TEXT(e.err.text, "all rows have weight zero");
	encoded_free(&e);
}

/*
 * Rows of weight 2 against rows given twice; rows of weight 0, with values of their own, against
 * none: both encoders do the same to the rows of the first table.
 */
static void
check_repeats(const char *options, unsigned wants)
{
	static const char once[] =
	    "c,x,y,w\na,1,5,1\nb,2,,2\na,3,,1\nc,4,-3,2\nb,100,0.5,1\n,,2,2\na,7,2,2\nd,7,11,1\n"
	    "a,-1e6,1e6,0\n";
	static const char twice[] =
	    "c,x,y\na,1,5\nb,2,\nb,2,\na,3,\nc,4,-3\nc,4,-3\nb,100,0.5\n,,2\n,,2\na,7,2\na,7,2\n"
	    "d,7,11\n";
	struct encoded a, b;
	double *x;

	CHECK(encode(&a, once, options, wants, 1) == ML_OK);
	CHECK(encode(&b, twice, options, wants, 1) == ML_OK);
	CHECK(a.d == b.d && a.d >= 3);
	x = apply(b.encoder, a.table);
	for (size_t i = 0; a.d == b.d && i < a.n * a.d; i++)
		CHECK(fabs(a.x[i] - x[i]) <= 1e-12 * fmax(1, fabs(x[i])) ||
		      (isnan(a.x[i]) && isnan(x[i])));
	free(x);
	encoded_free(&a);
	encoded_free(&b);
}

static void
check_all_repeats(void)
{
	static const char *const imputes[] = {"mean", "median", "constant=4.5"};
	static const char *const scales[] = {"none", "standard", "minmax", "robust"};
	static const char *const categories[] = {"", "min-level=3", "max-levels=2"};
	static const unsigned wants[] = {0, ML_WANTS_ONEHOT, ML_WANTS_MISSING};
	char options[128];

	for (size_t i = 0; i < 3; i++)
		for (size_t s = 0; s < 4; s++)
			for (size_t k = 0; k < 3; k++) {
				snprintf(options, sizeof options,
					 "impute=%s scale=%s impute-indicator=yes %s", imputes[i],
					 scales[s], categories[k]);
				for (size_t n = 0; n < 3; n++)
					check_repeats(options, wants[n]);
				if (i == 1 || s == 3)
					continue;
				snprintf(options, sizeof options,
					 "encode=ordinal impute=%s scale=%s %s", imputes[i],
					 scales[s], categories[k]);
				check_repeats(options, 0);
			}
}

/* The features of the levels a, b, c, d, an unseen one and missing; blanks between the rows. */
static const char *
levels_encoded(const struct encoded *e)
{
	static char out[256];
	int32_t code[6] = {0, 1, 2, 3, ML_UNSEEN, ML_MISSING}, *codes[1] = {code};
	double *number[1] = {NULL}, x[6 * 8];
	struct ml_frame frame = {6, number, codes};
	size_t at = 0;

	CHECK(e->d <= 8);
	ml_encode_apply(e->encoder, &frame, x);
	for (size_t i = 0; i < 6; i++) {
		at += (size_t)snprintf(out + at, sizeof out - at, "%s", i == 0 ? "" : " ");
		for (size_t j = 0; j < e->d; j++)
			at += (size_t)snprintf(out + at, sizeof out - at, "%g", x[i * e->d + j]);
	}
	return out;
}

static void
check_levels(const char *text, const char *options, unsigned wants, const char *feature_names,
	     const char *rows)
{
	struct encoded e;

	CHECK(encode(&e, text, options, wants, 1) == ML_OK);
	CHECK_TEXT(names(&e), feature_names);
	CHECK_TEXT(levels_encoded(&e), rows);
	encoded_free(&e);
}

static void
check_categories(void)
{
	static const char text[] = "c\nb\na\nb\nc\nb\nd\na\nc\nb\na\n";
	static const char gap[] = "c\nb\na\n\nc\nb\nd\na\nc\n\na\n";

	check_levels(text, "", ML_WANTS_ONEHOT, "c=a|c=b|c=c|c=d", "1000 0100 0010 0001 0000 0000");
	check_levels(text, "min-level=2", ML_WANTS_ONEHOT, "c=a|c=b|c=c|c=(rare)",
		     "1000 0100 0010 0001 0001 0000");
	check_levels(text, "min-level=3", ML_WANTS_ONEHOT, "c=a|c=b|c=(rare)",
		     "100 010 001 001 001 000");
	/* scikit-learn's max_categories=3 counts the rare ones' column */
	check_levels(text, "max-levels=2", ML_WANTS_ONEHOT, "c=a|c=b|c=(rare)",
		     "100 010 001 001 001 000");
	/* of equally frequent levels, the first in order is kept */
	check_levels("c\na\nb\nc\nd\n", "max-levels=2", ML_WANTS_ONEHOT, "c=a|c=b|c=(rare)",
		     "100 010 001 001 001 000");
	check_levels(gap, "encode=onehot", 0, "c=a|c=b|c=c|c=d|c missing",
		     "10000 01000 00100 00010 00000 00001");
	check_levels(gap, "encode=onehot min-level=2", 0, "c=a|c=b|c=c|c=(rare)|c missing",
		     "10000 01000 00100 00010 00010 00001");
	check_levels(text, "encode=ordinal", ML_WANTS_ONEHOT, "c", "0 1 2 3 1.1 1.1");
	check_levels(gap, "encode=ordinal impute=constant=9 impute-indicator=yes", 0, "c|c missing",
		     "00 10 20 30 90 91");
	check_levels(text, "encode=ordinal min-level=3", 0, "c", "0 1 2 2 2 1");
	check_levels(text, "", 0, "c", "0 1 2 3 nan nan");
	check_levels(text, "min-level=3", 0, "c", "0 1 2 2 2 nan");
	check_levels(gap, "encode=ordinal", ML_WANTS_MISSING, "c", "0 1 2 3 nan nan");
}

static void
check_kinds(void)
{
	struct encoded e;

	CHECK(encode(&e, "c,x\na,1\nb,\na,3\n,4\n", "impute-indicator=yes min-level=2", 0, 1) ==
	      ML_OK);
	CHECK_TEXT(names(&e), "c|x|x missing");
	CHECK(ml_encoder_feature(e.encoder, 0)->kind == ML_FEATURE_CODE);
	CHECK(ml_encoder_inputs(e.encoder)[0].n_levels == 2);
	CHECK(ml_encoder_feature(e.encoder, 1)->kind == ML_FEATURE_NUMBER);
	CHECK(ml_encoder_feature(e.encoder, 2)->kind == ML_FEATURE_INDICATOR);
	CHECK(ml_encoder_feature(e.encoder, 2)->column == 1);
	CHECK(ml_encoder_inputs(e.encoder)[1].n_levels == 0);
	encoded_free(&e);
}

/* Whoever takes NaN gets it, and it has no part in the scale. */
static void
check_takes_missing(void)
{
	static const double scaled[] = {-1, 0, 1};
	struct encoded e;

	CHECK(encode(&e, "x,y\n1,1\n,5\n3,5\n", "impute=constant=50 scale=standard",
		     ML_WANTS_MISSING, 1) == ML_OK);
	CHECK_TEXT(names(&e), "x|y");
	for (size_t i = 0; i < 3; i++)
		CHECK(i == 1 ? isnan(e.x[2 * i]) : e.x[2 * i] == scaled[i]);
	encoded_free(&e);
	/* constant but for what is missing */
	CHECK(encode(&e, "x,y\n1,1\n,5\n1,5\n", "impute=constant=50", ML_WANTS_MISSING, 1) ==
	      ML_OK);
	CHECK_TEXT(names(&e), "y");
	encoded_free(&e);
}

static void
check_left_out(const char *text, const char *options, unsigned wants, const char *said)
{
	struct encoded e;

	CHECK(encode(&e, text, options, wants, 1) == ML_OK);
	CHECK_TEXT(e.said, said);
	CHECK_TEXT(names(&e), "z");
	CHECK(e.d == 1 && !ml_encoder_uses(e.encoder)[0] && ml_encoder_uses(e.encoder)[1]);
	encoded_free(&e);
}

static void
check_useless(void)
{
	static const char constant[] = "t: column 'x' is left out: it is constant\n";
	static const char empty[] = "t: column 'x' is left out: it has no value\n";
	static const char rare[] = "t: column 'x' is left out: it has rare levels only\n";
	struct ml_buf ids = {0};

	check_left_out("x,z\n5,1\n5,2\n", "", 0, constant);
	check_left_out("x,z\n5,1\n,2\n5,3\n", "", 0, constant);
	check_left_out("x,z\n5,1\n,2\n5,3\n", "impute=constant=5", 0, constant);
	check_left_out("x,z\n,1\n,2\n", "", ML_WANTS_ONEHOT, empty);
	check_left_out("x,z\na,1\na,2\n", "", ML_WANTS_ONEHOT, constant);
	check_left_out("x,z\na,1\na,2\n", "", 0, constant);
	check_left_out("x,z\na,1\na,2\n,3\n", "", 0, constant);
	check_left_out("x,z\na,1\na,2\n,3\n", "encode=ordinal", 0, constant);
	check_left_out("x,z\na,1\nb,2\n", "min-level=5", ML_WANTS_ONEHOT, rare);
	check_left_out("x,z\na,1\nb,2\n", "min-level=5", 0, rare);
	check_left_out("x,z\na,1\nb,2\n", "min-level=5 encode=ordinal", 0, constant);

	ml_buf_text(&ids, "x,z\n");
	for (int i = 0; i < 1001; i++)
		ml_buf_format(&ids, "id%d,%d\n", i, i % 10);
	ml_buf_char(&ids, '\0');
	check_left_out(
	    ids.p, "", ML_WANTS_ONEHOT,
	    "t: column 'x' is left out: it looks like an id: most of its values differ\n");
	ml_buf_free(&ids);
}

/* Columns that are useful by what is missing only, or hardly vary. */
static void
check_useful(void)
{
	struct encoded e;

	CHECK(encode(&e, "x,z\n5,1\n,2\n5,3\n", "impute=constant=6", 0, 1) == ML_OK);
	CHECK_TEXT(names(&e), "x|z");
	encoded_free(&e);
	CHECK(encode(&e, "x,z\n5,1\n,2\n5,3\n", "impute-indicator=yes", 0, 1) == ML_OK);
	CHECK_TEXT(names(&e), "x|x missing|z");
	encoded_free(&e);
	CHECK(encode(&e, "x,z\na,1\n,2\na,3\n", "", ML_WANTS_ONEHOT, 1) == ML_OK);
	CHECK_TEXT(names(&e), "x=a|x missing|z");
	encoded_free(&e);
	CHECK(encode(&e, "x,z\na,1\n,2\na,3\n", "encode=ordinal impute=constant=1", 0, 1) == ML_OK);
	CHECK_TEXT(names(&e), "x|z");
	CHECK(e.x[0] == 0 && e.x[2] == 1);
	encoded_free(&e);
	CHECK(encode(&e, "x\n1e15\n1000000000000001\n", "scale=standard", 0, 1) == ML_OK);
	CHECK(e.x[0] == -1 && e.x[1] == 1);
	encoded_free(&e);
}

static void
check_too_large(void)
{
	static const char *const scales[] = {"scale=standard", "scale=minmax", "scale=robust"};
	struct encoded e;

	for (size_t s = 0; s < 3; s++) {
		CHECK(encode(&e, "x\n-1.5e308\n-1.5e308\n1.5e308\n1.5e308\n", scales[s], 0, 1) ==
		      ML_EINPUT);
		CHECK_TEXT(e.err.text, "column 'x': values too large to scale");
		encoded_free(&e);
	}
	CHECK(encode(&e, "c\na\nb\n", "encode=ordinal scale=robust", 0, 1) == ML_EUSAGE);
	encoded_free(&e);
}

/* 10,000 rows: three blocks, the last one short, with gaps and a level in the last row only. */
static void
long_table(struct ml_buf *text, bool complete)
{
	enum { N = 10000 };

	ml_buf_text(text, complete ? "x,y,w\n" : "x,y,c\n");
	for (uint64_t i = 0; i < N; i++) {
		double u = ml_rng_uniform(1, ML_RNG_TEST, i), v = ml_rng_uniform(2, ML_RNG_TEST, i);

		ml_buf_format(text, "%.15g,", 10 + u * u);
		if (complete)
			ml_buf_format(text, "%.15g,%d\n", 1e-3 * (v - u), 1 + (int)(i % 3));
		else if (v < 0.1)
			ml_buf_format(text, ",%c\n", (int)('a' + i % 5));
		else
			ml_buf_format(text, "%.15g,%s\n", v, i == N - 1 ? "z" : v > 0.8 ? "" : "b");
	}
	ml_buf_char(text, '\0');
}

static void
check_threads(void)
{
	static const char *const options[] = {"scale=standard",
					      "impute=median scale=robust impute-indicator=yes",
					      "scale=minmax encode=ordinal", "max-levels=3"};
	struct ml_buf text = {0};
	struct encoded one, four;

	long_table(&text, false);
	for (size_t k = 0; k < 4; k++) {
		double sum = 0, square = 0;

		CHECK(encode(&one, text.p, options[k], ML_WANTS_ONEHOT, 1) == ML_OK);
		CHECK(encode(&four, text.p, options[k], ML_WANTS_ONEHOT, 4) == ML_OK);
		CHECK(one.table->n_frames == 3 && one.n == 10000);
		CHECK(one.d == four.d && memcmp(one.x, four.x, one.n * one.d * sizeof *one.x) == 0);
		for (size_t i = 0; k == 0 && i < one.n; i++) {
			sum += one.x[i * one.d];
			square += one.x[i * one.d] * one.x[i * one.d];
		}
		CHECK(k != 0 || (fabs(sum) < 1e-8 && fabs(square / 10000 - 1) < 1e-12));
		encoded_free(&one);
		encoded_free(&four);
	}
	ml_buf_free(&text);
}

/* The moments of the columns x and y, and of y again as the target, about the first row. */
static void
sum_up(const struct encoded *e, struct ml_moments *m, struct ml_arena *arena)
{
	double *scratch = ML_NEW(arena, double, ML_MOMENT_ROWS * 4), centre[3], *rows;

	CHECK(ml_moments_new(m, 3, arena) == ML_OK);
	for (size_t f = 0; f < e->table->n_frames; f++) {
		const struct ml_frame *frame = &e->table->frame[f];

		rows = ML_NEW(arena, double, 3 * frame->n);
		for (size_t i = 0; i < frame->n; i++) {
			rows[3 * i] = frame->number[0][i];
			rows[3 * i + 1] = rows[3 * i + 2] = frame->number[1][i];
		}
		if (f == 0) {
			memcpy(centre, rows, sizeof centre);
			memcpy(m->centre, centre, sizeof centre);
		}
		ml_moments_add_rows(m, rows, frame->number[2], frame->n, scratch);
	}
}

static void
check_moments(void)
{
	static const char *const options[] = {"scale=standard", "scale=none impute=constant=3",
					      "impute=mean"};
	static const bool use[MOST_COLUMNS] = {true, true, false};
	struct ml_buf text = {0};

	CHECK(ml_blas_start(&(struct ml_err){0}) == ML_OK);
	long_table(&text, true);
	for (size_t k = 0; k < 3; k++) {
		struct ml_arena arena = {0};
		struct ml_encoder *other = NULL;
		struct ml_moments m = {0}, encoded = {0};
		double *x, mean[2] = {0}, weight = 0;
		struct encoded e;

		CHECK(encode(&e, text.p, options[k], ML_WANTS_SCALED, 1) == ML_OK);
		sum_up(&e, &m, &arena);
		CHECK(ml_encode_streams(&e.options));
		CHECK(ml_encode_from_moments(&e.table->schema, use, ML_WANTS_SCALED, &e.options, &m,
					     NULL, &other, &e.err) == ML_OK);
		x = apply(other, e.table);
		for (size_t i = 0; i < e.n * e.d; i++)
			CHECK(fabs(x[i] - e.x[i]) <= 1e-12 * fmax(1, fabs(e.x[i])));
		/* and the moments of what is encoded */
		CHECK(ml_moments_new(&encoded, 3, &arena) == ML_OK);
		ml_encode_moments(other, &m, &encoded);
		for (size_t i = 0; i < e.n; i++) {
			double w = e.table->frame[i / ML_BLOCK].number[2][i % ML_BLOCK];

			weight += w;
			mean[0] += w * x[2 * i];
			mean[1] += w * x[2 * i] * x[2 * i + 1];
		}
		CHECK_NEAR(encoded.gram[0], weight, 0);
		CHECK(fabs(encoded.gram[1] - mean[0]) <= 1e-7 * fmax(weight, fabs(mean[0])));
		CHECK(fabs(encoded.gram[1 * 4 + 2] - mean[1]) <=
		      1e-7 * fmax(weight, fabs(mean[1])));
		free(x);
		ml_encoder_free(other);
		ml_arena_free(&arena);
		encoded_free(&e);
	}
	ml_buf_free(&text);
}

/* What cannot be known from moments must not be said to be. */
static void
check_streams(void)
{
	static const struct {
		const char *options;
		bool streams;
	} tries[] = {{"", true},
		     {"scale=standard impute=constant=1", true},
		     {"scale=minmax", false},
		     {"scale=robust", false},
		     {"impute=median", false}};

	for (size_t k = 0; k < sizeof tries / sizeof *tries; k++) {
		struct encoded e = {0};

		set_options(&e, tries[k].options);
		CHECK(ml_encode_streams(&e.options) == tries[k].streams);
	}
}

/* A driver of fields in memory: what is written under a name is read under it. */
struct memory {
	struct ml_fields fields;
	struct {
		const char *name;
		enum ml_kind kind;
		size_t n;
		void *p;
	} kept[2];
	size_t n;
};

static int
move(struct ml_fields *fields, const char *name, enum ml_kind kind, void **p, size_t n)
{
	static const size_t size[] = {8, 4, 8, 1};
	struct memory *m = (struct memory *)fields;

	if (!fields->reading) {
		m->kept[m->n].name = name;
		m->kept[m->n].kind = kind;
		m->kept[m->n].n = n;
		m->kept[m->n].p = ml_arena_get(fields->arena, n, size[kind]);
		if (n > 0)
			memcpy(m->kept[m->n].p, *p, n * size[kind]);
		m->n++;
		return ML_OK;
	}
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->kept[i].name, name) == 0 && m->kept[i].n == n &&
		    m->kept[i].kind == kind) {
			*p = m->kept[i].p;
			return ML_OK;
		}
	return ml_fail(fields->err, ML_EMODEL, "no field '%s' of %zu", name, n);
}

static void
check_save(void)
{
	static const char text[] = "a,b,c,d\n1,x,,p\n,y,2,\n3,x,5,q\n4.5,,7,q\n";
	static const char *const options[] = {"impute-indicator=yes scale=standard",
					      "encode=ordinal scale=minmax", "min-level=2",
					      "impute=median scale=robust"};
	for (size_t k = 0; k < 4; k++) {
		unsigned wants = k == 3 ? ML_WANTS_MISSING : ML_WANTS_ONEHOT;
		struct ml_arena arena = {0};
		struct memory first = {0}, second = {0};
		json_t *json = json_object(), *again = json_object();
		struct ml_encoder *loaded = NULL;
		struct encoded e;
		double *x;

		CHECK(encode(&e, text, options[k], wants, 1) == ML_OK);
		first.fields =
		    (struct ml_fields){.array = move, .prefix = "", .arena = &arena, .err = &e.err};
		second.fields = first.fields;
		CHECK(ml_encoder_save(e.encoder, json, &first.fields) == ML_OK);
		first.fields.reading = true;
		CHECK(ml_encoder_load(&loaded, &e.table->schema, json, &first.fields) == ML_OK);
		CHECK(ml_encoder_save(loaded, again, &second.fields) == ML_OK);
		CHECK(json_equal(json, again) && first.n == 2 && second.n == 2);
		for (size_t i = 0; i < first.n; i++)
			CHECK(first.kept[i].n == second.kept[i].n &&
			      memcmp(first.kept[i].p, second.kept[i].p,
				     first.kept[i].n *
					 (i == 0 ? sizeof(double) : sizeof(int32_t))) == 0);
		x = apply(loaded, e.table);
		CHECK(ml_encoder_features(loaded) == e.d);
		CHECK(memcmp(x, e.x, e.n * e.d * sizeof *x) == 0);
		for (size_t j = 0; j < e.d; j++)
			CHECK_TEXT(ml_encoder_feature(loaded, j)->name,
				   ml_encoder_feature(e.encoder, j)->name);
		free(x);
		ml_encoder_free(loaded);
		json_decref(json);
		json_decref(again);
		ml_arena_free(&arena);
		encoded_free(&e);
	}
}

static void
check_move(void)
{
	/* "c" and "b" of a schema a, b, c change places, and a goes. */
	static const size_t place[] = {9, 1, 0};
	struct encoded e;
	double number[] = {7, 1}, other[] = {0, 5}, *numbers[] = {number, other}, x[4];
	struct ml_frame frame = {2, numbers, NULL};

	CHECK(encode(&e, "a,b,c\n2,1,7\n2,5,8\n", "", 0, 1) == ML_OK);
	CHECK_TEXT(names(&e), "b|c");
	ml_encoder_move(e.encoder, place, 2);
	ml_encode_apply(e.encoder, &frame, x);
	CHECK(x[0] == 0 && x[1] == 7 && x[2] == 5 && x[3] == 1);
	CHECK(ml_encoder_feature(e.encoder, 0)->column == 1);
	CHECK(ml_encoder_uses(e.encoder)[0] && ml_encoder_uses(e.encoder)[1]);
	encoded_free(&e);
}

static void
check_quantiles(void)
{
	static const double p[] = {0, 0.1, 0.25, 1.0 / 3, 0.5, 0.75, 0.9, 1};
	static const double expected[2][8] = {
	    {-1, -0.375, 0.6875, 1.4166666666666665, 2, 3.125, 5.75, 8},
	    {-1, 0.6000000000000003, 2, 2, 2, 3.5, 8, 8}};
	static const double weights[4][6] = {{1, 1, 1, 1, 1, 1},
					     {2, 1, 3, 1, 4, 2},
					     /* shares, in units of the smallest */
					     {0.1, 0.1, 0.1, 0.1, 0.1, 0.1},
					     {0.2, 0.1, 0.3, 0.1, 0.4, 0.2}};
	struct ml_err err = {0};

	for (size_t k = 0; k < 4; k++) {
		double v[] = {3.5, -1, 8, 0.25, 2, 2}, w[6], q[8];

		memcpy(w, weights[k], sizeof w);
		CHECK(ml_weighted_quantiles(v, w, 6, p, q, 8, &err) == ML_OK);
		for (size_t i = 0; i < 8; i++)
			CHECK(fabs(q[i] - expected[k % 2][i]) <= 1e-12);
	}
}

/* Random values with random weights 0..3 against themselves repeated. */
static void
check_random_quantiles(void)
{
	enum { MOST = 40 };
	static const double p[] = {0, 0.01, 0.25, 0.5, 0.61, 0.99, 1};
	struct ml_err err = {0};
	uint64_t draw = 0;

	for (int round = 0; round < 2000; round++) {
		double v[MOST], w[MOST], many[3 * MOST], ones[3 * MOST], q[7], r[7];
		size_t n = 1 + ml_rng_below(3, ML_RNG_TEST, draw++, MOST), k = 0;

		for (size_t i = 0; i < n; i++) {
			v[i] = (double)ml_rng_below(3, ML_RNG_TEST, draw++, 30) / 7 - 2;
			w[i] = (double)ml_rng_below(3, ML_RNG_TEST, draw++, 4);
			for (int c = 0; c < (int)w[i]; c++) {
				many[k] = v[i];
				ones[k++] = 1;
			}
		}
		if (k == 0)
			continue;
		CHECK(ml_weighted_quantiles(v, w, n, p, q, 7, &err) == ML_OK);
		CHECK(ml_weighted_quantiles(many, ones, k, p, r, 7, &err) == ML_OK);
		for (size_t i = 0; i < 7; i++)
			CHECK(fabs(q[i] - r[i]) <= 1e-12);
	}
}

int
main(void)
{
	test_case("numbers are imputed and scaled as scikit-learn does it");
	check_numbers();
	check_whole();
	test_case("weights count as in scikit-learn");
	check_weights();
	test_case("weight 2 is the row twice, weight 0 is no row, for every option");
	check_all_repeats();
	test_case("categories, unseen and missing levels");
	check_categories();
	check_kinds();
	test_case("an algorithm that takes missing values gets them");
	check_takes_missing();
	test_case("columns that say nothing are left out with a warning");
	check_useless();
	check_useful();
	test_case("what cannot be scaled is refused");
	check_too_large();
	test_case("several blocks, the same for any number of threads");
	check_threads();
	test_case("from moments the same encoder as from rows");
	check_moments();
	check_streams();
	test_case("what is saved is loaded");
	check_save();
	test_case("columns can move");
	check_move();
	test_case("weighted quantiles are numpy's of repeated values");
	check_quantiles();
	check_random_quantiles();
	return test_end();
}
