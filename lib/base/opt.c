#include "base/opt.h"

#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

struct found {
	const struct ml_opt *row;
	const struct ml_opt_set *set;
	bool negated; /* --no-NAME of a flag */
};

/* Long names are equal where dashes and underscores differ only. */
static bool
same(const char *a, size_t n, const char *name, size_t m)
{
	if (n != m)
		return false;
	for (size_t i = 0; i < n; i++)
		if (a[i] != name[i] && !(a[i] == '_' && name[i] == '-'))
			return false;
	return true;
}

/* Calls match for the name and each alias of a row; true once one matches. */
static bool
any_name(const struct ml_opt *row, const char *typed, size_t n, bool prefix)
{
	const char *p = row->name;

	for (int alias = 0; alias < 2; alias++) {
		while (p != NULL && *p != '\0') {
			size_t m = strcspn(p, " ");

			if (same(typed, n, p, prefix && n < m ? n : m))
				return true;
			p += m + (p[m] == ' ');
		}
		p = row->aliases;
	}
	return false;
}

static size_t
search(const struct ml_opt_set *sets, size_t n_sets, const char *typed, size_t n, bool prefix,
       struct found *found)
{
	size_t hits = 0;

	for (size_t s = 0; s < n_sets; s++)
		for (const struct ml_opt *row = sets[s].rows; row->type != ML_OPT_END; row++) {
			bool no = row->type == ML_OPT_FLAG && n > 3 &&
				  strncmp(typed, "no-", 3) == 0 && row->letter == 0 &&
				  any_name(row, typed + 3, n - 3, prefix);

			if (!no && !any_name(row, typed, n, prefix))
				continue;
			if (hits++ == 0 || !prefix)
				*found = (struct found){row, &sets[s], no};
		}
	return hits;
}

struct names {
	const struct ml_opt_set *sets;
	size_t n_sets;
};

static const char *
name_at(const void *ctx, size_t i)
{
	const struct names *names = ctx;

	for (size_t s = 0; s < names->n_sets; s++)
		for (const struct ml_opt *row = names->sets[s].rows; row->type != ML_OPT_END; row++)
			if (i-- == 0)
				return row->name;
	return NULL;
}

static int
find_long(const struct ml_opt_set *sets, size_t n_sets, const char *typed, size_t n,
	  struct found *found, struct ml_err *err)
{
	char quoted[ML_QUOTED], word[64] = {0};
	struct names names = {sets, n_sets};
	size_t count = 0, hits;
	const char *near;

	if (search(sets, n_sets, typed, n, false, found) > 0)
		return ML_OK;
	hits = search(sets, n_sets, typed, n, true, found);
	if (hits == 1)
		return ML_OK;
	ml_quote(quoted, typed, n);
	if (hits > 1)
		return ml_fail(err, ML_EUSAGE, "option %s is ambiguous", quoted);
	while (name_at(&names, count) != NULL)
		count++;
	memcpy(word, typed, n < sizeof word ? n : sizeof word - 1);
	near = ml_nearest(word, count, name_at, &names);
	if (near != NULL)
		return ml_fail(err, ML_EUSAGE, "unknown option %s (did you mean '--%s'?)", quoted,
			       near);
	return ml_fail(err, ML_EUSAGE, "unknown option %s", quoted);
}

static int
find_letter(const struct ml_opt_set *sets, size_t n_sets, const char *letter, struct found *found,
	    struct ml_err *err)
{
	char quoted[ML_QUOTED];

	for (size_t s = 0; s < n_sets; s++)
		for (const struct ml_opt *row = sets[s].rows; row->type != ML_OPT_END; row++)
			if (row->letter != 0 && row->letter == *letter) {
				*found = (struct found){row, &sets[s], false};
				return ML_OK;
			}
	return ml_fail(err, ML_EUSAGE, "unknown option '-%s'",
		       strlen(ml_quote(quoted, letter, 1)) == 3 ? (char[]){*letter, 0} : "?");
}

static bool
is_choice(const char *choices, const char *value)
{
	size_t n = strlen(value);

	while (*choices != '\0') {
		size_t m = strcspn(choices, " ");

		/* "reject=" stands for reject=ANYTHING */
		if ((m == n && memcmp(choices, value, n) == 0) ||
		    (m > 0 && choices[m - 1] == '=' && n > m && memcmp(choices, value, m) == 0))
			return true;
		choices += m + (choices[m] == ' ');
	}
	return false;
}

static int
bad_value(const struct ml_opt *row, const char *value, const char *expected, struct ml_err *err)
{
	char quoted[ML_QUOTED];

	return ml_fail(err, ML_EUSAGE, "option '--%s': %s, not %s", row->name, expected,
		       ml_quote(quoted, value, strlen(value)));
}

/* Appends to a list. */
static int
append(struct ml_texts *list, const char *value, struct ml_err *err)
{
	const char **text = ml_realloc(list->text, list->n + 1, sizeof *text);

	if (text == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	text[list->n++] = value;
	list->text = text;
	return ML_OK;
}

static int
set_number(const struct ml_opt *row, void *place, const char *value, struct ml_err *err)
{
	char low[ML_NUM_TEXT + 1] = {0}, high[ML_NUM_TEXT + 1] = {0}, range[96];
	double real;
	int64_t integer;

	ml_num_format(low, row->min);
	ml_num_format(high, row->max);
	snprintf(range, sizeof range, "%s from %s to %s",
		 row->type == ML_OPT_INT ? "expected an integer" : "expected a number", low, high);
	if (row->type == ML_OPT_INT) {
		if (!ml_int_parse(ml_str(value), &integer) ||
		    !((double)integer >= row->min && (double)integer <= row->max))
			return bad_value(row, value, range, err);
		*(int64_t *)place = integer;
		return ML_OK;
	}
	if (ml_num_parse(ml_str(value), &real) != ML_NUM_YES ||
	    !(real >= row->min && real <= row->max))
		return bad_value(row, value, range, err);
	*(double *)place = real;
	return ML_OK;
}

static int
set_value(const struct found *found, const char *value, struct ml_err *err)
{
	const struct ml_opt *row = found->row;
	void *place = (char *)found->set->base + row->offset;

	switch (row->type) {
	case ML_OPT_FLAG:
		if (value == NULL || strcmp(value, "yes") == 0 || strcmp(value, "true") == 0)
			*(bool *)place = !found->negated;
		else if (strcmp(value, "no") == 0 || strcmp(value, "false") == 0)
			*(bool *)place = found->negated;
		else
			return bad_value(row, value, "expected yes or no", err);
		break;
	case ML_OPT_INT:
	case ML_OPT_REAL:
		ML_TRY(set_number(row, place, value, err));
		break;
	case ML_OPT_TEXT:
		if (row->choices != NULL && !is_choice(row->choices, value)) {
			char expected[200];

			snprintf(expected, sizeof expected, "expected one of: %s", row->choices);
			return bad_value(row, value, expected, err);
		}
		*(const char **)place = value;
		break;
	case ML_OPT_LIST:
		ML_TRY(append(place, value, err));
		break;
	case ML_OPT_END:
		break;
	}
	return ML_OK;
}

static void
mark(const struct found *found)
{
	if (found->set->given != NULL)
		found->set->given[found->row - found->set->rows] = true;
}

int
ml_opt_defaults(const struct ml_opt_set *sets, size_t n_sets, struct ml_err *err)
{
	for (size_t s = 0; s < n_sets; s++)
		for (const struct ml_opt *row = sets[s].rows; row->type != ML_OPT_END; row++) {
			struct found found = {row, &sets[s], false};

			if (row->value != NULL)
				ML_TRY(set_value(&found, row->value, err));
		}
	return ML_OK;
}

/* One "--name", "--name=value" or "--name value" at argv[*i]. */
static int
parse_long(const struct ml_opt_set *sets, size_t n_sets, int argc, char **argv, int *i,
	   struct ml_err *err)
{
	const char *typed = argv[*i] + 2;
	size_t n = strcspn(typed, "=");
	const char *value = typed[n] == '=' ? typed + n + 1 : NULL;
	struct found found;

	ML_TRY(find_long(sets, n_sets, typed, n, &found, err));
	if (found.row->type == ML_OPT_FLAG) {
		if (value != NULL)
			return ml_fail(err, ML_EUSAGE, "option '--%s' takes no value",
				       found.row->name);
	} else if (value == NULL && found.row->argument[0] == '[') {
		value = "always"; /* a value in brackets may be left out */
	} else if (value == NULL) {
		if (*i + 1 >= argc)
			return ml_fail(err, ML_EUSAGE, "option '--%s' needs a value",
				       found.row->name);
		value = argv[++*i];
	}
	mark(&found);
	return set_value(&found, value, err);
}

/* "-abc value", "-cvalue". */
static int
parse_letters(const struct ml_opt_set *sets, size_t n_sets, int argc, char **argv, int *i,
	      struct ml_err *err)
{
	for (const char *p = argv[*i] + 1; *p != '\0'; p++) {
		struct found found = {0};
		const char *value = NULL;

		ML_TRY(find_letter(sets, n_sets, p, &found, err));
		if (found.row->type != ML_OPT_FLAG) {
			if (p[1] == '\0' && *i + 1 >= argc)
				return ml_fail(err, ML_EUSAGE, "option '-%c' needs a value", *p);
			value = p[1] != '\0' ? p + 1 : argv[++*i];
		}
		mark(&found);
		ML_TRY(set_value(&found, value, err));
		if (value != NULL)
			break;
	}
	return ML_OK;
}

int
ml_opt_parse(const struct ml_opt_set *sets, size_t n_sets, int argc, char **argv, size_t *operands,
	     struct ml_err *err)
{
	bool ended = false;

	*operands = 0;
	for (int i = 1; i < argc; i++) {
		if (ended || argv[i][0] != '-' || argv[i][1] == '\0')
			argv[++*operands] = argv[i];
		else if (strcmp(argv[i], "--") == 0)
			ended = true;
		else if (argv[i][1] == '-')
			ML_TRY(parse_long(sets, n_sets, argc, argv, &i, err));
		else
			ML_TRY(parse_letters(sets, n_sets, argc, argv, &i, err));
	}
	return ML_OK;
}

void
ml_opt_free(const struct ml_opt *rows, void *base)
{
	for (; base != NULL && rows->type != ML_OPT_END; rows++) {
		struct ml_texts *list = (struct ml_texts *)(void *)((char *)base + rows->offset);

		if (rows->type == ML_OPT_LIST) {
			ml_free(list->text);
			*list = (struct ml_texts){0};
		}
	}
}

int
ml_opt_set_text(const struct ml_opt_set *sets, size_t n_sets, const char *name, const char *value,
		struct ml_err *err)
{
	struct found found;

	ML_TRY(find_long(sets, n_sets, name, strlen(name), &found, err));
	return set_value(&found, value, err);
}

/* Takes the blanks off both ends, in place. */
static char *
trim(char *p)
{
	size_t n;

	p += strspn(p, " \t\r");
	for (n = strlen(p); n > 0 && strchr(" \t\r", p[n - 1]) != NULL; n--)
		p[n - 1] = '\0';
	return p;
}

static int
config_line(const struct ml_opt_set *sets, size_t n_sets, char *line, struct ml_err *err)
{
	struct found found;
	char *equals, *name = trim(line);

	if (*name == '\0' || *name == '#')
		return ML_OK;
	if ((equals = strchr(name, '=')) == NULL)
		return ml_fail(err, ML_EUSAGE, "expected 'name = value'");
	*equals = '\0';
	name = trim(name);
	ML_TRY(find_long(sets, n_sets, name, strlen(name), &found, err));
	if (found.set->given != NULL && found.set->given[found.row - found.set->rows])
		return ML_OK;
	return set_value(&found, trim(equals + 1), err);
}

int
ml_opt_config(const struct ml_opt_set *sets, size_t n_sets, const char *path, struct ml_err *err)
{
	struct ml_buf text = {0}; /* options point into it: it lives as long as the process */
	size_t line = 0;

	ML_TRY(ml_io_read(path, 1 << 20, &text, err));
	ml_buf_char(&text, '\0');
	if (text.failed)
		return ml_fail(err, ML_ENOMEM, "no memory");
	for (char *p = text.p, *next; p != NULL; p = next) {
		if ((next = strchr(p, '\n')) != NULL)
			*next++ = '\0';
		line++;
		if (config_line(sets, n_sets, p, err) < 0)
			return ml_within(err, "%s:%zu", path, line);
	}
	return ML_OK;
}

/* The value that the file gives NAME, or NULL. */
static const char *
peek_config(const struct ml_opt *row, const char *path)
{
	struct ml_buf text = {0};
	struct ml_err ignored = {0};
	const char *value = NULL;

	if (ml_io_read(path, 1 << 20, &text, &ignored) < 0)
		return NULL; /* ml_opt_config says so */
	ml_buf_char(&text, '\0');
	for (char *p = text.failed ? NULL : text.p, *next; p != NULL; p = next) {
		char *name, *equals;

		if ((next = strchr(p, '\n')) != NULL)
			*next++ = '\0';
		name = trim(p);
		if (*name == '#' || (equals = strchr(name, '=')) == NULL)
			continue;
		*equals = '\0';
		name = trim(name);
		if (any_name(row, name, strlen(name), false))
			value = trim(equals + 1);
	}
	if (value == NULL)
		ml_buf_free(&text); /* otherwise it lives as long as the process */
	return value;
}

static const char *
peek_arguments(const struct ml_opt_set *sets, size_t n_sets, const char *name, int argc,
	       char **argv)
{
	const char *value = NULL;
	struct found wanted, found;

	if (search(sets, n_sets, name, strlen(name), false, &wanted) == 0)
		return NULL;
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *p = argv[i];
		struct ml_err ignored = {0};

		if (p[0] != '-' || p[1] == '\0')
			continue;
		if (p[1] == '-') {
			size_t n = strcspn(p + 2, "=");

			if (find_long(sets, n_sets, p + 2, n, &found, &ignored) < 0)
				continue;
			if (found.row == wanted.row)
				value = p[2 + n] == '=' ? p + 3 + n
					: i + 1 < argc	? argv[i + 1]
							: NULL;
			i += found.row->type != ML_OPT_FLAG && p[2 + n] != '=';
			continue;
		}
		for (p++; *p != '\0'; p++) {
			if (find_letter(sets, n_sets, p, &found, &ignored) < 0)
				break;
			if (found.row->type == ML_OPT_FLAG)
				continue;
			if (found.row == wanted.row)
				value = p[1] != '\0' ? p + 1 : i + 1 < argc ? argv[i + 1] : NULL;
			i += p[1] == '\0';
			break;
		}
	}
	return value;
}

const char *
ml_opt_peek(const struct ml_opt_set *sets, size_t n_sets, const char *name, int argc, char **argv)
{
	const char *value = peek_arguments(sets, n_sets, name, argc, argv), *config;
	struct found found;

	if (value != NULL || search(sets, n_sets, name, strlen(name), false, &found) == 0 ||
	    (config = peek_arguments(sets, n_sets, "config", argc, argv)) == NULL)
		return value;
	return peek_config(found.row, config);
}
