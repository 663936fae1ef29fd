#include "base/opt.h"

#include <string.h>

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

/* TYPED is the name or an alias of a row, or with PREFIX the start of one. */
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

/* How many rows are called TYPED; the first of them. */
static size_t
count_rows(const struct ml_opt_set *sets, size_t n_sets, const char *typed, size_t n, bool prefix,
	   bool negated, struct found *found)
{
	size_t hits = 0;

	if (negated && (n < 4 || !same(typed, 3, "no-", 3)))
		return 0;
	for (size_t s = 0; s < n_sets; s++)
		for (const struct ml_opt *row = sets[s].rows; row->type != ML_OPT_END; row++) {
			if (negated ? row->type != ML_OPT_FLAG ||
					  !any_name(row, typed + 3, n - 3, prefix)
				    : !any_name(row, typed, n, prefix))
				continue;
			if (hits++ == 0)
				*found = (struct found){row, &sets[s], negated};
		}
	return hits;
}

/* Whole names win over starts of names, and names as they are over --no-NAME. */
static size_t
search(const struct ml_opt_set *sets, size_t n_sets, const char *typed, size_t n,
       struct found *found)
{
	size_t hits = 0;

	for (int way = 0; way < 4 && hits == 0; way++)
		hits = count_rows(sets, n_sets, typed, n, way >= 2, way % 2 == 1, found);
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
	char quoted[ML_QUOTED], word[66] = "--";
	struct names names = {sets, n_sets};
	size_t count = 0, hits = search(sets, n_sets, typed, n, found);
	const char *near;

	if (hits == 1)
		return ML_OK;
	memcpy(word + 2, typed, n < sizeof word - 2 ? n : sizeof word - 3);
	ml_quote(quoted, word, n < sizeof word - 2 ? n + 2 : sizeof word - 1);
	if (hits > 1)
		return ml_fail(err, ML_EUSAGE, "option %s is ambiguous", quoted);
	while (name_at(&names, count) != NULL)
		count++;
	near = ml_nearest(word + (strncmp(word, "--no-", 5) == 0 ? 5 : 2), count, name_at, &names);
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

		bool open = m > 0 && choices[m - 1] == '='; /* "reject=" is reject=ANYTHING */

		if (memcmp(choices, value, n < m ? n : m) == 0 && (open ? n > m : n == m))
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

/* Integers beyond 2^53 are no doubles: it is the limits that are converted. */
static bool
integer_within(int64_t value, double min, double max)
{
	return (min <= -0x1p63 || value >= (int64_t)min) &&
	       (max >= 0x1p63 || value <= (int64_t)max);
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
		    !integer_within(integer, row->min, row->max))
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

/* A walk over the command line, word by word and letter by letter. */
struct walk {
	int argc, i;
	char **argv;
	const char *letters; /* those left of "-abc" */
	bool ended;	     /* behind "--" */
};

enum word { WORD_END, WORD_OPERAND, WORD_OPTION };

/* The word behind an option, as its value. */
static int
take_value(struct walk *walk, const char **value)
{
	if (walk->i + 1 >= walk->argc)
		return ML_EUSAGE;
	*value = walk->argv[++walk->i];
	return ML_OK;
}

/* "--name", "--name=value" or "--name value". */
static int
long_option(const struct ml_opt_set *sets, size_t n_sets, struct walk *walk, struct found *found,
	    const char **value, struct ml_err *err)
{
	const char *typed = walk->argv[walk->i] + 2;
	size_t n = strcspn(typed, "=");

	ML_TRY(find_long(sets, n_sets, typed, n, found, err));
	*value = typed[n] == '=' ? typed + n + 1 : NULL;
	if (found->row->type == ML_OPT_FLAG) {
		if (*value != NULL)
			return ml_fail(err, ML_EUSAGE, "option '--%s' takes no value",
				       found->row->name);
	} else if (*value == NULL && found->row->argument[0] == '[') {
		*value = "always"; /* a value in brackets may be left out */
	} else if (*value == NULL && take_value(walk, value) < 0) {
		return ml_fail(err, ML_EUSAGE, "option '--%s' needs a value", found->row->name);
	}
	return WORD_OPTION;
}

/* The next letter of "-abc", "-abc value" or "-abcvalue". */
static int
short_option(const struct ml_opt_set *sets, size_t n_sets, struct walk *walk, struct found *found,
	     const char **value, struct ml_err *err)
{
	const char *p = walk->letters;

	walk->letters = NULL;
	*value = NULL;
	ML_TRY(find_letter(sets, n_sets, p, found, err));
	if (found->row->type == ML_OPT_FLAG)
		walk->letters = p[1] != '\0' ? p + 1 : NULL;
	else if (p[1] != '\0')
		*value = p + 1;
	else if (take_value(walk, value) < 0)
		return ml_fail(err, ML_EUSAGE, "option '-%c' needs a value", *p);
	return WORD_OPTION;
}

/* An enum word; a failure ends its word, not the walk. */
static int
next_word(const struct ml_opt_set *sets, size_t n_sets, struct walk *walk, struct found *found,
	  const char **value, struct ml_err *err)
{
	const char *p;

	if (walk->letters == NULL) {
		if (walk->i + 1 < walk->argc && !walk->ended &&
		    strcmp(walk->argv[walk->i + 1], "--") == 0) {
			walk->ended = true;
			walk->i++;
		}
		if (walk->i + 1 >= walk->argc)
			return WORD_END;
		p = walk->argv[++walk->i];
		if (walk->ended || p[0] != '-' || p[1] == '\0')
			return WORD_OPERAND;
		if (p[1] == '-')
			return long_option(sets, n_sets, walk, found, value, err);
		walk->letters = p + 1;
	}
	return short_option(sets, n_sets, walk, found, value, err);
}

int
ml_opt_parse(const struct ml_opt_set *sets, size_t n_sets, int argc, char **argv, size_t *operands,
	     struct ml_err *err)
{
	struct walk walk = {.argc = argc, .argv = argv};
	struct found found = {0};
	const char *value;
	int word;

	*operands = 0;
	while ((word = next_word(sets, n_sets, &walk, &found, &value, err)) > WORD_END) {
		if (word == WORD_OPERAND) {
			argv[++*operands] = argv[walk.i];
			continue;
		}
		mark(&found);
		ML_TRY(set_value(&found, value, err));
	}
	return word;
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

static int
apply_setting(const struct ml_opt_set *sets, size_t n_sets, const struct ml_opt_setting *setting,
	      struct ml_err *err)
{
	struct found found;

	ML_TRY(find_long(sets, n_sets, setting->name, strlen(setting->name), &found, err));
	if (found.set->given != NULL && found.set->given[found.row - found.set->rows])
		return ML_OK;
	return set_value(&found, setting->value, err);
}

int
ml_opt_apply(const struct ml_opt_set *sets, size_t n_sets, const struct ml_opt_file *file,
	     struct ml_err *err)
{
	for (size_t i = 0; i < file->n; i++)
		if (apply_setting(sets, n_sets, &file->setting[i], err) < 0)
			return ml_within(err, "%s:%zu", file->path, file->setting[i].line);
	return ML_OK;
}

const char *
ml_opt_peek(const struct ml_opt_set *sets, size_t n_sets, const char *name, int argc, char **argv,
	    const struct ml_opt_file *file)
{
	struct walk walk = {.argc = argc, .argv = argv};
	const char *value = NULL, *here;
	struct found wanted, found;
	int word = WORD_OPERAND;

	if (search(sets, n_sets, name, strlen(name), &wanted) != 1)
		return NULL;
	while (word != WORD_END) {
		struct ml_err later = {0}; /* is ml_opt_parse's to report */

		word = next_word(sets, n_sets, &walk, &found, &here, &later);
		if (word == WORD_OPTION && found.row == wanted.row)
			value = here;
	}
	for (size_t i = 0; value == NULL && file != NULL && i < file->n; i++) {
		/* the last one wins, as in ml_opt_apply */
		const struct ml_opt_setting *s = &file->setting[file->n - 1 - i];

		if (search(sets, n_sets, s->name, strlen(s->name), &found) == 1 &&
		    found.row == wanted.row)
			value = s->value;
	}
	return value;
}
