#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "store/tensors.h"
#include "store/train.h"

/*
 * One valid model, and what becomes of it when one thing in it is changed and the digest is made
 * right again: each class of damage has its verdict.
 */
static const char table[] = "age,city,y\n"
			    "31,rome,yes\n45,oslo,no\n,rome,yes\n52,paris,no\n23,oslo,yes\n"
			    "38,rome,no\n61,paris,no\n29,,yes\n44,oslo,no\n35,rome,yes\n";

static struct ml_bundle *
train(const char *algorithm)
{
	char path[] = "/tmp/mlutils-bundle-XXXXXX";
	struct ml_csv_options csv_options = {0};
	struct ml_train_options o = {.target = "y", .task = "auto", .class_weight = "none"};
	struct ml_opt_set sets[] = {{NULL, ml_csv_opts, &csv_options, NULL},
				    {NULL, ml_encode_opts, &o.encode, NULL}};
	struct ml_err err = {0};
	struct ml_train t = {.options = &o, .seed = 1};
	struct ml_bundle *bundle = NULL;
	void *params;
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, table, sizeof table - 1) != sizeof table - 1)
		abort();
	close(fd);
	ml_opt_defaults(sets, 2, &err);
	o.encode.impute_indicator = true;
	t.type = ml_model_find(algorithm, &err);
	t.params = params = ml_alloc(1, t.type->param_size);
	sets[0] = (struct ml_opt_set){NULL, t.type->params, params, NULL};
	ml_opt_defaults(sets, 1, &err);
	if (ml_csv_open(&t.csv, path, &csv_options, &err) < 0 ||
	    ml_pool_new(&t.pool, 1, &err) < 0 || ml_blas_start(&err) < 0 ||
	    ml_train(&t, &bundle, &err) < 0)
		printf("# %s\n", err.text);
	ml_csv_abandon(t.csv);
	ml_pool_free(t.pool);
	ml_free(params);
	unlink(path);
	return bundle;
}

static struct ml_buf
save(struct ml_bundle *bundle)
{
	struct ml_buf out = {0};
	struct ml_err err = {0};

	if (ml_bundle_write(bundle, &out, &err) < 0)
		printf("# %s\n", err.text);
	return out;
}

static size_t
header_length(const struct ml_buf *file)
{
	size_t n = 0;

	for (int i = 0; i < 8; i++)
		n |= (size_t)(unsigned char)file->p[i] << 8 * i;
	return n;
}

/* A file of this header and data, with length and digest made right. */
static struct ml_buf
build(const char *header, size_t header_n, const char *data, size_t data_n)
{
	struct ml_buf out = {0};
	char digest[ML_HASH_HEX];

	for (int i = 0; i < 8; i++)
		ml_buf_char(&out, (char)(header_n >> 8 * i & 0xFF));
	ml_buf_add(&out, header, header_n);
	ml_buf_add(&out, data, data_n);
	ml_tensors_seal(out.p, out.n, digest);
	return out;
}

/* Reads it; 0 and "" if it loads, which then must be able to predict. */
static const char *
verdict(const char *p, size_t n)
{
	static char text[1024];
	struct ml_bundle *bundle = NULL;
	struct ml_err err = {0};

	text[0] = '\0';
	if (ml_bundle_read(&bundle, "m", p, n, &err) < 0)
		snprintf(text, sizeof text, "%s", err.text);
	ml_bundle_free(bundle);
	return text;
}

/* Replaces the first FROM of the header by TO. */
static struct ml_buf
with_header(const struct ml_buf *file, const char *from, const char *to)
{
	size_t n = header_length(file);
	struct ml_buf header = {0}, out;
	const char *at = NULL;

	for (size_t i = 8; i + strlen(from) <= 8 + n && at == NULL; i++)
		if (memcmp(file->p + i, from, strlen(from)) == 0)
			at = file->p + i;
	if (at == NULL) {
		printf("# the header has no %s: %.*s\n", from, (int)n, file->p + 8);
		return header;
	}
	ml_buf_add(&header, file->p + 8, (size_t)(at - file->p) - 8);
	ml_buf_text(&header, to);
	ml_buf_add(&header, at + strlen(from), n - (size_t)(at + strlen(from) - file->p - 8));
	out = build(header.p, header.n, file->p + 8 + n, file->n - 8 - n);
	ml_buf_free(&header);
	return out;
}

/* Overwrites bytes at an offset of tensor NAME. */
static struct ml_buf
with_data(const struct ml_buf *file, const char *name, size_t at, const void *bytes, size_t n_bytes)
{
	size_t n = header_length(file);
	struct ml_err err = {0};
	struct ml_buf data = {0}, out;
	json_t *header, *offsets;

	ml_json_parse(&header, file->p + 8, n, &err);
	offsets = json_object_get(json_object_get(header, name), "data_offsets");
	if (offsets == NULL)
		printf("# no tensor %s\n", name);
	ml_buf_add(&data, file->p + 8 + n, file->n - 8 - n);
	memcpy(data.p + json_integer_value(json_array_get(offsets, 0)) + at, bytes, n_bytes);
	out = build(file->p + 8, n, data.p, data.n);
	json_decref(header);
	ml_buf_free(&data);
	return out;
}

static int classes;

static void
expect(const char *what, struct ml_buf bytes, const char *expected)
{
	char line[1400];
	const char *got = verdict(bytes.p, bytes.n);

	classes++;
	if (*expected == '\0' ? *got != '\0' : strstr(got, expected) == NULL) {
		snprintf(line, sizeof line, "%s: \"%s\", not \"%s\"", what, got, expected);
		test_fail(__FILE__, __LINE__, line);
	}
	ml_buf_free(&bytes);
}

static const struct {
	const char *what, *from, *to, *expected;
} edits[] = {
    {"another format", "mlutils-model", "somebody-elses", "not a model of mlutils but 'somebody"},
    {"a later version", "\"version\":\"1\"", "\"version\":\"2\"", "format version '2'"},
    {"no version", "\"version\":\"1\",", "", "'version' is not a text"},
    {"no format", "\"format\":\"mlutils-model\",", "", "'format' is not a text"},
    {"metadata of a number", "\"version\":\"1\"", "\"version\":1", "no text"},
    {"metadata that is a list", "\"__metadata__\":{", "\"__metadata__\":[{", "json"},
    {"digest not first", "{\"digest\":\"", "{\"a\":\"\",\"digest\":\"", "no digest"},
    {"no metadata", "__metadata__", "__megadata__", "no metadata"},
    {"a repeated key", "\"version\":\"1\"", "\"version\":\"1\",\"version\":\"1\"", "duplicate"},
    {"an unknown algorithm", "\"algorithm\":\"logistic\"", "\"algorithm\":\"oracle\"", "oracle"},
    {"the wrong algorithm", "\"algorithm\":\"logistic\"", "\"algorithm\":\"ridge\"", "task"},
    {"an unknown task", "\"task\":\"classification\"", "\"task\":\"divination\"", "task"},
    {"the wrong task", "\"task\":\"classification\"", "\"task\":\"regression\"", "task"},
    {"an unknown target", "\"target\":\"y\"", "\"target\":\"z\"", "target is no column"},
    {"a numeric target", "\"target\":\"y\"", "\"target\":\"age\"", "target's type"},
    {"a feature as target", "\"target\":\"y\"", "\"target\":\"city\"", "classes are not"},
    {"a class too few", "[\\\"no\\\",\\\"yes\\\"]}\",\"schema", "[\\\"no\\\"]}\",\"schema",
     "classes are not"},
    {"a class too many", "[\\\"no\\\",\\\"yes\\\"]}\",\"schema",
     "[\\\"no\\\",\\\"yes\\\",\\\"maybe\\\"]}\",\"schema", "classes are not"},
    {"a class twice", "[\\\"no\\\",\\\"yes\\\"]}\",\"schema", "[\\\"no\\\",\\\"no\\\"]}\",\"schema",
     "classes are not"},
    {"a class that is no level", "[\\\"no\\\",\\\"yes\\\"]}\",\"schema",
     "[\\\"no\\\",\\\"yep\\\"]}\",\"schema", "classes are not"},
    {"a class that is a number", "[\\\"no\\\",\\\"yes\\\"]}\",\"schema",
     "[\\\"no\\\",1]}\",\"schema", "classes are not"},
    {"no classes", "\"classes\":", "\"clashes\":", "'classes' is not a text"},
    {"schema that is no JSON", "\"schema\":\"{", "\"schema\":\"{{", "metadata 'schema': json"},
    {"schema that is a list", "\"schema\":\"{\\\"columns\\\":[", "\"schema\":\"[{\\\"columns\\\":[",
     "metadata 'schema'"},
    {"a schema without columns", "\"schema\":\"{\\\"columns", "\"schema\":\"{\\\"rows",
     "'columns' is not a list"},
    {"a column without a name", "{\\\"name\\\":\\\"age\\\",\\\"type",
     "{\\\"nom\\\":\\\"age\\\",\\\"type", "'name' is not a text"},
    {"an empty column name", "{\\\"name\\\":\\\"age\\\",\\\"type",
     "{\\\"name\\\":\\\"\\\",\\\"type", "empty or repeated"},
    {"a repeated column name", "{\\\"name\\\":\\\"age\\\",\\\"type",
     "{\\\"name\\\":\\\"city\\\",\\\"type", "empty or repeated"},
    {"a column that the encoder lacks", "{\\\"name\\\":\\\"age\\\",\\\"type",
     "{\\\"name\\\":\\\"ago\\\",\\\"type", "encoder: no column 'age'"},
    {"an unknown column type", "\\\"numeric\\\"", "\\\"complex\\\"", "unknown type"},
    {"a number read as category", "\\\"type\\\":\\\"numeric\\\"",
     "\\\"type\\\":\\\"category\\\",\\\"levels\\\":[\\\"a\\\"]", "wrong kind"},
    {"a repeated level", "\\\"oslo\\\",\\\"paris\\\"", "\\\"oslo\\\",\\\"oslo\\\"", "bad levels"},
    {"a level that is a number", "\\\"oslo\\\",\\\"paris\\\"", "\\\"oslo\\\",7", "bad levels"},
    {"a level too few", "\\\"oslo\\\",\\\"paris\\\"", "\\\"oslo\\\"", "too many slots"},
    {"a level too many", "\\\"oslo\\\",\\\"paris\\\"", "\\\"oslo\\\",\\\"paris\\\",\\\"quito\\\"",
     "elements"},
    {"an unknown kind of encoding", "\\\"kind\\\":\\\"number\\\"", "\\\"kind\\\":\\\"rune\\\"",
     "wrong kind"},
    {"the wrong kind of encoding", "\\\"kind\\\":\\\"onehot\\\"", "\\\"kind\\\":\\\"number\\\"",
     "wrong kind"},
    {"negative slots", "\\\"slots\\\":3", "\\\"slots\\\":-3", "out of range"},
    {"too many slots", "\\\"slots\\\":3", "\\\"slots\\\":4", "too many slots"},
    {"too few slots", "\\\"slots\\\":3", "\\\"slots\\\":2", "slot"},
    {"a feature less", "\\\"indicator\\\":true", "\\\"indicator\\\":false", "elements"},
    {"a feature more", "\\\"kind\\\":\\\"onehot\\\",\\\"indicator\\\":false,\\\"missing\\\":true",
     "\\\"kind\\\":\\\"onehot\\\",\\\"indicator\\\":false,\\\"missing\\\":false", "elements"},
    {"options that are no JSON", "\"options\":\"{", "\"options\":\"(", "metadata 'options'"},
    {"no metrics", "\"metrics\":", "\"metricks\":", "'metrics' is not a text"},
    {"no origin", "\"origin\":", "\"originn\":", "'origin' is not a text"},
    {"a missing tensor", "\"encoder/slot\"", "\"encoder/slop\"", "'encoder/slot' is missing"},
    {"the state's tensor missing", "\"state/coef\"", "\"state/cough\"", "is missing"},
    {"an unknown type", "\"dtype\":\"F64\"", "\"dtype\":\"BF16\"", "unknown type"},
    {"the wrong type", "\"dtype\":\"F64\"", "\"dtype\":\"I64\"", "is not F64"},
    {"a shape of two dimensions", "\"shape\":[", "\"shape\":[1,", "badly described"},
    {"no shape", "\"shape\"", "\"shapes\"", "badly described"},
    {"a member more", "\"dtype\":\"F64\"", "\"dtype\":\"F64\",\"x\":1", "badly described"},
    {"a shape that is text", "\"shape\":[", "\"shape\":[\"1\"],\"sh\":[", "badly described"},
    {"a negative shape", "\"shape\":[", "\"shape\":[-", "does not fit its shape"},
    {"a huge shape", "\"shape\":[", "\"shape\":[99999999999999", "does not fit its shape"},
    {"a shape beyond integers", "\"shape\":[", "\"shape\":[99999999999999999999", "json"},
    {"a hole", "\"data_offsets\":[0,", "\"data_offsets\":[8,", "does not fit its shape"},
    {"a negative offset", "\"data_offsets\":[0,", "\"data_offsets\":[-8,",
     "does not fit its shape"},
    {"an offset that is text", "\"data_offsets\":[0,", "\"data_offsets\":[\"0\",",
     "badly described"},
    {"a third offset", "\"data_offsets\":[0,", "\"data_offsets\":[0,0,", "badly described"},
    {"deep nesting", "\"version\":\"1\"",
     "\"version\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "deeper"},
    {"a NUL in a text", "\"version\":\"1\"", "\"version\":\"1\\u0000\"", "json"},
};

static void
damaged_headers(const struct ml_buf *file)
{
	for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
		if (*edits[i].expected == '\0')
			continue;
		expect(edits[i].what, with_header(file, edits[i].from, edits[i].to),
		       edits[i].expected);
	}
}

static void
damaged_data(const struct ml_buf *file)
{
	static const double nan_value = NAN, infinite = INFINITY, huge = 1e300;
	static const int32_t minus = -1, large = 1000;

	expect("a coefficient that is NaN", with_data(file, "state/coef", 0, &nan_value, 8),
	       "not finite");
	expect("an infinite intercept", with_data(file, "state/intercept", 0, &infinite, 8),
	       "not finite");
	expect("a scale that is NaN", with_data(file, "encoder/number", 16, &nan_value, 8),
	       "not finite");
	expect("a negative slot", with_data(file, "encoder/slot", 0, &minus, 4), "out of range");
	expect("a slot too large", with_data(file, "encoder/slot", 4, &large, 4), "out of range");
	expect("a huge coefficient is fine", with_data(file, "state/coef", 0, &huge, 8), "");
}

static void
damaged_bytes(const struct ml_buf *file)
{
	size_t n = header_length(file);
	struct ml_buf copy = {0};
	static const char more[8] = {0};

	ml_buf_add(&copy, file->p, file->n);
	expect("empty", (struct ml_buf){0}, "only 0 bytes");
	for (size_t k = 1; k < file->n; k += k < 64 ? 1 : 37)
		CHECK(*verdict(file->p, k) != '\0');
	copy.p[file->n - 1] ^= 1;
	CHECK(strstr(verdict(copy.p, copy.n), "digest") != NULL);
	copy.p[file->n - 1] ^= 1;
	for (size_t k = 0; k < file->n; k += 11) { /* one bit of every eleventh byte */
		copy.p[k] ^= 4;
		if (*verdict(copy.p, copy.n) == '\0')
			test_fail(__FILE__, __LINE__, "a flipped bit went unseen");
		copy.p[k] ^= 4;
	}
	copy.p[7] = 1;
	CHECK(strstr(verdict(copy.p, copy.n), "not a model file") != NULL);
	copy.p[7] = 0;
	copy.p[8] = '[';
	CHECK(strstr(verdict(copy.p, copy.n), "not a model file") != NULL);
	expect("bytes behind the last tensor",
	       build(file->p + 8, n, file->p + 8 + n, file->n - 8 - n), "");
	copy.n = 0;
	ml_buf_add(&copy, file->p + 8 + n, file->n - 8 - n);
	ml_buf_add(&copy, more, 8);
	expect("trailing bytes", build(file->p + 8, n, copy.p, copy.n), "behind the last tensor");
	expect("data cut off", build(file->p + 8, n, copy.p, copy.n - 16), "end beyond the file");
	expect("a header of a number", build("12345678", 8, "", 0), "not a model file");
	expect("CSV by mistake", build("a,b\n1,2\n", 8, "", 0), "not a model file");
	ml_buf_free(&copy);
}

int
main(void)
{
	static const char *const algorithms[] = {"logistic", "bayes", "baseline"};
	struct ml_buf file, again;
	struct ml_bundle *bundle, *loaded;
	struct ml_err err = {0};

	test_case("a model is the same after saving, loading and saving");
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
		bundle = train(algorithms[i]);
		CHECK(bundle != NULL);
		if (bundle == NULL)
			return test_end();
		file = save(bundle);
		loaded = NULL;
		CHECK(ml_bundle_read(&loaded, "m", file.p, file.n, &err) == ML_OK);
		CHECK_TEXT(err.text, "");
		if (loaded != NULL) {
			again = save(loaded);
			CHECK(again.n == file.n && memcmp(again.p, file.p, file.n) == 0);
			CHECK_TEXT(loaded->digest, bundle->digest);
			ml_buf_free(&again);
		}
		ml_bundle_free(loaded);
		ml_bundle_free(bundle);
		ml_buf_free(&file);
	}

	bundle = train("logistic");
	file = save(bundle);
	test_case("every kind of damage to the header has its verdict");
	damaged_headers(&file);
	test_case("every kind of damage to the data has its verdict");
	damaged_data(&file);
	test_case("no damage to the bytes goes unseen");
	damaged_bytes(&file);
	test_case("at least sixty classes of damage were tried");
	CHECK(classes >= 60);
	ml_buf_free(&file);
	ml_bundle_free(bundle);
	return test_end();
}
