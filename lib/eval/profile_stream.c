#include "eval/profile.h"

#include <string.h>

/* A table that is profiled as it comes and never kept. */
struct stream {
	struct ml_csv *csv;
	const struct ml_schema *schema;
	const struct ml_profile *reference;
	struct ml_binding binding;
	struct ml_profiler *profiler;
	uint64_t seed;
	struct ml_say *say;
	size_t rows;
};

struct item {
	struct ml_batch batch;
	struct ml_profiler *part;
};

static int
source(void *ctx, void *item, struct ml_err *err)
{
	struct stream *s = ctx;

	return ml_csv_next(s->csv, &((struct item *)item)->batch, err);
}

static int
work(void *ctx, void *slot, struct ml_err *err)
{
	const struct stream *s = ctx;
	struct item *item = slot;
	struct ml_arena arena = {0};
	struct ml_frame frame;
	int status;

	ML_TRY(ml_csv_parse(s->csv, s->binding.want, &item->batch, err));
	ML_TRY(ml_profiler_new(&item->part, s->schema->n, s->seed, err));
	ml_profiler_compare(item->part, s->reference);
	status = ml_frame_fill(s->schema, &s->binding, &item->batch, &frame, &arena, err);
	if (status == ML_OK)
		status = ml_profiler_add(item->part, &frame, item->batch.index * ML_BLOCK, err);
	ml_arena_free(&arena);
	return status;
}

static int
sink(void *ctx, void *slot, struct ml_err *err)
{
	struct stream *s = ctx;
	struct item *item = slot;

	ML_TRY(ml_csv_settle(s->csv, &item->batch, err));
	ML_TRY(ml_profiler_merge(s->profiler, item->part, err));
	ml_profiler_free(item->part);
	item->part = NULL;
	s->rows += item->batch.n_rows;
	ml_progress(s->say, "reading", ml_csv_share(s->csv), "%zu rows", s->rows);
	return ML_OK;
}

static void
clear(void *ctx, void *slot)
{
	struct item *item = slot;

	(void)ctx;
	ml_batch_free(&item->batch);
	ml_profiler_free(item->part);
}

int
ml_profile_stream(struct ml_csv *csv, const struct ml_schema *schema, const bool *watch,
		  const struct ml_profile *reference, uint64_t seed, struct ml_pool *pool,
		  struct ml_say *say, struct ml_profile **profile, struct ml_err *err)
{
	static const struct ml_flow flow = {sizeof(struct item), source, work, sink, clear};
	struct stream s = {
	    .csv = csv, .schema = schema, .reference = reference, .seed = seed, .say = say};
	int status;

	ML_TRY(ml_bind(schema, watch, csv, &s.binding, err));
	for (size_t j = 0; j < schema->n; j++)
		if (!watch[j] && s.binding.input[j] >= 0) {
			s.binding.want[s.binding.input[j]] = ML_WANT_NOTHING;
			s.binding.input[j] = -1;
		}
	status = ml_profiler_new(&s.profiler, schema->n, seed, err);
	if (status == ML_OK) {
		ml_profiler_compare(s.profiler, reference);
		status = ml_flow_run(pool, &flow, &s, err);
		ml_progress_end(say);
	}
	if (status == ML_OK)
		status = ml_profiler_finish(s.profiler, schema, profile, err);
	ml_profiler_free(s.profiler);
	ml_binding_free(&s.binding);
	return status;
}

int
ml_profile_watch(const struct ml_csv *csv, const struct ml_schema *schema, const char *only,
		 const char *except, const char *optional, bool *watch, struct ml_err *err)
{
	const char *list = only != NULL ? only : except;
	bool *member = ml_alloc(ml_csv_columns(csv) + 1, sizeof *member);
	struct ml_dict names = {0};
	int status = member == NULL ? ml_fail(err, ML_ENOMEM, "no memory") : ML_OK;

	for (size_t j = 0; j < schema->n; j++)
		watch[j] = only == NULL &&
			   (optional == NULL || strcmp(schema->column[j].name, optional) != 0);
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
