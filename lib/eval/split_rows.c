#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/rng.h"
#include "eval/split.h"

int
ml_shares_parse(struct ml_shares *shares, const char *text, struct ml_err *err)
{
	char quoted[ML_QUOTED];
	double sum = 0;

	shares->n = 0;
	for (const char *p = text;; p++) {
		struct ml_str item = {p, strcspn(p, ",")};
		double share;

		if (shares->n == ML_PARTS_MOST)
			return ml_fail(err, ML_EUSAGE, "shares: there can be %d parts at most",
				       ML_PARTS_MOST);
		if (ml_num_parse(item, &share) != ML_NUM_YES || share <= 0 || share >= 1)
			return ml_fail(err, ML_EUSAGE, "not a share between 0 and 1: %s",
				       ml_quote(quoted, item.p, item.n));
		shares->share[shares->n++] = share;
		sum += share;
		p += item.n;
		if (*p == '\0')
			break;
	}
	if (fabs(sum - 1) > 1e-9)
		return ml_fail(err, ML_EUSAGE, "shares must add up to 1: %s",
			       ml_quote(quoted, text, strlen(text)));
	return ML_OK;
}

/* Places that were dealt out so far, and how many each part has. */
struct dealt {
	const struct ml_shares *shares;
	double all, count[ML_PARTS_MOST];
};

/*
 * The part that gets the next place: of those that are behind by enough, the one that could wait
 * least.  No part is ever off by more than 1 - 1/(2k - 2) (Tijdeman 1980, "The chairman assignment
 * problem", Discrete Mathematics 32).
 */
static size_t
deal_one(struct dealt *dealt)
{
	double step = 1 / (2 * (double)dealt->shares->n - 2), least = INFINITY;
	size_t best = 0;

	dealt->all++;
	for (size_t p = 0; p < dealt->shares->n; p++) {
		double share = dealt->shares->share[p];
		double behind = share * dealt->all - dealt->count[p];
		double wait = (1 - step - behind) / share;

		/* The slack lets rounding decide nothing. */
		if (behind >= step - 1e-9 && wait < least - 1e-9) {
			least = wait;
			best = p;
		}
	}
	dealt->count[best]++;
	return best;
}

/* The part for M rows that must stay together: the one that is behind most. */
static size_t
deal_together(struct dealt *dealt, size_t m)
{
	double most = -INFINITY;
	size_t best = 0;

	dealt->all += (double)m;
	for (size_t p = 0; p < dealt->shares->n; p++) {
		double behind = dealt->shares->share[p] * dealt->all - dealt->count[p];

		if (behind > most) {
			most = behind;
			best = p;
		}
	}
	dealt->count[best] += (double)m;
	return best;
}

static int
no_memory(struct ml_err *err)
{
	return ml_fail(err, ML_ENOMEM, "no memory to split the rows");
}

/* The rows of each level. */
static size_t *
count_rows(struct ml_arena *arena, const int32_t *level, size_t n_levels, size_t n)
{
	size_t *rows = ML_NEW(arena, size_t, n_levels);

	if (rows != NULL && level == NULL)
		rows[0] = n;
	for (size_t i = 0; rows != NULL && level != NULL && i < n; i++)
		rows[level[i]]++;
	return rows;
}

/*
 * How many rows of each level go where is fixed first: the levels' rows in a row, dealt out.  Then
 * which ones, by selection sampling (Fan, Muller and Rezucha 1962; Knuth, volume 2, algorithm
 * 3.4.2 S): a row goes to a part with the chance that its places have among those left.
 */
int
ml_split_random(const struct ml_shares *shares, uint64_t seed, const int32_t *level,
		size_t n_levels, size_t n, uint8_t *part, struct ml_err *err)
{
	struct ml_arena arena = {0};
	struct dealt dealt = {.shares = shares};
	size_t *left = count_rows(&arena, level, n_levels, n);
	size_t *order = ML_NEW(&arena, size_t, n_levels);
	size_t *places = ML_NEW(&arena, size_t, n_levels * shares->n);

	if (ml_arena_failed(&arena)) {
		ml_arena_free(&arena);
		return no_memory(err);
	}
	/* In an order by chance: with small levels the dealing alone would be a fixed pattern. */
	ml_rng_permute(seed, ML_RNG_DEAL, order, n_levels);
	for (size_t l = 0; l < n_levels; l++)
		for (size_t i = 0; i < left[order[l]]; i++)
			places[order[l] * shares->n + deal_one(&dealt)]++;
	for (size_t i = 0; i < n; i++) {
		size_t l = level == NULL ? 0 : (size_t)level[i], p = 0;
		uint64_t draw = ml_rng_below(seed, ML_RNG_SPLIT, i, left[l]--);

		for (; draw >= places[l * shares->n + p]; p++)
			draw -= places[l * shares->n + p];
		places[l * shares->n + p]--;
		part[i] = (uint8_t)p;
	}
	ml_arena_free(&arena);
	return ML_OK;
}

int
ml_split_groups(const struct ml_shares *shares, uint64_t seed, const int32_t *group,
		size_t n_groups, size_t n, uint8_t *part, struct ml_err *err)
{
	struct ml_arena arena = {0};
	struct dealt dealt = {.shares = shares};
	size_t *rows = count_rows(&arena, group, n_groups, n);
	size_t *order = ML_NEW(&arena, size_t, n_groups);
	uint8_t *of_group = ML_NEW(&arena, uint8_t, n_groups);

	if (ml_arena_failed(&arena)) {
		ml_arena_free(&arena);
		return no_memory(err);
	}
	ml_rng_permute(seed, ML_RNG_DEAL, order, n_groups);
	for (size_t g = 0; g < n_groups; g++)
		of_group[order[g]] = (uint8_t)deal_together(&dealt, rows[order[g]]);
	for (size_t i = 0; i < n; i++)
		part[i] = of_group[group[i]];
	ml_arena_free(&arena);
	return ML_OK;
}

int
ml_split_ranks(const struct ml_shares *shares, const int32_t *rank, size_t n_ranks, size_t n,
	       uint8_t *part, struct ml_err *err)
{
	struct ml_arena arena = {0};
	size_t *rows = count_rows(&arena, rank, n_ranks, n);
	uint8_t *of_rank = ML_NEW(&arena, uint8_t, n_ranks);
	double cut = shares->share[0] * (double)n, before = 0;
	size_t p = 0;

	if (ml_arena_failed(&arena)) {
		ml_arena_free(&arena);
		return no_memory(err);
	}
	for (size_t r = 0; r < n_ranks; r++) {
		double middle = before + (double)rows[r] / 2;

		/* A rank is before the cut if that leaves the cut nearer to its place. */
		for (; p + 1 < shares->n && middle > cut + 1e-9 * (double)n; p++)
			cut += shares->share[p + 1] * (double)n;
		of_rank[r] = (uint8_t)p;
		before += (double)rows[r];
	}
	for (size_t i = 0; i < n; i++)
		part[i] = of_rank[rank[i]];
	ml_arena_free(&arena);
	return ML_OK;
}
