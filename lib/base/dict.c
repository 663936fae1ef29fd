#include "base/dict.h"

#include <string.h>

__extension__ typedef unsigned __int128 u128;

enum { FIRST_SLOTS = 64, PAGE = 4096 };

/* The copies of texts stand one behind the other in pages, which a cleared dictionary uses again.
 */
struct ml_dict_page {
	struct ml_dict_page *next;
	size_t used, room;
	char text[];
};

static inline uint64_t
load8(const char *p)
{
	uint64_t bytes;

	memcpy(&bytes, p, sizeof bytes);
	return bytes;
}

static inline uint64_t
load4(const char *p)
{
	uint32_t bytes;

	memcpy(&bytes, p, sizeof bytes);
	return bytes;
}

/* Both halves of the product in one. */
static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	u128 product = (u128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/*
 * Folded multiplications, as in wyhash (Wang Yi).  Every factor is hidden by a secret, so that
 * no text can make one 0 and what it is multiplied with forgotten.
 */
static uint32_t
hash(uint64_t key, struct ml_str text)
{
	uint64_t secret = key * 0x9e3779b97f4a7c15 ^ 0x243f6a8885a308d3;
	uint64_t state = key ^ 0x13198a2e03707344, a = 0, b = 0;
	const char *p = text.p;
	size_t n = text.n;

	for (; n > 16; n -= 16, p += 16)
		state = fold(load8(p) ^ secret, load8(p + 8) ^ state);
	if (n >= 8) {
		a = load8(p);
		b = load8(p + n - 8);
	} else if (n >= 4) {
		a = load4(p);
		b = load4(p + n - 4);
	} else if (n > 0) {
		a = (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[n / 2] << 8 |
		    (unsigned char)p[n - 1];
	}
	state = fold(a ^ secret, b ^ state);
	return (uint32_t)(fold(state ^ secret, text.n ^ key) >> 32);
}

/* The slot where a text of this hash stands, or the free one where it would. */
static inline size_t
probe(const struct ml_dict *dict, uint32_t half, struct ml_str text)
{
	size_t i = (size_t)((uint64_t)half * dict->n_slots >> 32);

	for (; dict->slot[i] != 0; i = (i + 1) & (dict->n_slots - 1)) {
		const struct ml_str *known;

		if (dict->slot[i] >> 32 != half)
			continue;
		known = &dict->text[(uint32_t)dict->slot[i] - 1];
		if (known->n == text.n && (text.n == 0 || memcmp(known->p, text.p, text.n) == 0))
			break;
	}
	return i;
}

static inline int32_t
code_at(const struct ml_dict *dict, size_t i)
{
	return (int32_t)((int64_t)(uint32_t)dict->slot[i] - 1);
}

int32_t
ml_dict_find(const struct ml_dict *dict, struct ml_str text)
{
	if (dict->n == 0)
		return -1;
	return code_at(dict, probe(dict, hash(dict->key, text), text));
}

/*
 * Slots and texts for one more.  The key comes from where the first slots happen to lie, so
 * that a file can't be made whose texts all meet in one slot; nothing but time depends on it.
 */
static bool
grow(struct ml_dict *dict)
{
	if (dict->n == dict->text_room) {
		size_t room = dict->text_room == 0 ? FIRST_SLOTS / 2 : 2 * dict->text_room;
		struct ml_str *text = ml_realloc(dict->text, room, sizeof *text);

		if (text == NULL)
			return false;
		dict->text = text;
		dict->text_room = room;
	}
	if (2 * (dict->n + 1) > dict->n_slots) {
		size_t n_slots = dict->n_slots == 0 ? FIRST_SLOTS : 2 * dict->n_slots;
		uint64_t *old = dict->slot, *slot = ml_alloc(n_slots, sizeof *slot);

		if (slot == NULL)
			return false;
		if (old == NULL)
			dict->key = fold((uintptr_t)slot ^ 0xa4093822299f31d0, 0x082efa98ec4e6c89);
		for (size_t k = 0; k < dict->n_slots; k++) {
			size_t i = (size_t)((old[k] >> 32) * n_slots >> 32);

			if (old[k] == 0)
				continue;
			while (slot[i] != 0)
				i = (i + 1) & (n_slots - 1);
			slot[i] = old[k];
		}
		ml_free(old);
		dict->slot = slot;
		dict->n_slots = n_slots;
	}
	return true;
}

/* A copy with a NUL behind, or NULL. */
static char *
copy(struct ml_dict *dict, struct ml_str text)
{
	struct ml_dict_page *page = dict->page;
	char *p;

	if (text.n > SIZE_MAX / 2)
		return NULL;
	while (page != NULL && page->room - page->used <= text.n && page->next != NULL)
		page = page->next;
	if (page == NULL || page->room - page->used <= text.n) {
		size_t room = text.n < PAGE ? PAGE - sizeof *page : text.n + 1;
		struct ml_dict_page *fresh = ml_arena_get(&dict->arena, sizeof *page + room, 1);

		if (fresh == NULL) {
			dict->arena.failed = false; /* the next may be smaller */
			return NULL;
		}
		fresh->room = room;
		if (page == NULL)
			dict->pages = fresh;
		else
			page->next = fresh;
		page = fresh;
	}
	dict->page = page;
	p = page->text + page->used;
	if (text.n > 0)
		memcpy(p, text.p, text.n);
	p[text.n] = '\0';
	page->used += text.n + 1;
	return p;
}

int32_t
ml_dict_add(struct ml_dict *dict, struct ml_str text)
{
	uint32_t half = hash(dict->key, text);
	size_t i;
	char *p;

	if (dict->n > 0) {
		i = probe(dict, half, text);
		if (dict->slot[i] != 0)
			return code_at(dict, i);
	}
	if (dict->n > INT32_MAX || !grow(dict) || (p = copy(dict, text)) == NULL)
		return -1;
	half = hash(dict->key, text); /* the first slots bring the key */
	i = probe(dict, half, text);
	dict->text[dict->n] = (struct ml_str){p, text.n};
	dict->slot[i] = (uint64_t)half << 32 | ++dict->n;
	return code_at(dict, i);
}

void
ml_dict_clear(struct ml_dict *dict)
{
	if (dict->n > 0)
		memset(dict->slot, 0, dict->n_slots * sizeof *dict->slot);
	for (struct ml_dict_page *page = dict->pages; page != NULL; page = page->next)
		page->used = 0;
	dict->page = dict->pages;
	dict->n = 0;
}

void
ml_dict_free(struct ml_dict *dict)
{
	ml_free(dict->text);
	ml_free(dict->slot);
	ml_arena_free(&dict->arena);
	*dict = (struct ml_dict){0};
}
