#ifndef ML_EVAL_CLASSES_H
#define ML_EVAL_CLASSES_H

#include "base/dict.h"
#include "base/err.h"

/*
 * The classes of an evaluation: texts of two columns, perhaps of two programs.  Two labels are one
 * class if their texts are equal or both are numbers and equal: 1 and 1.0.  Codes 0, 1, 2... come
 * in order of appearance; ml_classes_order gives the order of the report: as numbers if all are,
 * otherwise by bytes.  All zero is empty.
 */
struct ml_classes {
	struct ml_dict dict;
	size_t *order;	    /* class -> code */
	const char **label; /* by class, terminated */
	struct ml_arena arena;
};

/* The code of LABEL, added if new; -1 without memory. */
int32_t ml_classes_add(struct ml_classes *classes, struct ml_str label);
/* The code of LABEL, or -1. */
int32_t ml_classes_find(const struct ml_classes *classes, struct ml_str label);
/* <0, 0, >0: order of two labels when all labels are NUMBERS, or not. */
int ml_classes_compare(struct ml_str a, struct ml_str b, bool numbers);
/* Fills order and label. */
int ml_classes_order(struct ml_classes *classes, struct ml_err *err);
void ml_classes_free(struct ml_classes *classes);

#endif
