#include "registry/registry_priv.h"

#define WORDS 12
#define COUNTS 200
#define FRAME_KEPT (256 * 1024)

struct line {
	struct registry *registry;
	char *words[WORDS + 1];
	size_t count;
	struct bytes *out;
};

void
registry_count(struct registry *registry, const char *what)
{
	struct count **at = &registry->counts;
	size_t others = 0;

	for (; *at != NULL && strcmp((*at)->what, what) != 0; others++)
		at = &(*at)->next;
	/* Names of commands that there are not could go on for ever. */
	if (*at == NULL && others >= COUNTS)
		return;
	if (*at == NULL) {
		*at = calloc(1, sizeof(**at));
		if (*at == NULL)
			abort();
		(*at)->what = registry_copy(what);
	}
	(*at)->count++;
}

/* Verbatim; of one that is no command any more, the front is enough. */
void
registry_keep(struct registry *registry, struct slice frame)
{
	struct bytes *kept = &registry->kept[registry->frames++ % FRAMES_KEPT];

	kept->len = 0;
	bytes_add(kept, frame.data, frame.len > FRAME_KEPT ? 4096 : frame.len);
}

uint64_t
registry_frames(const struct registry *registry)
{
	return registry->frames;
}

uint64_t
registry_invalid(const struct registry *registry)
{
	return registry->invalid;
}

const char *
registry_complaint(const struct registry *registry)
{
	return registry->complaint.len == 0 ? "" : registry->complaint.data;
}

struct slice
registry_frame(const struct registry *registry, size_t nth)
{
	if (nth >= FRAMES_KEPT || nth >= registry->frames)
		return (struct slice){NULL, 0};
	return bytes_slice(
	    &registry->kept[(registry->frames - 1 - nth) % FRAMES_KEPT]);
}

bool
registry_take_drop(struct registry *registry)
{
	bool drop = registry->drop;

	registry->drop = false;
	return drop;
}

static bool
kind_of(const char *word, enum registry_kind *kind)
{
	size_t i;

	for (i = 0; i < KIND_COUNT; i++)
		if (strcmp(registry_kind_names[i], word) == 0) {
			*kind = (enum registry_kind)i;
			return true;
		}
	return false;
}

const char *
registry_value(const struct registry *registry, const char *kind,
    const char *name, const char *key)
{
	enum registry_kind which;
	struct object *object = NULL;

	if (kind_of(kind, &which))
		object = stored_find(registry, which, name);
	return object == NULL ? NULL : stored_get(object, key);
}

/* Does "contact:create", "create", "contact:*" or "*" mean this command? */
static bool
is_meant(const char *what, const char *object, const char *verb)
{
	const char *colon = strchr(what, ':');

	if (strcmp(what, "*") == 0)
		return strcmp(verb, "greeting") != 0;
	if (colon == NULL)
		return strcmp(what, verb) == 0;
	return object != NULL && strlen(object) == (size_t)(colon - what) &&
	       strncmp(what, object, (size_t)(colon - what)) == 0 &&
	       (strcmp(colon + 1, "*") == 0 || strcmp(colon + 1, verb) == 0);
}

struct fault
registry_fault(struct registry *registry, const char *object, const char *verb)
{
	struct fault none = {.kind = FAULT_NONE}, found, **at;
	char name[64];

	(void)snprintf(name, sizeof(name), "%s%s%s",
	    object == NULL ? "" : object, object == NULL ? "" : ":", verb);
	registry_count(registry, name);
	for (at = &registry->faults; *at != NULL; at = &(*at)->next)
		if (is_meant((*at)->what, object, verb))
			break;
	if (*at == NULL)
		return none;
	found = **at;
	if (--(*at)->times == 0) {
		struct fault *gone = *at;

		*at = gone->next;
		free(gone->what);
		free(gone);
	}
	found.what = NULL;
	found.next = NULL;
	return found;
}

static bool
wrong(struct line *line, const char *why)
{
	bytes_add_format(line->out, "error: %s\n", why);
	return false;
}

static bool
is_word(const struct line *line, size_t nth, const char *word)
{
	return nth < line->count && strcmp(line->words[nth], word) == 0;
}

static bool
service_set(struct line *line, struct service *services, size_t count)
{
	bool on = is_word(line, 3, "on");
	size_t i;

	if (line->count != 4 || (!on && !is_word(line, 3, "off")))
		return wrong(line, "set object|extension URI on|off");
	for (i = 0; i < count; i++)
		if (strcmp(services[i].uri, line->words[2]) == 0) {
			services[i].announced = on;
			return true;
		}
	return wrong(line, "no such namespace is known");
}

static bool
client_set(struct line *line)
{
	struct client **at = &line->registry->clients;

	if (line->count != 4)
		return wrong(line, "set client ID PASSWORD");
	while (*at != NULL && strcmp((*at)->id, line->words[2]) != 0)
		at = &(*at)->next;
	if (*at == NULL) {
		*at = calloc(1, sizeof(**at));
		if (*at == NULL)
			abort();
		(*at)->id = registry_copy(line->words[2]);
	}
	free((*at)->password);
	(*at)->password = registry_copy(line->words[3]);
	return true;
}

static void
replace(char **at, const char *value)
{
	free(*at);
	*at = registry_copy(value);
}

/* One of two or three words, as a number; -1 if it is another. */
static int
choice(const struct line *line, const char *a, const char *b, const char *c)
{
	if (is_word(line, 2, a))
		return 0;
	if (is_word(line, 2, b))
		return 1;
	return c != NULL && is_word(line, 2, c) ? 2 : -1;
}

static bool
contacts_set(struct line *line)
{
	struct registry *registry = line->registry;
	int which = choice(line, "required", "accepted", "prohibited");

	if (which < 0)
		return wrong(line, "set contacts required|accepted|prohibited");
	registry->contacts = (enum registry_contacts)which;
	registry->objects[KIND_CONTACT].announced = which != 2;
	return true;
}

static bool
line_set(struct line *line)
{
	struct registry *registry = line->registry;
	int which = -1;

	if (line->count < 3)
		return wrong(line, "set WHAT VALUE");
	if (is_word(line, 1, "contacts"))
		return contacts_set(line);
	if (is_word(line, 1, "client"))
		return client_set(line);
	if (is_word(line, 1, "object"))
		return service_set(line, registry->objects, KIND_COUNT);
	if (is_word(line, 1, "extension"))
		return service_set(line, registry->extensions, EXTENSIONS);
	if (is_word(line, 1, "tlds"))
		replace(&registry->tlds, line->words[2]);
	else if (is_word(line, 1, "required"))
		replace(&registry->required, line->words[2]);
	else if (is_word(line, 1, "session-limit"))
		registry->session_limit =
		    (unsigned)strtoul(line->words[2], NULL, 10);
	else if (is_word(line, 1, "dcp") &&
		 (which = choice(line, "private", "public", NULL)) >= 0)
		registry->dcp_public = which == 1;
	else if (is_word(line, 1, "transfer") &&
		 (which = choice(line, "pending", "immediate", NULL)) >= 0)
		registry->transfer_immediate = which == 1;
	else if (is_word(line, 1, "lenient") &&
		 (which = choice(line, "off", "on", NULL)) >= 0)
		registry->lenient = which == 1;
	else if (is_word(line, 1, "bench") &&
		 (which = choice(line, "off", "on", NULL)) >= 0)
		registry->bench = which == 1;
	else
		return wrong(line, "no such setting, or not such a value");
	return true;
}

static bool
fault_kind_of(const char *word, enum fault_kind *kind)
{
	static const char *const names[] = {
	    [FAULT_LOST] = "lost",
	    [FAULT_RESET] = "reset",
	    [FAULT_CLOSE] = "close",
	    [FAULT_STALL] = "stall",
	    [FAULT_SILENT] = "silent",
	    [FAULT_SLOW] = "slow",
	    [FAULT_CLTRID] = "wrong-cltrid",
	    [FAULT_CODE] = "code",
	    [FAULT_GARBAGE] = "garbage",
	    [FAULT_LENGTH] = "length",
	    [FAULT_CUT] = "cut",
	};
	size_t i;

	for (i = FAULT_LOST; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i], word) == 0) {
			*kind = (enum fault_kind)i;
			return true;
		}
	return false;
}

static void
faults_clear(struct registry *registry)
{
	while (registry->faults != NULL) {
		struct fault *fault = registry->faults;

		registry->faults = fault->next;
		free(fault->what);
		free(fault);
	}
}

static bool
line_fault(struct line *line)
{
	struct fault fault = {.times = 1}, **at = &line->registry->faults;
	size_t next = 3;

	if (line->count < 3 || !fault_kind_of(line->words[2], &fault.kind))
		return wrong(line, "fault WHAT FAULT [times N]");
	if (fault.kind == FAULT_SLOW || fault.kind == FAULT_CODE) {
		if (line->count < 4)
			return wrong(line, "this fault needs a number");
		fault.number = (unsigned)strtoul(line->words[3], NULL, 10);
		next = 4;
	}
	if (next < line->count) {
		if (line->count != next + 2 || !is_word(line, next, "times"))
			return wrong(line, "fault WHAT FAULT [times N]");
		fault.times = strtoul(line->words[next + 1], NULL, 10);
	}
	if (fault.times == 0)
		return wrong(line, "never is no number of times");
	while (*at != NULL)
		at = &(*at)->next;
	*at = malloc(sizeof(**at));
	if (*at == NULL)
		abort();
	**at = fault;
	(*at)->what = registry_copy(line->words[1]);
	return true;
}

static bool
line_object(struct line *line)
{
	struct registry *registry = line->registry;
	struct object *object;
	enum registry_kind kind;

	if (line->count < 4 || !kind_of(line->words[1], &kind))
		return wrong(line, "object contact|domain|host NAME WHAT");
	object = stored_find(registry, kind, line->words[2]);
	if (is_word(line, 3, "missing")) {
		if (object != NULL)
			stored_destroy(registry, object);
		return true;
	}
	if (object == NULL) {
		char date[DATE_SIZE];

		registry_date(registry->now, date);
		object = stored_make(registry, kind, line->words[2]);
		stored_add(registry, object, "clID", "other");
		stored_add(registry, object, "crID", "other");
		stored_add(registry, object, "crDate", date);
	}
	if (is_word(line, 3, "exists")) {
		if (line->count > 4)
			stored_set(registry, object, "clID", line->words[4]);
		return true;
	}
	if (line->count != 6)
		return wrong(line, "object KIND NAME set|add KEY VALUE");
	if (is_word(line, 3, "set"))
		stored_set(registry, object, line->words[4], line->words[5]);
	else if (is_word(line, 3, "add"))
		stored_add(registry, object, line->words[4], line->words[5]);
	else
		return wrong(line, "object KIND NAME set|add KEY VALUE");
	return true;
}

static bool
line_message(struct line *line)
{
	if (line->count == 4 && is_word(line, 1, "client"))
		registry_message(
		    line->registry, line->words[2], line->words[3], NULL);
	else if (line->count == 2)
		registry_message(line->registry, NULL, line->words[1], NULL);
	else
		return wrong(line, "message [client ID] TEXT");
	return true;
}

static bool
line_dump(struct line *line)
{
	struct object *at;

	for (at = line->registry->oldest; at != NULL; at = at->newer)
		if ((line->count < 2 ||
			is_word(line, 1, registry_kind_names[at->kind])) &&
		    (line->count < 3 || is_word(line, 2, at->name)))
			stored_print(at, line->out);
	return true;
}

static bool
line_frames(struct line *line)
{
	struct registry *registry = line->registry;
	size_t nth = FRAMES_KEPT;

	if (is_word(line, 1, "clear")) {
		registry->frames = 0;
		return true;
	}
	if (line->count > 1)
		nth = strtoul(line->words[1], NULL, 10);
	while (nth-- > 0) {
		struct slice frame = registry_frame(registry, nth);

		if (frame.data == NULL)
			continue;
		bytes_add_format(line->out, "frame %llu %zu\n",
		    (unsigned long long)(registry->frames - nth), frame.len);
		bytes_add(line->out, frame.data, frame.len);
		bytes_add_string(line->out, "\n");
	}
	return true;
}

static bool
line_counts(struct line *line)
{
	struct registry *registry = line->registry;
	const struct registry_session *session;
	const struct count *at;
	unsigned sessions = 0, logged_in = 0;

	for (session = registry->sessions; session != NULL;
	     session = session->next) {
		sessions++;
		logged_in += session->client != NULL;
	}
	bytes_add_format(line->out,
	    "frames %llu\ninvalid %llu\ntolerated %llu\nsessions %u\nlogged-in "
	    "%u\n",
	    (unsigned long long)registry->frames,
	    (unsigned long long)registry->invalid,
	    (unsigned long long)registry->tolerated, sessions, logged_in);
	for (at = registry->counts; at != NULL; at = at->next)
		bytes_add_format(line->out, "count %s %llu\n", at->what,
		    (unsigned long long)at->count);
	return true;
}

static bool
line_invalid(struct line *line)
{
	bytes_add_string(line->out, registry_complaint(line->registry));
	return true;
}

static bool
line_sessions(struct line *line)
{
	if (!is_word(line, 1, "drop"))
		return wrong(line, "sessions drop");
	line->registry->drop = true;
	return true;
}

static bool
line_faults(struct line *line)
{
	faults_clear(line->registry);
	return true;
}

static bool
line_publish(struct line *line)
{
	if (line->count == 2 && is_word(line, 1, "well")) {
		publish_clear(line->registry);
		return true;
	}
	if (line->count < 3 || line->count > 4 ||
	    !publish_mistake(line->registry, line->words[1], line->words[2],
		line->count == 4 ? line->words[3] : NULL))
		return wrong(
		    line, "publish leak|hide KEY, older KEY VALUE, or well");
	return true;
}

/* Cut the line, in place, into words; false if a quote stays open. */
static bool
split(char *at, struct line *line)
{
	while (line->count < WORDS) {
		bool quoted;
		char *to;

		at += strspn(at, " \t\r\n");
		if (*at == '\0' || *at == '#')
			return true;
		quoted = *at == '"';
		at += quoted;
		line->words[line->count++] = to = at;
		while (*at != '\0' &&
		       (quoted ? *at != '"' : strchr(" \t\r\n", *at) == NULL)) {
			if (quoted && *at == '\\' && at[1] != '\0')
				at++;
			*to++ = *at++;
		}
		if (*at == '\0') {
			*to = '\0';
			return !quoted;
		}
		at++;
		*to = '\0';
	}
	return false;
}

bool
registry_line(struct registry *registry, struct slice text, struct bytes *out)
{
	static const struct {
		const char *word;
		bool (*run)(struct line *);
	} verbs[] = {{"set", line_set}, {"fault", line_fault},
	    {"faults", line_faults}, {"message", line_message},
	    {"publish", line_publish},
	    {"object", line_object}, {"sessions", line_sessions},
	    {"dump", line_dump}, {"frames", line_frames},
	    {"invalid", line_invalid}, {"counts", line_counts}};
	struct line line = {.registry = registry, .out = out};
	char *copy = strndup(text.data, text.len);
	bool good = false;
	size_t i;

	if (copy == NULL)
		abort();
	if (!split(copy, &line))
		(void)wrong(&line, "too many words, or an open quote");
	else if (line.count == 0)
		good = true;
	else {
		for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
			if (is_word(&line, 0, verbs[i].word))
				break;
		good = i < sizeof(verbs) / sizeof(*verbs)
			   ? verbs[i].run(&line)
			   : wrong(&line, "no such command");
	}
	free(copy);
	return good;
}
