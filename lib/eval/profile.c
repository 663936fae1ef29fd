#include "eval/profile.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "eval/profiler.h"
#include "num/sort.h"

enum { LANES = 8 };

int
ml_profiler_new(struct ml_profiler **profiler, size_t n_columns, uint64_t seed, struct ml_err *err)
{
	struct ml_profiler *p = ml_alloc(1, sizeof *p);

	if (p == NULL || (p->column = ml_alloc(n_columns, sizeof *p->column)) == NULL) {
		ml_free(p);
		return ml_fail(err, ML_ENOMEM, "no memory to profile %zu columns", n_columns);
	}
	p->n_columns = n_columns;
	p->seed = seed;
	*profiler = p;
	return ML_OK;
}

void
ml_profiler_free(struct ml_profiler *p)
{
	if (p == NULL)
		return;
	for (size_t j = 0; j < p->n_columns; j++) {
		ml_free(p->column[j].value);
		ml_free(p->column[j].count);
	}
	ml_free(p->column);
	ml_free(p->key);
	ml_free(p);
}

void
ml_profiler_compare(struct ml_profiler *profiler, const struct ml_profile *reference)
{
	profiler->reference = reference;
}

/* Sample. */

static int
sample_reserve(struct ml_profiler *p, size_t more, struct ml_err *err)
{
	size_t room = p->n_sample + more;
	double *q;

	if (room <= p->room)
		return ML_OK;
	if (p->room > 0 && room < 2 * p->room)
		room = 2 * p->room;
	if ((q = ml_realloc(p->key, room, sizeof *q)) == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory for a sample of rows");
	p->key = q;
	for (size_t j = 0; j < p->n_columns; j++) {
		struct ml_profile_sums *s = &p->column[j];

		if (s->is_category)
			continue;
		if ((q = ml_realloc(s->value, room, sizeof *q)) == NULL)
			return ml_fail(err, ML_ENOMEM, "no memory for a sample of rows");
		s->value = q;
	}
	p->room = room;
	return ML_OK;
}

int
ml_profiler_prune(struct ml_profiler *p, struct ml_err *err)
{
	size_t n = p->n_sample, kept = 0, ties = ML_PROFILE_SAMPLE;
	double *sorted, cut;

	if (n <= ML_PROFILE_SAMPLE)
		return ML_OK;
	if ((sorted = ml_alloc(2 * n, sizeof *sorted)) == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory for a sample of rows");
	memcpy(sorted, p->key, n * sizeof *sorted);
	ml_sort(sorted, n, sorted + n);
	cut = sorted[ML_PROFILE_SAMPLE - 1];
	ml_free(sorted);
	for (size_t i = 0; i < n; i++)
		ties -= p->key[i] < cut;
	for (size_t i = 0; i < n; i++) {
		if (p->key[i] > cut || (!(p->key[i] < cut) && ties == 0))
			continue;
		ties -= !(p->key[i] < cut);
		for (size_t j = 0; j < p->n_columns; j++)
			if (!p->column[j].is_category)
				p->column[j].value[kept] = p->column[j].value[i];
		p->key[kept++] = p->key[i];
	}
	p->n_sample = kept;
	return ML_OK;
}

/*
 * Copies the rows that may be among the smallest keys of the whole.  After n rows the sample's
 * largest key is near K/n; ten standard deviations above, no row is kept that a frame can tell to
 * be out.  (Were the bound ever too low, the sample would be smaller, and as uniform.)
 */
static int
sample_add(struct ml_profiler *p, const struct ml_frame *frame, size_t first_row,
	   struct ml_err *err)
{
	double seen = (double)first_row + (double)frame->n, size = ML_PROFILE_SAMPLE;
	double bound = seen <= size ? 1 : (size + 10 * sqrt(size)) / seen;
	uint16_t row[ML_BLOCK];
	double key[ML_BLOCK];
	size_t n = 0;

	for (size_t i = 0; i < frame->n; i++) {
		key[n] = ml_rng_uniform(p->seed, ML_RNG_SAMPLE, first_row + i);
		row[n] = (uint16_t)i;
		n += key[n] < bound;
	}
	ML_TRY(sample_reserve(p, n, err));
	memcpy(p->key + p->n_sample, key, n * sizeof *key);
	for (size_t j = 0; j < p->n_columns; j++) {
		double *to = p->column[j].value + p->n_sample;

		if (p->column[j].is_category)
			continue;
		for (size_t i = 0; i < n; i++)
			to[i] = frame->number[j][row[i]];
	}
	p->n_sample += n;
	return p->n_sample >= (size_t)2 * ML_PROFILE_SAMPLE ? ml_profiler_prune(p, err) : ML_OK;
}

/* Sums. */

/*
 * Joins moments of neighbours (Chan, Golub, LeVeque 1979).  Where the difference of the means is
 * beyond the doubles, shares of them are added instead.
 */
static void
moments_join(struct ml_profile_sums *a, size_t n, double mean, double squares)
{
	double all = (double)(a->n + n), delta = mean - a->mean;

	if (n == 0)
		return;
	if (a->n == 0) {
		a->mean = mean;
		a->squares = squares;
	} else {
		double share = (double)n / all;

		a->squares += squares + delta * delta * ((double)a->n * share);
		if (isfinite(delta))
			a->mean += delta * share;
		else
			a->mean = a->mean * ((double)a->n / all) + mean * share;
	}
	a->n += n;
}

/* In LANES running results, combined in their order: the same for any width of vectors. */
static void
number_add(struct ml_profile_sums *s, const double *v, size_t n)
{
	double count[LANES] = {0}, sum[LANES] = {0}, squares[LANES] = {0};
	double low[LANES], high[LANES], total = 0, mean = 0, spread = 0, values = 0;
	double last[LANES];
	size_t whole = n - n % LANES;

	for (int l = 0; l < LANES; l++) {
		low[l] = HUGE_VAL;
		high[l] = -HUGE_VAL;
		last[l] = whole + (size_t)l < n ? v[whole + (size_t)l] : (double)NAN;
	}
	/* scaled by 2^-13, so that no sum of a block overflows */
	for (size_t i = 0; i < n; i += LANES) {
		const double *p = i < whole ? v + i : last;

		for (int l = 0; l < LANES; l++) {
			double x = p[l];

			count[l] += x == x ? 1 : 0;
			sum[l] += x == x ? x * 0x1p-13 : 0;
			low[l] = x < low[l] ? x : low[l];
			high[l] = x > high[l] ? x : high[l];
		}
	}
	for (int l = 0; l < LANES; l++) {
		values += count[l];
		total += sum[l];
		s->min = low[l] < s->min ? low[l] : s->min;
		s->max = high[l] > s->max ? high[l] : s->max;
	}
	s->missing += n - (size_t)values;
	if (values == 0)
		return;
	mean = total / values * 0x1p13;
	for (size_t i = 0; i < n; i += LANES) {
		const double *p = i < whole ? v + i : last;

		for (int l = 0; l < LANES; l++) {
			double d = p[l] == p[l] ? p[l] - mean : 0;

			squares[l] += d * d;
		}
	}
	for (int l = 0; l < LANES; l++)
		spread += squares[l];
	moments_join(s, (size_t)values, mean, spread);
}

static size_t
outside(const double *v, size_t n, double min, double max)
{
	double count[LANES] = {0};
	size_t i = 0, all = 0;

	for (; i + LANES <= n; i += LANES)
		for (int l = 0; l < LANES; l++)
			count[l] += (v[i + (size_t)l] < min ? 1.0 : 0.0) +
				    (v[i + (size_t)l] > max ? 1.0 : 0.0);
	for (; i < n; i++)
		count[0] += (v[i] < min) + (v[i] > max);
	for (int l = 0; l < LANES; l++)
		all += (size_t)count[l];
	return all;
}

static int
codes_reserve(struct ml_profile_sums *s, size_t n_codes, struct ml_err *err)
{
	size_t room = s->n_codes;
	double *q;

	if (n_codes <= room)
		return ML_OK;
	room = n_codes < 2 * room ? 2 * room : n_codes;
	if ((q = ml_realloc(s->count, room, sizeof *q)) == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory to count %zu levels", room);
	memset(q + s->n_codes, 0, (room - s->n_codes) * sizeof *q);
	s->count = q;
	s->n_codes = room;
	return ML_OK;
}

static int
category_add(struct ml_profile_sums *s, const int32_t *code, size_t n, struct ml_err *err)
{
	int32_t largest = -1;

	for (size_t i = 0; i < n; i++)
		largest = code[i] > largest ? code[i] : largest;
	ML_TRY(codes_reserve(s, (size_t)(largest + 1), err));
	for (size_t i = 0; i < n; i++) {
		if (code[i] >= 0)
			s->count[code[i]]++;
		else if (code[i] == ML_UNSEEN)
			s->unseen++;
		else
			s->missing++;
	}
	return ML_OK;
}

int
ml_profiler_add(struct ml_profiler *p, const struct ml_frame *frame, size_t first_row,
		struct ml_err *err)
{
	for (size_t j = 0; p->n_rows == 0 && j < p->n_columns; j++) {
		p->column[j].is_category = frame->number[j] == NULL;
		p->column[j].min = HUGE_VAL;
		p->column[j].max = -HUGE_VAL;
	}
	ML_TRY(sample_add(p, frame, first_row, err));
	for (size_t j = 0; j < p->n_columns; j++) {
		struct ml_profile_sums *s = &p->column[j];

		if (s->is_category) {
			ML_TRY(category_add(s, frame->code[j], frame->n, err));
			continue;
		}
		number_add(s, frame->number[j], frame->n);
		if (p->reference != NULL)
			s->outside +=
			    outside(frame->number[j], frame->n, p->reference->column[j].min,
				    p->reference->column[j].max);
	}
	p->n_rows += frame->n;
	return ML_OK;
}

int
ml_profiler_merge(struct ml_profiler *into, const struct ml_profiler *from, struct ml_err *err)
{
	if (from->n_rows == 0)
		return ML_OK;
	for (size_t j = 0; into->n_rows == 0 && j < into->n_columns; j++) {
		into->column[j].is_category = from->column[j].is_category;
		into->column[j].min = HUGE_VAL;
		into->column[j].max = -HUGE_VAL;
	}
	ML_TRY(sample_reserve(into, from->n_sample, err));
	memcpy(into->key + into->n_sample, from->key, from->n_sample * sizeof *from->key);
	for (size_t j = 0; j < into->n_columns; j++) {
		struct ml_profile_sums *a = &into->column[j];
		const struct ml_profile_sums *b = &from->column[j];

		a->missing += b->missing;
		if (a->is_category) {
			ML_TRY(codes_reserve(a, b->n_codes, err));
			for (size_t i = 0; i < b->n_codes; i++)
				a->count[i] += b->count[i];
			a->unseen += b->unseen;
			continue;
		}
		memcpy(a->value + into->n_sample, b->value, from->n_sample * sizeof *b->value);
		a->outside += b->outside;
		a->min = b->min < a->min ? b->min : a->min;
		a->max = b->max > a->max ? b->max : a->max;
		moments_join(a, b->n, b->mean, b->squares);
	}
	into->n_sample += from->n_sample;
	into->n_rows += from->n_rows;
	return into->n_sample >= (size_t)2 * ML_PROFILE_SAMPLE ? ml_profiler_prune(into, err)
							       : ML_OK;
}

/* A table in memory. */

struct scan {
	const struct ml_table *table;
	struct ml_profiler *profiler;
	size_t next, row; /* frame */
};

struct scan_item {
	const struct ml_frame *frame;
	size_t first_row;
	struct ml_profiler *part;
};

static int
scan_source(void *ctx, void *item, struct ml_err *err)
{
	struct scan *scan = ctx;
	struct scan_item *it = item;

	(void)err;
	if (scan->next == scan->table->n_frames)
		return 0;
	it->frame = &scan->table->frame[scan->next++];
	it->first_row = scan->row;
	scan->row += it->frame->n;
	return 1;
}

static int
scan_work(void *ctx, void *item, struct ml_err *err)
{
	const struct scan *scan = ctx;
	struct scan_item *it = item;

	ML_TRY(ml_profiler_new(&it->part, scan->profiler->n_columns, scan->profiler->seed, err));
	return ml_profiler_add(it->part, it->frame, it->first_row, err);
}

static int
scan_sink(void *ctx, void *item, struct ml_err *err)
{
	struct scan *scan = ctx;
	struct scan_item *it = item;
	int status = ml_profiler_merge(scan->profiler, it->part, err);

	ml_profiler_free(it->part);
	it->part = NULL;
	return status;
}

static void
scan_clear(void *ctx, void *item)
{
	struct scan_item *it = item;

	(void)ctx;
	ml_profiler_free(it->part);
}

int
ml_profile_table(const struct ml_table *table, uint64_t seed, struct ml_pool *pool,
		 struct ml_profile **profile, struct ml_err *err)
{
	static const struct ml_flow flow = {sizeof(struct scan_item), scan_source, scan_work,
					    scan_sink, scan_clear};
	struct scan scan = {table, NULL, 0, 0};
	int status;

	ML_TRY(ml_profiler_new(&scan.profiler, table->schema.n, seed, err));
	status = ml_flow_run(pool, &flow, &scan, err);
	if (status == ML_OK)
		status = ml_profiler_finish(scan.profiler, &table->schema, profile, err);
	ml_profiler_free(scan.profiler);
	return status;
}
