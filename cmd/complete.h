#ifndef ML_CMD_COMPLETE_H
#define ML_CMD_COMPLETE_H

#include "main.h"

/* Prints the completion script of a tool for bash, zsh or fish, from its rows. */
void ml_complete(FILE *out, const char *shell, const struct ml_cmd *cmd,
		 const struct ml_opt_set *sets, size_t n_sets);

#endif
