#ifndef ML_EVAL_GATE_H
#define ML_EVAL_GATE_H

#include "base/str.h"
#include "eval/metric.h"

/*
 * A requirement: "auc>=0.8", "mae<baseline".  Operators are >= > <= <; the right side is a number
 * or the word baseline.
 */
struct ml_gate {
	const char *text;   /* as given */
	struct ml_str name; /* of the figure */
	bool above, equal;  /* > or <; equal is enough */
	bool baseline;
	double bound;
};

enum ml_verdict { ML_MET, ML_NOT_MET, ML_UNDECIDED };

/* TEXT lives as long as the gate. */
int ml_gate_parse(struct ml_gate *gate, const char *text, struct ml_err *err);
/* FIGURE is the one called gate->name.  Says in WHY what was not met and by how much. */
enum ml_verdict ml_gate_judge(const struct ml_gate *gate, const struct ml_figure *figure,
			      struct ml_buf *why);

#endif
