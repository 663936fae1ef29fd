#include "eval/outcome.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "eval/classes.h"
#include "eval/outcome_columns.h"
#include "table/flow.h"

struct ml_outcome {
	struct ml_outcome_columns columns;
	struct ml_classes classes;
	struct ml_label_counter *labels; /* NULL: known to be regression */
	struct ml_error_counter *errors; /* NULL: known to be classification */
	struct ml_tallies tallies;
};

/* The reading of one input. */
struct reading {
	const struct ml_outcome_options *options;
	struct ml_outcome *outcome;
	struct ml_csv *csv;
	struct ml_say *say;
	size_t rows;
	bool binary;	   /* no number but 0 and 1 in the target so far */
	int64_t text_line; /* of the first prediction that is not a number; 0: none */
};

/* Beside each batch on its way.  The labels that it has met keep their code for good. */
struct block {
	struct ml_scored rows;
	struct ml_dict labels;
	int32_t global[ML_MAX_CLASSES]; /* code in the dictionary -> class; -1: not yet known */
	int32_t truth[ML_BLOCK], guess[ML_BLOCK];
	double target[ML_BLOCK], prediction[ML_BLOCK];
	double *proba;
	bool too_many; /* labels */
	bool text;     /* the target is not a number somewhere */
	bool odd;      /* the target has another number than 0 and 1 */
	int64_t text_line;
};

static const char *
missing(const struct ml_cells *cells, size_t row)
{
	bool is = cells->text != NULL ? cells->text[row].p == NULL : isnan(cells->number[row]);

	return is ? "missing value" : NULL;
}

/* What is wrong with a row, and in which column, or NULL. */
static const char *
find_fault(const struct ml_outcome_columns *c, const struct ml_cells *cells, size_t row,
	   size_t *column)
{
	const char *fault = missing(&cells[ *column = c->target], row);
	double sum = 0;

	if (fault == NULL && c->prediction >= 0)
		fault = missing(&cells[ *column = (size_t)c->prediction], row);
	if (fault == NULL && c->weight >= 0) {
		fault = missing(&cells[ *column = (size_t)c->weight], row);
		if (fault == NULL && cells[*column].number[row] < 0)
			fault = "negative weight";
	}
	for (size_t j = 0; fault == NULL && j < c->m; j++) {
		double p = cells[ *column = c->proba[j]].number[row];

		if (isnan(p))
			fault = "missing value";
		else if (c->m > 1 && !(p >= 0 && p <= 1))
			fault = "not a probability: not in 0..1";
		sum += p;
	}
	/* Two decimals of each are enough. */
	if (fault == NULL && c->m > 1 && fabs(sum - 1) > 0.005 * (double)c->m + 1e-9)
		fault = "the probabilities of the row don't add up to 1";
	return fault;
}

static int
check_rows(const struct reading *in, struct ml_batch *batch, struct ml_err *err)
{
	for (size_t row = 0; row < batch->n_rows;) {
		size_t column;
		const char *fault = find_fault(&in->outcome->columns, batch->cells, row, &column);

		if (fault == NULL) {
			row++;
			continue;
		}
		ml_fail(err, ML_EINPUT, "%s", fault);
		/* Either fails, or takes the row out. */
		ML_TRY(ml_csv_place(in->csv, batch, row, column, err));
	}
	return ML_OK;
}

/* Codes of this block. */
static int
code_labels(struct block *block, const struct ml_str *text, size_t n, int32_t *code,
	    struct ml_err *err)
{
	for (size_t i = 0; i < n && !block->too_many; i++) {
		int32_t c = ml_dict_find(&block->labels, text[i]);

		if (c < 0) {
			if (block->labels.n >= ML_MAX_CLASSES) {
				block->too_many = true;
				return ML_OK;
			}
			if ((c = ml_dict_add(&block->labels, text[i])) < 0)
				return ml_fail(err, ML_ENOMEM, "no memory for labels");
			block->global[c] = -1;
		}
		code[i] = c;
	}
	return ML_OK;
}

/* Labels that may be numbers: both readings are kept until the end of the input decides. */
static void
read_numbers(struct block *block, const struct ml_batch *batch, const struct ml_str *target,
	     const struct ml_str *prediction)
{
	for (size_t i = 0; i < batch->n_rows && !block->text; i++) {
		if (ml_num_parse(target[i], &block->target[i]) != ML_NUM_YES)
			block->text = true;
		block->odd |= block->target[i] != 0 && block->target[i] != 1;
		if (ml_num_parse(prediction[i], &block->prediction[i]) == ML_NUM_YES)
			continue;
		block->prediction[i] = 0;
		if (block->text_line == 0)
			block->text_line = (int64_t)batch->line[i];
	}
}

static int
gather_proba(const struct ml_outcome_columns *c, const struct ml_cells *cells, struct block *block,
	     struct ml_err *err)
{
	if (c->m == 1)
		block->rows.proba = cells[c->proba[0]].number;
	if (c->m < 2)
		return ML_OK;
	if (block->proba == NULL &&
	    (block->proba = ml_alloc(ML_BLOCK * c->m, sizeof *block->proba)) == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory for %zu probabilities", c->m);
	for (size_t j = 0; j < c->m; j++) {
		const double *p = cells[c->proba[j]].number;

		for (size_t i = 0; i < block->rows.n; i++)
			block->proba[i * c->m + j] = p[i];
	}
	block->rows.proba = block->proba;
	return ML_OK;
}

static int
code_block(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err)
{
	const struct reading *in = ctx;
	const struct ml_outcome_columns *c = &in->outcome->columns;
	struct block *block = own;
	const struct ml_cells *target = &batch->cells[c->target];
	const struct ml_cells *prediction =
	    c->prediction >= 0 ? &batch->cells[c->prediction] : NULL;

	ML_TRY(check_rows(in, batch, err));
	block->rows = (struct ml_scored){.n = batch->n_rows};
	if (c->weight >= 0)
		block->rows.weight = batch->cells[c->weight].number;
	block->rows.target = block->target;
	block->rows.prediction = block->prediction;
	if (c->task == ML_REGRESS) {
		block->rows.target = target->number;
		block->rows.prediction = prediction->number;
		return ML_OK;
	}
	ML_TRY(code_labels(block, target->text, batch->n_rows, block->truth, err));
	block->rows.truth = block->truth;
	if (prediction != NULL) {
		ML_TRY(code_labels(block, prediction->text, batch->n_rows, block->guess, err));
		block->rows.guess = block->guess;
	}
	if (c->task == 0 && !block->text)
		read_numbers(block, batch, target->text, prediction->text);
	return gather_proba(c, batch->cells, block, err);
}

/* From codes of the block to classes. */
static int
map_labels(struct ml_classes *classes, struct block *block, int32_t *code, struct ml_err *err)
{
	for (size_t i = 0; i < block->rows.n; i++) {
		int32_t *global = &block->global[code[i]];

		if (*global < 0)
			*global = ml_classes_add(classes, block->labels.text[code[i]]);
		if (*global < 0)
			return ml_fail(err, ML_ENOMEM, "no memory for labels");
		code[i] = *global;
	}
	return ML_OK;
}

/* More labels than classes may be: these are numbers, or the column is not what was meant. */
static int
give_up_labels(struct reading *in, struct ml_err *err)
{
	struct ml_outcome *o = in->outcome;

	ml_label_counter_free(o->labels);
	o->labels = NULL;
	if (o->errors == NULL)
		return ml_fail(err, ML_EINPUT, "%s: column '%s' has more than %d classes",
			       ml_csv_path(in->csv), in->options->target, ML_MAX_CLASSES);
	return ML_OK;
}

static int
add_labels(struct reading *in, struct block *block, struct ml_err *err)
{
	struct ml_outcome *o = in->outcome;

	if (!block->too_many) {
		ML_TRY(map_labels(&o->classes, block, block->truth, err));
		if (block->rows.guess != NULL)
			ML_TRY(map_labels(&o->classes, block, block->guess, err));
	}
	if (block->too_many || o->classes.dict.n > ML_MAX_CLASSES)
		return give_up_labels(in, err);
	return ml_label_counter_add(o->labels, &block->rows, err);
}

static int
count_block(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err)
{
	struct reading *in = ctx;
	struct ml_outcome *o = in->outcome;
	struct block *block = own;

	(void)batch;
	if (block->text && o->errors != NULL) {
		ml_error_counter_free(o->errors);
		o->errors = NULL;
		if (o->labels == NULL)
			return give_up_labels(in, err);
	}
	in->binary &= !block->odd;
	if (o->labels != NULL)
		ML_TRY(add_labels(in, block, err));
	if (in->text_line == 0)
		in->text_line = block->text_line;
	if (o->errors != NULL)
		ML_TRY(ml_error_counter_add(o->errors, &block->rows, err));
	in->rows += block->rows.n;
	return ML_OK;
}

static void
clear_block(void *ctx, void *own)
{
	struct block *block = own;

	(void)ctx;
	ml_dict_free(&block->labels);
	ml_free(block->proba);
}

static int
new_counters(struct ml_outcome *o, const struct ml_outcome_options *options, struct ml_err *err)
{
	const struct ml_outcome_columns *c = &o->columns;
	struct ml_label_options labels = {.needs = c->needs,
					  .m = c->m,
					  .weighted = c->weight >= 0,
					  .every = ml_figures_every_class(options->asked),
					  .by_threshold = c->by_threshold,
					  .threshold = c->threshold};
	struct ml_str positive = ml_str(options->positive);

	/* Columns of probabilities are the first classes; so is the one that a score is of. */
	for (size_t j = 0; j < c->m && c->m > 1; j++)
		if (ml_classes_add(&o->classes, c->label[j]) < 0)
			return ml_fail(err, ML_ENOMEM, "no memory for labels");
	if (c->m < 2 && positive.p != NULL && ml_classes_add(&o->classes, positive) < 0)
		return ml_fail(err, ML_ENOMEM, "no memory for labels");
	if (c->m > 1 && o->classes.dict.n < c->m)
		return ml_fail(err, ML_EINPUT,
			       "two columns of probabilities are of the same class");
	if (c->m == 2)
		labels.positive = positive.p != NULL
				      ? ml_classes_find(&o->classes, positive) == 1
				      : ml_classes_compare(o->classes.dict.text[0],
							   o->classes.dict.text[1], true) < 0;
	if (c->task != ML_REGRESS)
		ML_TRY(ml_label_counter_new(&o->labels, &labels, err));
	if (c->task != ML_CLASSIFY)
		ML_TRY(ml_error_counter_new(&o->errors, c->weight >= 0, options->quantile, err));
	return ML_OK;
}

/* A score of a target of which only one class is there: the other is known of 0 and 1 alone. */
static int
complete_two(struct ml_outcome *o, const struct ml_outcome_options *options, struct ml_err *err)
{
	struct ml_str only = o->classes.dict.text[0];
	char quoted[ML_QUOTED];

	if (!ml_str_is(only, "0") && !ml_str_is(only, "1"))
		return ml_fail(err, ML_EFEW,
			       "column '%s' has a single class, %s: what the score is of is not "
			       "known%s",
			       options->target, ml_quote(quoted, only.p, only.n),
			       options->positive == NULL ? " (see --positive)" : "");
	if (ml_classes_add(&o->classes, ml_str(ml_str_is(only, "0") ? "1" : "0")) < 0)
		return ml_fail(err, ML_ENOMEM, "no memory for labels");
	return ML_OK;
}

struct others {
	const struct ml_classes *classes;
	const char *but;
};

static const char *
label_at(const void *ctx, size_t i)
{
	const struct others *others = ctx;
	const char *label = others->classes->label[i];

	return strcmp(label, others->but) == 0 ? "" : label;
}

static int
unknown_positive(const struct ml_outcome *o, const char *positive, struct ml_err *err)
{
	char quoted[ML_QUOTED];
	struct others others = {&o->classes, positive};
	const char *near = ml_nearest(positive, o->classes.dict.n, label_at, &others);
	bool other = near != NULL && *near != '\0';

	return ml_fail(err, ML_EUSAGE, "option '--positive': no row has class %s%s%s%s",
		       ml_quote(quoted, positive, strlen(positive)),
		       other ? " (did you mean '" : "", other ? near : "", other ? "'?)" : "");
}

/* The class that plain precision is of: k where there is none. */
static int
find_positive(const struct ml_outcome *o, const char *positive, size_t *class, struct ml_err *err)
{
	size_t k = o->classes.dict.n;
	int32_t code;

	*class = k == 2 ? 1 : k == 1 ? 0 : k;
	if (positive == NULL)
		return ML_OK;
	if ((code = ml_classes_find(&o->classes, ml_str(positive))) < 0)
		return unknown_positive(o, positive, err);
	for (*class = 0; o->classes.order[*class] != (size_t)code; ++*class)
		continue;
	return ML_OK;
}

/* A class that the model could not know has probability 0, if there are others that it knew. */
static int
check_known(const struct reading *in, struct ml_err *err)
{
	const struct ml_outcome *o = in->outcome;
	const struct ml_tally *t = &o->tallies.model;
	size_t unknown = 0, rows = 0;
	char quoted[ML_QUOTED];

	for (size_t i = 0; i < t->k && o->columns.m > 1; i++)
		if (o->classes.order[i] >= o->columns.m && t->label_rows[i] > 0) {
			unknown = i;
			rows += t->label_rows[i];
		}
	if (rows == 0)
		return ML_OK;
	ml_quote(quoted, t->label[unknown], strlen(t->label[unknown]));
	if (rows == t->rows)
		return ml_fail(err, ML_EINPUT,
			       "%s: no class of column '%s' has a column p_CLASS: %s, for example",
			       ml_csv_path(in->csv), in->options->target, quoted);
	ml_warn(in->say,
		"%zu rows have a class without a column p_CLASS (such as %s): its "
		"probability is taken as 0",
		rows, quoted);
	return ML_OK;
}

static int
finish_labels(const struct reading *in, struct ml_pool *pool, struct ml_err *err)
{
	struct ml_outcome *o = in->outcome;
	const char *positive = in->options->positive;
	const struct ml_tally *t = &o->tallies.model;
	struct ml_label_end end;

	if (o->columns.m == 1 && o->classes.dict.n == 1)
		ML_TRY(complete_two(o, in->options, err));
	ML_TRY(ml_classes_order(&o->classes, err));
	end = (struct ml_label_end){
	    .k = o->classes.dict.n, .order = o->classes.order, .label = o->classes.label};
	if (o->columns.m == 1 && end.k > 2)
		return ml_fail(err, ML_EINPUT,
			       "%s: column '%s' has %zu classes ('%s', '%s', '%s'%s), and a score "
			       "is of two",
			       ml_csv_path(in->csv), in->options->target, end.k, end.label[0],
			       end.label[1], end.label[2], end.k > 3 ? " ..." : "");
	ML_TRY(find_positive(o, positive, &end.positive, err));
	ML_TRY(ml_label_counter_finish(o->labels, &end, pool, &o->tallies, err));
	if (positive != NULL && end.k > 2 && t->truth[end.positive] + t->guess[end.positive] == 0)
		return unknown_positive(o, positive, err);
	return check_known(in, err);
}

static int
finish(const struct reading *in, struct ml_pool *pool, struct ml_err *err)
{
	struct ml_outcome *o = in->outcome;
	bool numbers = o->errors != NULL && (o->labels == NULL || !in->binary);

	if (in->rows == 0)
		return ml_fail(err, ML_EFEW, "%s: no rows", ml_csv_path(in->csv));
	if (numbers && in->text_line != 0)
		return ml_fail(err, ML_EINPUT,
			       "%s:%lld: column '%s': not a number, and column '%s' has numbers: "
			       "say --task class if they are classes",
			       ml_csv_path(in->csv), (long long)in->text_line,
			       in->options->prediction, in->options->target);
	if (numbers)
		ML_TRY(ml_error_counter_finish(o->errors, pool, &o->tallies, err));
	else
		ML_TRY(finish_labels(in, pool, err));
	if (!(o->tallies.model.weight > 0))
		return ml_fail(err, ML_EFEW, "%s: all weights are 0", ml_csv_path(in->csv));
	return ML_OK;
}

int
ml_outcome_read(struct ml_csv *csv, const struct ml_outcome_options *options, struct ml_pool *pool,
		struct ml_say *say, struct ml_outcome **outcome, struct ml_err *err)
{
	struct ml_csv_flow flow = {"reading",  NULL,	    sizeof(struct block),
				   code_block, count_block, clear_block};
	struct reading in = {.options = options, .csv = csv, .say = say, .binary = true};
	struct ml_outcome *o = in.outcome = *outcome = ml_alloc(1, sizeof *o);

	if (o == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	ML_TRY(ml_outcome_bind(&o->columns, csv, options, err));
	ML_TRY(new_counters(o, options, err));
	flow.want = o->columns.want;
	ML_TRY(ml_csv_flow_run(csv, &flow, pool, say, &in, err));
	return finish(&in, pool, err);
}

const struct ml_tallies *
ml_outcome_tallies(const struct ml_outcome *outcome)
{
	return &outcome->tallies;
}

void
ml_outcome_free(struct ml_outcome *o)
{
	if (o == NULL)
		return;
	ml_label_counter_free(o->labels);
	ml_error_counter_free(o->errors);
	ml_classes_free(&o->classes);
	ml_arena_free(&o->columns.arena);
	ml_free(o);
}
