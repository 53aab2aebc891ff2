#include "ctl_source.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc.h"

enum { TOKEN_MAX = 400, KEY_FILE_MAX = 1024 };

/* One line, which stands in a header. */
static const char *
read_token(struct ctl *ctl, const char *path)
{
	struct fail fail = FAIL_INIT;
	struct slice text;
	size_t len = 0;

	if (!proc_read_secret(path, TOKEN_MAX, ctl->arena, &text, &fail)) {
		ctl_fail(&fail);
		return NULL;
	}
	while (len < text.len && text.data[len] > ' ' && text.data[len] < 0x7f)
		len++;
	if (len == 0 || (len < text.len && text.data[len] != '\n')) {
		fail_set(&fail, FAIL_INPUT, "no token on one line");
		fail_place(&fail, "%s", path);
		ctl_fail(&fail);
		return NULL;
	}
	return arena_copy(ctl->arena, (struct slice){text.data, len}).data;
}

static bool
open_url(struct ctl *ctl, struct ctl_source *source, const char *token_file)
{
	const char *token = NULL;
	struct fail fail = FAIL_INIT;

	if (token_file != NULL) {
		token = read_token(ctl, token_file);
		if (token == NULL)
			return false;
	}
	source->http = log_http_create(source->place, token, &fail);
	if (source->http == NULL) {
		ctl_fail(&fail);
		return false;
	}
	source->log = log_http_source(source->http);
	return true;
}

bool
ctl_source_open(struct ctl *ctl, struct ctl_source *source, const char *place,
    const char *token_file)
{
	struct fail fail = FAIL_INIT;

	*source = (struct ctl_source){
	    .place = place != NULL ? place : ctl_ledger_directory(ctl)};
	if (source->place == NULL)
		return false;
	source->is_url = log_http_is_url(source->place);
	if (source->is_url)
		return open_url(ctl, source, token_file);
	source->disk = disk_real_create(NULL, &fail);
	if (source->disk == NULL) {
		ctl_fail(&fail);
		return false;
	}
	log_directory_init(&source->directory, source->disk, source->place);
	source->log = &source->directory.source;
	return true;
}

void
ctl_source_close(struct ctl_source *source)
{
	log_http_destroy(source->http);
	disk_real_destroy(source->disk);
}

bool
ctl_file(struct ctl *ctl, const char *path, size_t max, struct slice *out)
{
	struct fail fail = FAIL_INIT;

	if (proc_read_file(path, max, ctl->arena, out, &fail))
		return true;
	ctl_fail(&fail);
	return false;
}

struct slice
ctl_key(struct ctl *ctl, const char *text)
{
	struct slice key = slice_from(text);

	if (strchr(text, '+') != NULL)
		return key;
	if (!ctl_file(ctl, text, KEY_FILE_MAX, &key)) {
		fputs("hint: a verifier key, NAME+ID+KEY as in log.vkey, or"
		      " the file it is in\n",
		    stderr);
		return (struct slice){NULL, 0};
	}
	while (key.len != 0 && key.data[key.len - 1] == '\n')
		key.len--;
	return key;
}

static bool
write_to(const char *path, struct slice text)
{
	FILE *file = fopen(path, "w");
	bool ok;

	if (file == NULL)
		return false;
	ok = fwrite(text.data, 1, text.len, file) == text.len;
	return fclose(file) == 0 && ok;
}

/*
 * A device or a pipe is written to as it is: another file in its place would
 * be the end of it.
 */
static bool
write_file(const char *path, struct slice text)
{
	struct stat status;
	char new[4096];
	bool ok;

	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		return write_to(path, text);
	if (snprintf(new, sizeof(new), "%s.new", path) >= (int)sizeof(new)) {
		errno = ENAMETOOLONG;
		return false;
	}
	ok = write_to(new, text) && rename(new, path) == 0;
	if (!ok)
		unlink(new);
	return ok;
}

bool
ctl_write(const char *path, struct slice text)
{
	struct fail fail = FAIL_INIT;

	if (path == NULL)
		return fwrite(text.data, 1, text.len, stdout) == text.len &&
		       fflush(stdout) == 0;
	if (write_file(path, text))
		return true;
	fail_set(&fail, FAIL_WORLD, "cannot write: %s", strerror(errno));
	fail_place(&fail, "%s", path);
	ctl_fail(&fail);
	return false;
}
