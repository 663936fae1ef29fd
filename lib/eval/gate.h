#ifndef ML_EVAL_GATE_H
#define ML_EVAL_GATE_H

#include "base/str.h"
#include "eval/metric.h"

/*
 * A requirement: "auc>=0.8", "mae<baseline".  Operators are >= > <= <; the right side is a number
 * or the word baseline.
 */
struct ml_gate {
	const char *text;  /* as given */
	size_t figure;	   /* index of the figure in the list it was parsed into */
	bool above, equal; /* > or <; equal is enough */
	bool baseline;
	double bound;
};

enum ml_verdict { ML_MET, ML_NOT_MET, ML_UNDECIDED };

/* Appends the figure that TEXT names to FIGURES. */
int ml_gate_parse(struct ml_gate *gate, const char *text, struct ml_figures *figures,
		  struct ml_err *err);
/* FIGURE is the gate's, measured.  Says in WHY what was not met and by how much. */
enum ml_verdict ml_gate_judge(const struct ml_gate *gate, const struct ml_figure *figure,
			      struct ml_buf *why);

#endif
