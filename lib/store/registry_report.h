#ifndef ML_STORE_REGISTRY_REPORT_H
#define ML_STORE_REGISTRY_REPORT_H

#include "store/registry.h"

/*
 * What mlversion shows of a registry, appended to OUT.  FORMAT is csv, json or text.  NAME limits
 * the first two to one model; NULL: all.
 */

/* name,version,aliases,time,actor,hash,note: by name, then by version. */
int ml_registry_list(const struct ml_registry *registry, const char *name, const char *format,
		     struct ml_buf *out, struct ml_err *err);
/* seq,time,actor,event,name,version,alias,detail: in order. */
int ml_registry_history(const struct ml_registry *registry, const char *name, const char *format,
			struct ml_buf *out, struct ml_err *err);
/* fact,value: of one version and, where it is a model, of the model; one object in json. */
int ml_registry_show(const struct ml_registry *registry, const char *reference, const char *format,
		     struct ml_buf *out, struct ml_err *err);

/* The same of a model file that is in no registry; "-" is standard input. */
int ml_registry_show_file(const char *path, const char *format, struct ml_buf *out,
			  struct ml_err *err);

/* What is known of a file that goes into the registry. */
struct ml_registry_note {
	const char *kind;	   /* model: only one that can be loaded; data, report, other */
	const char *note;	   /* or NULL */
	const char *const *metric; /* name=value */
	size_t n_metrics;
};

/* Adds the file at PATH ("-": standard input); see ml_registry_add. */
int ml_registry_add_file(struct ml_registry *registry, const char *name, const char *path,
			 const struct ml_registry_note *note, int64_t *version, struct ml_err *err);

#endif
