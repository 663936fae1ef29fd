#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* Temporary files that a deadly signal must remove. */
enum { MAX_OPEN = 32 };
static char *volatile temporaries[MAX_OPEN];
static volatile bool ending; /* another thread may still be opening one */

static const char *
out_name(const struct ml_out *out)
{
	return out->path == NULL ? "standard output" : out->path;
}

static void
remember(char *temporary)
{
	for (int i = 0; i < MAX_OPEN; i++)
		if (temporaries[i] == NULL) {
			temporaries[i] = temporary;
			break;
		}
}

static void
unremember(const char *temporary)
{
	for (int i = 0; i < MAX_OPEN; i++)
		if (temporaries[i] == temporary)
			temporaries[i] = NULL;
}

/* A copy with room for MORE bytes and the NUL; NULL sets errno. */
static char *
copy_path(const char *path, size_t n, size_t more)
{
	char *copy = ml_alloc(n + more + 1, 1);

	if (copy == NULL)
		errno = ENOMEM;
	else
		memcpy(copy, path, n);
	return copy;
}

/* What PATH means once symbolic links are followed, there or not; NULL sets errno. */
static char *
follow_links(const char *path)
{
	enum { MOST = 40, LONGEST = 4096 };
	char link[LONGEST], *at = copy_path(path, strlen(path), 0);

	for (int i = 0; at != NULL; i++) {
		ssize_t n = readlink(at, link, sizeof link);
		const char *slash = strrchr(at, '/');
		size_t folder = slash == NULL ? 0 : (size_t)(slash - at) + 1;
		char *next;

		if (n < 0)
			return at; /* no link; what else is wrong, open will say */
		if (i == MOST || n == sizeof link) {
			ml_free(at);
			errno = i == MOST ? ELOOP : ENAMETOOLONG;
			return NULL;
		}
		if (link[0] == '/')
			folder = 0;
		if ((next = copy_path(at, folder, (size_t)n)) != NULL)
			memcpy(next + folder, link, (size_t)n);
		ml_free(at);
		at = next;
	}
	return NULL;
}

/* A file beside PATH, made for us alone; remembered before it is there, as a signal may come. */
static int
open_beside(const char *path, char **temporary)
{
	enum { MORE = 32 };
	size_t n = strlen(path) + MORE;
	char *name = copy_path(path, strlen(path), MORE);
	int fd = -1, cause = ENOMEM;

	for (unsigned k = 0; name != NULL && k < 1000; k++) {
		snprintf(name, n, "%s.%ld-%u.tmp", path, (long)getpid(), k);
		remember(name);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		cause = errno;
		if (ending)
			unlink(name);
		if (fd >= 0)
			break;
		unremember(name);
		if (cause != EEXIST)
			break;
	}
	if (fd < 0) {
		ml_free(name);
		name = NULL;
	}
	*temporary = name;
	errno = cause;
	return fd;
}

static void
forget(struct ml_out *out)
{
	unremember(out->temporary);
	ml_free(out->temporary);
	ml_free(out->target);
	ml_free(out->path);
	*out = (struct ml_out){.fd = -1, .folder = -1};
}

/* Opens what OUT->path names, as ml_out says.  False sets errno. */
static bool
open_output(struct ml_out *out)
{
	struct stat st, standard;

	if (stat(out->path, &st) == 0) {
		if (fstat(STDOUT_FILENO, &standard) == 0 && st.st_dev == standard.st_dev &&
		    st.st_ino == standard.st_ino) {
			out->fd = STDOUT_FILENO;
			return true;
		}
		if (!S_ISREG(st.st_mode)) {
			do
				out->fd = open(out->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
			while (out->fd < 0 && errno == EINTR);
			return out->fd >= 0;
		}
		if (faccessat(AT_FDCWD, out->path, W_OK, AT_EACCESS) < 0)
			return false;
	} else if (*out->path == '\0') {
		return false;
	}
	if ((out->target = follow_links(out->path)) == NULL)
		return false;
	out->fd = open_beside(out->target, &out->temporary);
	return out->fd >= 0;
}

int
ml_out_open(struct ml_out *out, const char *path, struct ml_err *err)
{
	*out = (struct ml_out){.fd = STDOUT_FILENO, .folder = -1};
	if (ml_io_is_standard(path))
		return ML_OK;
	out->fd = -1;
	if ((out->path = copy_path(path, strlen(path), 0)) == NULL || !open_output(out)) {
		ml_fail_errno(err, "cannot create '%s'", path);
		forget(out);
		return err->status;
	}
	return ML_OK;
}

int
ml_out_write(struct ml_out *out, const char *p, size_t n, struct ml_err *err)
{
	return ml_io_write(out->fd, out_name(out), p, n, err);
}

int
ml_out_sync(struct ml_out *out, struct ml_err *err)
{
	if (out->path == NULL || out->folder >= 0)
		return ML_OK;
	/* EINVAL: a device or a pipe. */
	if (fsync(out->fd) < 0 && errno != EINVAL)
		return ml_fail_errno(err, "cannot write '%s'", out->path);
	return out->target == NULL ? ML_OK : ml_io_folder_open(out->target, &out->folder, err);
}

int
ml_out_commit(struct ml_out *out, struct ml_err *err)
{
	int status = ml_out_sync(out, err);

	/*
	 * What the kernel has put off (NFS, quotas) comes to light here.  EBADF: standard output
	 * was the end of another output, too.
	 */
	if (out->fd >= 0 && close(out->fd) < 0 && errno != EBADF && status == ML_OK)
		status = ml_fail_errno(err, "cannot write %s", out_name(out));
	out->fd = -1;
	if (status == ML_OK && out->target != NULL && rename(out->temporary, out->target) < 0)
		status = ml_fail_errno(err, "cannot replace '%s'", out->path);
	if (status < 0) {
		ml_out_abort(out);
		return status;
	}
	if (out->target != NULL)
		status = ml_io_folder_sync(out->folder, out->path, err);
	forget(out);
	return status;
}

void
ml_out_abort(struct ml_out *out)
{
	if (out->path == NULL)
		return;
	if (out->fd > STDOUT_FILENO)
		close(out->fd);
	ml_io_close(out->folder);
	if (out->temporary != NULL)
		unlink(out->temporary);
	forget(out);
}

void
ml_out_abort_all(void)
{
	ending = true;
	for (int i = 0; i < MAX_OPEN; i++)
		if (temporaries[i] != NULL)
			unlink(temporaries[i]);
}
