#include "eval/drift.h"

#include "base/rng.h"
#include "eval/drift_classes.h"
#include "test.h"

/*
 * Golden numbers marked "reference" were computed with scipy 1.10.1 and numpy 1.24.2; where a
 * project's own test has the value too, it is named.
 */
enum { MAX = 20000 };

static const struct ml_drift_type *
type_of(const char *name)
{
	for (size_t i = 0; ml_drift_types[i].name != NULL; i++)
		if (strcmp(ml_drift_types[i].name, name) == 0)
			return &ml_drift_types[i];
	return NULL;
}

/* A profile of one column: numbers, or where CODE is given categories. */
static struct ml_profile *
profile_of(const double *x, const int32_t *code, size_t n, size_t n_levels,
	   const struct ml_profile *reference)
{
	static char text[1000][8];
	static struct ml_str names[1000];
	struct ml_column column = {.name = "v", .type = code ? ML_CATEGORY : ML_NUMERIC};
	struct ml_schema schema = {.n = 1, .column = &column};
	struct ml_profiler *profiler = NULL;
	struct ml_profile *profile = NULL;
	struct ml_err err = {0};

	for (size_t i = 0; i < n_levels && names[i].p == NULL; i++) {
		snprintf(text[i], sizeof text[i], "l%04d", (int)i);
		names[i] = ml_str(text[i]);
	}
	column.levels.text = names;
	column.levels.n = n_levels;
	ml_profiler_new(&profiler, 1, 1, &err);
	if (reference != NULL)
		ml_profiler_compare(profiler, reference);
	for (size_t from = 0; from < n; from += ML_BLOCK) {
		size_t rows = n - from < ML_BLOCK ? n - from : ML_BLOCK;
		double *number[1] = {code ? NULL : (double *)(size_t)(x + from)};
		int32_t *codes[1] = {code ? (int32_t *)(size_t)(code + from) : NULL};
		struct ml_frame frame = {rows, number, codes};

		CHECK(ml_profiler_add(profiler, &frame, from, &err) == ML_OK);
	}
	CHECK(ml_profiler_finish(profiler, &schema, &profile, &err) == ML_OK);
	ml_profiler_free(profiler);
	return profile;
}

/* One test on two sets of numbers. */
static struct ml_drift
numbers(const char *method, const double *a, size_t m, const double *b, size_t n, double alpha)
{
	struct ml_profile *ref = profile_of(a, NULL, m, 0, NULL);
	struct ml_profile *live = profile_of(b, NULL, n, 0, ref);
	struct ml_drift out = {0};
	struct ml_err err = {0};

	CHECK(type_of(method)->test(&ref->column[0], &live->column[0], alpha, &out, &err) == ML_OK);
	ml_profile_free(live);
	ml_profile_free(ref);
	return out;
}

static struct ml_drift
categories(const char *method, const int32_t *a, size_t m, const int32_t *b, size_t n,
	   size_t n_levels, double alpha)
{
	struct ml_profile *ref = profile_of(NULL, a, m, n_levels, NULL);
	struct ml_profile *live = profile_of(NULL, b, n, n_levels, ref);
	struct ml_drift out = {0};
	struct ml_err err = {0};

	CHECK(type_of(method)->test(&ref->column[0], &live->column[0], alpha, &out, &err) == ML_OK);
	ml_profile_free(live);
	ml_profile_free(ref);
	return out;
}

static size_t
spread(int32_t *out, const int *counts, size_t k)
{
	size_t n = 0;

	for (size_t i = 0; i < k; i++)
		for (int c = 0; c < counts[i]; c++)
			out[n++] = (int32_t)i;
	return n;
}

static void
test_formulas(void)
{
	static const double p[] = {.85, .05, .05, .05}, q[] = {.25, .25, .25, .25};
	static const double ref[] = {16, 18, 16, 14, 12, 12}, cur[] = {16, 16, 16, 16, 16, 8};
	static const double a3[] = {4, 2, 0}, b3[] = {1, 1, 4};
	static const double a4[] = {1, 2, 0, 5}, b4[] = {3, 4, 0, 2};
	static const double yes[] = {200, 800}, no[] = {400, 600};
	size_t df;

	test_case("psi, js, chi-square and V, reference");
	CHECK_NEAR(ml_psi(p, q, 4), 1.6999280064337297, 1e-14);
	CHECK_NEAR(sqrt(ml_js_divergence(p, q, 4)), 0.4422857645246892, 1e-14);
	CHECK_NEAR(sqrt(ml_js_divergence(p, q, 4) / log(2)), 0.5312393428578512, 1e-14);
	CHECK_NEAR(ml_js_divergence(p, q, 4), 0.19561669750118882, 1e-14);
	CHECK_NEAR(ml_chi2_table(ref, cur, 6, &df), 1.6224089635854342, 1e-14);
	CHECK(df == 5);
	CHECK_NEAR(ml_chi2_table(a3, b3, 3, &df), 6.133333333333333, 1e-14); /* frouros */
	CHECK(df == 2);
	CHECK_NEAR(ml_chi2_table(a4, b4, 4, &df), 2.903604497354497, 1e-14); /* popmon */
	CHECK(df == 2);
	CHECK_NEAR(ml_chi2_table(yes, no, 2, &df), 95.23809523809526, 1e-14);
	/* deepchecks: 0.21 +- 0.01, with Yates's 94.288 */
	CHECK_NEAR(ml_cramers_v(94.28809523809525, 2000, 2, 2), 0.2160257918350864, 1e-13);
	CHECK_NEAR(ml_cramers_v(0, 2000, 2, 5), 0, 0);
}

static void
test_ks(void)
{
	double a[100], b[100];
	static const double x[] = {38.7, 41.5, 43.8, 44.5, 45.5, 46.0, 47.7, 58.0};
	static const double y[] = {39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8};
	static const double one[] = {5, 5}, other[] = {4, 4};
	struct ml_drift r;

	for (int i = 0; i < 100; i++) {
		a[i] = i + 1;
		b[i] = i + 11;
	}
	test_case("ks: distance and exact p, reference");
	r = numbers("ks", a, 100, b, 100, 0.05);
	CHECK_NEAR(r.statistic, 0.1, 1e-14);
	CHECK_NEAR(r.p_value, 0.7020569828664881, 1e-12);
	CHECK_NEAR(r.threshold, 0.2, 1e-14); /* R: psmirnov(0.19) is 0.0539, of 0.20 0.0366 */
	r = numbers("ks", x, 8, y, 8, 0);
	CHECK_NEAR(r.statistic, 0.625, 1e-14);
	CHECK_NEAR(r.p_value, 0.08702408702408701, 1e-13);
	r = numbers("ks", a, 3, a + 1, 4, 0);
	CHECK_NEAR(r.statistic, 0.5, 1e-14);
	r = numbers("ks", a + 2, 12, a, 10, 0);
	CHECK_NEAR(r.p_value, 0.4769564800524554, 1e-13);

	test_case("ks sees what lies between the reference's values");
	CHECK_NEAR(numbers("ks", one, 2, other, 2, 0).statistic, 1, 0);
	CHECK_NEAR(numbers("ks", other, 2, one, 2, 0).statistic, 1, 0);
}

static void
test_classes(void)
{
	double a[100], b[100];
	struct ml_profile *ref, *live;
	struct ml_drift_classes c;
	double p[10], q[10];
	static const double expected[] = {0, 10, 10, 10, 10, 10, 10, 10, 10, 20};

	for (int i = 0; i < 100; i++) {
		a[i] = i + 1;
		b[i] = i + 11;
	}
	test_case("deciles of the reference, and psi with the fills in use, reference");
	ref = profile_of(a, NULL, 100, 0, NULL);
	live = profile_of(b, NULL, 100, 0, ref);
	ml_drift_classes_of_number(&ref->column[0], &live->column[0], &c);
	CHECK(c.k == 10);
	for (size_t i = 0; i < 10; i++)
		CHECK(c.ref[i] == 10 && c.live[i] == expected[i]);
	for (size_t i = 0; i < 10; i++) {
		p[i] = c.ref[i] / 100;
		q[i] = fmax(c.live[i] / 100, 1e-4);
	}
	CHECK_NEAR(ml_psi(p, q, 10), 0.7593994704263101, 1e-13);
	for (size_t i = 0; i < 10; i++)
		q[i] = fmax(c.live[i] / 100, 0.01);
	CHECK_NEAR(ml_psi(p, q, 10), 0.2765473764254586, 1e-13); /* as deepchecks */
	for (size_t i = 0; i < 10; i++) {
		p[i] = c.ref[i] / 100 + 1e-5;
		q[i] = c.live[i] / 100 + 1e-5;
	}
	CHECK_NEAR(ml_psi(p, q, 10), 0.9903537551286169, 1e-13); /* as popmon */
	ml_profile_free(live);
	ml_profile_free(ref);

	test_case("classes are merged until five rows are expected");
	ref = profile_of(a, NULL, 100, 0, NULL);
	live = profile_of(b, NULL, 32, 0, ref);
	ml_drift_classes_of_number(&ref->column[0], &live->column[0], &c);
	CHECK(c.k == 5); /* six of 17 would leave 15, of which 4.8 are expected */
	for (size_t i = 0; i < c.k; i++)
		CHECK(c.ref[i] * 32 / 100 >= 5);
	ml_profile_free(live);
	ml_profile_free(ref);
}

static void
test_categories(void)
{
	static const int ref[] = {16, 18, 16, 14, 12, 12}, cur[] = {16, 16, 16, 16, 16, 8};
	static int32_t a[MAX], b[MAX];
	size_t m = spread(a, ref, 6), n = spread(b, cur, 6);
	struct ml_drift r = categories("chi2", a, m, b, n, 6, 0.05);

	test_case("chi2 of a column, reference");
	CHECK_NEAR(r.statistic, 1.6224089635854342, 1e-14);
	CHECK_NEAR(r.p_value, 0.8985262394026607, 1e-13);
	CHECK_NEAR(r.threshold, 11.070497693516351, 1e-13); /* R: qchisq(.95, 5) */

	test_case("new categories against levels seen once");
	for (size_t i = 0; i < 1000; i++)
		a[i] = (int32_t)(i % 3);
	for (size_t i = 0; i < 100; i++)
		b[i] = i < 2 ? ML_UNSEEN : 1;
	r = categories("new_categories", a, 1000, b, 100, 3, 0.01);
	CHECK_NEAR(r.statistic, 0.02, 1e-14);
	CHECK_NEAR(r.p_value, 1 / 121.0, 1e-13);
	CHECK_NEAR(r.threshold, 0.02, 1e-14);
	/* every row of the reference is the only one of its level: new ones are the rule */
	for (size_t i = 0; i < 900; i++)
		a[i] = (int32_t)i;
	for (size_t i = 0; i < 90; i++)
		b[i] = ML_UNSEEN;
	r = categories("new_categories", a, 900, b, 90, 900, 0.01);
	CHECK(r.p_value > 0.3);
	CHECK(isnan(r.threshold));
}

static void
test_counts(void)
{
	static double a[1000], b[100];
	struct ml_drift r;

	test_case("missing: a 2 x 2 table, both ways");
	for (size_t i = 0; i < 1000; i++)
		a[i] = i < 50 ? (double)NAN : (double)i;
	for (size_t i = 0; i < 100; i++)
		b[i] = i < 15 ? (double)NAN : (double)i;
	r = numbers("missing", a, 1000, b, 100, 0.05);
	CHECK_NEAR(r.statistic, 0.10, 1e-13);
	/* R: fisher.test(matrix(c(15, 85, 50, 950), 2)) */
	CHECK_NEAR(r.p_value, 0.00038042144080384805, 1e-12);
	CHECK(r.threshold > 0.03 && r.threshold < 0.07);
	r = numbers("missing", a, 100, a + 50, 950, 0.05);
	CHECK_NEAR(r.statistic, -0.5, 1e-13);
	CHECK(r.p_value < 1e-40 && r.threshold < 0 && r.threshold > -0.5);

	test_case("range: exceedances");
	for (size_t i = 0; i < 100; i++)
		b[i] = i < 3 ? -1.0 : 500;
	r = numbers("range", a + 50, 950, b, 100, 0.01);
	CHECK_NEAR(r.statistic, 0.03, 1e-14);
	CHECK(r.p_value > 0.001 && r.p_value < 0.01 && r.threshold <= 0.03);
}

/* Rates. */

enum kind { NORMAL, SKEWED, DISCRETE, LEVELS, NAMES, N_KINDS };

static double
draw(enum kind kind, uint64_t index)
{
	double u = ml_rng_uniform(11, ML_RNG_TEST, 2 * index);
	double v = ml_rng_uniform(11, ML_RNG_TEST, 2 * index + 1);
	double z = sqrt(-2 * log(1 - u)) * cos(6.283185307179586 * v);

	switch (kind) {
	case NORMAL:
		return z;
	case SKEWED: /* some of it missing */
		return u > 0.95 ? (double)NAN : exp(2 * z);
	case DISCRETE:
		return floor(exp(1 + z / 2));
	case LEVELS: /* shares falling like 1/i^2, some rare */
		return fmin(39, floor(1 / (1 - u) - 1));
	default:
		return floor(600 * u);
	}
}

static int32_t
code_of(double v)
{
	return fabs(v) < 1000 ? (int32_t)v : 0;
}

enum { N_SIZES = 6, N_TYPES = 7 };
static const size_t sizes[N_SIZES][3] = {/* reference, now, runs */
					 {30, 30, 1500},   {1000, 30, 300},  {100, 100, 1000},
					 {1000, 100, 300}, {300, 1000, 250}, {1000, 1000, 150}};

/* A pair of one source, profiled; new levels are those that the reference hasn't. */
static void
draw_pair(enum kind kind, size_t m, size_t n, uint64_t *index, struct ml_profile **ref,
	  struct ml_profile **live)
{
	static double a[MAX], b[MAX];
	static int32_t ca[MAX], cb[MAX];
	bool seen[600] = {false};

	for (size_t i = 0; i < m; i++) {
		ca[i] = code_of(a[i] = draw(kind, ++*index));
		seen[ca[i] < 0 ? 0 : ca[i] % 600] = true;
	}
	for (size_t i = 0; i < n; i++) {
		cb[i] = code_of(b[i] = draw(kind, ++*index));
		if (kind >= LEVELS && !seen[cb[i]])
			cb[i] = ML_UNSEEN;
	}
	*ref = profile_of(a, kind >= LEVELS ? ca : NULL, m, 600, NULL);
	*live = profile_of(b, kind >= LEVELS ? cb : NULL, n, 600, *ref);
}

/* How often each test has p < 0.05 on pairs of one source. */
static void
count_alarms(enum kind kind, size_t s, uint64_t *index, double alarms[N_TYPES])
{
	unsigned wants = kind >= LEVELS ? ML_DRIFT_CATEGORY : ML_DRIFT_NUMBER;

	for (size_t run = 0; run < sizes[s][2]; run++) {
		struct ml_profile *ref, *live;

		draw_pair(kind, sizes[s][0], sizes[s][1], index, &ref, &live);
		for (size_t t = 0; t < N_TYPES; t++) {
			struct ml_drift out = {0};
			struct ml_err err = {0};

			if (!(ml_drift_types[t].columns & wants))
				continue;
			CHECK(ml_drift_types[t].test(&ref->column[0], &live->column[0], 0, &out,
						     &err) == ML_OK);
			alarms[t] += out.p_value < 0.05;
		}
		ml_profile_free(live);
		ml_profile_free(ref);
	}
}

static void
test_rates(void)
{
	static double alarms[N_KINDS][N_SIZES][N_TYPES];
	static char name[N_TYPES][80];
	uint64_t index = 0;

	for (int kind = 0; kind < N_KINDS; kind++)
		for (size_t s = 0; s < N_SIZES; s++)
			count_alarms((enum kind)kind, s, &index, alarms[kind][s]);
	for (size_t t = 0; t < N_TYPES; t++) {
		snprintf(name[t], sizeof name[t], "%s: false alarms as alpha says, at any size",
			 ml_drift_types[t].name);
		test_case(name[t]);
		for (int kind = 0; kind < N_KINDS; kind++)
			for (size_t s = 0; s < N_SIZES; s++) {
				double runs = (double)sizes[s][2];
				double got = alarms[kind][s][t] / runs;

				if (got > 0.05 + 3 * sqrt(0.05 * 0.95 / runs))
					printf("# kind %d, %zu and %zu rows: %g\n", kind,
					       sizes[s][0], sizes[s][1], got);
				CHECK(got <= 0.05 + 3 * sqrt(0.05 * 0.95 / runs));
			}
	}
	test_case("the list of tests is the one looped over");
	CHECK(ml_drift_types[N_TYPES - 1].name != NULL && ml_drift_types[N_TYPES].name == NULL);
}

static void
test_power(void)
{
	static const char *const methods[] = {"ks", "psi", "js"};
	static double a[1000], b[100];
	uint64_t index = 1u << 30;

	test_case("a shift by one deviation is always found in 100 rows, a column itself never");
	for (size_t t = 0; t < 3; t++)
		for (int run = 0; run < 40; run++) {
			for (size_t i = 0; i < 1000; i++)
				a[i] = draw(NORMAL, ++index);
			for (size_t i = 0; i < 100; i++)
				b[i] = draw(NORMAL, ++index) + 1;
			CHECK(numbers(methods[t], a, 1000, b, 100, 0).p_value < 1e-4);
			CHECK(numbers(methods[t], a, 1000, a, 1000, 0).p_value > 0.99);
		}
}

static void
test_report(void)
{
	static double a[300], b[300];
	struct ml_profile *ref, *live;
	struct ml_drift_report report;
	struct ml_drift_options options = {"ks,psi,js", 0.01, "holm", NULL, 30};
	struct ml_err err = {0};
	static const bool watch[] = {true};
	double last = 0;

	for (size_t i = 0; i < 300; i++) {
		a[i] = draw(NORMAL, i);
		b[i] = draw(NORMAL, 1000 + i) + 0.5;
	}
	ref = profile_of(a, NULL, 300, 0, NULL);
	live = profile_of(b, NULL, 300, 0, ref);
	test_case("Holm's levels, floors and thresholds agree with the answer");
	CHECK(ml_drift_run(ref, live, watch, &options, &report, &err) == ML_OK);
	CHECK(report.n == 5 && report.n_drift == 3 && report.n_undecided == 0);
	for (size_t i = 0; i < report.n; i++) {
		const struct ml_drift_row *row = &report.row[i];
		bool over = fabs(row->result.statistic) >= fabs(row->result.threshold);

		CHECK((row->answer == ML_DRIFT_YES) == (row->result.p_value < row->alpha));
		CHECK(isnan(row->result.threshold) || over == (row->result.p_value < row->alpha));
		last += 1 / row->alpha;
	}
	/* 5, 4, 3, and then 2 twice: where it stopped */
	CHECK_NEAR(last, 1600, 1e-12);
	ml_drift_free(&report);
	options.min_effect = "ks=0.9,psi=5";
	CHECK(ml_drift_run(ref, live, watch, &options, &report, &err) == ML_OK);
	CHECK(report.n_drift == 1);
	ml_drift_free(&report);
	options.min_effect = "1.5";
	CHECK(ml_drift_run(ref, live, watch, &options, &report, &err) == ML_OK);
	CHECK(report.n_drift == 0);
	ml_drift_free(&report);

	test_case("too few rows can't be decided");
	options.min_rows = 301;
	CHECK(ml_drift_run(ref, live, watch, &options, &report, &err) == ML_OK);
	CHECK(report.n_undecided == 5 && report.n_drift == 0 &&
	      report.row[0].answer == ML_DRIFT_UNDECIDED && isnan(report.row[0].result.p_value));
	ml_drift_free(&report);

	test_case("options that make no sense are refused");
	options.method = "ks,nix";
	CHECK(ml_drift_run(ref, live, watch, &options, &report, &err) == ML_EUSAGE);
	CHECK(strstr(err.text, "'nix'") != NULL && strstr(err.text, "chi2") != NULL);
	ml_drift_free(&report);
	options.method = "ks";
	options.min_effect = "ks=much";
	err = (struct ml_err){0};
	CHECK(ml_drift_run(ref, live, watch, &options, &report, &err) == ML_EUSAGE);
	ml_drift_free(&report);
	ml_profile_free(live);
	ml_profile_free(ref);
}

int
main(void)
{
	test_formulas();
	test_ks();
	test_classes();
	test_categories();
	test_counts();
	test_rates();
	test_power();
	test_report();
	return test_end();
}
