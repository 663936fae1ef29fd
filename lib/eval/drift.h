#ifndef ML_EVAL_DRIFT_H
#define ML_EVAL_DRIFT_H

#include "base/opt.h"
#include "eval/profile.h"
#include "table/report.h"

/*
 * Drift: does what comes now look like the reference?  Each test gives a p-value under "nothing
 * changed" for the two sample sizes at hand, so that alpha is the rate of false alarms whatever the
 * number of rows and columns, and an effect, so that many rows don't make an alarm of nothing.
 * A test is one function and one row in drifts.def.
 */
enum {
	ML_DRIFT_NUMBER = 1,
	ML_DRIFT_CATEGORY = 2,
	ML_DRIFT_ANY = 3,
	ML_DRIFT_ALWAYS = 4, /* runs beside the methods that were chosen */
};

/* What a test says of a column. */
struct ml_drift {
	size_t rows_ref, rows; /* that it is based on */
	double statistic, p_value, effect;
	double threshold; /* the statistic from which on p < alpha; NaN: none could be */
	char definition[128];
};

struct ml_drift_type {
	const char *name;
	unsigned columns;
	double min_effect;
	const char *brief;
	/*
	 * LIVE was profiled in the terms of REF (ml_profiler_compare); both have values.  ALPHA 0:
	 * no threshold is asked for.
	 */
	int (*test)(const struct ml_profile_column *ref, const struct ml_profile_column *live,
		    double alpha, struct ml_drift *out, struct ml_err *err);
};

/* All tests, in the order of drifts.def; a NULL name behind the last. */
extern const struct ml_drift_type ml_drift_types[];

struct ml_drift_options {
	const char *method;	/* a list of names */
	double alpha;		/* of any false alarm, over all rows */
	const char *adjust;	/* holm, none */
	const char *min_effect; /* a number, or a list of method=number; NULL: each method's own */
	int64_t min_rows;
};
extern const struct ml_opt ml_drift_opts[];

enum ml_drift_answer { ML_DRIFT_NO, ML_DRIFT_YES, ML_DRIFT_UNDECIDED };

struct ml_drift_row {
	const struct ml_profile_column *ref, *live;
	const struct ml_drift_type *method;
	struct ml_drift result; /* p_value NaN: too few rows */
	double alpha;		/* the level that the p-value was held against */
	double min_effect;
	enum ml_drift_answer answer;
};

struct ml_drift_report {
	size_t n;
	struct ml_drift_row *row;    /* by column, then as in the list of methods */
	size_t n_drift, n_undecided; /* rows */
	struct ml_arena arena;
};

/*
 * WATCH: by column of the two profiles, which are of one schema.  Rows of a column that has no
 * value in the reference are left out, except `missing`.  The report points into the profiles.
 */
int ml_drift_run(const struct ml_profile *ref, const struct ml_profile *live, const bool *watch,
		 const struct ml_drift_options *options, struct ml_drift_report *report,
		 struct ml_err *err);
void ml_drift_free(struct ml_drift_report *report);

/* One row a test, in the order of the report or, for eyes, alarms first. */
int ml_drift_show(const struct ml_drift_report *found, bool worst_first, struct ml_report *report,
		  struct ml_err *err);
/* The list of tests. */
void ml_drift_show_tests(struct ml_report *report);

/* The formulas, over k classes: shares p (reference) and q, or counts a and b. */
double ml_psi(const double *p, const double *q, size_t k); /* q must not be 0 where p isn't */
double ml_js_divergence(const double *p, const double *q, size_t k); /* nats */
/* Pearson's statistic of the 2 x k table; classes without a row don't count. */
double ml_chi2_table(const double *a, const double *b, size_t k, size_t *df);
/* Corrected for bias (Bergsma 2013), of a rows x columns table with n in all. */
double ml_cramers_v(double chi2, double n, size_t rows, size_t columns);

#endif
