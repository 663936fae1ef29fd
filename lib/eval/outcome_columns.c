#include "eval/outcome_columns.h"

#include <string.h>

#include "base/num.h"

static const char prefix[] = "p_";

static bool
is_proba(const struct ml_csv *csv, size_t column)
{
	return strncmp(ml_csv_name(csv, column), prefix, strlen(prefix)) == 0;
}

static int
find(const struct ml_csv *csv, const char *name, int64_t *column, struct ml_err *err)
{
	*column = -1;
	if (name != NULL && (*column = ml_csv_find(csv, name, err)) < 0)
		return err->status;
	return ML_OK;
}

/* The column called NAME, or -1 without a word. */
static int64_t
look(const struct ml_csv *csv, const char *name)
{
	struct ml_err ignored = {0};

	return ml_csv_find(csv, name, &ignored);
}

/* Columns p_CLASS from FIRST on. */
static size_t
find_proba(struct ml_outcome_columns *c, const struct ml_csv *csv, size_t first)
{
	size_t n = ml_csv_columns(csv);

	c->m = 0;
	for (size_t i = first; i < n; i++)
		if (is_proba(csv, i) && i != c->target && (int64_t)i != c->weight &&
		    (int64_t)i != c->prediction) {
			c->label[c->m] = ml_str(ml_csv_name(csv, i) + strlen(prefix));
			c->proba[c->m++] = i;
		}
	return c->m;
}

static int
find_scores(struct ml_outcome_columns *c, const struct ml_csv *csv,
	    const struct ml_outcome_options *o, struct ml_err *err)
{
	int64_t score;

	ML_TRY(find(csv, o->score, &score, err));
	if (score >= 0) {
		c->m = 1;
		c->proba[0] = (size_t)score;
		return ML_OK;
	}
	/* Those behind the prediction, or else all. */
	if (c->prediction < 0 || find_proba(c, csv, (size_t)c->prediction + 1) < 2)
		if (find_proba(c, csv, 0) < 2)
			c->m = 0;
	if (c->m > ML_MAX_CLASSES)
		return ml_fail(err, ML_EINPUT, "%s: more than %d columns %sCLASS", ml_csv_path(csv),
			       ML_MAX_CLASSES, prefix);
	return ML_OK;
}

static int
find_task(struct ml_outcome_columns *c, const struct ml_outcome_options *o, struct ml_err *err)
{
	bool classes = o->score != NULL || o->positive != NULL || o->threshold != NULL;
	unsigned asked;

	ML_TRY(ml_figures_needs(o->asked, &c->needs, &asked, err));
	if (o->all)
		c->needs = ML_NEEDS_LABEL | ML_NEEDS_PROBA | ML_NEEDS_SCORE | ML_NEEDS_NUMBER;
	if (strcmp(o->task, "class") == 0)
		c->task = ML_CLASSIFY;
	else if (strcmp(o->task, "regress") == 0)
		c->task = ML_REGRESS;
	else
		c->task = classes ? ML_CLASSIFY : asked;
	if (asked != 0 && c->task != asked)
		return ml_fail(err, ML_EUSAGE, "metric '%s' is for %s", o->asked->figure[0].name,
			       asked == ML_REGRESS ? "numbers: use --task regress"
						   : "classes: use --task class");
	if (classes && c->task == ML_REGRESS)
		return ml_fail(err, ML_EUSAGE,
			       "options '--score', '--positive' and '--threshold' are for classes");
	return ML_OK;
}

static int
find_threshold(struct ml_outcome_columns *c, const struct ml_outcome_options *o, struct ml_err *err)
{
	char quoted[ML_QUOTED];

	c->threshold = 0.5;
	c->by_threshold = c->prediction < 0;
	if (o->threshold == NULL)
		return ML_OK;
	if (ml_num_parse(ml_str(o->threshold), &c->threshold) != ML_NUM_YES)
		return ml_fail(err, ML_EUSAGE, "option '--threshold': expected a number, not %s",
			       ml_quote(quoted, o->threshold, strlen(o->threshold)));
	if (c->m != 1 && c->m != 2)
		return ml_fail(err, ML_EUSAGE,
			       "option '--threshold' needs --score, or two columns %sCLASS",
			       prefix);
	c->by_threshold = true;
	return ML_OK;
}

static void
set_wants(struct ml_outcome_columns *c)
{
	enum ml_want value = c->task == ML_REGRESS ? ML_WANT_NUMBER : ML_WANT_TEXT;

	c->want[c->target] = value;
	if (c->prediction >= 0)
		c->want[c->prediction] = value;
	if (c->weight >= 0)
		c->want[c->weight] = ML_WANT_NUMBER;
	for (size_t j = 0; j < c->m; j++)
		c->want[c->proba[j]] = ML_WANT_NUMBER;
}

/* One column cannot be two things: a text and a number. */
static int
check_distinct(const struct ml_outcome_columns *c, const struct ml_csv *csv, struct ml_err *err)
{
	bool twice = (int64_t)c->target == c->weight || c->prediction == (int64_t)c->target ||
		     (c->weight >= 0 && c->weight == c->prediction);
	size_t column =
	    c->weight >= 0 && c->prediction != (int64_t)c->target ? (size_t)c->weight : c->target;

	for (size_t j = 0; j < c->m && !twice; j++) {
		column = c->proba[j];
		twice = column == c->target || (int64_t)column == c->weight ||
			(int64_t)column == c->prediction;
	}
	if (twice)
		return ml_fail(err, ML_EUSAGE, "column '%s' is asked for as two things",
			       ml_csv_name(csv, column));
	return ML_OK;
}

int
ml_outcome_bind(struct ml_outcome_columns *c, const struct ml_csv *csv,
		const struct ml_outcome_options *o, struct ml_err *err)
{
	size_t n = ml_csv_columns(csv);
	int64_t target;

	c->want = ML_NEW(&c->arena, enum ml_want, n);
	c->proba = ML_NEW(&c->arena, size_t, n);
	c->label = ML_NEW(&c->arena, struct ml_str, n);
	if (ml_arena_failed(&c->arena))
		return ml_fail(err, ML_ENOMEM, "no memory for %zu columns", n);
	ML_TRY(find_task(c, o, err));
	ML_TRY(find(csv, o->target, &target, err));
	c->target = (size_t)target;
	ML_TRY(find(csv, o->weight, &c->weight, err));
	/* The default may be absent where there are probabilities; what was asked for may not. */
	c->prediction = look(csv, o->prediction);
	if (c->prediction < 0 && strcmp(o->prediction, "prediction") != 0)
		return ml_csv_find(csv, o->prediction, err) < 0 ? err->status : ML_OK;
	if (c->task != ML_REGRESS)
		ML_TRY(find_scores(c, csv, o, err));
	if (c->prediction < 0 && c->m == 0)
		return ml_csv_find(csv, o->prediction, err) < 0 ? err->status : ML_OK;
	ML_TRY(find_threshold(c, o, err));
	if (c->by_threshold && c->prediction >= 0)
		c->prediction = -1;
	if (!c->by_threshold && (c->needs & (ML_NEEDS_PROBA | ML_NEEDS_SCORE)) == 0)
		c->m = 0;
	if (c->m > 0)
		c->task = ML_CLASSIFY;
	ML_TRY(check_distinct(c, csv, err));
	set_wants(c);
	return ML_OK;
}
