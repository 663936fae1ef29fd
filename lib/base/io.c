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

static const char *
out_name(const struct ml_out *out)
{
	return out->path == NULL ? "standard output" : out->path;
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

/* A file beside PATH, made for us alone. */
static int
open_beside(const char *path, char **temporary)
{
	enum { MORE = 32 };
	size_t n = strlen(path) + MORE;
	int fd = -1;

	if ((*temporary = copy_path(path, strlen(path), MORE)) == NULL)
		return -1;
	for (unsigned k = 0; k < 1000; k++) {
		snprintf(*temporary, n, "%s.%ld-%u.tmp", path, (long)getpid(), k);
		fd = open(*temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd >= 0 || errno != EEXIST)
			break;
	}
	if (fd < 0) {
		int cause = errno;

		ml_free(*temporary);
		*temporary = NULL;
		errno = cause;
	}
	return fd;
}

static void
forget(struct ml_out *out)
{
	for (int i = 0; i < MAX_OPEN; i++)
		if (temporaries[i] == out->temporary)
			temporaries[i] = NULL;
	ml_free(out->temporary);
	ml_free(out->target);
	ml_free(out->path);
	*out = (struct ml_out){.fd = -1};
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
	if ((out->target = follow_links(out->path)) == NULL ||
	    (out->fd = open_beside(out->target, &out->temporary)) < 0)
		return false;
	for (int i = 0; i < MAX_OPEN; i++)
		if (temporaries[i] == NULL) {
			temporaries[i] = out->temporary;
			break;
		}
	return true;
}

int
ml_out_open(struct ml_out *out, const char *path, struct ml_err *err)
{
	*out = (struct ml_out){.fd = STDOUT_FILENO};
	if (is_standard(path))
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
ml_io_sync_folder(const char *path, struct ml_err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = ml_alloc(strlen(path) + 2, 1);
	int fd, status = ML_OK;

	if (folder == NULL)
		return ml_fail(err, ML_ENOMEM, "no memory");
	if (slash == NULL)
		memcpy(folder, ".", 2);
	else
		memcpy(folder, path, (size_t)(slash - path) + (slash == path));
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* EINVAL: a filesystem that cannot sync folders; there is no more to be done there. */
	if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL))
		status = ml_fail_errno(err, "cannot sync folder '%s'", folder);
	if (fd >= 0)
		close(fd);
	ml_free(folder);
	return status;
}

int
ml_out_sync(struct ml_out *out, struct ml_err *err)
{
	/* EINVAL: a device or a pipe. */
	if (out->path != NULL && fsync(out->fd) < 0 && errno != EINVAL)
		return ml_fail_errno(err, "cannot write '%s'", out->path);
	return ML_OK;
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
		status = ml_io_sync_folder(out->target, err);
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
	if (out->temporary != NULL)
		unlink(out->temporary);
	forget(out);
}

void
ml_out_abort_all(void)
{
	for (int i = 0; i < MAX_OPEN; i++)
		if (temporaries[i] != NULL)
			unlink(temporaries[i]);
}
