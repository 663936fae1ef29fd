#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/par.h"

enum { MANY = 20000, MOST_THREADS = 4 };

/* Keeps a core busy for a while that differs from item to item, so that threads overtake. */
static void
dawdle(size_t k)
{
	for (volatile unsigned i = 0; i < (unsigned)(k * 2654435761u >> 7) % 3000; i++)
		continue;
}

static void
pause_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

struct loop {
	atomic_int seen[MANY];
	atomic_int started;
	size_t bad_a, bad_b;
	atomic_bool thread_wrong;
	size_t threads;
};

static int
count_piece(void *ctx, size_t i, size_t thread, struct ml_err *err)
{
	struct loop *loop = ctx;

	atomic_fetch_add(&loop->seen[i], 1);
	atomic_fetch_add(&loop->started, 1);
	if (thread >= loop->threads)
		loop->thread_wrong = true;
	dawdle(i % 7);
	if (i == loop->bad_a || i == loop->bad_b) {
		if (i == loop->bad_a)
			pause_ms(2); /* the later one fails first */
		return ml_fail(err, ML_EINPUT, "piece %zu", i);
	}
	return ML_OK;
}

static void
test_for(size_t threads)
{
	static struct loop loop;
	struct ml_pool *pool = NULL;
	struct ml_err err = {0};
	bool once = true;

	CHECK(ml_pool_new(&pool, threads, &err) == ML_OK);
	CHECK(ml_pool_threads(pool) == threads);
	memset(&loop, 0, sizeof loop);
	loop.threads = threads;
	loop.bad_a = loop.bad_b = SIZE_MAX;
	CHECK(ml_par_for(pool, 0, count_piece, &loop, &err) == ML_OK && loop.started == 0);
	CHECK(ml_par_for(pool, MANY, count_piece, &loop, &err) == ML_OK);
	for (size_t i = 0; i < MANY; i++)
		once = once && loop.seen[i] == 1;
	CHECK(once);
	for (size_t i = 0; i < 2000; i++) /* many small jobs */
		CHECK(ml_par_for(pool, i % 5, count_piece, &loop, &err) == ML_OK);
	CHECK(loop.started == MANY + 4000);
	CHECK(!loop.thread_wrong);

	loop.started = 0;
	loop.bad_a = 100;
	loop.bad_b = 101;
	CHECK(ml_par_for(pool, MANY, count_piece, &loop, &err) == ML_EINPUT);
	CHECK_TEXT(err.text, "piece 100");
	CHECK(threads > 1 || loop.started == 101);
	ml_pool_free(pool);
}

struct slots {
	double value[1000];
	int depth[1000];
};

static void
add_slots(void *ctx, size_t into, size_t from)
{
	struct slots *s = ctx;

	dawdle(from);
	s->value[into] += s->value[from];
	if (s->depth[from] >= s->depth[into])
		s->depth[into] = s->depth[from];
	s->depth[into]++;
}

/* The same tree by recursion: the first half is the largest power of two below n. */
static double
tree_sum(const double *value, size_t n)
{
	size_t half = 1;

	if (n == 1)
		return value[0];
	while (half * 2 < n)
		half *= 2;
	return tree_sum(value, half) + tree_sum(value + half, n - half);
}

static void
test_reduce(size_t threads)
{
	static struct slots slots;
	static double value[1000];
	struct ml_pool *pool = NULL;
	struct ml_err err = {0};

	CHECK(ml_pool_new(&pool, threads, &err) == ML_OK);
	for (size_t i = 0; i < 1000; i++) /* sizes so mixed that any other order rounds otherwise */
		value[i] = sin((double)i) * pow(10, (double)(i * 7 % 31));
	for (size_t n = 1; n <= 1000; n += n < 40 ? 1 : 137) {
		memcpy(slots.value, value, sizeof value);
		memset(slots.depth, 0, sizeof slots.depth);
		CHECK(ml_par_reduce(pool, n, add_slots, &slots, &err) == ML_OK);
		CHECK(slots.value[0] == tree_sum(value, n));
		CHECK(slots.depth[0] <= 10); /* ceil(log2(1000)) */
	}
	CHECK(ml_par_reduce(pool, 0, add_slots, &slots, &err) == ML_OK);
	ml_pool_free(pool);
}

struct stream {
	size_t n, next, out, cleared;
	size_t bad_source, bad_work, bad_work_later, bad_sink;
	atomic_int in_source, in_sink;
	atomic_bool overlap, disorder, signals;
	pthread_t caller;
	atomic_bool elsewhere; /* some call ran in another thread */
	int pipe[2];
};

struct item {
	size_t k, squared;
	char *kept; /* lives on from item to item */
};

static int
give(void *ctx, void *slot, struct ml_err *err)
{
	struct stream *s = ctx;
	struct item *item = slot;
	size_t k = s->next;

	if (atomic_fetch_add(&s->in_source, 1) != 0)
		s->overlap = true;
	if (!pthread_equal(pthread_self(), s->caller))
		s->elsewhere = true;
	if (item->kept == NULL)
		item->kept = ml_alloc(10, 1);
	dawdle(k);
	item->k = k;
	s->next++;
	atomic_fetch_sub(&s->in_source, 1);
	if (k == s->bad_source)
		return ml_fail(err, ML_ESYS, "source %zu", k);
	return k < s->n;
}

static int
square(void *ctx, void *slot, struct ml_err *err)
{
	struct stream *s = ctx;
	struct item *item = slot;
	sigset_t mask;

	dawdle(item->k * 31);
	item->squared = item->k * item->k;
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	if (!pthread_equal(pthread_self(), s->caller) && !sigismember(&mask, SIGINT))
		s->signals = true;
	if (item->k == s->bad_work)
		pause_ms(3); /* the later one fails first */
	if (item->k == s->bad_work || item->k == s->bad_work_later)
		return ml_fail(err, ML_EINPUT, "work %zu", item->k);
	return ML_OK;
}

static int
take(void *ctx, void *slot, struct ml_err *err)
{
	struct stream *s = ctx;
	const struct item *item = slot;

	if (atomic_fetch_add(&s->in_sink, 1) != 0)
		s->overlap = true;
	if (item->k != s->out || item->squared != item->k * item->k)
		s->disorder = true;
	dawdle(item->k * 17);
	s->out++;
	atomic_fetch_sub(&s->in_sink, 1);
	if (item->k == s->bad_sink)
		return ml_fail(err, ML_ESYS, "sink %zu", item->k);
	return ML_OK;
}

static void
forget(void *ctx, void *slot)
{
	struct stream *s = ctx;
	struct item *item = slot;

	ml_free(item->kept);
	s->cleared++;
}

static const struct ml_flow squares = {sizeof(struct item), give, square, take, forget};

static struct stream
stream_of(size_t n)
{
	return (struct stream){
	    .n = n,
	    .bad_source = SIZE_MAX,
	    .bad_work = SIZE_MAX,
	    .bad_work_later = SIZE_MAX,
	    .bad_sink = SIZE_MAX,
	    .caller = pthread_self(),
	};
}

static void
test_flow(size_t threads)
{
	struct ml_pool *pool = NULL;
	struct ml_err err = {0};

	CHECK(ml_pool_new(&pool, threads, &err) == ML_OK);
	for (size_t n = 0; n <= MANY; n = n < 5 ? n + 1 : n * 8) {
		struct stream s = stream_of(n);

		CHECK(ml_flow_run(pool, &squares, &s, &err) == ML_OK);
		CHECK(s.out == n && s.next == n + 1 && !s.overlap && !s.disorder && !s.signals);
		CHECK(s.cleared == 2 * threads + 2);
		CHECK(n > 1 || !s.elsewhere);
	}
	ml_pool_free(pool);
}

/* A failure here or there; the sink must have seen the items before the earliest. */
static void
test_flow_failure(size_t threads)
{
	struct ml_pool *pool = NULL;
	struct ml_err none = {0};

	CHECK(ml_pool_new(&pool, threads, &none) == ML_OK);
	for (size_t k = 0; k < 60; k++) {
		struct ml_err err = {0};
		struct stream s = stream_of(MANY);
		char text[64];

		s.bad_work = k;
		s.bad_work_later = k + 1;
		CHECK(ml_flow_run(pool, &squares, &s, &err) == ML_EINPUT);
		snprintf(text, sizeof text, "work %zu", k);
		CHECK_TEXT(err.text, text);
		CHECK(s.out == k && !s.overlap && !s.disorder);
		CHECK(s.cleared == 2 * threads + 2);

		err = (struct ml_err){0};
		s = stream_of(MANY);
		s.bad_source = k;
		CHECK(ml_flow_run(pool, &squares, &s, &err) == ML_ESYS);
		snprintf(text, sizeof text, "source %zu", k);
		CHECK_TEXT(err.text, text);
		CHECK(s.out == k && s.next == k + 1);

		err = (struct ml_err){0};
		s = stream_of(MANY);
		s.bad_sink = k;
		s.bad_work = k + 2;
		CHECK(ml_flow_run(pool, &squares, &s, &err) == ML_ESYS);
		snprintf(text, sizeof text, "sink %zu", k);
		CHECK_TEXT(err.text, text);
		CHECK(s.out == k + 1);
	}
	ml_pool_free(pool);
}

/* One byte is one item: the source waits for it, the sink answers it. */
static int
read_byte(void *ctx, void *slot, struct ml_err *err)
{
	const struct stream *s = ctx;
	char c;

	(void)slot, (void)err;
	return read(s->pipe[0], &c, 1) == 1;
}

static int
do_nothing(void *ctx, void *slot, struct ml_err *err)
{
	(void)ctx, (void)slot, (void)err;
	return ML_OK;
}

static int
answer(void *ctx, void *slot, struct ml_err *err)
{
	struct stream *s = ctx;

	(void)slot;
	/* The next byte is written only now that the one before came out. */
	if (++s->out == s->n)
		close(s->pipe[1]);
	else if (write(s->pipe[1], "x", 1) != 1)
		return ml_fail(err, ML_ESYS, "pipe");
	return ML_OK;
}

static void
test_flow_pause(size_t threads)
{
	static const struct ml_flow dialogue = {sizeof(struct item), read_byte, do_nothing, answer,
						NULL};
	struct ml_pool *pool = NULL;
	struct ml_err err = {0};
	struct stream s = stream_of(1000);

	CHECK(ml_pool_new(&pool, threads, &err) == ML_OK);
	CHECK(pipe(s.pipe) == 0 && write(s.pipe[1], "x", 1) == 1);
	alarm(60); /* rather than for ever */
	CHECK(ml_flow_run(pool, &dialogue, &s, &err) == ML_OK);
	alarm(0);
	CHECK(s.out == 1000);
	close(s.pipe[0]);
	ml_pool_free(pool);
}

int
main(void)
{
	for (size_t threads = 1; threads <= MOST_THREADS; threads++) {
		test_case("each piece is done once, and the lowest failure is reported");
		test_for(threads);
		test_case("slots are combined in one tree for any number of threads");
		test_reduce(threads);
		test_case("items flow in order, one alone starts no thread");
		test_flow(threads);
		test_case("the sink stops before the earliest failure");
		test_flow_failure(threads);
		test_case("a source that waits holds no item back");
		test_flow_pause(threads);
	}

	test_case("0 threads are as many as there are cores");
	{
		struct ml_pool *pool = NULL;
		struct ml_err err = {0};

		CHECK(ml_pool_new(&pool, 0, &err) == ML_OK && ml_pool_threads(pool) >= 1);
		ml_pool_free(pool);
		ml_pool_free(NULL);
	}
	return test_end();
}
