/*
 * Loaded before libc: the clock of the day is as far off as a file says, in
 * seconds, and nothing else is.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int
clock_gettime(clockid_t id, struct timespec *at)
{
	static int (*real)(clockid_t, struct timespec *);
	static int file = -1;
	char text[32] = "";

	if (real == NULL)
		real = (int (*)(clockid_t, struct timespec *))dlsym(
		    RTLD_NEXT, "clock_gettime");
	if (real(id, at) != 0)
		return -1;
	if (file < 0 && getenv("CLOCK_FILE") != NULL)
		file = open(getenv("CLOCK_FILE"), O_RDONLY | O_CLOEXEC);
	if (id == CLOCK_REALTIME && file >= 0 &&
	    pread(file, text, sizeof(text) - 1, 0) > 0)
		at->tv_sec += atoll(text);
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec at;

	clock_gettime(CLOCK_REALTIME, &at);
	if (out != NULL)
		*out = at.tv_sec;
	return at.tv_sec;
}
