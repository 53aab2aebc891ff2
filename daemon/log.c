#include "log.h"

#include <stdarg.h>
#include <unistd.h>

enum { LINE_SIZE = 2048 };

/* One line, cut where it would be too long. */
struct line {
	char data[LINE_SIZE];
	size_t len;
};

static bool with_debug, to_journal;

static const struct {
	const char *name;
	int priority; /* as syslog(3) numbers them */
} levels[] = {[LOG_LEVEL_DEBUG] = {"debug", 7},
    [LOG_LEVEL_INFO] = {"info", 6},
    [LOG_LEVEL_WARN] = {"warn", 4},
    [LOG_LEVEL_ERROR] = {"error", 3}};

void
log_start(bool debug)
{
	with_debug = debug;
	to_journal = getenv("JOURNAL_STREAM") != NULL;
}

static void
add(struct line *line, const char *text, size_t len)
{
	size_t room = LINE_SIZE - 1 - line->len;

	if (len > room)
		len = room;
	memcpy(line->data + line->len, text, len);
	line->len += len;
}

static void
add_string(struct line *line, const char *text)
{
	add(line, text, strlen(text));
}

static bool
is_plain(const char *value)
{
	for (const char *c = value; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == '"' || *c == '=' ||
		    *c == '\\' || *c == 0x7f)
			return false;
	return *value != '\0';
}

static void
add_value(struct line *line, const char *value)
{
	if (is_plain(value)) {
		add_string(line, value);
		return;
	}
	add_string(line, "\"");
	for (const char *c = value; *c != '\0'; c++) {
		if (*c == '\n')
			add_string(line, "\\n");
		else if (*c == '"' || *c == '\\')
			add(line, (char[]){'\\', *c}, 2);
		else
			add(line, (unsigned char)*c < 0x20 ? " " : c, 1);
	}
	add_string(line, "\"");
}

static void
add_pair(struct line *line, const char *key, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	add_string(line, " ");
	add_string(line, key);
	add_string(line, "=");
	add_value(line, value);
}

static void
add_time(struct line *line)
{
	struct timespec now;
	struct tm parts;
	char text[40];
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	len = strftime(text, sizeof(text), "time=%Y-%m-%dT%H:%M:%S", &parts);
	add(line, text, len);
	len = (size_t)snprintf(
	    text, sizeof(text), ".%03ldZ", now.tv_nsec / 1000000);
	add(line, text, len);
}

static void
start_line(struct line *line, enum log_level level, const char *event)
{
	char priority[8];

	line->len = 0;
	if (to_journal) {
		snprintf(priority, sizeof(priority), "<%d>",
		    levels[level].priority);
		add_string(line, priority);
	}
	add_time(line);
	add_pair(line, "level", levels[level].name);
	add_pair(line, "event", event);
}

/* One write a line, so that lines of threads do not mix. */
static void
finish_line(struct line *line)
{
	line->data[line->len++] = '\n';
	if (write(STDERR_FILENO, line->data, line->len) < 0)
		return;
}

void
log_event(enum log_level level, const char *event, ...)
{
	struct line line;
	const char *key;
	va_list pairs;

	if (level == LOG_LEVEL_DEBUG && !with_debug)
		return;
	start_line(&line, level, event);
	va_start(pairs, event);
	while ((key = va_arg(pairs, const char *)) != NULL)
		add_pair(&line, key, va_arg(pairs, const char *));
	va_end(pairs);
	finish_line(&line);
}

void
log_fail(enum log_level level, const char *event, const struct fail *fail)
{
	log_event(level, event, "place", fail->place, "reason", fail->text,
	    "hint", fail->hint, NULL);
}

enum log_level
log_level_of(const char *level)
{
	enum log_level found = LOG_LEVEL_ERROR;

	for (unsigned i = LOG_LEVEL_DEBUG; i <= LOG_LEVEL_ERROR; i++)
		if (strcmp(levels[i].name, level) == 0)
			found = (enum log_level)i;
	return found;
}

void
log_engine(void *context, const char *level, const char *event,
    const struct fail *fail)
{
	enum log_level found = log_level_of(level);

	(void)context;
	if (found == LOG_LEVEL_DEBUG && !with_debug)
		return;
	if (fail != NULL)
		log_fail(found, event, fail);
	else
		log_event(found, event, NULL);
}
