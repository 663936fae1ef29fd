#ifndef ML_STORE_REGISTRY_REPORT_H
#define ML_STORE_REGISTRY_REPORT_H

#include "store/registry.h"

/*
 * What mlversion keeps with a version, and what it shows of a registry, appended to OUT.  FORMAT is
 * csv, json or text. NAME limits the first two to one model; NULL: all.
 */

/* name,version,aliases,time,actor,hash,note: by name, then by version. */
int ml_registry_list(const struct ml_registry *registry, const char *name, const char *format,
		     struct ml_buf *out, struct ml_err *err);
/* seq,time,actor,event,name,version,alias,detail: in order. */
int ml_registry_history(const struct ml_registry *registry, const char *name, const char *format,
			struct ml_buf *out, struct ml_err *err);
/* fact,value: of one version and, where it is a model, of the model; one object in json. */
int ml_registry_show(const struct ml_registry *registry, const struct ml_version *version,
		     const char *format, struct ml_buf *out, struct ml_err *err);

/*
 * The detail of an added file: {"kind":..,"bytes":..,"note":..,"metrics":{..}}.  NOTE may be NULL;
 * each of the n METRICS is name=value.
 */
int ml_registry_detail(struct ml_buf *json, const char *kind, size_t bytes, const char *note,
		       const char *const *metrics, size_t n, struct ml_err *err);

#endif
