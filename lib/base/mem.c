#include "base/mem.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64, SLAB = 64 * 1024 };

struct ml_slab {
	struct ml_slab *next;
	size_t at, end; /* offsets from the slab's start */
};

static atomic_long countdown; /* allocations until the one that fails; 0: none fails */

/* MLUTILS_FAIL_ALLOC=n: the n-th allocation fails, for tests of that path. */
__attribute__((constructor)) static void
read_hook(void)
{
	const char *text = getenv("MLUTILS_FAIL_ALLOC");

	if (text != NULL)
		countdown = strtol(text, NULL, 10);
}

static bool
must_fail(void)
{
	return countdown != 0 && atomic_fetch_sub(&countdown, 1) == 1;
}

void *
ml_alloc(size_t n, size_t size)
{
	if (must_fail())
		return NULL;
	return calloc(n > 0 ? n : 1, size > 0 ? size : 1);
}

void *
ml_realloc(void *p, size_t n, size_t size)
{
	if (must_fail() || (size != 0 && n > SIZE_MAX / size))
		return NULL;
	return realloc(p, n * size > 0 ? n * size : 1);
}

void
ml_free(void *p)
{
	free(p);
}

static struct ml_slab *
new_slab(size_t room)
{
	struct ml_slab *slab;
	size_t bytes = room + sizeof *slab + ALIGN;

	if (bytes < room || must_fail() || (slab = malloc(bytes)) == NULL)
		return NULL;
	slab->at = sizeof *slab;
	slab->end = bytes;
	return slab;
}

void *
ml_arena_get(struct ml_arena *arena, size_t n, size_t size)
{
	struct ml_slab *slab = arena->slab;
	size_t bytes, skip;
	void *p;

	if (arena->failed)
		return NULL;
	if (size != 0 && n > (SIZE_MAX - SLAB) / size)
		goto failed;
	bytes = n * size;
	skip = slab == NULL ? 0 : -((uintptr_t)slab + slab->at) % ALIGN;
	if (slab == NULL || slab->end - slab->at < skip || slab->end - slab->at - skip < bytes) {
		/* A large piece gets a slab of its own, behind the one that still has room. */
		struct ml_slab *fresh = new_slab(bytes > SLAB / 4 ? bytes : SLAB);

		if (fresh == NULL)
			goto failed;
		if (bytes > SLAB / 4 && slab != NULL) {
			fresh->next = slab->next;
			slab->next = fresh;
		} else {
			fresh->next = slab;
			arena->slab = fresh;
		}
		slab = fresh;
		skip = -((uintptr_t)slab + slab->at) % ALIGN;
	}
	p = (char *)slab + slab->at + skip;
	slab->at += skip + bytes;
	return memset(p, 0, bytes);
failed:
	arena->failed = true;
	return NULL;
}

char *
ml_arena_text(struct ml_arena *arena, const char *p, size_t n)
{
	char *copy = n == SIZE_MAX ? NULL : ml_arena_get(arena, n + 1, 1);

	if (copy != NULL && n > 0)
		memcpy(copy, p, n);
	return copy;
}

void
ml_arena_free(struct ml_arena *arena)
{
	while (arena->slab != NULL) {
		struct ml_slab *slab = arena->slab;

		arena->slab = slab->next;
		free(slab);
	}
	arena->failed = false;
}
