#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

bool
ml_io_is_standard(const char *path)
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

	*name = ml_io_is_standard(path) ? "standard input" : path;
	if (ml_io_is_standard(path)) {
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

		if (limit != 0 && size > 0 && (uint64_t)size + out->n > limit) {
			status =
			    ml_fail(err, ML_EINPUT, "%s is larger than %zu bytes", name, limit);
			break;
		}
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
	do
		*fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	while (*fd < 0 && errno == EINTR);
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

/* The folder that PATH stands in, to be synced. */
int
ml_io_folder_open(const char *path, int *fd, struct ml_err *err)
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

int
ml_io_folder_sync(int fd, const char *path, struct ml_err *err)
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

	ML_TRY(ml_io_folder_open(path, &fd, err));
	return ml_io_folder_sync(fd, path, err);
}
