/*
 * The registries of a world: the simulator's core behind pipes.  Each frame
 * that arrives is kept and judged: what carries decided data must have its
 * entry on the disk by then.
 */
#include <libxml/parser.h>

#include "runner/epp_world.h"

struct held;

struct epp_registry {
	struct epp_registry *next;
	struct world *world;
	const struct script_registry *script;
	char name[64];
	struct registry *registry;
	struct epp_dialer dialer;
	struct held *connections;
	bool away;
	unsigned dials; /* since a step asked */
};

/* A dialer per upstream: which one it is follows from its place. */
static struct epp_registry *
registry_of(struct epp_dialer *dialer)
{
	return (struct epp_registry *)(void *)((char *)dialer -
					       offsetof(struct epp_registry,
						   dialer));
}

/* One connection of the filter to a registry. */
struct held {
	struct held *next, **at;
	struct epp_registry *owner;
	struct registry_session *session;
	struct epp_pipe *pipe;
	struct loop_timer *timer; /* an answer waits for its time */
	struct bytes late;
	struct registry_reply then;
	struct bytes waiting; /* frames that came meanwhile, with headers */
	bool greeted;
};

static struct loop *
loop_of(const struct held *held)
{
	return held->owner->world->outside;
}

static void
release(struct held *held)
{
	struct epp_pipe *pipe = held->pipe;

	*held->at = held->next;
	if (held->next != NULL)
		held->next->at = held->at;
	if (held->timer != NULL)
		loop_of(held)->operations->timer_destroy(held->timer);
	registry_session_destroy(held->session);
	bytes_finish(&held->late);
	bytes_finish(&held->waiting);
	free(held);
	pipe_leave(pipe);
}

static void
end(struct held *held, enum fail_kind kind, const char *text)
{
	pipe_cut(held->pipe, kind, text);
	release(held);
}

/* --- what it says --- */

enum { FRAME_LONGEST = 1 << 20 };

/* Whole frames, and the end that half of one or nonsense makes. */
static bool
put_frames(struct held *held, struct slice bytes)
{
	while (bytes.len != 0) {
		size_t len =
		    bytes.len >= 4 ? bytes_frame_length(bytes.data) : 0;

		if (bytes.len >= 4 && (len < 4 || len > FRAME_LONGEST)) {
			end(held, FAIL_INPUT, "a frame of an absurd length");
			return false;
		}
		if (bytes.len < 4 || len > bytes.len) {
			end(held, FAIL_INPUT, "the peer left within a frame");
			return false;
		}
		pipe_put(held->pipe, (struct slice){bytes.data + 4, len - 4});
		bytes.data += len;
		bytes.len -= len;
	}
	return true;
}

static void
act(struct held *held, struct slice bytes, enum registry_action action)
{
	if (!put_frames(held, bytes))
		return;
	switch (action) {
	case REGISTRY_ANSWER:
		break;
	case REGISTRY_ANSWER_CLOSE:
	case REGISTRY_CLOSE:
		end(held, FAIL_NONE, "");
		break;
	case REGISTRY_RESET:
		end(held, FAIL_WORLD, "the connection was reset");
		break;
	case REGISTRY_STALL:
		pipe_stall(held->pipe, true);
		break;
	}
}

static void hear(struct held *held, struct slice frame);

static bool
is_there(const struct epp_registry *owner, const struct held *held)
{
	const struct held *at = owner->connections;

	while (at != NULL && at != held)
		at = at->next;
	return at != NULL;
}

/* The late answer's time came; then what waited behind it. */
static void
on_time(void *arg)
{
	struct held *held = arg;
	struct epp_registry *owner = held->owner;
	struct bytes waiting = held->waiting, late = held->late;
	struct slice rest = bytes_slice(&waiting);

	loop_of(held)->operations->timer_destroy(held->timer);
	held->timer = NULL;
	held->waiting = held->late = (struct bytes){NULL, 0, 0};
	act(held, bytes_slice(&late), held->then.action);
	while (rest.len != 0 && is_there(owner, held)) {
		size_t len = bytes_frame_length(rest.data);

		hear(held, (struct slice){rest.data + 4, len - 4});
		rest.data += len;
		rest.len -= len;
	}
	bytes_finish(&waiting);
	bytes_finish(&late);
}

static void
answer(struct held *held, struct registry_reply reply, struct bytes *out)
{
	struct loop *loop = loop_of(held);

	if (reply.delay_ms == 0) {
		act(held, bytes_slice(out), reply.action);
		return;
	}
	held->then = reply;
	bytes_add(&held->late, out->data, out->len);
	held->timer = loop->operations->timer_create(loop, on_time, held);
	if (held->timer == NULL)
		abort();
	loop->operations->timer_set(held->timer, reply.delay_ms);
}

static void
set_time(struct epp_registry *owner)
{
	struct loop *loop = owner->world->loop;

	registry_set_time(owner->registry, loop->operations->now(loop) / 1000);
}

/* --- what it hears --- */

static xmlNode *
element_of(const xmlNode *node)
{
	xmlNode *at = node != NULL ? node->children : NULL;

	while (at != NULL && at->type != XML_ELEMENT_NODE)
		at = at->next;
	return at;
}

/* "contact:create", "login"; "?" for what is no command. */
static void
name_frame(struct slice frame, char out[32])
{
	xmlDoc *doc = xmlReadMemory(frame.data, (int)frame.len, NULL, NULL,
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlNode *command =
	    doc != NULL ? element_of(xmlDocGetRootElement(doc)) : NULL;
	xmlNode *verb = element_of(command), *object = element_of(verb);
	bool named =
	    object != NULL && object->ns != NULL && object->ns->href != NULL;

	snprintf(out, 32, "?");
	if (command != NULL &&
	    strcmp((const char *)command->name, "hello") == 0)
		snprintf(out, 32, "hello");
	else if (verb != NULL && named &&
		 strcmp((const char *)verb->name, "login") != 0) {
		const char *uri = strstr((const char *)object->ns->href, "ns:");

		snprintf(out, 32, "%.*s:%s",
		    uri != NULL ? (int)strcspn(uri + 3, "-") : 0,
		    uri != NULL ? uri + 3 : "", (const char *)verb->name);
	} else if (verb != NULL)
		snprintf(out, 32, "%s", (const char *)verb->name);
	xmlFreeDoc(doc);
}

static bool
is_decided(const char *name)
{
	const char *verb = strchr(name, ':');

	return verb != NULL &&
	       (strcmp(verb, ":create") == 0 || strcmp(verb, ":update") == 0 ||
		   strcmp(verb, ":transfer") == 0);
}

static struct slice
recipient_of(const struct epp_registry *owner)
{
	const struct conf *conf = world_conf(owner->world);
	const struct conf_upstream *upstream =
	    conf != NULL ? conf_upstream(conf, slice_from(owner->name)) : NULL;
	const struct conf_recipient *recipient =
	    upstream != NULL ? conf_upstream_recipient(conf, upstream) : NULL;

	return recipient != NULL ? recipient->id : (struct slice){"", 0};
}

/* A frame of a submission: its entry is about all of them together. */
static const struct got *
part_of(const struct epp_registry *owner, struct slice frame)
{
	struct slice recipient = recipient_of(owner);

	for (const struct got *got = owner->world->got; got != NULL;
	     got = got->next)
		if (got->frame[0] == '\0' &&
		    slice_is(recipient, got->recipient) &&
		    memmem(got->payload, got->len, frame.data, frame.len) !=
			NULL)
			return got;
	return NULL;
}

static char *
copy(struct slice from)
{
	char *out = malloc(from.len + 1);

	if (out == NULL)
		abort();
	if (from.len != 0)
		memcpy(out, from.data, from.len);
	out[from.len] = '\0';
	return out;
}

/* The entry that covers it, from the disk as it is now. */
static void
cover(const struct epp_registry *owner, struct got *got, struct slice frame)
{
	struct slice entry = invariants_entry_of(owner->world, frame);
	const struct got *whole =
	    entry.data == NULL ? part_of(owner, frame) : NULL;
	char member[96];

	if (whole != NULL)
		entry = (struct slice){
		    copy((struct slice){whole->text, whole->text_len}),
		    whole->text_len};
	if (entry.data == NULL) {
		world_fail(owner->world,
		    "%s got a %s of which no durable entry is", owner->name,
		    got->frame);
		entry = (struct slice){copy(SLICE("")), 0};
	}
	got->text = (char *)(uintptr_t)entry.data;
	got->text_len = entry.len;
	snprintf(member, sizeof(member), "\"recipient\":\"%.*s\"",
	    SLICE_ARG(recipient_of(owner)));
	if (entry.len != 0 &&
	    memmem(entry.data, entry.len, member, strlen(member)) == NULL)
		world_fail(owner->world,
		    "%s got a %s whose entry is for another recipient",
		    owner->name, got->frame);
	got->shadow = entry.len != 0 && memmem(entry.data, entry.len,
					    "\"epp-shadow\"", 12) != NULL;
}

static void
keep(const struct epp_registry *owner, struct slice frame)
{
	struct world *world = owner->world;
	struct got *got = calloc(1, sizeof(*got));

	if (got == NULL)
		abort();
	name_frame(frame, got->frame);
	if (strcmp(got->frame, "hello") == 0) {
		free(got); /* keep-alives of days */
		return;
	}
	snprintf(got->recipient, sizeof(got->recipient), "%s", owner->name);
	got->arrived = true;
	got->payload = copy(frame);
	got->len = frame.len;
	got->entry = UINT64_MAX;
	if (is_decided(got->frame))
		cover(owner, got, frame);
	else
		got->text = copy(SLICE(""));
	*world->got_last = got;
	world->got_last = &got->next;
	world_note(
	    world, "%s < %s, %zu bytes", owner->name, got->frame, frame.len);
	seen_add(&world->transcript_bytes, frame);
	if (world->transcript)
		printf("%.*s\n", SLICE_ARG(frame));
}

static void
hear(struct held *held, struct slice frame)
{
	struct epp_registry *owner = held->owner;
	struct registry_reply reply;
	struct bytes out = {NULL, 0, 0};

	if (held->timer != NULL) {
		size_t start = bytes_frame_start(&held->waiting);

		bytes_add(&held->waiting, frame.data, frame.len);
		bytes_frame_end(&held->waiting, start);
		return;
	}
	keep(owner, frame);
	set_time(owner);
	reply = registry_receive(held->session, frame, &out);
	answer(held, reply, &out);
	bytes_finish(&out);
}

static void
frame_came(void *context, struct slice xml)
{
	hear(context, xml);
}

static void
filter_gone(void *context)
{
	release(context);
}

static const struct epp_pipe_peer peer = {frame_came, filter_gone};

/* --- connections --- */

static void
greet(void *arg)
{
	struct epp_registry *owner = arg;
	struct bytes out = {NULL, 0, 0};

	for (struct held *held = owner->connections, *next; held != NULL;
	     held = next) {
		next = held->next;
		if (held->greeted)
			continue;
		held->greeted = true;
		set_time(owner);
		out.len = 0;
		answer(held, registry_greeting(held->session, &out), &out);
	}
	bytes_finish(&out);
}

static struct epp_conn *
dial(struct epp_dialer *dialer, const struct epp_conn_events *events, void *arg,
    struct fail *fail)
{
	struct epp_registry *owner = registry_of(dialer);
	struct loop *loop = owner->world->outside;
	struct held *held = calloc(1, sizeof(*held));
	struct epp_pipe *pipe;

	(void)fail;
	if (held == NULL)
		abort();
	owner->dials++;
	held->pipe = pipe = pipe_create(loop, &peer, held);
	held->owner = owner;
	held->session = registry_session_create(owner->registry);
	held->next = owner->connections;
	held->at = &owner->connections;
	if (held->next != NULL)
		held->next->at = &held->next;
	owner->connections = held;
	if (owner->away) {
		pipe_dial(pipe, events, arg);
		end(held, FAIL_WORLD, "connection refused");
		return pipe_conn(pipe);
	}
	pipe_open(pipe, events, arg);
	loop->operations->soon(loop, greet, owner);
	return pipe_conn(pipe);
}

/* --- all of them --- */

static void
run_line(struct epp_registry *owner, struct slice line)
{
	struct bytes out = {NULL, 0, 0};

	if (!registry_line(owner->registry, line, &out))
		world_fail(owner->world, "registry %s: %.*s: %.*s", owner->name,
		    SLICE_ARG(line), (int)out.len, out.data);
	bytes_finish(&out);
}

static void
tell_skipped(const struct registry *registry)
{
	static bool told;

	if (!told && !registry_validates(registry))
		printf("skipped: frames are not validated, $MISU_DATA/epp-xsd "
		       "is not there\n");
	told = true;
}

void
epp_registries_create(struct world *world)
{
	for (size_t i = 0; i < world->script->registry_count; i++) {
		const struct script_registry *script =
		    &world->script->registries[i];
		struct epp_registry *owner = calloc(1, sizeof(*owner));

		if (owner == NULL)
			abort();
		owner->world = world;
		owner->script = script;
		owner->dialer.dial = dial;
		owner->registry = registry_create(NULL);
		tell_skipped(owner->registry);
		snprintf(owner->name, sizeof(owner->name), "%.*s",
		    SLICE_ARG(script->upstream));
		owner->next = world->registries;
		world->registries = owner;
		set_time(owner);
		for (size_t k = 0; k < script->line_count; k++)
			run_line(owner, script->lines[k]);
	}
}

void
epp_registries_destroy(struct world *world)
{
	struct epp_registry *owner;

	while ((owner = world->registries) != NULL) {
		world->registries = owner->next;
		while (owner->connections != NULL)
			release(owner->connections);
		registry_destroy(owner->registry);
		free(owner);
	}
}

static struct epp_registry *
find(const struct world *world, struct slice upstream)
{
	struct epp_registry *owner = world->registries;

	while (owner != NULL && !slice_is(upstream, owner->name))
		owner = owner->next;
	return owner;
}

struct registry *
epp_registry(struct world *world, struct slice upstream)
{
	struct epp_registry *owner = find(world, upstream);

	return owner != NULL ? owner->registry : NULL;
}

static struct epp_conn *
dial_nobody(struct epp_dialer *dialer, const struct epp_conn_events *events,
    void *arg, struct fail *fail)
{
	(void)dialer;
	(void)events;
	(void)arg;
	fail_set(fail, FAIL_WORLD, "the scenario has no such registry");
	return NULL;
}

struct epp_dialer *
epp_registry_dialer(void *context, struct slice upstream)
{
	static struct epp_dialer nobody = {dial_nobody};
	struct epp_worker *worker = context;
	struct epp_registry *owner = find(worker->world, upstream);

	return owner != NULL ? &owner->dialer : &nobody;
}

void
epp_registry_away(struct world *world, struct slice upstream, bool away)
{
	struct epp_registry *owner = find(world, upstream);

	if (owner == NULL)
		return;
	owner->away = away;
	while (away && owner->connections != NULL)
		end(owner->connections, FAIL_WORLD, "the connection was reset");
}

unsigned
epp_registry_dials(struct world *world, struct slice upstream)
{
	struct epp_registry *owner = find(world, upstream);
	unsigned dials = owner != NULL ? owner->dials : 0;

	if (owner != NULL)
		owner->dials = 0;
	return dials;
}

void
epp_registry_look(struct world *world, struct slice upstream)
{
	struct epp_registry *owner = find(world, upstream);

	if (owner == NULL || !registry_take_drop(owner->registry))
		return;
	while (owner->connections != NULL)
		end(owner->connections, FAIL_WORLD, "the connection was reset");
}

void
epp_registries_kill(struct world *world, bool lost)
{
	for (struct epp_registry *o = world->registries; o != NULL; o = o->next)
		for (struct held *held = o->connections, *next; held != NULL;
		     held = next) {
			next = held->next;
			pipe_kill(held->pipe, lost);
		}
}

void
epp_registries_check(struct world *world)
{
	for (struct epp_registry *o = world->registries; o != NULL; o = o->next)
		if (registry_invalid(o->registry) != 0 &&
		    !o->script->sees_invalid)
			world_fail(world, "%s got what is not valid: %s",
			    o->name, registry_complaint(o->registry));
}
