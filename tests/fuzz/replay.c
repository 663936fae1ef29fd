/*
 * Runs a fuzz target over the files given as arguments, for compilers without libFuzzer and for
 * checks: cc -Ilib tests/fuzz/NAME.c tests/fuzz/replay.c libmlutils.a.  Ends by a signal if the
 * target finds a fault.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The file in memory of exactly its size, so that a sanitizer sees a read behind it. */
static int
run(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	long n = -1;

	if (file != NULL && fseek(file, 0, SEEK_END) == 0 && (n = ftell(file)) >= 0 &&
	    fseek(file, 0, SEEK_SET) == 0 && (data = malloc(n > 0 ? (size_t)n : 1)) != NULL &&
	    fread(data, 1, (size_t)n, file) == (size_t)n) {
		LLVMFuzzerTestOneInput(data, (size_t)n);
		n = 0;
	} else {
		perror(path);
		n = -1;
	}
	free(data);
	if (file != NULL)
		fclose(file);
	return n == 0 ? 0 : 2;
}

int
main(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++)
		if (run(argv[i]) != 0)
			status = 2;
	return status;
}
