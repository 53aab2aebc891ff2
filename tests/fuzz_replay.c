/* Plays seeds into a fuzz target: `NAME FILE...` or `NAME DIRECTORY`. */
#include <dirent.h>
#include <sys/stat.h>

#include "runner/fuzz.h"

enum { SEED_MAX = 1 << 21 };

static int
replay(const char *name)
{
	FILE *file = fopen(name, "r");
	uint8_t *data = malloc(SEED_MAX);
	size_t size;

	if (file == NULL || data == NULL) {
		perror(name);
		return 1;
	}
	size = fread(data, 1, SEED_MAX, file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	fclose(file);
	return 0;
}

static int
replay_all(const char *name)
{
	DIR *directory = opendir(name);
	struct dirent *entry;
	char path[1024];
	int worst = 0;

	if (directory == NULL)
		return replay(name);
	while ((entry = readdir(directory)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", name, entry->d_name);
		if (entry->d_name[0] != '.')
			worst |= replay(path);
	}
	closedir(directory);
	return worst;
}

int
main(int argc, char **argv)
{
	int worst = 0;

	for (int i = 1; i < argc; i++)
		worst |= replay_all(argv[i]);
	return worst;
}
