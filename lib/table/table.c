#include "table/table.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "table/flow.h"
#include "table/pick.h"

/*
 * A pass parses every open column for either numbers or text, block by block.  Blocks are kept as
 * they are until a column shows text after numbers: then the pass only goes on to find other such
 * columns, and the next one knows.  A block without any value fits both types.
 */
struct reading {
	struct ml_csv *csv;
	struct ml_table *table;
	const size_t *input; /* by column of the schema: of the input */
	enum ml_want *want;  /* by column of the input, at the start of this pass */
	/* By column of the schema. */
	atomic_bool *text;		/* a block has text */
	bool *number;			/* a block of this pass has numbers */
	bool *out_of_range;		/* one of them is beyond the doubles */
	struct ml_dict *found;		/* levels in order of first appearance */
	int32_t **rank;			/* of these levels, once they are sorted */
	size_t *category, n_categories; /* columns that turned out to be text */
	atomic_bool again;		/* this pass is void */
	size_t frame_room, piece_room;
};

/*
 * The levels that a slot of the flow has met, and what they are in READING.found, so that the sink
 * has only new ones to look up.
 */
struct known {
	struct ml_dict levels;
	size_t n_mapped, map_room;
	int32_t *map; /* by code in LEVELS, up to n_mapped */
};

/* A text column keeps so many levels from block to block at most. */
enum { KNOWN_MOST = 4 * ML_BLOCK };

/* A code that the sink must still look up: by code in KNOWN.levels. */
static inline int32_t
not_mapped(int32_t local)
{
	return ML_UNSEEN - 1 - local;
}

/* What work leaves for sink. */
struct part {
	enum ml_want *want;
	struct known *known;   /* by column of the schema */
	struct ml_frame frame; /* without numbers; frame.number is where its memory starts */
	size_t n_known;
	struct ml_arena arena;
};

static int
no_memory(const struct reading *r, struct ml_err *err)
{
	return ml_fail(err, ML_ENOMEM, "no memory for the table in %s", ml_csv_path(r->csv));
}

/* The lists of columns and the codes, in one piece; numbers come from the batch. */
static int
new_frame(const struct reading *r, const struct ml_batch *batch, struct ml_frame *frame,
	  struct ml_err *err)
{
	size_t n = r->table->schema.n, size = n * (sizeof *frame->number + sizeof *frame->code);
	int32_t *at;

	for (size_t c = 0; c < n; c++)
		if (batch->cells[r->input[c]].text != NULL)
			size += batch->n_rows * sizeof *at;
	if ((frame->number = ml_alloc(size, 1)) == NULL)
		return no_memory(r, err);
	frame->n = batch->n_rows;
	frame->code = (int32_t **)(void *)(frame->number + n);
	at = (int32_t *)(void *)(frame->code + n);
	for (size_t c = 0; c < n; c++)
		if (batch->cells[r->input[c]].text != NULL) {
			frame->code[c] = at;
			at += batch->n_rows;
		}
	return ML_OK;
}

/* Texts to codes: those of the found levels where this slot knows them. */
static bool
intern(struct known *known, const struct ml_str *text, int32_t *code, size_t n)
{
	if (known->levels.n > KNOWN_MOST) {
		ml_dict_clear(&known->levels);
		known->n_mapped = 0;
	}
	for (size_t i = 0; i < n; i++) {
		int32_t local;

		code[i] = ML_MISSING;
		if (text[i].p == NULL)
			continue;
		if ((local = ml_dict_add(&known->levels, text[i])) < 0)
			return false;
		code[i] = (size_t)local < known->n_mapped ? known->map[local] : not_mapped(local);
	}
	return true;
}

static int
fill_frame(const struct reading *r, const struct ml_batch *batch, struct part *part,
	   struct ml_err *err)
{
	ML_TRY(new_frame(r, batch, &part->frame, err));
	for (size_t c = 0; c < r->table->schema.n; c++)
		if (part->frame.code[c] != NULL &&
		    !intern(&part->known[c], batch->cells[r->input[c]].text, part->frame.code[c],
			    batch->n_rows))
			return no_memory(r, err);
	return ML_OK;
}

static int
parse(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err)
{
	const struct reading *r = ctx;
	struct part *part = own;
	size_t n = r->table->schema.n, n_input = ml_csv_columns(r->csv);

	if (part->want == NULL) {
		part->want = ML_NEW(&part->arena, enum ml_want, n_input);
		part->known = ML_NEW(&part->arena, struct known, n);
		if (ml_arena_failed(&part->arena))
			return no_memory(r, err);
		part->n_known = n;
	}
	memcpy(part->want, r->want, n_input * sizeof *part->want);
	for (size_t c = 0; c < n; c++)
		if (atomic_load_explicit(&r->text[c], memory_order_relaxed))
			part->want[r->input[c]] = ML_WANT_TEXT;
	ML_TRY(ml_csv_parse(r->csv, part->want, batch, err));
	if (atomic_load_explicit(&r->again, memory_order_relaxed))
		return ML_OK;
	return fill_frame(r, batch, part, err);
}

static bool
has_number(const struct ml_cells *cells, size_t n)
{
	if (cells->out_of_range >= 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (!isnan(cells->number[i]))
			return true;
	return false;
}

/* Looks at what a block says of the types; from the first contradiction on the pass is void. */
static void
note_types(struct reading *r, const struct ml_batch *batch)
{
	for (size_t c = 0; c < r->table->schema.n; c++) {
		const struct ml_cells *cells = &batch->cells[r->input[c]];

		if (cells->text != NULL)
			r->text[c] = true;
		else if (!r->number[c])
			r->number[c] = has_number(cells, batch->n_rows);
		if (cells->number != NULL && cells->out_of_range >= 0)
			r->out_of_range[c] = true;
		if (r->text[c] && r->number[c])
			r->again = true;
	}
}

/* The new levels of a block in order of first appearance, and with them the codes left open. */
static int
merge_levels(struct reading *r, size_t c, struct known *known, int32_t *code, size_t n,
	     struct ml_err *err)
{
	struct ml_dict *found = &r->found[c];
	char quoted[ML_QUOTED];
	const char *name = r->table->schema.column[c].name;

	if (known->n_mapped == known->levels.n)
		return ML_OK;
	if (known->map_room < known->levels.n) {
		int32_t *map = ml_realloc(known->map, known->levels.text_room, sizeof *map);

		if (map == NULL)
			return no_memory(r, err);
		known->map = map;
		known->map_room = known->levels.text_room;
	}
	for (; known->n_mapped < known->levels.n; known->n_mapped++) {
		int32_t at = ml_dict_add(found, known->levels.text[known->n_mapped]);

		if (at < 0 && found->n >= INT32_MAX - 1)
			return ml_fail(err, ML_EINPUT, "%s: column %s has more than %d levels",
				       ml_csv_path(r->csv), ml_quote(quoted, name, strlen(name)),
				       INT32_MAX - 1);
		if (at < 0)
			return no_memory(r, err);
		known->map[known->n_mapped] = at;
	}
	for (size_t i = 0; i < n; i++)
		if (code[i] < ML_UNSEEN)
			code[i] = known->map[ML_UNSEEN - 1 - code[i]];
	return ML_OK;
}

static void
forget_frames(struct ml_table *table)
{
	for (size_t i = 0; i < table->n_pieces; i++)
		ml_free(table->piece[i]);
	table->n_pieces = table->n_frames = table->n_rows = 0;
}

/* Room for one more frame and its pieces. */
static bool
make_room(struct reading *r)
{
	struct ml_table *table = r->table;

	if (table->n_frames == r->frame_room) {
		size_t room = r->frame_room * 2 + 16;
		struct ml_frame *frame = ml_realloc(table->frame, room, sizeof *frame);

		if (frame == NULL)
			return false;
		table->frame = frame;
		r->frame_room = room;
	}
	if (r->piece_room - table->n_pieces <= table->schema.n) {
		size_t room = r->piece_room * 2 + table->schema.n + 16;
		void **piece = ml_realloc(table->piece, room, sizeof *piece);

		if (piece == NULL)
			return false;
		table->piece = piece;
		r->piece_room = room;
	}
	return true;
}

/* The part's frame becomes the table's, and the batch's numbers the frame's: nothing is copied. */
static void
take_frame(struct reading *r, struct ml_batch *batch, struct part *part)
{
	struct ml_table *table = r->table;

	table->piece[table->n_pieces++] = part->frame.number;
	for (size_t c = 0; c < table->schema.n; c++) {
		struct ml_cells *cells = &batch->cells[r->input[c]];

		if (cells->number == NULL)
			continue;
		table->piece[table->n_pieces++] = part->frame.number[c] = cells->number;
		cells->number = NULL;
	}
	table->frame[table->n_frames++] = part->frame;
	table->n_rows += part->frame.n;
	part->frame = (struct ml_frame){0};
}

static int
keep(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err)
{
	struct reading *r = ctx;
	struct part *part = own;

	note_types(r, batch);
	if (r->again) {
		forget_frames(r->table);
		ml_free(part->frame.number);
		part->frame = (struct ml_frame){0};
		return ML_OK;
	}
	for (size_t c = 0; c < r->table->schema.n; c++)
		if (part->frame.code[c] != NULL)
			ML_TRY(merge_levels(r, c, &part->known[c], part->frame.code[c],
					    part->frame.n, err));
	if (!make_room(r))
		return no_memory(r, err);
	take_frame(r, batch, part);
	return ML_OK;
}

static void
clear(void *ctx, void *own)
{
	struct part *part = own;

	(void)ctx;
	for (size_t c = 0; c < part->n_known; c++) {
		ml_dict_free(&part->known[c].levels);
		ml_free(part->known[c].map);
	}
	ml_free(part->frame.number);
	ml_arena_free(&part->arena);
}

static int
read_pass(struct reading *r, struct ml_pool *pool, struct ml_say *say, struct ml_err *err)
{
	const struct ml_csv_flow flow = {.what = "reading",
					 .own_size = sizeof(struct part),
					 .work = parse,
					 .sink = keep,
					 .clear = clear};

	r->again = false;
	forget_frames(r->table);
	for (size_t c = 0; c < r->table->schema.n; c++) {
		r->number[c] = r->out_of_range[c] = false;
		ml_dict_clear(&r->found[c]);
	}
	return ml_csv_flow_run(r->csv, &flow, pool, say, r, err);
}

/*
 * What the next pass asks for, if there must be one.  In a column that stays numeric it asks for
 * numbers where one was beyond the doubles, so that it fails there, or leaves the record out.
 */
static bool
must_read_again(struct reading *r)
{
	bool again = r->again;

	for (size_t c = 0; c < r->table->schema.n; c++) {
		if (r->text[c]) {
			r->want[r->input[c]] = ML_WANT_TEXT;
		} else if (!r->again && r->out_of_range[c]) {
			r->want[r->input[c]] = ML_WANT_NUMBER;
			again = true;
		}
	}
	return again;
}

static int
sort_category(void *ctx, size_t i, size_t thread, struct ml_err *err)
{
	struct reading *r = ctx;
	size_t c = r->category[i];

	(void)thread;
	if ((r->rank[c] = ml_alloc(r->found[c].n, sizeof *r->rank[c])) == NULL)
		return no_memory(r, err);
	return ml_levels_sort(&r->found[c], &r->table->schema.column[c].levels, r->rank[c], err);
}

/* Codes become ranks; numbers of a block in which a text column had no value become codes. */
static int
rank_frame(void *ctx, size_t f, size_t thread, struct ml_err *err)
{
	const struct reading *r = ctx;
	struct ml_frame *frame = &r->table->frame[f];

	(void)thread, (void)err;
	for (size_t k = 0; k < r->n_categories; k++) {
		size_t c = r->category[k];
		int32_t *code = frame->code[c];

		if (code == NULL) { /* in the same memory, of which codes need half */
			code = frame->code[c] = (int32_t *)(void *)frame->number[c];
			frame->number[c] = NULL;
			for (size_t i = 0; i < frame->n; i++)
				code[i] = ML_MISSING;
		}
		for (size_t i = 0; i < frame->n; i++)
			if (code[i] >= 0)
				code[i] = r->rank[c][code[i]];
	}
	return ML_OK;
}

static int
read_table(struct reading *r, struct ml_pool *pool, struct ml_say *say, struct ml_err *err)
{
	ML_TRY(read_pass(r, pool, say, err));
	while (must_read_again(r)) {
		ML_TRY(ml_csv_rewind(r->csv, err));
		ML_TRY(read_pass(r, pool, say, err));
	}
	for (size_t c = 0; c < r->table->schema.n; c++)
		if (r->text[c]) {
			r->table->schema.column[c].type = ML_CATEGORY;
			r->category[r->n_categories++] = c;
		}
	if (r->n_categories == 0)
		return ML_OK;
	ML_TRY(ml_par_for(pool, r->n_categories, sort_category, r, err));
	return ml_par_for(pool, r->table->n_frames, rank_frame, r, err);
}

int
ml_table_read(struct ml_csv *csv, const struct ml_table_options *options, struct ml_pool *pool,
	      struct ml_say *say, struct ml_table **out, struct ml_err *err)
{
	struct ml_table *table = ml_alloc(1, sizeof *table);
	struct reading r = {.csv = csv, .table = table};
	struct ml_pick pick = {0};
	struct ml_arena arena = {0};
	size_t n;
	int status;

	if (table == NULL)
		return no_memory(&r, err);
	status = ml_pick_columns(csv, options, &table->schema, &pick, &arena, err);
	n = table->schema.n;
	r.input = pick.input;
	r.want = pick.want;
	r.text = ML_NEW(&arena, atomic_bool, n);
	r.number = ML_NEW(&arena, bool, n);
	r.out_of_range = ML_NEW(&arena, bool, n);
	r.found = ML_NEW(&arena, struct ml_dict, n);
	r.rank = ML_NEW(&arena, int32_t *, n);
	r.category = ML_NEW(&arena, size_t, n);
	if (status == ML_OK && ml_arena_failed(&arena))
		status = no_memory(&r, err);
	for (size_t c = 0; status == ML_OK && c < n; c++)
		r.text[c] = r.want[r.input[c]] == ML_WANT_TEXT;
	if (status == ML_OK)
		status = read_table(&r, pool, say, err);
	for (size_t c = 0; r.rank != NULL && c < n; c++) {
		ml_dict_free(&r.found[c]);
		ml_free(r.rank[c]);
	}
	ml_arena_free(&arena);
	if (status < 0)
		ml_table_free(table);
	else
		*out = table;
	return status;
}

void
ml_table_free(struct ml_table *table)
{
	if (table == NULL)
		return;
	forget_frames(table);
	ml_free(table->piece);
	ml_free(table->frame);
	ml_schema_free(&table->schema);
	ml_arena_free(&table->arena);
	ml_free(table);
}
