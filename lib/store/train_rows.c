#include "store/train_job.h"

#include <math.h>
#include <string.h>

#include "base/num.h"

static int
add_list(const struct ml_csv *csv, const char *list, const char *option, bool *member,
	 struct ml_err *err)
{
	if (list != NULL && ml_csv_list(csv, list, member, err) < 0)
		return ml_within(err, "option '--%s'", option);
	return ML_OK;
}

/* By column of the input: what is read, and as what. */
static int
read_lists(const struct ml_train *train, struct ml_roles *roles, int64_t target, int64_t weight,
	   bool *except, struct ml_err *err)
{
	const struct ml_train_options *o = train->options;
	size_t n = ml_csv_columns(train->csv);

	for (size_t c = 0; c < n; c++)
		roles->read[c] = o->columns == NULL;
	ML_TRY(add_list(train->csv, o->columns, "columns", roles->read, err));
	ML_TRY(add_list(train->csv, o->not_columns, "not-columns", except, err));
	ML_TRY(add_list(train->csv, o->numeric, "numeric", roles->numeric, err));
	ML_TRY(add_list(train->csv, o->categorical, "categorical", roles->categorical, err));
	for (size_t c = 0; c < n; c++)
		roles->read[c] = roles->read[c] && !except[c];
	roles->read[target] = true;
	if (weight >= 0)
		roles->read[weight] = roles->numeric[weight] = true;
	return ML_OK;
}

int
ml_roles_find(struct ml_job *job)
{
	const struct ml_csv *csv = job->train->csv;
	const struct ml_train_options *o = job->train->options;
	struct ml_roles *roles = &job->roles;
	struct ml_err *err = job->err;
	size_t n = ml_csv_columns(csv);
	bool *except = ML_NEW(&job->arena, bool, n);
	int64_t target, weight = -1;

	roles->read = ML_NEW(&job->arena, bool, n);
	roles->numeric = ML_NEW(&job->arena, bool, n);
	roles->categorical = ML_NEW(&job->arena, bool, n);
	roles->feature = ML_NEW(&job->arena, bool, n);
	if (ml_arena_failed(&job->arena))
		return ml_job_no_memory(job, "the columns");
	if ((target = ml_csv_find(csv, o->target, err)) < 0)
		return ml_within(err, "option '--target'");
	if (o->weight != NULL && (weight = ml_csv_find(csv, o->weight, err)) < 0)
		return ml_within(err, "option '--weight'");
	ML_TRY(read_lists(job->train, roles, target, weight, except, err));
	roles->weight = SIZE_MAX;
	for (size_t c = 0; c < n; c++) {
		if (!roles->read[c])
			continue;
		if (!ml_utf8_valid(ml_csv_name(csv, c), strlen(ml_csv_name(csv, c))))
			return ml_fail(err, ML_EINPUT, "%s: the name of column %zu is not UTF-8",
				       ml_csv_path(csv), c + 1);
		if ((int64_t)c == target)
			roles->target = roles->n;
		if ((int64_t)c == weight)
			roles->weight = roles->n;
		roles->feature[roles->n++] = (int64_t)c != target && (int64_t)c != weight;
	}
	return ML_OK;
}

/* Keeps the rows of a frame for which KEEP is set. */
static void
compact(struct ml_frame *frame, const struct ml_schema *schema, const bool *keep)
{
	size_t n = 0;

	for (size_t c = 0; c < schema->n; c++) {
		n = 0;
		for (size_t i = 0; i < frame->n; i++) {
			if (!keep[i])
				continue;
			if (schema->column[c].type == ML_NUMERIC)
				frame->number[c][n] = frame->number[c][i];
			else
				frame->code[c][n] = frame->code[c][i];
			n++;
		}
	}
	frame->n = n;
}

static bool
weighs_nothing(const struct ml_table *table, size_t weight)
{
	for (size_t f = 0; f < table->n_frames; f++)
		for (size_t i = 0; i < table->frame[f].n; i++)
			if (table->frame[f].number[weight][i] > 0)
				return false;
	return true;
}

int
ml_rows_clean(struct ml_job *job)
{
	const struct ml_train *train = job->train;
	const struct ml_roles *roles = &job->roles;
	struct ml_table *table = job->table;
	struct ml_err *err = job->err;
	bool numeric = table->schema.column[roles->target].type == ML_NUMERIC;
	bool keep[ML_BLOCK];
	size_t dropped = 0, row = 0;

	for (size_t f = 0; f < table->n_frames; f++) {
		struct ml_frame *frame = &table->frame[f];
		size_t missing = 0;

		for (size_t i = 0; roles->weight != SIZE_MAX && i < frame->n; i++)
			if (!(frame->number[roles->weight][i] >= 0))
				return ml_fail(
				    err, ML_EINPUT,
				    "%s: row %zu: column '%s': a weight is missing or negative",
				    ml_csv_path(train->csv), row + i + 1,
				    table->schema.column[roles->weight].name);
		row += frame->n;
		for (size_t i = 0; i < frame->n; i++) {
			keep[i] = numeric ? !isnan(frame->number[roles->target][i])
					  : frame->code[roles->target][i] >= 0;
			missing += !keep[i];
		}
		if (missing > 0)
			compact(frame, &table->schema, keep);
		dropped += missing;
	}
	table->n_rows -= dropped;
	if (table->n_rows == 0)
		return ml_fail(err, ML_EINPUT, "%s: no rows with a target to learn from",
			       ml_csv_path(train->csv));
	if (roles->weight != SIZE_MAX && weighs_nothing(table, roles->weight))
		return ml_fail(err, ML_EINPUT, "%s: column '%s': all weights are zero",
			       ml_csv_path(train->csv), table->schema.column[roles->weight].name);
	if (dropped > 0)
		ml_warn(train->say, "rows without a target, left out: %zu", dropped);
	return ML_OK;
}

bool
ml_rows_binary(const double *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (y[i] != 0 && y[i] != 1)
			return false;
	return true;
}

static bool
only_zero_and_one(const struct ml_table *table, size_t target)
{
	for (size_t f = 0; f < table->n_frames; f++)
		if (!ml_rows_binary(table->frame[f].number[target], table->frame[f].n))
			return false;
	return true;
}

/* Numbers to levels: the distinct values in ascending order, as their shortest text. */
static int
to_category(struct ml_table *table, size_t target, struct ml_err *err)
{
	enum { MANY = 10000 };
	struct ml_column *column = &table->schema.column[target];
	struct ml_dict found = {0};
	struct ml_err full = {0};
	int32_t *rank;

	for (size_t f = 0; f < table->n_frames && full.status == ML_OK; f++) {
		struct ml_frame *frame = &table->frame[f];

		frame->code[target] = ML_NEW(&table->arena, int32_t, frame->n);
		for (size_t i = 0; i < frame->n && !ml_arena_failed(&table->arena); i++) {
			char text[ML_NUM_TEXT];
			size_t n =
			    ml_num_format(text, frame->number[target][i] + 0.0); /* -0 is 0 */

			frame->code[target][i] = ml_dict_add(&found, (struct ml_str){text, n});
			if (frame->code[target][i] < 0)
				table->arena.failed = true;
		}
		if (ml_arena_failed(&table->arena))
			ml_fail(&full, ML_ENOMEM, "no memory for the classes");
		else if (found.n > MANY)
			ml_fail(&full, ML_EINPUT,
				"column '%s': more than %d classes; use --task=regress",
				column->name, MANY);
	}
	rank = ML_NEW(&table->arena, int32_t, found.n);
	if (full.status == ML_OK && rank == NULL)
		ml_fail(&full, ML_ENOMEM, "no memory for the classes");
	if (full.status == ML_OK)
		ml_levels_sort(&found, &column->levels, rank, &full);
	for (size_t f = 0; f < table->n_frames && full.status == ML_OK; f++) {
		struct ml_frame *frame = &table->frame[f];

		for (size_t i = 0; i < frame->n; i++)
			frame->code[target][i] = rank[frame->code[target][i]];
		frame->number[target] = NULL;
	}
	ml_dict_free(&found);
	column->type = ML_CATEGORY;
	return full.status == ML_OK ? ML_OK : ml_fail(err, full.status, "%s", full.text);
}

int
ml_rows_task(struct ml_job *job)
{
	const struct ml_train *train = job->train;
	struct ml_table *table = job->table;
	size_t target = job->roles.target;
	unsigned *task = &job->bundle->task;
	struct ml_err *err = job->err;
	const struct ml_column *column = &table->schema.column[target];
	const char *wish = train->options->task;
	unsigned can = train->type == NULL ? ML_CLASSIFY | ML_REGRESS : train->type->tasks;

	*task = strcmp(wish, "class") == 0					  ? ML_CLASSIFY
		: strcmp(wish, "regress") == 0					  ? ML_REGRESS
		: (can & (can - 1)) == 0					  ? can
		: column->type == ML_CATEGORY || only_zero_and_one(table, target) ? ML_CLASSIFY
										  : ML_REGRESS;
	if (!(can & *task))
		return ml_fail(err, ML_EUSAGE, "algorithm '%s' does no %s", train->type->name,
			       *task == ML_CLASSIFY ? "classification" : "regression");
	if (*task == ML_REGRESS && column->type == ML_CATEGORY)
		return ml_fail(err, ML_EINPUT, "%s: target '%s' is text: regression needs numbers",
			       ml_csv_path(train->csv), column->name);
	if (*task == ML_CLASSIFY && column->type == ML_NUMERIC)
		return to_category(table, target, err);
	return ML_OK;
}

int
ml_rows_classes(struct ml_job *job, int32_t **class_of_level)
{
	const struct ml_column *target = &job->table->schema.column[job->roles.target];
	struct ml_bundle *bundle = job->bundle;
	struct ml_err *err = job->err;
	const char *positive = job->train->options->positive;
	size_t k = target->levels.n;
	int64_t last = (int64_t)k - 1;
	char quoted[ML_QUOTED];

	bundle->class_name = ML_NEW(&bundle->arena, const char *, k);
	*class_of_level = ML_NEW(&bundle->arena, int32_t, k);
	if (positive != NULL && k != 2)
		return ml_fail(err, ML_EUSAGE,
			       "option '--positive': the target has %zu classes, not 2", k);
	if (positive != NULL && (last = ml_dict_find(&target->levels, ml_str(positive))) < 0)
		return ml_fail(err, ML_EUSAGE, "option '--positive': no such class: %s",
			       ml_quote(quoted, positive, strlen(positive)));
	for (size_t level = 0; level < k && !ml_arena_failed(&bundle->arena); level++) {
		size_t class = (int64_t)level == last ? k - 1 : level - ((int64_t)level > last);

		(*class_of_level)[level] = (int32_t) class;
		bundle->class_name[class] = ml_arena_text(
		    &bundle->arena, target->levels.text[level].p, target->levels.text[level].n);
	}
	bundle->shape.k = k;
	return ml_arena_failed(&bundle->arena) ? ml_fail(err, ML_ENOMEM, "no memory") : ML_OK;
}

/* LABEL=W,...: labels not named weigh 1. */
static int
parse_class_weights(const char *list, const struct ml_bundle *bundle, double *weight,
		    struct ml_err *err)
{
	char quoted[ML_QUOTED];

	while (*list != '\0') {
		size_t n = strcspn(list, ","), k = n, class = 0;
		double value;

		while (k > 0 && list[k - 1] != '=')
			k--;
		while (class < bundle->shape.k && k > 0 &&
		       !ml_str_is((struct ml_str){list, k - 1}, bundle->class_name[class]))
			class ++;
		if (k > 0 && class == bundle->shape.k)
			return ml_fail(err, ML_EUSAGE, "option '--class-weight': no such class: %s",
				       ml_quote(quoted, list, k - 1));
		if (k == 0 ||
		    ml_num_parse((struct ml_str){list + k, n - k}, &value) != ML_NUM_YES ||
		    !(value >= 0))
			return ml_fail(err, ML_EUSAGE,
				       "option '--class-weight': expected none, balanced or "
				       "LABEL=W,..., not %s",
				       ml_quote(quoted, list, n));
		weight[class] = value;
		list += n + (list[n] == ',');
	}
	return ML_OK;
}

/* The factor of each class: n / (k n_c) for "balanced", in weights. */
static int
class_weights(const struct ml_train *train, const struct ml_table *table,
	      const struct ml_bundle *bundle, const double *const *y, const double *const *w,
	      double *weight, struct ml_err *err)
{
	size_t k = bundle->shape.k;
	double all = 0;

	if (strcmp(train->options->class_weight, "balanced") != 0) {
		for (size_t c = 0; c < k; c++)
			weight[c] = 1;
		return parse_class_weights(train->options->class_weight, bundle, weight, err);
	}
	for (size_t f = 0; f < table->n_frames; f++)
		for (size_t i = 0; i < table->frame[f].n; i++) {
			double one = w == NULL ? 1 : w[f][i];

			weight[(size_t)y[f][i]] += one;
			all += one;
		}
	for (size_t c = 0; c < k; c++)
		weight[c] = weight[c] > 0 ? all / ((double)k * weight[c]) : 0;
	return ML_OK;
}

/* Row weights times class weights. */
static int
weigh_classes(struct ml_job *job, struct ml_targets *t)
{
	const struct ml_table *table = job->table;
	const struct ml_bundle *bundle = job->bundle;
	struct ml_arena *arena = &job->arena;
	double *factor = ML_NEW(arena, double, bundle->shape.k);

	t->w = ML_NEW(arena, const double *, table->n_frames);
	if (ml_arena_failed(arena))
		return ml_job_no_memory(job, "the weights");
	ML_TRY(class_weights(job->train, table, bundle, t->y, t->weight, factor, job->err));
	for (size_t f = 0; f < table->n_frames; f++) {
		double *product = ML_NEW(arena, double, table->frame[f].n);

		if (product == NULL)
			return ml_job_no_memory(job, "the weights");
		for (size_t i = 0; i < table->frame[f].n; i++)
			product[i] =
			    (t->weight == NULL ? 1 : t->weight[f][i]) * factor[(size_t)t->y[f][i]];
		t->w[f] = product;
	}
	return ML_OK;
}

int
ml_rows_targets(struct ml_job *job, const int32_t *class_of_level, struct ml_targets *t)
{
	const struct ml_table *table = job->table;
	const struct ml_roles *roles = &job->roles;
	struct ml_arena *arena = &job->arena;
	bool classes = job->bundle->task == ML_CLASSIFY;

	*t = (struct ml_targets){.y = ML_NEW(arena, const double *, table->n_frames)};
	if (roles->weight != SIZE_MAX)
		t->weight = ML_NEW(arena, const double *, table->n_frames);
	for (size_t f = 0; f < table->n_frames && !ml_arena_failed(arena); f++) {
		const struct ml_frame *frame = &table->frame[f];
		double *class = classes ? ML_NEW(arena, double, frame->n) : NULL;

		if (t->weight != NULL)
			t->weight[f] = frame->number[roles->weight];
		t->y[f] = classes ? class : frame->number[roles->target];
		for (size_t i = 0; i < frame->n && class != NULL; i++)
			class[i] = class_of_level[frame->code[roles->target][i]];
	}
	t->w = t->weight;
	if (ml_arena_failed(arena))
		return ml_job_no_memory(job, "the targets");
	if (strcmp(job->train->options->class_weight, "none") == 0)
		return ML_OK;
	if (!classes)
		return ml_fail(job->err, ML_EUSAGE,
			       "option '--class-weight' needs a target of classes");
	return weigh_classes(job, t);
}
