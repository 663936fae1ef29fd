#include "base/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

double
ml_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

__attribute__((format(printf, 2, 0))) static void
message(struct ml_say *say, const char *format, va_list args)
{
	char line[1200];
	int n = snprintf(line, sizeof line, "%s: ", say->tool);

	ml_progress_end(say);
	vsnprintf(line + n, sizeof line - (size_t)n - 1, format, args);
	memcpy(line + strlen(line), "\n", 2);
	fputs(line, stderr);
}

void
ml_warn(struct ml_say *say, const char *format, ...)
{
	va_list args;

	if (say == NULL || say->level < 1)
		return;
	va_start(args, format);
	message(say, format, args);
	va_end(args);
}

void
ml_note(struct ml_say *say, const char *format, ...)
{
	va_list args;

	if (say == NULL || say->level < 2)
		return;
	va_start(args, format);
	message(say, format, args);
	va_end(args);
}

void
ml_progress(struct ml_say *say, const char *what, double share, const char *format, ...)
{
	char line[200], figure[80];
	double now;
	va_list args;
	int n;

	if (say == NULL || !say->progress)
		return;
	now = ml_clock();
	if (now - say->start < 1 || now - say->last < 0.1)
		return;
	va_start(args, format);
	vsnprintf(figure, sizeof figure, format, args);
	va_end(args);
	n = snprintf(line, sizeof line, "\r%s: %s", say->tool, what);
	if (share >= 0 && n > 0 && (size_t)n < sizeof line)
		n += snprintf(line + n, sizeof line - (size_t)n, " %3.0f%%", 100 * share);
	if (n > 0 && (size_t)n < sizeof line)
		n += snprintf(line + n, sizeof line - (size_t)n, " %s", figure);
	if (share > 0.01 && n > 0 && (size_t)n < sizeof line)
		snprintf(line + n, sizeof line - (size_t)n, ", %.0f s left",
			 (now - say->start) * (1 - share) / share);
	fprintf(stderr, "%.79s\033[K", line);
	fflush(stderr);
	say->shown = true;
	say->last = now;
}

void
ml_progress_end(struct ml_say *say)
{
	if (say->shown)
		fputs("\r\033[K", stderr);
	say->shown = false;
}
