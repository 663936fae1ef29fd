#include "eval/gate.h"

#include <math.h>
#include <string.h>

#include "base/num.h"

static struct ml_str
trim(const char *p, size_t n)
{
	while (n > 0 && *p == ' ') {
		p++;
		n--;
	}
	while (n > 0 && p[n - 1] == ' ')
		n--;
	return (struct ml_str){p, n};
}

int
ml_gate_parse(struct ml_gate *gate, const char *text, struct ml_err *err)
{
	char quoted[ML_QUOTED];
	size_t at = strlen(text);
	struct ml_str bound;

	*gate = (struct ml_gate){.text = text};
	/* The last operator: a class in the name may have the same characters. */
	while (at > 0 && text[at - 1] != '<' && text[at - 1] != '>')
		at--;
	if (at == 0)
		return ml_fail(err, ML_EUSAGE,
			       "requirement %s: expected METRIC and >=, >, <= or <, then a number "
			       "or 'baseline'",
			       ml_quote(quoted, text, strlen(text)));
	gate->above = text[at - 1] == '>';
	gate->equal = text[at] == '=';
	gate->name = trim(text, at - 1);
	bound = trim(text + at + gate->equal, strlen(text + at + gate->equal));
	gate->baseline = ml_str_is(bound, "baseline");
	if (!gate->baseline && ml_num_parse(bound, &gate->bound) != ML_NUM_YES)
		return ml_fail(err, ML_EUSAGE,
			       "requirement '%s': expected a number or 'baseline', not %s", text,
			       ml_quote(quoted, bound.p, bound.n));
	return ML_OK;
}

static void
put_number(struct ml_buf *out, double value)
{
	char text[ML_NUM_TEXT];

	ml_buf_add(out, text, ml_num_round(text, value, 6));
}

enum ml_verdict
ml_gate_judge(const struct ml_gate *gate, const struct ml_figure *figure, struct ml_buf *why)
{
	double value = figure->value, bound = gate->baseline ? figure->baseline : gate->bound;

	if (isnan(value) || isnan(bound)) {
		ml_buf_format(why, "requirement cannot be decided: %s: %s is undefined", gate->text,
			      isnan(value) ? figure->name : "the baseline");
		if (isnan(value) && figure->why != NULL)
			ml_buf_format(why, ": %s", figure->why);
		return ML_UNDECIDED;
	}
	if ((gate->equal && value == bound) || (gate->above ? value > bound : value < bound))
		return ML_MET;
	ml_buf_format(why, "requirement not met: %s: %s is ", gate->text, figure->name);
	put_number(why, value);
	if (gate->baseline) {
		ml_buf_text(why, ", the baseline ");
		put_number(why, bound);
	}
	ml_buf_text(why, gate->above ? ", short by " : ", over by ");
	put_number(why, fabs(value - bound));
	return ML_NOT_MET;
}
