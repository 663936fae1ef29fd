#ifndef ML_CMD_COMPLETE_H
#define ML_CMD_COMPLETE_H

#include "main.h"

enum { ML_MOST_SETS = 8 };

/* The sets of rows of a tool or a verb; returns how many. */
typedef size_t ml_sets_of(const struct ml_cmd *cmd, struct ml_opt_set sets[ML_MOST_SETS]);

/* Prints the completion script of a tool for bash, zsh or fish, from its rows and its verbs'. */
void ml_complete(FILE *out, const char *shell, const struct ml_cmd *cmd, ml_sets_of *sets_of);

#endif
