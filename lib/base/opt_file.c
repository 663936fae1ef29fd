#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/opt.h"

/* Reading a --config file; opt.c applies it. */

/* Takes the blanks off both ends, in place. */
static char *
trim(char *p)
{
	size_t n;

	p += strspn(p, " \t\r");
	for (n = strlen(p); n > 0 && strchr(" \t\r", p[n - 1]) != NULL; n--)
		p[n - 1] = '\0';
	return p;
}

static int
add_setting(struct ml_opt_file *file, char *line, size_t number, struct ml_err *err)
{
	char *name = trim(line), *equals = strchr(name, '=');

	if (*name == '\0' || *name == '#')
		return ML_OK;
	if (equals == NULL)
		return ml_fail(err, ML_EUSAGE, "expected 'name = value'");
	*equals = '\0';
	file->setting[file->n++] = (struct ml_opt_setting){trim(name), trim(equals + 1), number};
	return ML_OK;
}

int
ml_opt_file_read(struct ml_opt_file *file, const char *path, struct ml_err *err)
{
	enum { LARGEST = 1 << 20 };
	size_t lines = 1, number = 0;

	*file = (struct ml_opt_file){.path = path};
	ML_TRY(ml_io_read(path, LARGEST, &file->text, err));
	if (file->text.n > 0 && memchr(file->text.p, '\0', file->text.n) != NULL)
		return ml_fail(err, ML_EUSAGE, "%s: a NUL byte stands in it", path);
	ml_buf_char(&file->text, '\0');
	for (const char *p = file->text.p; !file->text.failed && *p != '\0'; p++)
		lines += *p == '\n';
	file->setting = ml_alloc(lines, sizeof *file->setting);
	if (file->text.failed || file->setting == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory for %s", path);
	for (char *p = file->text.p, *next; p != NULL; p = next) {
		if ((next = strchr(p, '\n')) != NULL)
			*next++ = '\0';
		if (add_setting(file, p, ++number, err) < 0)
			return ml_within(err, "%s:%zu", path, number);
	}
	return ML_OK;
}

void
ml_opt_file_free(struct ml_opt_file *file)
{
	ml_free(file->setting);
	ml_buf_free(&file->text);
	*file = (struct ml_opt_file){0};
}
