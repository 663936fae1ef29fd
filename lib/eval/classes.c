#include "eval/classes.h"

#include "base/num.h"

/* Longer numbers are not told apart by a double, so they stay texts. */
enum { MOST_DIGITS = 15 };

/* The one text of a label: numbers in their shortest form. */
static struct ml_str
normal(struct ml_str label, char out[ML_NUM_TEXT])
{
	size_t digits = 0;
	double value;

	for (size_t i = 0; i < label.n; i++)
		digits += label.p[i] >= '0' && label.p[i] <= '9';
	if (digits > MOST_DIGITS || ml_num_parse(label, &value) != ML_NUM_YES)
		return label;
	return (struct ml_str){out, ml_num_format(out, value + 0.0)};
}

int32_t
ml_classes_add(struct ml_classes *classes, struct ml_str label)
{
	char text[ML_NUM_TEXT];

	return ml_dict_add(&classes->dict, normal(label, text));
}

int32_t
ml_classes_find(const struct ml_classes *classes, struct ml_str label)
{
	char text[ML_NUM_TEXT];

	return ml_dict_find(&classes->dict, normal(label, text));
}

int
ml_classes_compare(struct ml_str a, struct ml_str b, bool numbers)
{
	double x, y;

	if (numbers && ml_num_parse(a, &x) == ML_NUM_YES && ml_num_parse(b, &y) == ML_NUM_YES &&
	    x != y)
		return x < y ? -1 : 1;
	return ml_str_compare(a, b);
}

int
ml_classes_order(struct ml_classes *classes, struct ml_err *err)
{
	const struct ml_str *text = classes->dict.text;
	size_t k = classes->dict.n;
	bool numbers = true;
	double ignored;

	classes->order = ML_NEW(&classes->arena, size_t, k);
	classes->label = ML_NEW(&classes->arena, const char *, k);
	if (ml_arena_failed(&classes->arena))
		return ml_fail(err, ML_ENOMEM, "no memory for %zu classes", k);
	for (size_t i = 0; i < k; i++)
		numbers &= ml_num_parse(text[i], &ignored) == ML_NUM_YES;
	for (size_t i = 0; i < k; i++) {
		size_t j = i;

		for (; j > 0; j--) {
			size_t before = classes->order[j - 1];

			if (ml_classes_compare(text[before], text[i], numbers) <= 0)
				break;
			classes->order[j] = before;
		}
		classes->order[j] = i;
	}
	for (size_t i = 0; i < k; i++) {
		struct ml_str label = text[classes->order[i]];

		classes->label[i] = ml_arena_text(&classes->arena, label.p, label.n);
	}
	if (ml_arena_failed(&classes->arena))
		return ml_fail(err, ML_ENOMEM, "no memory for %zu classes", k);
	return ML_OK;
}

void
ml_classes_free(struct ml_classes *classes)
{
	ml_dict_free(&classes->dict);
	ml_arena_free(&classes->arena);
	*classes = (struct ml_classes){0};
}
