/* For LD_PRELOAD: a kernel that writes little at a time, and is interrupted now and then. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <unistd.h>

ssize_t
write(int fd, const void *p, size_t n)
{
	static unsigned calls;
	ssize_t (*real)(int, const void *, size_t);
	size_t most;

	*(void **)&real = dlsym(RTLD_NEXT, "write");
	if (++calls % 5 == 0) {
		errno = EINTR;
		return -1;
	}
	/* Sizes that stand in no proportion to a block. */
	most = 1 + calls * 7919 % 4093;
	return real(fd, p, n < most ? n : most);
}
