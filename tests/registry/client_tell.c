/* A line to the registry simulator's control socket, and what it says. */
#include <errno.h>
#include <sys/un.h>
#include <unistd.h>

#include "registry/client.h"

static int
control_open(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		client_die("%s: no socket", path);
	memcpy(address.sun_path, path, strlen(path));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		client_die("%s: %s", path, strerror(errno));
	return fd;
}

int
client_tell(const char *path, int count, char **words)
{
	struct bytes line = {NULL, 0, 0};
	int fd = control_open(path), i;
	bool wrong = false, first = true;
	char some[65536];
	ssize_t got;

	for (i = 0; i < count; i++)
		bytes_add_format(
		    &line, "%s%s", words[i], i + 1 < count ? " " : "\n");
	if (write(fd, line.data, line.len) != (ssize_t)line.len)
		client_die("%s: %s", path, strerror(errno));
	bytes_finish(&line);
	while ((got = read(fd, some, sizeof(some))) > 0) {
		if (first)
			wrong = got > 6 && memcmp(some, "error:", 6) == 0;
		first = false;
		(void)fwrite(some, 1, (size_t)got, stdout);
	}
	(void)close(fd);
	return wrong ? 1 : 0;
}
