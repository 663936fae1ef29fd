#ifndef ML_EVAL_SHOW_H
#define ML_EVAL_SHOW_H

#include "eval/metric.h"
#include "table/report.h"

/* What an evaluation shows, as reports: each sets the columns and adds the lines. */

/* metric,value,lower,upper,baseline,rows */
void ml_show_figures(const struct ml_figures *figures, struct ml_report *report);
/* truth,predicted,rows: every pair of classes; rows are weights if there are any. */
void ml_show_confusion(const struct ml_tally *tally, struct ml_report *report);
/* metric,task,better,reads,meaning: all there are. */
void ml_show_metrics(struct ml_report *report);

#endif
