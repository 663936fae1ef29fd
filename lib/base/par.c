#ifdef __linux__
#define _GNU_SOURCE /* sched_getaffinity */
#endif

#include "base/par.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/mem.h"

/*
 * A job is a function that takes pieces until none is left.  Its caller posts it, does it too,
 * and closes it when nothing is left to take; then it waits for those who are still busy, not for
 * those who never came.  So a neighbour on the other core costs no more than his share.
 */
struct worker {
	struct ml_pool *pool;
	size_t index; /* 1..threads-1; the caller is 0 */
	pthread_t thread;
};

struct ml_pool {
	size_t threads, started;
	bool refused; /* the system gives no more threads */
	pthread_mutex_t lock;
	pthread_cond_t posted; /* a job, or the end */
	pthread_cond_t left;   /* the last helper left the job */
	pthread_cond_t moved;  /* something in a flow changed */
	/* The job, under LOCK; ROUND and ACTIVE are also watched by those who spin. */
	void (*run)(void *job, size_t thread);
	void *job;
	size_t helpers;
	bool open, over;
	atomic_size_t round, active;
	struct worker worker[];
};

/* Tries before a thread sleeps: some 20 microseconds, about what sleeping and waking costs. */
enum { SPIN = 1000 };

static void
spin_while(const atomic_size_t *watched, size_t value)
{
	for (int i = 0; i < SPIN && atomic_load_explicit(watched, memory_order_relaxed) == value;
	     i++) {
#if defined(__x86_64__) || defined(__i386__)
		__builtin_ia32_pause();
#elif defined(__aarch64__)
		__asm__ volatile("yield");
#endif
	}
}

static void *
attend(void *arg)
{
	const struct worker *self = arg;
	struct ml_pool *pool = self->pool;
	size_t seen = 0;

	pthread_mutex_lock(&pool->lock);
	while (!pool->over) {
		void (*run)(void *, size_t) = pool->run;
		void *job = pool->job;

		if (!pool->open || pool->round == seen || self->index > pool->helpers) {
			pthread_cond_wait(&pool->posted, &pool->lock);
			continue;
		}
		seen = pool->round;
		pool->active++;
		pthread_mutex_unlock(&pool->lock);
		run(job, self->index);
		pthread_mutex_lock(&pool->lock);
		if (--pool->active == 0)
			pthread_cond_signal(&pool->left);
		pthread_mutex_unlock(&pool->lock);
		spin_while(&pool->round, seen);
		pthread_mutex_lock(&pool->lock);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/*
 * Signals are the main thread's, but for those that a write of this very thread brings: a closed
 * pipe must end the program wherever it is noticed.
 */
static void
start_workers(struct ml_pool *pool, size_t wanted)
{
	sigset_t all, before;

	if (pool->started >= wanted || pool->refused)
		return;
	sigfillset(&all);
	sigdelset(&all, SIGPIPE);
	sigdelset(&all, SIGXFSZ);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (pool->started < wanted && !pool->refused) {
		struct worker *worker = &pool->worker[pool->started];

		*worker = (struct worker){.pool = pool, .index = pool->started + 1};
		if (pthread_create(&worker->thread, NULL, attend, worker) == 0)
			pool->started++;
		else
			pool->refused = true;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Posts a job to HELPERS threads beside the caller, who then does RUN too and dismisses them. */
static void
invite(struct ml_pool *pool, size_t helpers, void (*run)(void *job, size_t thread), void *job)
{
	start_workers(pool, helpers);
	pthread_mutex_lock(&pool->lock);
	pool->run = run;
	pool->job = job;
	pool->helpers = helpers;
	pool->open = true;
	pool->round++;
	pthread_cond_broadcast(&pool->posted);
	pthread_mutex_unlock(&pool->lock);
}

static void
dismiss(struct ml_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->open = false;
	for (size_t active; (active = pool->active) > 0;) {
		pthread_mutex_unlock(&pool->lock);
		spin_while(&pool->active, active);
		pthread_mutex_lock(&pool->lock);
		if (pool->active == active)
			pthread_cond_wait(&pool->left, &pool->lock);
	}
	pthread_mutex_unlock(&pool->lock);
}

/* Cores that this process may use. */
static size_t
cores(void)
{
#ifdef __linux__
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
		return (size_t)CPU_COUNT(&set);
#endif
#ifdef _SC_NPROCESSORS_ONLN
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (n > 0)
		return (size_t)n;
#endif
	return 1;
}

int
ml_pool_new(struct ml_pool **pool, size_t threads, struct ml_err *err)
{
	struct ml_pool *p;

	if (threads == 0)
		threads = cores();
	if (threads > (SIZE_MAX - sizeof *p) / sizeof p->worker[0] ||
	    (p = ml_alloc(1, sizeof *p + (threads - 1) * sizeof p->worker[0])) == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory for %zu threads", threads);
	p->threads = threads;
	if (pthread_mutex_init(&p->lock, NULL) != 0 || pthread_cond_init(&p->posted, NULL) != 0 ||
	    pthread_cond_init(&p->left, NULL) != 0 || pthread_cond_init(&p->moved, NULL) != 0) {
		ml_free(p);
		return ml_fail(err, ML_ESYS, "cannot make a lock");
	}
	*pool = p;
	return ML_OK;
}

void
ml_pool_free(struct ml_pool *pool)
{
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->over = true;
	pool->round++;
	pthread_cond_broadcast(&pool->posted);
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < pool->started; i++)
		pthread_join(pool->worker[i].thread, NULL);
	pthread_cond_destroy(&pool->moved);
	pthread_cond_destroy(&pool->left);
	pthread_cond_destroy(&pool->posted);
	pthread_mutex_destroy(&pool->lock);
	ml_free(pool);
}

size_t
ml_pool_threads(const struct ml_pool *pool)
{
	return pool->threads;
}

/* The failure of the earliest piece; AT is SIZE_MAX while there is none. */
struct failure {
	size_t at;
	struct ml_err err;
};

static void
note_failure(struct failure *failure, size_t at, int status, const struct ml_err *err)
{
	if (at >= failure->at)
		return;
	failure->at = at;
	failure->err = *err;
	failure->err.status = status;
}

static int
report(const struct failure *failure, struct ml_err *err)
{
	if (failure->at == SIZE_MAX)
		return ML_OK;
	return ml_fail(err, failure->err.status, "%s", failure->err.text);
}

struct loop {
	struct ml_pool *pool;
	size_t n;
	int (*work)(void *ctx, size_t i, size_t thread, struct ml_err *err);
	void *ctx;
	atomic_size_t next;
	struct failure failure; /* under the pool's lock */
};

/* Pieces are taken in order, so all below a piece that failed were taken and will report too. */
static void
do_loop(void *job, size_t thread)
{
	struct loop *loop = job;
	size_t i;

	while ((i = atomic_fetch_add(&loop->next, 1)) < loop->n) {
		struct ml_err mine;
		int status;

		mine.status = ML_OK;
		mine.text[0] = '\0';
		if ((status = loop->work(loop->ctx, i, thread, &mine)) >= 0)
			continue;
		atomic_store(&loop->next, loop->n);
		pthread_mutex_lock(&loop->pool->lock);
		note_failure(&loop->failure, i, status, &mine);
		pthread_mutex_unlock(&loop->pool->lock);
		return;
	}
}

int
ml_par_for(struct ml_pool *pool, size_t n,
	   int (*work)(void *ctx, size_t i, size_t thread, struct ml_err *err), void *ctx,
	   struct ml_err *err)
{
	struct loop loop = {.pool = pool, .n = n, .work = work, .ctx = ctx, .failure.at = SIZE_MAX};
	size_t helpers = n == 0 ? 0 : (n < pool->threads ? n : pool->threads) - 1;

	if (helpers > 0)
		invite(pool, helpers, do_loop, &loop);
	do_loop(&loop, 0);
	if (helpers > 0)
		dismiss(pool);
	return report(&loop.failure, err);
}

struct reduction {
	size_t step;
	void (*add)(void *ctx, size_t into, size_t from);
	void *ctx;
};

static int
add_pair(void *ctx, size_t i, size_t thread, struct ml_err *err)
{
	const struct reduction *r = ctx;

	(void)thread, (void)err;
	r->add(r->ctx, 2 * i * r->step, (2 * i + 1) * r->step);
	return ML_OK;
}

int
ml_par_reduce(struct ml_pool *pool, size_t n, void (*add)(void *ctx, size_t into, size_t from),
	      void *ctx, struct ml_err *err)
{
	struct reduction r = {1, add, ctx};

	/* Pairs of a level: those whose second slot, (2 * i + 1) * step, is below n. */
	for (; r.step < n; r.step *= 2)
		ML_TRY(ml_par_for(pool, (n - r.step - 1) / (2 * r.step) + 1, add_pair, &r, err));
	return ML_OK;
}

/*
 * Items next_out..next_in-1 are on their way: item k in slot order[k % n_slots].  A thread that
 * worked an item comes back to look, so an item that may go out never needs anybody else.
 */
struct flow {
	struct ml_pool *pool;
	const struct ml_flow *calls;
	void *ctx;
	char *slots;
	size_t n_slots, stride;
	struct {
		size_t slot;
		bool worked;
	} * order;
	size_t *free, n_free; /* the slot used last is used next: it is warm */
	size_t next_in, next_out, waiting;
	bool in_source, in_sink;
	bool invited; /* the caller's alone */
	bool ended;   /* nothing more is asked of the source */
	struct failure failure;
};

/* All of these are called, and return, with the pool's lock held. */
static bool
may_sink(const struct flow *flow)
{
	return !flow->in_sink && flow->next_out < flow->next_in &&
	       flow->next_out < flow->failure.at &&
	       flow->order[flow->next_out % flow->n_slots].worked;
}

static bool
may_source(const struct flow *flow)
{
	return !flow->in_source && !flow->ended && flow->n_free > 0;
}

static void
end_flow(struct flow *flow)
{
	flow->ended = true;
	pthread_cond_broadcast(&flow->pool->moved);
}

/* One of the three calls on item k, without the lock; notes a failure. */
static int
call(struct flow *flow, int (*step)(void *ctx, void *item, struct ml_err *err), size_t k,
     size_t slot)
{
	struct ml_err mine;
	int status;

	mine.status = ML_OK;
	mine.text[0] = '\0';
	pthread_mutex_unlock(&flow->pool->lock);
	status = step(flow->ctx, flow->slots + slot * flow->stride, &mine);
	pthread_mutex_lock(&flow->pool->lock);
	if (status < 0) {
		note_failure(&flow->failure, k, status, &mine);
		end_flow(flow);
	}
	return status;
}

static void
sink_one(struct flow *flow)
{
	size_t k = flow->next_out, slot = flow->order[k % flow->n_slots].slot;

	flow->in_sink = true;
	call(flow, flow->calls->sink, k, slot);
	flow->in_sink = false;
	flow->next_out++;
	flow->free[flow->n_free++] = slot;
	if (flow->waiting > 0)
		pthread_cond_signal(&flow->pool->moved);
}

static void do_flow(void *job, size_t thread);

static void
source_and_work_one(struct flow *flow)
{
	size_t k = flow->next_in, slot = flow->free[--flow->n_free];
	int status;

	flow->in_source = true;
	status = call(flow, flow->calls->source, k, slot);
	flow->in_source = false;
	if (status <= 0) {
		flow->free[flow->n_free++] = slot;
		end_flow(flow);
		return;
	}
	flow->next_in++;
	flow->order[k % flow->n_slots].slot = slot;
	flow->order[k % flow->n_slots].worked = false;
	if (flow->waiting > 0)
		pthread_cond_signal(&flow->pool->moved);
	if (k == 1 && flow->pool->threads > 1) { /* before, a second thread had nothing to do */
		flow->invited = true;
		pthread_mutex_unlock(&flow->pool->lock);
		invite(flow->pool, flow->pool->threads - 1, do_flow, flow);
		pthread_mutex_lock(&flow->pool->lock);
	}
	call(flow, flow->calls->work, k, slot);
	flow->order[k % flow->n_slots].worked = true;
}

static void
do_flow(void *job, size_t thread)
{
	struct flow *flow = job;

	(void)thread;
	pthread_mutex_lock(&flow->pool->lock);
	for (;;) {
		if (may_sink(flow)) {
			sink_one(flow);
		} else if (may_source(flow)) {
			source_and_work_one(flow);
		} else if (flow->ended) {
			break; /* what is on its way is in the hands of others */
		} else {
			flow->waiting++;
			pthread_cond_wait(&flow->pool->moved, &flow->pool->lock);
			flow->waiting--;
		}
	}
	pthread_mutex_unlock(&flow->pool->lock);
}

int
ml_flow_run(struct ml_pool *pool, const struct ml_flow *calls, void *ctx, struct ml_err *err)
{
	enum { ALIGN = alignof(max_align_t) };
	struct flow flow = {.pool = pool, .calls = calls, .ctx = ctx, .failure.at = SIZE_MAX};

	flow.n_slots = 2 * pool->threads + 2;
	flow.stride = (calls->item_size + ALIGN - 1) / ALIGN * ALIGN;
	flow.slots = ml_alloc(flow.n_slots, flow.stride);
	flow.order = ml_alloc(flow.n_slots, sizeof *flow.order);
	flow.free = ml_alloc(flow.n_slots, sizeof *flow.free);
	if (flow.slots == NULL || flow.order == NULL || flow.free == NULL) {
		ml_fail(err, ML_ENOMEM, "no memory for %zu threads", pool->threads);
	} else {
		while (flow.n_free < flow.n_slots) {
			flow.free[flow.n_free] = flow.n_slots - 1 - flow.n_free;
			flow.n_free++;
		}
		do_flow(&flow, 0);
		if (flow.invited)
			dismiss(pool);
		for (size_t i = 0; calls->clear != NULL && i < flow.n_slots; i++)
			calls->clear(ctx, flow.slots + i * flow.stride);
		report(&flow.failure, err);
	}
	ml_free(flow.free);
	ml_free(flow.order);
	ml_free(flow.slots);
	return err->status;
}
