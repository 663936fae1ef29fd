#include "model/model.h"

#include <string.h>

#include "base/str.h"
#include "model/common.h"
#include "num/func.h"

#define ML_MODEL(name) extern const struct ml_model_type ml_model_##name;
#include "model/models.def"
#undef ML_MODEL

const struct ml_model_type *const ml_model_types[] = {
#define ML_MODEL(name) &ml_model_##name,
#include "model/models.def"
#undef ML_MODEL
    NULL};

enum { N_TYPES = sizeof ml_model_types / sizeof *ml_model_types - 1 };

static const char *
type_name(const void *types, size_t i)
{
	return ((const struct ml_model_type *const *)types)[i]->name;
}

const struct ml_model_type *
ml_model_find(const char *name, struct ml_err *err)
{
	char quoted[ML_QUOTED], list[512];
	size_t n = 0;
	const char *near;

	for (size_t i = 0; i < N_TYPES; i++)
		if (strcmp(name, ml_model_types[i]->name) == 0)
			return ml_model_types[i];
	ml_quote(quoted, name, strlen(name));
	near = ml_nearest(name, N_TYPES, type_name, ml_model_types);
	if (near != NULL) {
		ml_fail(err, ML_EUSAGE, "no algorithm %s (did you mean '%s'?)", quoted, near);
		return NULL;
	}
	for (size_t i = 0; i < N_TYPES && n < sizeof list - 64; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i == 0 ? "" : ", ",
				      ml_model_types[i]->name);
	ml_fail(err, ML_EUSAGE, "no algorithm %s: there are %s", quoted, list);
	return NULL;
}

size_t
ml_model_scores(size_t k)
{
	return k > 2 ? k : 1;
}

size_t
ml_model_width(size_t k)
{
	return k == 1 ? 2 : k;
}

void
ml_model_proba(const double *score, size_t n, size_t k, double *proba)
{
	for (size_t i = 0; k > 2 && i < n; i++)
		ml_softmax(score + i * k, k, proba + i * k);
	for (size_t i = 0; k <= 2 && i < n; i++) {
		proba[2 * i] = k == 1 ? 1 : ml_sigmoid(-score[i]);
		proba[2 * i + 1] = k == 1 ? 0 : ml_sigmoid(score[i]);
	}
}

size_t
ml_model_best(const double *proba, size_t k)
{
	size_t best = 0;

	for (size_t c = 1; c < k; c++)
		if (proba[c] > proba[best])
			best = c;
	return best;
}
