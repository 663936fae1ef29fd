#ifndef ML_BASE_HASH_H
#define ML_BASE_HASH_H

#include <stddef.h>

/*
 * SHA-256 through libsodium, the one header for it.  A hash is kept and shown as 64
 * small hexadecimal digits.
 */
enum { ML_HASH_HEX = 65 };

struct ml_hash {
	_Alignas(16) unsigned char state[128];
};

void ml_hash_start(struct ml_hash *hash);
void ml_hash_add(struct ml_hash *hash, const void *p, size_t n);
void ml_hash_end(struct ml_hash *hash, char hex[ML_HASH_HEX]);

/* Of n bytes at once. */
void ml_hash_of(const void *p, size_t n, char hex[ML_HASH_HEX]);

#endif
