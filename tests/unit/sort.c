#include "num/sort.h"

#include "base/order.h"

#include "test.h"

enum { N = 5000 };

/* The reference: a plain insertion by comparison, NaN as the largest. */
static int
after(double a, double b)
{
	return b == b && (a != a || a > b);
}

static uint64_t
next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

static double
draw(uint64_t *state, int kind)
{
	uint64_t r = next(state);

	switch (kind) {
	case 0:
		return (double)(r % 7) - 3; /* ties */
	case 1:
		return ((double)r - 1e9) * 1e-7;
	case 2:
		return r % 5 == 0 ? (double)NAN : (r % 2 ? -1 : 1) * exp((double)(r % 1400) - 700);
	default:
		return r % 3 == 0 ? -0.0 : r % 3 == 1 ? 0.0 : -(double)INFINITY;
	}
}

static int
compare(const void *ctx, size_t a, size_t b)
{
	const double *v = ctx;

	return after(v[a], v[b]) - after(v[b], v[a]);
}

int
main(void)
{
	static double v[N], sorted[N], scratch[N];
	static size_t order[N], expected[N], other[N], room[N];
	static struct ml_sort_item items[2 * N];
	static const size_t sizes[] = {0, 1, 2, 31, 32, 33, 100, 1000, N};
	uint64_t state = 1;

	test_case("indices are ascending, stable, by radix and by comparison, missing last; values "
		  "follow");
	for (int kind = 0; kind < 4; kind++)
		for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
			size_t n = sizes[s];

			for (size_t i = 0; i < n; i++) {
				size_t j = i;

				v[i] = draw(&state, kind);
				for (; j > 0 && after(v[expected[j - 1]], v[i]); j--)
					expected[j] = expected[j - 1];
				expected[j] = i;
			}
			ml_sort_index(v, order, n, items);
			CHECK(memcmp(order, expected, n * sizeof *order) == 0);
			ml_order(other, room, n, compare, v);
			CHECK(memcmp(other, expected, n * sizeof *other) == 0);
			memcpy(sorted, v, n * sizeof *v);
			ml_sort(sorted, n, scratch);
			for (size_t i = 0; i < n; i++)
				CHECK(sorted[i] == v[expected[i]] ||
				      (isnan(sorted[i]) && isnan(v[expected[i]])));
		}
	return test_end();
}
