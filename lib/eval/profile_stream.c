#include "eval/profile.h"

#include <string.h>

#include "table/flow.h"

/* A table that is profiled as it comes and never kept. */
struct stream {
	const struct ml_schema *schema;
	const struct ml_profile *reference;
	struct ml_binding binding;
	struct ml_profiler *profiler;
	uint64_t seed;
};

static int
work(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err)
{
	const struct stream *s = ctx;
	struct ml_profiler **part = own;
	struct ml_arena arena = {0};
	struct ml_frame frame;
	int status;

	ML_TRY(ml_profiler_new(part, s->schema->n, s->seed, err));
	ml_profiler_compare(*part, s->reference);
	status = ml_frame_fill(s->schema, &s->binding, batch, &frame, &arena, err);
	if (status == ML_OK)
		status = ml_profiler_add(*part, &frame, batch->index * ML_BLOCK, err);
	ml_arena_free(&arena);
	return status;
}

static void
clear(void *ctx, void *own)
{
	struct ml_profiler **part = own;

	(void)ctx;
	ml_profiler_free(*part);
	*part = NULL;
}

static int
sink(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err)
{
	const struct stream *s = ctx;
	struct ml_profiler *const *part = own;

	(void)batch;
	ML_TRY(ml_profiler_merge(s->profiler, *part, err));
	clear(ctx, own);
	return ML_OK;
}

int
ml_profile_stream(struct ml_csv *csv, const struct ml_schema *schema, const bool *watch,
		  const struct ml_profile *reference, uint64_t seed, struct ml_pool *pool,
		  struct ml_say *say, struct ml_profile **profile, struct ml_err *err)
{
	struct ml_csv_flow flow = {"reading", NULL, sizeof(struct ml_profiler *),
				   work,      sink, clear};
	struct stream s = {.schema = schema, .reference = reference, .seed = seed};
	int status;

	ML_TRY(ml_bind(schema, watch, csv, &s.binding, err));
	flow.want = s.binding.want;
	status = ml_profiler_new(&s.profiler, schema->n, seed, err);
	if (status == ML_OK) {
		ml_profiler_compare(s.profiler, reference);
		status = ml_csv_flow_run(csv, &flow, pool, say, &s, err);
	}
	if (status == ML_OK)
		status = ml_profiler_finish(s.profiler, schema, profile, err);
	ml_profiler_free(s.profiler);
	ml_binding_free(&s.binding);
	return status;
}

int
ml_profile_watch(const struct ml_csv *csv, const struct ml_schema *schema, const char *only,
		 const char *except, const bool *needed, bool *watch, struct ml_err *err)
{
	const char *list = only != NULL ? only : except;
	bool *member = ml_alloc(ml_csv_columns(csv) + 1, sizeof *member);
	struct ml_dict names = {0};
	int status = member == NULL ? ml_fail(err, ML_ENOMEM, "no memory") : ML_OK;

	for (size_t j = 0; j < schema->n; j++)
		watch[j] = only == NULL && (needed == NULL || needed[j]);
	if (status == ML_OK)
		status = ml_schema_names(schema, &names, err);
	if (status == ML_OK && list != NULL)
		status = ml_csv_list(csv, list, member, err);
	for (size_t i = 0; status == ML_OK && i < ml_csv_columns(csv); i++) {
		int64_t j = ml_dict_find(&names, ml_str(ml_csv_name(csv, i)));

		if (j >= 0)
			watch[j] = list == NULL || member[i] == (only != NULL);
		else if (only != NULL && member[i])
			status = ml_fail(err, ML_EINPUT, "column '%s' is not in the reference",
					 ml_csv_name(csv, i));
	}
	ml_dict_free(&names);
	ml_free(member);
	return status;
}
