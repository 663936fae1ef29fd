#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* Temporary files that a deadly signal must remove. */
enum { MAX_OPEN = 32 };
static char *volatile temporaries[MAX_OPEN];
static volatile bool ending; /* another thread may still be opening one */

static bool
is_standard(const char *path)
{
	return path == NULL || strcmp(path, "-") == 0;
}

bool
ml_io_guard(void)
{
	static const int mode[] = {O_WRONLY, O_RDONLY, O_WRONLY};

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", mode[fd]) != fd)
			return false;
	return true;
}

int
ml_io_open(const char *path, int *fd, const char **name, struct ml_err *err)
{
	struct stat st;

	*name = is_standard(path) ? "standard input" : path;
	if (is_standard(path)) {
		*fd = STDIN_FILENO;
		if (fstat(*fd, &st) < 0)
			return ml_fail_errno(err, "cannot read %s", *name);
		return ML_OK;
	}
	do
		*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	while (*fd < 0 && errno == EINTR);
	if (*fd < 0)
		return ml_fail_errno(err, "cannot open '%s'", path);
	if (fstat(*fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		ml_io_close(*fd);
		return ml_fail(err, ML_EINPUT, "'%s' is a folder", path);
	}
	return ML_OK;
}

void
ml_io_close(int fd)
{
	if (fd > STDIN_FILENO)
		close(fd);
}

int
ml_io_some(int fd, const char *name, char *p, size_t n, size_t *got, struct ml_err *err)
{
	ssize_t k;

	do
		k = read(fd, p, n);
	while (k < 0 && errno == EINTR);
	if (k < 0)
		return ml_fail_errno(err, "cannot read %s", name);
	*got = (size_t)k;
	return ML_OK;
}

bool
ml_io_ready(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) != 0;
}

int64_t
ml_io_size(int fd)
{
	struct stat st;
	off_t at;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (at = lseek(fd, 0, SEEK_CUR)) < 0)
		return -1;
	return st.st_size > at ? st.st_size - at : 0;
}

int
ml_io_back(int fd, const char *name, uint64_t n, struct ml_err *err)
{
	if (lseek(fd, -(off_t)n, SEEK_CUR) < 0)
		return ml_fail_errno(err, "cannot read %s again", name);
	return ML_OK;
}

int
ml_io_read(const char *path, size_t limit, struct ml_buf *out, struct ml_err *err)
{
	const char *name;
	int fd, status = ML_OK;
	size_t got = 0;

	ML_TRY(ml_io_open(path, &fd, &name, err));
	for (;;) {
		int64_t size = ml_io_size(fd);
		size_t want = size > 0 ? (size_t)size + 1 : 64 * 1024;

		if (!ml_buf_reserve(out, want)) {
			status = ml_fail(err, ML_ENOMEM, "no memory for %s", name);
			break;
		}
		status = ml_io_some(fd, name, out->p + out->n, out->room - out->n, &got, err);
		if (status < 0 || got == 0)
			break;
		out->n += got;
		if (limit != 0 && out->n > limit) {
			status =
			    ml_fail(err, ML_EINPUT, "%s is larger than %zu bytes", name, limit);
			break;
		}
	}
	ml_io_close(fd);
	return status;
}

int
ml_io_write(int fd, const char *name, const char *p, size_t n, struct ml_err *err)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return ml_fail_errno(err, "cannot write %s", name);
		p += k;
		n -= (size_t)k;
	}
	return ML_OK;
}

int
ml_io_append_open(const char *path, int *fd, struct ml_err *err)
{
	*fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	return *fd < 0 ? ml_fail_errno(err, "cannot open '%s'", path) : ML_OK;
}

int
ml_io_append_close(int fd, const char *path, struct ml_err *err)
{
	int status = ML_OK;

	if (fsync(fd) < 0 && errno != EINVAL)
		status = ml_fail_errno(err, "cannot write '%s'", path);
	if (close(fd) < 0)
		status = ml_fail_errno(err, "cannot write '%s'", path);
	return status;
}

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

/* A file beside PATH, made for us alone; remembered before it is there, as a signal may come. */
static int
open_beside(const char *path, char **temporary)
{
	size_t n = strlen(path) + 32;
	char *name = ml_alloc(n, 1);
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

int
ml_out_open(struct ml_out *out, const char *path, struct ml_err *err)
{
	struct stat st;

	*out = (struct ml_out){.fd = STDOUT_FILENO, .folder = -1};
	if (is_standard(path))
		return ML_OK;
	/* Said now, and not by the rename when all work is done. */
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return ml_fail(err, ML_ESYS, "cannot create '%s': it is a folder", path);
	if ((out->path = ml_alloc(strlen(path) + 1, 1)) == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	memcpy(out->path, path, strlen(path) + 1);
	if ((out->fd = open_beside(path, &out->temporary)) < 0) {
		ml_fail_errno(err, "cannot create '%s'", path);
		ml_free(out->path);
		*out = (struct ml_out){.fd = -1, .folder = -1};
		return err->status;
	}
	return ML_OK;
}

int
ml_out_write(struct ml_out *out, const char *p, size_t n, struct ml_err *err)
{
	return ml_io_write(out->fd, out_name(out), p, n, err);
}

static void
forget(struct ml_out *out)
{
	unremember(out->temporary);
	ml_free(out->temporary);
	ml_free(out->path);
	*out = (struct ml_out){.fd = -1, .folder = -1};
}

/* The folder that PATH stands in, to be synced. */
static int
open_folder(const char *path, int *fd, struct ml_err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = ml_alloc(strlen(path) + 2, 1);
	int status = ML_OK;

	if (folder == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	if (slash == NULL)
		memcpy(folder, ".", 2);
	else
		memcpy(folder, path, (size_t)(slash - path) + (slash == path));
	*fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		status = ml_fail_errno(err, "cannot open folder '%s'", folder);
	ml_free(folder);
	return status;
}

static int
sync_folder(int fd, const char *path, struct ml_err *err)
{
	int status = ML_OK;

	/* EINVAL: a filesystem that cannot sync folders; there is no more to be done there. */
	if (fsync(fd) < 0 && errno != EINVAL)
		status = ml_fail_errno(err, "cannot sync the folder of '%s'", path);
	close(fd);
	return status;
}

int
ml_io_sync_folder(const char *path, struct ml_err *err)
{
	int fd;

	ML_TRY(open_folder(path, &fd, err));
	return sync_folder(fd, path, err);
}

int
ml_out_sync(struct ml_out *out, struct ml_err *err)
{
	if (out->path == NULL || out->folder >= 0)
		return ML_OK;
	/* EINVAL: a device or a pipe. */
	if (fsync(out->fd) < 0 && errno != EINVAL)
		return ml_fail_errno(err, "cannot write '%s'", out->path);
	return open_folder(out->path, &out->folder, err);
}

int
ml_out_commit(struct ml_out *out, struct ml_err *err)
{
	int status = ML_OK;

	if (out->path == NULL) {
		/* What the kernel has put off (NFS, quotas) comes to light here. */
		if (out->fd >= 0 && close(out->fd) < 0 && errno != EBADF)
			status = ml_fail_errno(err, "cannot write standard output");
		out->fd = -1;
		return status;
	}
	status = ml_out_sync(out, err);
	if (close(out->fd) < 0 && status == ML_OK)
		status = ml_fail_errno(err, "cannot write '%s'", out->path);
	out->fd = -1;
	if (status == ML_OK && rename(out->temporary, out->path) < 0)
		status = ml_fail_errno(err, "cannot replace '%s'", out->path);
	if (status < 0) {
		ml_out_abort(out);
		return status;
	}
	status = sync_folder(out->folder, out->path, err);
	forget(out);
	return status;
}

void
ml_out_abort(struct ml_out *out)
{
	if (out->path == NULL)
		return;
	if (out->fd >= 0)
		close(out->fd);
	ml_io_close(out->folder);
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
