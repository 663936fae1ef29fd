#include <string.h>

#include "base/num.h"
#include "base/opt.h"

void
ml_opt_value(const struct ml_opt *row, const void *base, struct ml_buf *out)
{
	const void *place = (const char *)base + row->offset;

	switch (row->type) {
	case ML_OPT_FLAG:
		ml_buf_text(out, *(const bool *)place ? "yes" : "no");
		break;
	case ML_OPT_INT:
		ml_buf_format(out, "%lld", (long long)*(const int64_t *)place);
		break;
	case ML_OPT_REAL:
		if (ml_buf_reserve(out, ML_NUM_TEXT))
			out->n += ml_num_format(out->p + out->n, *(const double *)place);
		break;
	case ML_OPT_TEXT:
		if (*(const char *const *)place != NULL)
			ml_buf_text(out, *(const char *const *)place);
		break;
	case ML_OPT_LIST:
	case ML_OPT_END:
		break;
	}
}

const char *
ml_opt_no(const struct ml_opt *row)
{
	return row->type == ML_OPT_FLAG && row->value != NULL ? "no-" : "";
}

/* The default as it is shown, or NULL. */
static const char *
shown_default(const struct ml_opt *row)
{
	return row->type == ML_OPT_FLAG ? NULL : row->value;
}

static void
print_range(FILE *out, const struct ml_opt *row)
{
	char low[ML_NUM_TEXT + 1], high[ML_NUM_TEXT + 1];

	low[ml_num_format(low, row->min)] = '\0';
	high[ml_num_format(high, row->max)] = '\0';
	fprintf(out, "%s..%s", low, high);
}

/* Words of TEXT from column 30 on, lines below 80. */
static size_t
print_wrapped(FILE *out, const char *text, size_t at)
{
	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (at + n + 1 > 79 && at > 30) {
			fprintf(out, "\n%30s", "");
			at = 30;
		}
		at += (size_t)fprintf(out, " %.*s", (int)n, text);
		text += n + (text[n] == ' ');
	}
	return at;
}

static void
print_row(FILE *out, const struct ml_opt *row)
{
	char head[120];
	const char *argument = row->argument == NULL ? "" : row->argument;
	const char *value = shown_default(row);
	int n;

	n = snprintf(head, sizeof head, "  %c%c%s --%s%s%s%s", row->letter != 0 ? '-' : ' ',
		     row->letter != 0 ? row->letter : ' ', row->letter != 0 ? "," : " ",
		     ml_opt_no(row), row->name, *argument != '\0' ? "=" : "", argument);
	if (n < 30)
		fprintf(out, "%-30s", head);
	else
		fprintf(out, "%s\n%30s", head, "");
	print_wrapped(out, row->help, 30);
	if (row->choices != NULL)
		fprintf(out, "\n%31s%s", "one of: ", row->choices);
	if ((row->type == ML_OPT_INT || row->type == ML_OPT_REAL) || value != NULL) {
		fprintf(out, "\n%31s", "");
		if (row->type == ML_OPT_INT || row->type == ML_OPT_REAL) {
			print_range(out, row);
			fputs(value != NULL ? ", " : "", out);
		}
		if (value != NULL)
			fprintf(out, "default %s", *value == '\0' ? "none" : value);
	}
	if (row->aliases != NULL) {
		fprintf(out, "\n%30s also", "");
		for (const char *p = row->aliases; *p != '\0';) {
			size_t m = strcspn(p, " ");

			fprintf(out, " --%.*s", (int)m, p);
			p += m + (p[m] == ' ');
		}
	}
	fputc('\n', out);
}

void
ml_opt_help(FILE *out, const struct ml_opt_set *sets, size_t n_sets)
{
	for (size_t s = 0; s < n_sets; s++) {
		if (sets[s].rows->type == ML_OPT_END)
			continue;
		fprintf(out, "\n%s:\n", sets[s].title == NULL ? "options" : sets[s].title);
		for (const struct ml_opt *row = sets[s].rows; row->type != ML_OPT_END; row++)
			print_row(out, row);
	}
}

void
ml_opt_dump(FILE *out, const struct ml_opt_set *sets, size_t n_sets)
{
	for (size_t s = 0; s < n_sets; s++)
		for (const struct ml_opt *row = sets[s].rows; row->type != ML_OPT_END; row++) {
			const char *value = shown_default(row);

			fprintf(out, "%c\t%s%s\t%s\t%s\t%s\t", row->letter != 0 ? row->letter : '-',
				ml_opt_no(row), row->name, row->aliases == NULL ? "" : row->aliases,
				row->argument == NULL ? "" : row->argument,
				value == NULL ? "" : value);
			if (row->choices != NULL)
				fputs(row->choices, out);
			else if (row->type == ML_OPT_INT || row->type == ML_OPT_REAL)
				print_range(out, row);
			fprintf(out, "\t%s\n", row->help);
		}
}
