#ifndef ML_BASE_MEM_H
#define ML_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Memory.  Every allocation of ours goes through here, so that a test can
 * make the n-th one fail: MLUTILS_FAIL_ALLOC=n in the environment.
 */

/* n elements of SIZE bytes, zeroed; NULL if there is no room or n * size overflows. */
void *ml_alloc(size_t n, size_t size);
/* As realloc; what is new is not zeroed.  The old block stays valid on failure. */
void *ml_realloc(void *p, size_t n, size_t size);
void ml_free(void *p);

/*
 * An arena: many allocations, one release.  A failure is remembered, so a
 * caller reserves all it needs and asks once (ml_arena_failed).  All zero is
 * an empty arena.  Not for several threads at once.
 */
struct ml_arena {
	struct ml_slab *slab;
	bool failed;
};

/* n elements of SIZE bytes, zeroed, aligned to 64 bytes; NULL once anything failed. */
void *ml_arena_get(struct ml_arena *arena, size_t n, size_t size);
/* A copy of n bytes with a NUL behind. */
char *ml_arena_text(struct ml_arena *arena, const char *p, size_t n);
void ml_arena_free(struct ml_arena *arena);

static inline bool
ml_arena_failed(const struct ml_arena *arena)
{
	return arena->failed;
}

#define ML_NEW(arena, type, n) ((type *)ml_arena_get((arena), (n), sizeof(type)))

#endif
