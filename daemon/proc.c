#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/text.h"

enum { FILES_WANTED = 4096, KEY_TEXT = 2 * KEY_SIZE };

/* The sanitizers' leak check traces the process, which must allow it. */
#if defined(__SANITIZE_ADDRESS__)
enum { DUMPABLE = 1 };
#else
enum { DUMPABLE = 0 };
#endif

static bool
world(struct fail *fail, const char *path, const char *what)
{
	fail_set(fail, FAIL_WORLD, "%s: %s", what, strerror(errno));
	fail_place(fail, "%s", path);
	return false;
}

bool
proc_harden(struct fail *fail)
{
	const struct rlimit none = {0, 0};
	struct rlimit files;

	umask(077);
	signal(SIGPIPE, SIG_IGN);
	if (prctl(PR_SET_DUMPABLE, DUMPABLE) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0)
		return world(fail, "misu", "cannot forbid core dumps");
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return world(fail, "misu", "cannot see its limits");
	if (files.rlim_cur < FILES_WANTED) {
		files.rlim_cur = files.rlim_max < FILES_WANTED
		    ? files.rlim_max
		    : FILES_WANTED;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return true;
}

void
proc_raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

void
proc_name(char **argv, const char *name)
{
	char *last = argv[0];
	size_t room, len = strlen(name);

	/* The arguments lie one behind the other. */
	for (size_t i = 0; argv[i] != NULL; i++)
		last = argv[i] + strlen(argv[i]);
	room = (size_t)(last - argv[0]);
	if (len < room) {
		memset(argv[0], 0, room);
		memcpy(argv[0], name, len);
	}
	prctl(PR_SET_NAME, name);
}

static bool
drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct has[2] = {{0}, {0}};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* Root's own rights are root's to give up: it has asked for them. */
	if (geteuid() == 0)
		return true;
	if (syscall(SYS_capget, &header, has) != 0)
		return false;
	if ((has[0].permitted | has[1].permitted) == 0)
		return true;
	memset(has, 0, sizeof(has));
	return syscall(SYS_capset, &header, has) == 0;
}

bool
proc_become_child(struct fail *fail)
{
	if (!drop_capabilities())
		return world(fail, "misu", "cannot give up capabilities");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return world(fail, "misu", "cannot follow its parent");
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	return true;
}

bool
proc_make_directory(const char *path, struct fail *fail)
{
	char part[4096];
	struct stat status;

	if (strlen(path) >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return world(fail, path, "cannot make the directory");
	}
	for (size_t i = 0;; i++) {
		part[i] = path[i];
		if (i == 0 || (path[i] != '/' && path[i] != '\0'))
			continue;
		part[i] = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST &&
		    errno != EACCES && errno != EROFS)
			return world(fail, part, "cannot make the directory");
		part[i] = path[i];
		if (path[i] == '\0')
			break;
	}
	if (stat(path, &status) != 0)
		return world(fail, path, "cannot make the directory");
	if (S_ISDIR(status.st_mode))
		return true;
	fail_set(fail, FAIL_WORLD, "this is a file, and not a directory");
	fail_place(fail, "%s", path);
	fail_hint(fail, "name another place, or move the file away");
	return false;
}

static bool
read_all(int fd, const char *path, size_t max, struct arena *arena,
    struct slice *out, struct fail *fail)
{
	struct stat status;
	char *data;
	size_t len = 0;

	if (fstat(fd, &status) != 0)
		return world(fail, path, "cannot read");
	if (!S_ISREG(status.st_mode) || (size_t)status.st_size > max) {
		fail_set(fail, FAIL_WORLD, "no file of at most %zu bytes", max);
		fail_place(fail, "%s", path);
		return false;
	}
	data = arena_take(arena, (size_t)status.st_size + 1);
	if (data == NULL)
		return fail_memory(fail);
	while (len < (size_t)status.st_size) {
		ssize_t got = read(fd, data + len, (size_t)status.st_size - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return world(fail, path, "cannot read");
		if (got == 0)
			break;
		len += (size_t)got;
	}
	*out = (struct slice){data, len};
	return true;
}

bool
proc_read_file(const char *path, size_t max, struct arena *arena,
    struct slice *out, struct fail *fail)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool ok;

	if (fd < 0)
		return world(fail, path, "cannot open");
	ok = read_all(fd, path, max, arena, out, fail);
	close(fd);
	return ok;
}

bool
proc_read_secret(const char *path, size_t max, struct arena *arena,
    struct slice *out, struct fail *fail)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	bool ok;

	if (fd < 0)
		return world(fail, path, "cannot open");
	if (fstat(fd, &status) != 0 || (status.st_mode & 077) != 0 ||
	    (status.st_uid != geteuid() && status.st_uid != 0)) {
		fail_set(fail, FAIL_DENIED,
		    "mode %04o or owner %u lets others at it",
		    (unsigned)status.st_mode & 07777, (unsigned)status.st_uid);
		fail_place(fail, "%s", path);
		fail_hint(fail, "chmod 600, and make it misu's own");
		close(fd);
		return false;
	}
	ok = read_all(fd, path, max, arena, out, fail);
	close(fd);
	return ok;
}

const char *
proc_path(struct arena *arena, struct slice directory, struct slice name)
{
	struct text text = text_start(arena);

	if (name.len != 0 && name.data[0] != '/' && directory.len != 0) {
		text_add(&text, directory);
		text_add_char(&text, '/');
	}
	text_add(&text, name);
	return text_slice(&text).data;
}

static bool
parse_key(struct slice text, const char *path, uint8_t out[KEY_SIZE],
    struct fail *fail)
{
	if (text.len == KEY_TEXT + 1 && text.data[KEY_TEXT] == '\n')
		text.len--;
	if (text_hex_decode(text, out, KEY_SIZE))
		return true;
	fail_set(fail, FAIL_INPUT, "the master key is not 64 hex digits");
	fail_place(fail, "%s", path);
	return false;
}

/* The whole line in a new file, synced. */
static bool
write_key(const char *path, const char line[KEY_TEXT + 1], struct fail *fail)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool ok;

	if (fd < 0)
		return world(fail, path, "cannot make the master key");
	ok = write(fd, line, KEY_TEXT + 1) == KEY_TEXT + 1 && fsync(fd) == 0;
	if (!ok)
		world(fail, path, "cannot write the master key");
	close(fd);
	return ok;
}

/* A name that a cut of power could take away again is no name yet. */
static bool
sync_names_beside(const char *path, struct fail *fail)
{
	const char *slash = strrchr(path, '/');
	char directory[4096];
	bool ok;
	int fd;

	snprintf(directory, sizeof(directory), "%.*s",
	    slash == NULL ? 1 : (int)(slash - path) + 1,
	    slash == NULL ? "." : path);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = fd >= 0 && fsync(fd) == 0;
	if (!ok)
		world(fail, directory, "cannot sync the master key's name");
	if (fd >= 0)
		close(fd);
	return ok;
}

bool
proc_next_key(
    const char *path, const uint8_t key[KEY_SIZE], struct fail *fail)
{
	char line[KEY_TEXT + 1], new[4096];
	bool ok;

	for (size_t i = 0; i < KEY_SIZE; i++) {
		line[2 * i] = "0123456789abcdef"[key[i] >> 4];
		line[2 * i + 1] = "0123456789abcdef"[key[i] & 15];
	}
	line[KEY_TEXT] = '\n';
	if ((size_t)snprintf(new, sizeof(new), "%s.new", path) >=
	    sizeof(new)) {
		errno = ENAMETOOLONG;
		return world(fail, path, "cannot make the master key");
	}
	ok = write_key(new, line, fail) && sync_names_beside(new, fail);
	digest_wipe(line, sizeof(line));
	return ok;
}

/* Overwritten where it stands: its bytes are not left to whoever looks. */
static bool
wipe_key(const char *path, struct fail *fail)
{
	static const char zeros[KEY_TEXT + 1];
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0 && errno == ENOENT)
		return true;
	if (fd < 0)
		return world(fail, path, "cannot overwrite the master key");
	ok = write(fd, zeros, sizeof(zeros)) == (ssize_t)sizeof(zeros) &&
	    fsync(fd) == 0;
	if (!ok)
		world(fail, path, "cannot overwrite the master key");
	close(fd);
	return ok;
}

bool
proc_swap_key(const char *path, struct fail *fail)
{
	char new[4096];

	snprintf(new, sizeof(new), "%.4090s.new", path);
	if (!wipe_key(path, fail))
		return false;
	if (rename(new, path) != 0)
		return world(
		    fail, path, "cannot put the new master key there");
	return sync_names_beside(path, fail);
}

/*
 * Made whole or not at all, whatever is killed when: a half-written key would
 * lock everything in.
 */
static bool
make_key(const char *path, uint8_t out[KEY_SIZE], struct fail *fail)
{
	char new[4096];
	bool ok;

	if (!random_system.fill(random_system.context, out, KEY_SIZE))
		return world(fail, path, "no random bytes for a master key");
	ok = proc_next_key(path, out, fail);
	snprintf(new, sizeof(new), "%.4090s.new", path);
	if (ok && rename(new, path) != 0)
		ok = world(fail, path, "cannot make the master key");
	if (!ok)
		unlink(new);
	return ok && sync_names_beside(path, fail);
}

bool
proc_read_key(const char *path, uint8_t out[KEY_SIZE], struct fail *fail)
{
	struct arena *arena = arena_create(NULL);
	struct slice text;
	bool ok;

	if (arena == NULL)
		return fail_memory(fail);
	ok = proc_read_secret(path, 256, arena, &text, fail) &&
	    parse_key(text, path, out, fail);
	arena_destroy(arena);
	return ok;
}

bool
proc_has_credential(void)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	char credential[4096];

	if (credentials == NULL)
		return false;
	snprintf(credential, sizeof(credential), "%s/master-key", credentials);
	return access(credential, F_OK) == 0;
}

bool
proc_master_key(const char *path, uint8_t out[KEY_SIZE], bool *fresh,
    struct fail *fail)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	char credential[4096];

	mlock(out, KEY_SIZE);
	if (credentials != NULL) {
		snprintf(credential, sizeof(credential), "%s/master-key",
		    credentials);
		if (access(credential, F_OK) == 0)
			path = credential;
	}
	if (access(path, F_OK) == 0) {
		*fresh = false;
		return proc_read_key(path, out, fail);
	}
	if (errno != ENOENT)
		return world(fail, path, "cannot look at the master key");
	if (!*fresh) {
		fail_set(fail, FAIL_WORLD,
		    "the master key is missing, and there are keys under it");
		fail_place(fail, "%s", path);
		fail_hint(fail, "put the master key back, mode 600");
		return false;
	}
	return make_key(path, out, fail);
}

void
proc_notify_ready(const char *status)
{
	sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void
proc_notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void
proc_notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void
proc_notify_watchdog(void)
{
	sd_notify(0, "WATCHDOG=1");
}

int64_t
proc_watchdog_interval(void)
{
	uint64_t usec;

	if (sd_watchdog_enabled(0, &usec) <= 0)
		return 0;
	return (int64_t)(usec / 2000);
}
