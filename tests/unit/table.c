#include "test.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/num.h"
#include "table/flow.h"
#include "table/table.h"

enum { MOST_THREADS = 4 };

/* What a case says of the way its text is read. */
struct how {
	size_t threads;
	bool pipe, replay;
	struct ml_csv_options csv;
	const char *use, *numeric, *categorical; /* a column list each, or NULL */
};

struct writer {
	int fd;
	const struct ml_buf *text;
};

/* Feeds a pipe. */
static void *
write_all(void *arg)
{
	const struct writer *w = arg;

	for (size_t at = 0; at < w->text->n;) {
		ssize_t n = write(w->fd, w->text->p + at, w->text->n - at);

		if (n <= 0)
			break;
		at += (size_t)n;
	}
	close(w->fd);
	return NULL;
}

/* TEXT as an input of its own, for CALL. */
static int
with_csv(const struct ml_buf *text, const struct how *how,
	 int (*call)(struct ml_csv *csv, const struct how *how, void *ctx, struct ml_err *err),
	 void *ctx, struct ml_err *err)
{
	char file[] = "/tmp/ml-table-XXXXXX", path[64];
	struct ml_csv_options options = how->csv;
	struct ml_csv *csv = NULL;
	struct writer writer = {-1, text};
	pthread_t thread;
	int ends[2] = {-1, -1}, fd = mkstemp(file), status;

	snprintf(path, sizeof path, "%s", file);
	if (how->pipe) {
		CHECK(pipe(ends) == 0);
		snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
		writer.fd = ends[1];
		CHECK(pthread_create(&thread, NULL, write_all, &writer) == 0);
	} else {
		CHECK(write(fd, text->p, text->n) == (ssize_t)text->n);
	}
	options.replay = how->replay;
	status = ml_csv_open(&csv, path, &options, err);
	if (how->pipe)
		close(ends[0]); /* a pipe that is not read to its end must not stop the writer */
	if (status == ML_OK)
		status = call(csv, how, ctx, err);
	ml_csv_abandon(csv);
	if (how->pipe)
		pthread_join(thread, NULL);
	close(fd);
	unlink(file);
	return status;
}

static const bool *
list(const struct ml_csv *csv, const char *text, bool *member, struct ml_err *err)
{
	if (text == NULL)
		return NULL;
	CHECK(ml_csv_list(csv, text, member, err) == ML_OK);
	return member;
}

static int
read_table(struct ml_csv *csv, const struct how *how, void *ctx, struct ml_err *err)
{
	bool use[32] = {0}, numeric[32] = {0}, categorical[32] = {0};
	struct ml_table_options options = {list(csv, how->use, use, err),
					   list(csv, how->numeric, numeric, err),
					   list(csv, how->categorical, categorical, err)};
	struct ml_pool *pool = NULL;
	int status;

	CHECK(ml_csv_columns(csv) <= 32);
	CHECK(ml_pool_new(&pool, how->threads == 0 ? 1 : how->threads, err) == ML_OK);
	status = ml_table_read(csv, &options, pool, NULL, ctx, err);
	ml_pool_free(pool);
	return status;
}

static struct ml_table *
table_of(const struct ml_buf *text, const struct how *how, struct ml_err *err)
{
	struct ml_table *table = NULL;

	*err = (struct ml_err){0};
	CHECK((with_csv(text, how, read_table, &table, err) == ML_OK) == (table != NULL));
	return table;
}

/* A table as text: names with types and levels, then the rows. */
static void
put_table(struct ml_buf *out, const struct ml_table *table)
{
	size_t n_rows = 0;

	for (size_t c = 0; c < table->schema.n; c++) {
		const struct ml_column *column = &table->schema.column[c];

		ml_buf_format(out, "%s%s", c == 0 ? "" : " ", column->name);
		for (size_t l = 0; column->type == ML_CATEGORY && l < column->levels.n; l++) {
			struct ml_str text = column->levels.text[l];

			ml_buf_format(out, "%c<%.*s>", l == 0 ? ':' : ' ', (int)text.n, text.p);
			CHECK(ml_dict_find(&column->levels, text) == (int32_t)l);
		}
	}
	for (size_t f = 0; f < table->n_frames; f++) {
		const struct ml_frame *frame = &table->frame[f];

		n_rows += frame->n;
		for (size_t i = 0; i < frame->n; i++)
			for (size_t c = 0; c < table->schema.n; c++) {
				char number[ML_NUM_TEXT];

				ml_buf_char(out, c == 0 ? '\n' : ' ');
				if (table->schema.column[c].type == ML_CATEGORY)
					ml_buf_format(out, "#%d", (int)frame->code[c][i]);
				else if (isnan(frame->number[c][i]))
					ml_buf_char(out, '-');
				else
					ml_buf_add(out, number,
						   ml_num_format(number, frame->number[c][i]));
			}
	}
	CHECK(n_rows == table->n_rows);
	ml_buf_char(out, '\0');
}

static struct ml_buf
buffer(const char *text)
{
	struct ml_buf buf = {0};

	ml_buf_text(&buf, text);
	return buf;
}

/* Reads TEXT with each number of threads and compares: with EXPECT, or with the failure's. */
static void
check(const char *text, struct how how, int status, const char *expect)
{
	struct ml_buf buf = buffer(text);

	for (how.threads = 1; how.threads <= MOST_THREADS; how.threads++) {
		struct ml_err err;
		struct ml_table *table = table_of(&buf, &how, &err);
		struct ml_buf out = {0};

		CHECK(err.status == status);
		if (table != NULL)
			put_table(&out, table);
		/* behind the name of the temporary file */
		else if (strncmp(err.text, "/tmp/", 5) == 0)
			ml_buf_add(&out, strchr(err.text, ':'), strlen(strchr(err.text, ':')) + 1);
		else
			ml_buf_add(&out, err.text, strlen(err.text) + 1);
		CHECK_TEXT(out.p, expect);
		ml_table_free(table);
		ml_buf_free(&out);
	}
	ml_buf_free(&buf);
}

static void
test_small(void)
{
	const struct how plain = {0};

	test_case("a column is numeric if every value is a number");
	check("a,b,c\n1,x,1e3\n-2.5,y,\n", plain, 0, "a b:<x> <y> c\n1 #0 1000\n-2.5 #1 -");
	test_case("missing is apart from empty");
	check("a,b\n,\n\"\",x\nNA,\"NA\"\n", plain, 0, "a:<> b:<NA> <x>\n#-1 #-1\n#0 #1\n#-1 #0");
	test_case("levels are in the order of numbers if all are, else of bytes");
	check("a,b\n10,10\n9,9\n-1.5,x\n9.0,\xc3\xa9\n", (struct how){.categorical = "a"}, 0,
	      "a:<-1.5> <9> <9.0> <10> b:<10> <9> <x> <\xc3\xa9>\n#3 #0\n#1 #1\n#0 #2\n#2 #3");
	test_case("header only, and columns without a value");
	check("a,b\n", plain, 0, "a b");
	check("a,b\n,NA\n,\n", plain, 0, "a b\n- -\n- -");
	check("a,b\n,NA\n", (struct how){.categorical = "b"}, 0, "a b\n- #-1");
	test_case("one column, with blank lines that are missing values");
	check("a\n1\n\n3\n", plain, 0, "a\n1\n-\n3");
	test_case("columns that are not used are not looked at");
	check("a,b,c\n1,\xff,2\n", (struct how){.use = "1,3"}, 0, "a c\n1 2");
	check("a,b,c\n1,1e999,x\n", (struct how){.use = "c,a"}, 0, "a c:<x>\n1 #0");

	test_case("what contradicts the options is an error with its place");
	check("a,b\n1,2\n3,x\n", (struct how){.numeric = "b"}, ML_EINPUT,
	      ":3: column 2 'b': not a number: 'x'");
	check("a,b\n1,2\n", (struct how){.numeric = "b", .categorical = "1-2"}, ML_EUSAGE,
	      "column 'b' is to be both numeric and categorical");
	test_case("a number beyond the doubles is an error only where numbers stay");
	check("a,b\n1,2\n3,1e999\n4,-2e999\n", plain, ML_EINPUT,
	      ":3: column 2 'b': beyond the range of numbers: '1e999'");
	check("a,b\n1,2\n3,1e999\n4,x\n", plain, 0, "a b:<1e999> <2> <x>\n1 #1\n3 #0\n4 #2");
	check("a,b\n1,2\n3,1e999\n4,5\n", (struct how){.csv.on_error = "skip"}, 0, "a b\n1 2\n4 5");
	test_case("a bad record that is left out leaves no trace");
	check("a,b\n1,2\nx\n4,5\n", (struct how){.csv.on_error = "skip"}, 0, "a b\n1 2\n4 5");
}

/* N rows: a number, a text of few levels, something unique; then LAST. */
static struct ml_buf
long_text(size_t n, const char *last)
{
	static const char *const colour[] = {"red", "green", "", "\"blue, or so\"", "10"};
	struct ml_buf buf = buffer("n,colour,id,gap\n");

	for (size_t i = 0; i < n; i++)
		ml_buf_format(&buf, "%zu.5,%s,k%zu,\n", i, colour[i * i % 11 % 5], i * 7919 % n);
	ml_buf_text(&buf, last);
	return buf;
}

/* The same by any number of threads, from a file and from a pipe. */
static struct ml_table *
same_table(const struct ml_buf *text, struct how how)
{
	struct ml_table *first = NULL;
	struct ml_buf expect = {0};
	struct ml_err err;

	for (int k = 0; k < 2 * MOST_THREADS; k++) {
		struct ml_table *table;
		struct ml_buf out = {0};

		how.threads = (size_t)k / 2 + 1;
		how.pipe = how.replay = k % 2 == 1;
		table = table_of(text, &how, &err);
		CHECK(table != NULL && err.status == ML_OK);
		if (table == NULL)
			return NULL;
		put_table(&out, table);
		if (first == NULL) {
			first = table;
			expect = out;
			continue;
		}
		CHECK(out.n == expect.n && memcmp(out.p, expect.p, out.n) == 0);
		ml_buf_free(&out);
		ml_table_free(table);
	}
	ml_buf_free(&expect);
	return first;
}

static void
test_long(void)
{
	enum { ROWS = 30000 };
	struct ml_buf text;
	struct ml_table *table;
	struct ml_err err;

	test_case("a table is the same for any number of threads");
	text = long_text(ROWS, "");
	table = same_table(&text, (struct how){0});
	if (table != NULL) {
		const struct ml_column *column = table->schema.column;
		const struct ml_frame *frame = &table->frame[ROWS / ML_BLOCK];
		size_t i = ROWS % ML_BLOCK - 1;

		CHECK(table->n_rows == ROWS && table->n_frames == ROWS / ML_BLOCK + 1);
		CHECK(column[0].type == ML_NUMERIC && frame->number[0][i] == ROWS - 1 + .5);
		CHECK(column[1].type == ML_CATEGORY && column[1].levels.n == 4);
		CHECK(column[2].levels.n == ROWS);
		CHECK(ml_str_is(column[2].levels.text[frame->code[2][i]], "k22081"));
		CHECK(column[3].type == ML_NUMERIC && isnan(frame->number[3][i]));
		ml_table_free(table);
	}
	ml_buf_free(&text);

	test_case("the first text may stand in the last row");
	text = long_text(ROWS, "n/a,x,y,filled\n");
	table = same_table(&text, (struct how){0});
	if (table != NULL) {
		const struct ml_column *column = table->schema.column;

		CHECK(column[0].type == ML_CATEGORY && column[0].levels.n == ROWS + 1);
		CHECK(ml_str_is(column[0].levels.text[table->frame[0].code[0][7]], "7.5"));
		CHECK(column[3].type == ML_CATEGORY && column[3].levels.n == 1);
		CHECK(table->frame[0].code[3][7] == ML_MISSING);
		CHECK(table->frame[ROWS / ML_BLOCK].code[3][ROWS % ML_BLOCK] == 0);
		ml_table_free(table);
	}
	CHECK(table_of(&text, &(struct how){.pipe = true}, &err) == NULL);
	CHECK(err.status == ML_EINPUT && strstr(err.text, "cannot be read twice") != NULL);
	ml_buf_free(&text);

	test_case("a column that was missing so far needs no second reading");
	text = long_text(ROWS, "1,x,y,filled\n");
	table = table_of(&text, &(struct how){.pipe = true, .threads = 2}, &err);
	CHECK(table != NULL && table->schema.column[3].levels.n == 1);
	CHECK(table != NULL && table->frame[0].code[3][7] == ML_MISSING);
	ml_table_free(table);
	ml_buf_free(&text);

	test_case("an error deep in the input has its line");
	text = long_text(ROWS, "1,x\n");
	for (size_t threads = 1; threads <= MOST_THREADS; threads++) {
		CHECK(table_of(&text, &(struct how){.threads = threads}, &err) == NULL);
		CHECK(strstr(err.text, ":30002: row has 2 fields, expected 4") != NULL);
	}
	ml_buf_free(&text);
}

struct streamed {
	double sum;
	size_t next;
	bool disorder;
	struct ml_schema schema;
	bool all_numeric;
};

static int
sum_first(void *ctx, const struct ml_frame *frame, size_t index, void **partial, struct ml_err *err)
{
	double *sum = ml_alloc(2, sizeof *sum);

	(void)ctx, (void)err;
	sum[1] = (double)index;
	for (size_t i = 0; i < frame->n; i++)
		sum[0] += frame->number[0][i];
	*partial = sum;
	return ML_OK;
}

static int
add_sum(void *ctx, void *partial, struct ml_err *err)
{
	struct streamed *s = ctx;
	double *sum = partial;

	(void)err;
	s->sum += sum[0];
	s->disorder = s->disorder || sum[1] != (double)s->next++;
	ml_free(sum);
	return ML_OK;
}

static void
drop_sum(void *ctx, void *partial)
{
	(void)ctx;
	ml_free(partial);
}

static int
stream(struct ml_csv *csv, const struct how *how, void *ctx, struct ml_err *err)
{
	static const struct ml_table_visit visit = {sum_first, add_sum, drop_sum};
	bool use[32] = {0};
	struct ml_table_options options = {.use = list(csv, how->use, use, err)};
	struct streamed *s = ctx;
	struct ml_pool *pool = NULL;
	int status;

	CHECK(ml_pool_new(&pool, how->threads, err) == ML_OK);
	status =
	    ml_table_stream(csv, &options, pool, NULL, &visit, s, &s->schema, &s->all_numeric, err);
	ml_pool_free(pool);
	return status;
}

static void
test_stream(void)
{
	enum { ROWS = 30000 };
	struct ml_buf text = long_text(ROWS, ""), odd = long_text(ROWS, "x,,k,\ny\n");
	struct ml_buf huge = long_text(ROWS, "1e999,,k,\n");

	for (size_t threads = 1; threads <= MOST_THREADS; threads++) {
		struct ml_err err = {0};
		struct streamed s = {0};

		test_case("a stream gives its frames in order");
		CHECK(with_csv(&text, &(struct how){.threads = threads, .use = "n,gap"}, stream, &s,
			       &err) == ML_OK);
		CHECK(s.all_numeric && s.schema.n == 2 && !s.disorder);
		CHECK(s.sum == ROWS * (ROWS / 2.));
		ml_schema_free(&s.schema);

		test_case("a stream ends where a column is not numeric, whatever follows");
		CHECK(with_csv(&odd, &(struct how){.threads = threads, .use = "gap"}, stream, &s,
			       &err) == ML_EINPUT);
		err = (struct ml_err){0};
		CHECK(with_csv(&odd, &(struct how){.threads = threads, .use = "id"}, stream, &s,
			       &err) == ML_OK);
		CHECK(!s.all_numeric && s.schema.n == 0);
		CHECK(with_csv(&huge, &(struct how){.threads = threads, .use = "n"}, stream, &s,
			       &err) == ML_OK);
		CHECK(!s.all_numeric);
	}
	ml_buf_free(&text);
	ml_buf_free(&odd);
	ml_buf_free(&huge);
}

/* Binds the input to a table's schema and puts its frames behind one another. */
struct bound {
	const struct ml_schema *schema;
	const bool *use;
	struct ml_binding binding;
	struct ml_buf out;
};

static int
put_frame(void *ctx, struct ml_batch *batch, void *own, struct ml_err *err)
{
	struct bound *b = ctx;
	struct ml_arena arena = {0};
	struct ml_frame frame;
	struct ml_table table = {.schema = *b->schema, .n_frames = 1, .frame = &frame};
	int status = ml_frame_fill(b->schema, &b->binding, batch, &frame, &arena, err);

	(void)own;
	table.n_rows = frame.n;
	if (status == ML_OK)
		put_table(&b->out, &table);
	ml_arena_free(&arena);
	return status;
}

static int
bind(struct ml_csv *csv, const struct how *how, void *ctx, struct ml_err *err)
{
	struct bound *b = ctx;
	struct ml_csv_flow flow = {.sink = put_frame};
	struct ml_pool *pool = NULL;
	int status;

	ML_TRY(ml_bind(b->schema, b->use, csv, &b->binding, err));
	CHECK(ml_pool_new(&pool, how->threads, err) == ML_OK);
	flow.want = b->binding.want;
	status = ml_csv_flow_run(csv, &flow, pool, NULL, b, err);
	ml_pool_free(pool);
	ml_binding_free(&b->binding);
	return status;
}

static void
test_bind(void)
{
	struct ml_buf train = buffer("size,colour,shape\n1,red,round\n2,blue,\"\"\n");
	struct ml_buf live = buffer("extra,colour,size\n\xff,green,3\n,blue,\nz,,4\n");
	struct ml_buf text = buffer("colour,size\nred,big\n");
	const struct how how = {.threads = 1};
	const bool use[] = {true, true, false}, all[] = {true, true, true};
	const bool colour[] = {false, true, false};
	struct ml_err err;
	struct ml_table *table = table_of(&train, &how, &err);
	struct bound b = {.schema = &table->schema, .use = use};

	test_case("a schema finds its columns by name; unseen, missing and absent are apart");
	CHECK(with_csv(&live, &how, bind, &b, &err) == ML_OK);
	CHECK_TEXT(b.out.p, "size colour:<blue> <red> shape:<> <round>\n"
			    "3 #-2 #-1\n- #0 #-1\n4 #-1 #-1");
	test_case("a column that is used must be there");
	b.use = all;
	CHECK(with_csv(&live, &how, bind, &b, &err) == ML_EINPUT);
	CHECK(strstr(err.text, "'shape'") != NULL);
	test_case("a text in a numeric column is an error with its place");
	err = (struct ml_err){0};
	b.use = NULL;
	CHECK(with_csv(&text, &how, bind, &b, &err) == ML_EINPUT);
	CHECK(strstr(err.text, ":2: column 2 'size': not a number: 'big'") != NULL);
	test_case("a column that is not used is not read");
	err = (struct ml_err){0};
	ml_buf_free(&b.out);
	b.use = colour;
	CHECK(with_csv(&text, &how, bind, &b, &err) == ML_OK);
	CHECK_TEXT(b.out.p, "size colour:<blue> <red> shape:<> <round>\n- #1 #-1");
	CHECK(ml_schema_find(&table->schema, "shape") == 2);
	CHECK(ml_schema_find(&table->schema, "Shape") == -1);

	ml_table_free(table);
	ml_buf_free(&b.out);
	ml_buf_free(&train);
	ml_buf_free(&live);
	ml_buf_free(&text);
}

int
main(void)
{
	test_small();
	test_long();
	test_stream();
	test_bind();
	return test_end();
}
