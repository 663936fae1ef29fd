#include "table/encode.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "num/stat.h"
#include "table/encode_plan.h"

enum { MANY_LEVELS = 1000 };

const struct ml_opt ml_encode_opts[] = {
    ML_CHOICE(0, "impute", NULL, "how", struct ml_encode_options, impute, "mean",
	      "mean median constant=", "what a missing number becomes; constant=X is the number X"),
    ML_FLAG(0, "impute-indicator", struct ml_encode_options, impute_indicator,
	    "add a 0/1 feature for each numeric column with missing values"),
    ML_CHOICE(
	0, "scale", NULL, "how", struct ml_encode_options, scale, "auto",
	"auto standard minmax robust none",
	"scale numbers: (x-mean)/sd, to 0..1, (x-median)/IQR; auto is what the algorithm wants"),
    ML_CHOICE(0, "encode", NULL, "how", struct ml_encode_options, encode, "auto",
	      "auto onehot ordinal",
	      "categories as 0/1 features or as ranks; auto is what the algorithm wants"),
    ML_INT(0, "min-level", "min-frequency", "n", struct ml_encode_options, min_level, "1", 1,
	   1000000000, "pool levels with fewer rows (by weight) than this"),
    ML_INT(0, "max-levels", "max-categories", "n", struct ml_encode_options, max_levels, "256", 2,
	   1000000, "keep this many levels of a column, the most frequent, and pool the others"),
    ML_OPT_LAST,
};

/* What is known of a numeric column after looking at all rows. */
struct summary {
	double weight, mean, m2; /* of the present values */
	double missing_weight, min, max;
	size_t present, missing;
};

struct fit {
	const struct ml_table *table;
	const struct ml_encode_options *options;
	const double *const *w;
	unsigned wants;
	double constant;
	struct ml_plan *plan;
	struct summary *summary; /* by plan */
};

static double
weight_at(const struct fit *fit, size_t frame, size_t row)
{
	return fit->w == NULL ? 1 : fit->w[frame][row];
}

static bool
is_weightless(const struct fit *fit)
{
	if (fit->w == NULL || fit->table->n_rows == 0)
		return false;
	for (size_t f = 0; f < fit->table->n_frames; f++)
		for (size_t i = 0; i < fit->table->frame[f].n; i++)
			if (fit->w[f][i] > 0)
				return false;
	return true;
}

/*
 * Frames in order, each on its own and then added (Chan, Golub, LeVeque 1983).  A row of weight 0
 * is no row.
 */
static void
summarise(const struct fit *fit, size_t column, struct summary *s)
{
	*s = (struct summary){.min = INFINITY, .max = -INFINITY};
	for (size_t f = 0; f < fit->table->n_frames; f++) {
		const struct ml_frame *frame = &fit->table->frame[f];
		const double *v = frame->number[column];
		double weight = 0, sum = 0, m2 = 0, mean, delta;

		for (size_t i = 0; i < frame->n; i++) {
			double w = weight_at(fit, f, i);

			if (isnan(v[i])) {
				s->missing += w > 0;
				s->missing_weight += w;
				continue;
			}
			if (!(w > 0))
				continue;
			s->present++;
			weight += w;
			sum += w * v[i];
			s->min = v[i] < s->min ? v[i] : s->min; /* fmin is a call */
			s->max = v[i] > s->max ? v[i] : s->max;
		}
		if (!(weight > 0))
			continue;
		mean = sum / weight;
		for (size_t i = 0; i < frame->n; i++)
			if (!isnan(v[i]))
				m2 += weight_at(fit, f, i) * (v[i] - mean) * (v[i] - mean);
		delta = mean - s->mean;
		s->m2 += m2 + delta * delta * s->weight * weight / (s->weight + weight);
		s->weight += weight;
		s->mean += delta * weight / s->weight;
	}
}

/* Quantiles of the present values; what is imputed does not count. */
static int
quantiles(const struct fit *fit, size_t column, const double *p, double *q, size_t n,
	  struct ml_err *err)
{
	struct ml_arena arena = {0};
	size_t rows = fit->table->n_rows, k = 0;
	double *v = ML_NEW(&arena, double, rows), *w = ML_NEW(&arena, double, rows);
	int status = ML_OK;

	if (ml_arena_failed(&arena)) {
		ml_arena_free(&arena);
		return ml_fail(err, ML_ENOMEM, "no memory for the quantiles of %zu rows", rows);
	}
	for (size_t f = 0; f < fit->table->n_frames; f++)
		for (size_t i = 0; i < fit->table->frame[f].n; i++) {
			double x = fit->table->frame[f].number[column][i];

			w[k] = weight_at(fit, f, i);
			if (!isnan(x) && w[k] > 0)
				v[k++] = x;
		}
	status = ml_weighted_quantiles(v, w, k, p, q, n, err);
	ml_arena_free(&arena);
	return status;
}

static bool
is_scale(const struct fit *fit, const char *name)
{
	const char *scale = fit->options->scale;

	if (strcmp(scale, "auto") == 0)
		scale = fit->wants & ML_WANTS_SCALED ? "standard" : "none";
	return strcmp(scale, name) == 0;
}

/* value = (x - shift) * scale, with missing x replaced by impute; from a summary. */
static int
plan_number(const struct fit *fit, struct ml_plan *plan, const struct summary *s,
	    struct ml_err *err)
{
	static const double quarters[] = {0.25, 0.5, 0.75};
	double q[3] = {0}, offset, variance;
	/* Where nothing is imputed, missing values have no part in anything. */
	bool imputed = s->missing > 0 && !(fit->wants & ML_WANTS_MISSING);
	double missing = imputed ? s->missing_weight : 0, all = s->weight + missing;
	bool robust = is_scale(fit, "robust"), median = strcmp(fit->options->impute, "median") == 0;

	if (fit->table != NULL && (robust || median))
		ML_TRY(quantiles(fit, plan->column, quarters, q, 3, err));
	plan->impute = median					   ? q[1]
		       : strcmp(fit->options->impute, "mean") == 0 ? s->mean
								   : fit->constant;
	plan->indicator = s->missing > 0 && fit->options->impute_indicator;
	plan->shift = 0;
	plan->scale = 1;
	if (is_scale(fit, "standard")) {
		/* Mean and variance of the column as imputed. */
		offset = plan->impute - s->mean;
		plan->shift = s->mean + offset * missing / all;
		variance = (s->m2 + offset * offset * s->weight * missing / all) / all;
		if (variance > 0)
			plan->scale = 1 / sqrt(variance);
	} else if (is_scale(fit, "minmax")) {
		double low = s->min, high = s->max;

		if (imputed) {
			low = fmin(low, plan->impute);
			high = fmax(high, plan->impute);
		}
		plan->shift = low;
		if (high > low)
			plan->scale = 1 / (high - low);
	} else if (robust) {
		plan->shift = q[1];
		if (q[2] > q[0])
			plan->scale = 1 / (q[2] - q[0]);
	}
	if (!isfinite(plan->shift) || !isfinite(plan->scale) || !(plan->scale > 0) ||
	    !isfinite(plan->impute))
		return ml_fail(err, ML_EINPUT, "column '%s': values too large to scale",
			       plan->name);
	return ML_OK;
}

/* The levels kept, in the order of the schema; the others share a slot behind them. */
static int
plan_category(const struct fit *fit, struct ml_plan *plan, struct ml_arena *arena,
	      struct ml_err *err)
{
	const struct ml_column *column = &fit->table->schema.column[plan->column];
	size_t n = column->levels.n;
	double *count = ML_NEW(arena, double, n + 1), least = 0;
	size_t *order = ML_NEW(arena, size_t, n + 1);

	plan->n_levels = n;
	plan->slot = ML_NEW(arena, int32_t, n + 1);
	if (ml_arena_failed(arena))
		return ml_fail(err, ML_ENOMEM, "no memory for %zu levels", n);
	for (size_t f = 0; f < fit->table->n_frames; f++)
		for (size_t i = 0; i < fit->table->frame[f].n; i++) {
			int32_t code = fit->table->frame[f].code[plan->column][i];
			double w = weight_at(fit, f, i);

			if (code >= 0)
				count[code] += w;
			else if (w > 0)
				plan->has_missing = true;
		}
	ML_TRY(ml_sort_descending(count, order, n, err));
	/* Weights may be any numbers: one row's worth pools nothing but levels without weight. */
	if (fit->options->min_level > 1)
		least = (double)fit->options->min_level;
	for (size_t r = 0; r < n; r++)
		plan->slot[order[r]] = r >= (size_t)fit->options->max_levels ||
					       count[order[r]] == 0 || count[order[r]] < least
					   ? -1
					   : 0;
	plan->n_slots = 0;
	for (size_t c = 0; c < n; c++)
		if (plan->slot[c] == 0)
			plan->slot[c] = (int32_t)plan->n_slots++;
	plan->rare = plan->n_slots < n ? (int32_t)plan->n_slots++ : -1;
	for (size_t c = 0; c < n; c++)
		if (plan->slot[c] < 0)
			plan->slot[c] = plan->rare;
	return ML_OK;
}

/* Ranks are numbers: they are imputed and scaled like numbers. */
static int
plan_ordinal(const struct fit *fit, struct ml_plan *plan, struct summary *s, struct ml_err *err)
{
	double sum = 0, square = 0;

	*s = (struct summary){.min = INFINITY, .max = -INFINITY};
	for (size_t f = 0; f < fit->table->n_frames; f++)
		for (size_t i = 0; i < fit->table->frame[f].n; i++) {
			int32_t code = fit->table->frame[f].code[plan->column][i];
			double w = weight_at(fit, f, i), v;

			if (code < 0) {
				s->missing += w > 0;
				s->missing_weight += w;
				continue;
			}
			if (!(w > 0))
				continue;
			v = plan->slot[code];
			s->present++;
			s->weight += w;
			sum += w * v;
			square += w * v * v;
			s->min = fmin(s->min, v);
			s->max = fmax(s->max, v);
		}
	if (s->present == 0)
		return ML_OK;
	s->mean = sum / s->weight;
	s->m2 = fmax(0, square - sum * s->mean);
	if (strcmp(fit->options->impute, "median") == 0 || is_scale(fit, "robust"))
		return ml_fail(
		    err, ML_EUSAGE,
		    "column '%s': ranks have a mean only: use --impute=mean and --scale=standard",
		    plan->name);
	return plan_number(fit, plan, s, err);
}

static int
work_column(void *ctx, size_t i, size_t thread, struct ml_err *err)
{
	struct fit *fit = ctx;
	struct ml_plan *plan = &fit->plan[i];

	(void)thread;
	(void)err;
	if (plan->kind == ML_PLAN_NUMBER)
		summarise(fit, plan->column, &fit->summary[i]);
	return ML_OK;
}

bool
ml_encode_is_id(const struct ml_column *column, size_t rows)
{
	return column->type == ML_CATEGORY && column->levels.n > MANY_LEVELS &&
	       column->levels.n > rows / 2;
}

/* Why a column gives no feature, or NULL. */
static const char *
useless(const struct fit *fit, const struct ml_plan *plan, const struct summary *s,
	const struct ml_column *column)
{
	if (ml_encode_is_id(column, fit->table->n_rows))
		return "looks like an id: most of its values differ";
	if (plan->kind == ML_PLAN_NUMBER || plan->kind == ML_PLAN_ORDINAL) {
		bool imputed = s->missing > 0 && !(fit->wants & ML_WANTS_MISSING);

		if (s->present == 0)
			return "has no value";
		if (s->min == s->max && !plan->indicator && !(imputed && plan->impute != s->min))
			return "is constant";
		return NULL;
	}
	if (plan->n_slots == 0)
		return "has no value";
	/* unseen levels are in the only slot, too */
	if (plan->n_slots == 1 && !(plan->kind == ML_PLAN_ONEHOT && plan->has_missing))
		return plan->rare < 0 ? "is constant" : "has rare levels only";
	return NULL;
}

static int
read_options(struct fit *fit, struct ml_err *err)
{
	char quoted[ML_QUOTED];
	const char *text = fit->options->impute;

	if (strncmp(text, "constant=", 9) == 0 &&
	    ml_num_parse(ml_str(text + 9), &fit->constant) != ML_NUM_YES)
		return ml_fail(err, ML_EUSAGE, "option '--impute': not a number: %s",
			       ml_quote(quoted, text + 9, strlen(text + 9)));
	return ML_OK;
}

static enum ml_plan_kind
kind_of(const struct fit *fit, const struct ml_column *column)
{
	const char *encode = fit->options->encode;

	if (column->type == ML_NUMERIC)
		return ML_PLAN_NUMBER;
	if (strcmp(encode, "onehot") == 0)
		return ML_PLAN_ONEHOT;
	if (strcmp(encode, "ordinal") == 0)
		return ML_PLAN_ORDINAL;
	return fit->wants & ML_WANTS_ONEHOT ? ML_PLAN_ONEHOT : ML_PLAN_CODE;
}

static int
plan_one(const struct fit *fit, struct ml_plan *plan, struct summary *s, struct ml_arena *arena,
	 struct ml_err *err)
{
	if (plan->kind == ML_PLAN_NUMBER)
		return s->present == 0 ? ML_OK : plan_number(fit, plan, s, err);
	ML_TRY(plan_category(fit, plan, arena, err));
	return plan->kind == ML_PLAN_ORDINAL ? plan_ordinal(fit, plan, s, err) : ML_OK;
}

int
ml_encode_fit(const struct ml_table *table, const bool *use, const double *const *w, unsigned wants,
	      const struct ml_encode_options *options, struct ml_pool *pool, struct ml_say *say,
	      struct ml_encoder **out, struct ml_err *err)
{
	struct fit fit = {.table = table, .options = options, .w = w, .wants = wants};
	struct ml_encoder *encoder;
	size_t n = 0, kept = 0;
	int status;

	ML_TRY(read_options(&fit, err));
	if (is_weightless(&fit))
		return ml_fail(err, ML_EINPUT, "all rows have weight zero");
	ML_TRY(ml_encoder_new(&encoder, &table->schema, wants, err));
	fit.plan = encoder->plan;
	fit.summary = ML_NEW(&encoder->arena, struct summary, table->schema.n);
	if (ml_arena_failed(&encoder->arena)) {
		status = ml_fail(err, ML_ENOMEM, "no memory for %zu columns", table->schema.n);
		goto failed;
	}
	for (size_t c = 0; c < table->schema.n; c++)
		if (use[c]) {
			fit.plan[n].column = c;
			fit.plan[n].rare = -1;
			fit.plan[n].name = table->schema.column[c].name;
			fit.plan[n++].kind = kind_of(&fit, &table->schema.column[c]);
		}
	if ((status = ml_par_for(pool, n, work_column, &fit, err)) < 0)
		goto failed;
	for (size_t i = 0; i < n; i++) {
		struct ml_plan plan = fit.plan[i];
		const struct ml_column *column = &table->schema.column[plan.column];
		const char *why;

		if ((status = plan_one(&fit, &plan, &fit.summary[i], &encoder->arena, err)) < 0)
			goto failed;
		if ((why = useless(&fit, &plan, &fit.summary[i], column)) != NULL)
			ml_warn(say, "column '%s' is left out: it %s", plan.name, why);
		else
			fit.plan[kept++] = plan;
	}
	encoder->n = kept;
	if ((status = ml_encoder_lay_out(encoder, &table->schema, err)) < 0)
		goto failed;
	*out = encoder;
	return ML_OK;
failed:
	ml_encoder_free(encoder);
	return status;
}

bool
ml_encode_streams(const struct ml_encode_options *options)
{
	return strcmp(options->scale, "minmax") != 0 && strcmp(options->scale, "robust") != 0 &&
	       strcmp(options->impute, "median") != 0;
}

int
ml_encode_from_moments(const struct ml_schema *schema, const bool *use, unsigned wants,
		       const struct ml_encode_options *options, const struct ml_moments *moments,
		       struct ml_say *say, struct ml_encoder **out, struct ml_err *err)
{
	struct fit fit = {.options = options, .wants = wants};
	size_t n = 0, side = moments->d + 1;
	const double *gram = moments->gram;
	struct ml_encoder *encoder;
	int status;

	ML_TRY(read_options(&fit, err));
	ML_TRY(ml_encoder_new(&encoder, schema, wants, err));
	for (size_t c = 0, j = 0; c < schema->n; c++) {
		struct ml_plan *plan = &encoder->plan[n];
		double delta, variance;
		struct summary s = {.present = 1};

		if (!use[c])
			continue;
		j++;
		delta = gram[j] / gram[0];
		variance = gram[j * side + j] - delta * gram[j];
		/* What is left of a constant column is rounding. */
		if (!(variance > 1e-14 * gram[j * side + j]) || !(variance > 0)) {
			ml_warn(say, "column '%s' is left out: it is constant",
				schema->column[c].name);
			continue;
		}
		s.weight = gram[0];
		s.mean = moments->centre[j - 1] + delta;
		s.m2 = variance;
		*plan = (struct ml_plan){.column = c,
					 .name = schema->column[c].name,
					 .kind = ML_PLAN_NUMBER,
					 .rare = -1};
		plan->moment = j;
		if ((status = plan_number(&fit, plan, &s, err)) < 0)
			goto failed;
		n++;
	}
	encoder->n = n;
	if ((status = ml_encoder_lay_out(encoder, schema, err)) < 0)
		goto failed;
	*out = encoder;
	return ML_OK;
failed:
	ml_encoder_free(encoder);
	return status;
}
