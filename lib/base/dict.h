#ifndef ML_BASE_DICT_H
#define ML_BASE_DICT_H

#include "base/mem.h"
#include "base/str.h"

/*
 * A dictionary: text to code, codes 0, 1, 2... in order of first appearance.
 * The order of the hash never shows.  Texts are copied, with a NUL behind, and live
 * as long as the dictionary or until it is cleared.  All zero is an empty dictionary.  Reading
 * (ml_dict_find) by several threads is fine while nobody adds.
 */
struct ml_dict {
	struct ml_str *text; /* by code */
	size_t n;
	uint64_t *slot; /* half of the hash, then code + 1; 0 is free */
	size_t n_slots; /* a power of two, at least 2 n */
	size_t text_room;
	uint64_t key;		   /* of the hash */
	struct ml_dict_page *page; /* that takes the next text */
	struct ml_dict_page *pages;
	struct ml_arena arena; /* owns the pages */
};

/* The code of TEXT, or -1. */
int32_t ml_dict_find(const struct ml_dict *dict, struct ml_str text);
/* The code of TEXT, added if new; -1 if there is no memory (or 2^31 texts). */
int32_t ml_dict_add(struct ml_dict *dict, struct ml_str text);
/* Forgets the texts and keeps the memory. */
void ml_dict_clear(struct ml_dict *dict);
void ml_dict_free(struct ml_dict *dict);

#endif
