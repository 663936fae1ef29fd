#include "base/hash.h"

#include <sodium.h>

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(struct ml_hash), "room for the state");

static crypto_hash_sha256_state *
state(struct ml_hash *hash)
{
	return (crypto_hash_sha256_state *)(void *)hash->state;
}

void
ml_hash_start(struct ml_hash *hash)
{
	crypto_hash_sha256_init(state(hash));
}

void
ml_hash_add(struct ml_hash *hash, const void *p, size_t n)
{
	crypto_hash_sha256_update(state(hash), p, n);
}

void
ml_hash_end(struct ml_hash *hash, char hex[ML_HASH_HEX])
{
	unsigned char out[crypto_hash_sha256_BYTES];

	crypto_hash_sha256_final(state(hash), out);
	sodium_bin2hex(hex, ML_HASH_HEX, out, sizeof out);
}

void
ml_hash_of(const void *p, size_t n, char hex[ML_HASH_HEX])
{
	struct ml_hash hash;

	ml_hash_start(&hash);
	ml_hash_add(&hash, p, n);
	ml_hash_end(&hash, hex);
}
