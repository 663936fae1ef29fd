#ifndef ML_EVAL_SPLIT_H
#define ML_EVAL_SPLIT_H

#include "base/io.h"
#include "base/say.h"
#include "table/csv.h"

/*
 * Rows into parts of given shares, such as training and test.  Where a row goes depends on the
 * rows, the shares and the seed only.  PART[i] is the part of row i.
 */
enum { ML_PARTS_MOST = 16 };

struct ml_shares {
	double share[ML_PARTS_MOST]; /* above 0, together 1 */
	size_t n;		     /* 2 at least */
};

/* "0.6,0.2,0.2" */
int ml_shares_parse(struct ml_shares *shares, const char *text, struct ml_err *err);

/*
 * By chance: every level has its shares, and the whole has them too.  For two parts the counts are
 * off by at most half a row in the whole and one row in a level; for k parts by at most
 * 1 - 1/(2k - 2) and twice that.  LEVEL is by row, in 0..n_levels-1; NULL is one level.
 */
int ml_split_random(const struct ml_shares *shares, uint64_t seed, const int32_t *level,
		    size_t n_levels, size_t n, uint8_t *part, struct ml_err *err);
/* By chance, all rows of a group in one part; shares are met as nearly as the groups let them. */
int ml_split_groups(const struct ml_shares *shares, uint64_t seed, const int32_t *group,
		    size_t n_groups, size_t n, uint8_t *part, struct ml_err *err);
/* In order of rank, lowest first.  Rows of one rank stay together: each cut is the nearest one. */
int ml_split_ranks(const struct ml_shares *shares, const int32_t *rank, size_t n_ranks, size_t n,
		   uint8_t *part, struct ml_err *err);

enum ml_split_by { ML_SPLIT_CHANCE, ML_SPLIT_LEVELS, ML_SPLIT_GROUPS, ML_SPLIT_TIME };

struct ml_split {
	struct ml_shares shares;
	enum ml_split_by by;
	const char *column; /* of levels, groups or time; NULL for chance */
	uint64_t seed;
	bool no_header; /* the parts get none */
};

/*
 * Reads CSV twice and writes each record, byte for byte and in order, into the output of its part,
 * behind the header, unless the parts get none.  OUT has shares.n open outputs, which the caller
 * commits.  Fails with ML_EFEW where a part would get no row.  Missing is a level, but no group and
 * no time.  Times are numbers, or ISO dates that all have one form.
 */
int ml_split(const struct ml_split *split, struct ml_csv *csv, struct ml_pool *pool,
	     struct ml_say *say, struct ml_out *out, struct ml_err *err);

#endif
