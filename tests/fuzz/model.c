#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/bundle.h"
#include "store/tensors.h"

/*
 * Any bytes as a model file, the digest made right: what loads must predict, on ordinary, missing
 * and unseen values, and be written again as the same bytes.
 */

static void
predict(const struct ml_bundle *b)
{
	enum { ROWS = 4 };
	static const double values[ROWS] = {0, -1e300, NAN, 7};
	size_t k = b->shape.k, n = b->schema.n;
	struct ml_arena arena = {0};
	struct ml_frame frame = {ROWS, ML_NEW(&arena, double *, n), ML_NEW(&arena, int32_t *, n)};
	double *x = ML_NEW(&arena, double, ROWS * b->shape.d);
	double *score = ML_NEW(&arena, double, ROWS *ml_model_scores(k));
	double *proba = ML_NEW(&arena, double, ROWS *(k < 2 ? 2 : k));

	for (size_t c = 0; c < n && !ml_arena_failed(&arena); c++) {
		frame.number[c] = ML_NEW(&arena, double, ROWS);
		frame.code[c] = ML_NEW(&arena, int32_t, ROWS);
		for (int i = 0; i < ROWS && frame.code[c] != NULL; i++) {
			frame.number[c][i] = values[i];
			frame.code[c][i] = i - 2;
			if (i >= 2 && (size_t)(i - 2) >= b->schema.column[c].levels.n)
				frame.code[c][i] = ML_UNSEEN;
		}
	}
	if (!ml_arena_failed(&arena)) {
		ml_encode_apply(b->encoder, &frame, x);
		b->type->predict(b->state, &b->shape, x, ROWS, score);
		if (k > 0)
			ml_model_proba(score, ROWS, k, proba);
	}
	ml_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t room) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t room, unsigned seed);

/*
 * Changes the header or what is behind it, and most times puts the header's length right, without
 * which nothing behind the first check would be reached.
 */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t room, unsigned seed)
{
	enum { LENGTH = 8 };
	size_t header = 0, rest, more;
	uint8_t *behind;

	for (size_t i = 0; i < LENGTH && n >= LENGTH; i++)
		header |= (size_t)data[i] << 8 * i;
	if (n < LENGTH || header == 0 || header >= n - LENGTH || seed % 16 == 0)
		return LLVMFuzzerMutate(data, n, room);
	rest = n - LENGTH - header;
	if (seed % 4 == 0)
		return LENGTH + header +
		       LLVMFuzzerMutate(data + LENGTH + header, rest, room - LENGTH - header);
	if ((behind = malloc(rest + 1)) == NULL)
		return n;
	memcpy(behind, data + LENGTH + header, rest);
	more = LLVMFuzzerMutate(data + LENGTH, header, room - LENGTH - rest);
	memcpy(data + LENGTH + more, behind, rest);
	free(behind);
	for (size_t i = 0; i < LENGTH; i++)
		data[i] = (uint8_t)(more >> 8 * i & 0xFF);
	return LENGTH + more + rest;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *copy = malloc(n + 1), digest[ML_HASH_HEX];
	struct ml_bundle *bundle = NULL, *again = NULL;
	struct ml_buf first = {0}, second = {0};
	struct ml_err err = {0};

	memcpy(copy, data, n);
	ml_tensors_seal(copy, n, digest);
	if (ml_bundle_read(&bundle, "fuzz", copy, n, &err) == ML_OK) {
		predict(bundle);
		/* Written once, the form is ours; from then on nothing changes. */
		if (ml_bundle_write(bundle, &first, &err) < 0 ||
		    ml_bundle_read(&again, "fuzz", first.p, first.n, &err) < 0 ||
		    ml_bundle_write(again, &second, &err) < 0 || first.n != second.n ||
		    memcmp(first.p, second.p, first.n) != 0)
			abort();
	}
	ml_bundle_free(bundle);
	ml_bundle_free(again);
	ml_buf_free(&first);
	ml_buf_free(&second);
	free(copy);
	return 0;
}
