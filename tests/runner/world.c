#include "runner/world.h"

#include <stdarg.h>

#include "runner/epp_world.h"
#include "runner/pool.h"
#include "runner/sqlite_vfs.h"

/* 2026-04-01T00:00:00Z: after every effective date of the shipped policy. */
enum { START_SECONDS = 1775001600 };

bool
world_strikes(struct world *world, enum fault_kind kind)
{
	if (world->calm)
		return false;
	world->counts[kind]++;
	if (world->plan.kind != kind || world->counts[kind] != world->plan.nth)
		return false;
	world->struck = true;
	return true;
}

static void *
take(void *context, size_t size)
{
	struct world *world = context;
	void *out;

	if (world_strikes(world, PLAN_ALLOC))
		return NULL;
	out = malloc(size);
	if (out != NULL)
		world->allocated++;
	return out;
}

static void
give(void *context, void *pointer)
{
	struct world *world = context;

	if (pointer != NULL)
		world->allocated--;
	free(pointer);
}

/* splitmix64: small, known, the same everywhere. */
static bool
fill(void *context, void *out, size_t len)
{
	struct world *world = context;
	uint8_t *at = out;

	while (len-- != 0) {
		uint64_t z = world->random_state += 0x9e3779b97f4a7c15;

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
		z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
		*at++ = (uint8_t)(z >> 56);
	}
	return true;
}

void
seen_add(struct seen *seen, struct slice bytes)
{
	if (seen->len + bytes.len + 1 > seen->size) {
		size_t size = (seen->len + bytes.len + 1) * 2;
		char *data = pool_take(&size);

		if (seen->len != 0)
			memcpy(data, seen->data, seen->len);
		pool_give(seen->data, seen->size);
		seen->data = data;
		seen->size = size;
	}
	if (bytes.len != 0)
		memcpy(seen->data + seen->len, bytes.data, bytes.len);
	seen->len += bytes.len;
	seen->data[seen->len] = '\0';
}

void
seen_finish(struct seen *seen)
{
	pool_give(seen->data, seen->size);
	*seen = (struct seen){NULL, 0, 0};
}

static void
wrote(void *arg, const char *path, struct slice data)
{
	struct world *world = arg;

	if (!recipients_is_output(world, path))
		seen_add(&world->written, data);
}

static enum disk_fault
disk_fault(enum fault_kind kind)
{
	switch (kind) {
	case PLAN_WRITE:
		return FAULT_WRITE;
	case PLAN_SYNC:
		return FAULT_SYNC;
	case PLAN_KILL:
		return FAULT_KILL;
	case PLAN_NONE:
	case PLAN_ALLOC:
	case PLAN_WORKER:
	case PLAN_KEEPER:
		break;
	case PLAN_COUNT:
		return FAULT_COUNT;
	}
	return FAULT_NONE;
}

unsigned
world_counted(const struct world *world, enum fault_kind kind)
{
	enum disk_fault fault = disk_fault(kind);

	return fault != FAULT_NONE ? memory_disk_counted(world->disk, fault)
				   : world->counts[kind];
}

const char *
world_fault_name(enum fault_kind kind)
{
	static const char *const names[PLAN_COUNT] = {
	    [PLAN_ALLOC] = "alloc",
	    [PLAN_WRITE] = "write",
	    [PLAN_SYNC] = "fsync",
	    [PLAN_KILL] = "kill",
	    [PLAN_WORKER] = "worker",
	    [PLAN_KEEPER] = "keeper"};

	return kind < PLAN_COUNT ? names[kind] : NULL;
}

struct world *
world_create(const struct script *script, struct plan plan)
{
	struct world *world = calloc(1, sizeof(*world));

	if (world == NULL)
		abort();
	world->script = script;
	world->plan = plan;
	world->random_state = 20260401;
	world->random = (struct random_source){fill, world};
	world->memory = (struct memory){take, give, world};
	world->got_last = &world->got;
	digest_start(&world->searched);
	world->policy_name = script->policy;
	world->conf_name = script->conf;
	world->loop = fake_loop_create((int64_t)START_SECONDS * 1000);
	world->disk = memory_disk_create(world->loop);
	memory_disk_watch(world->disk, wrote, world);
	memory_disk_set_fault(
	    world->disk, disk_fault(plan.kind), plan.nth, plan.loss);
	if (world->loop == NULL ||
	    !sqlite_vfs_use(world->disk, world->loop, &world->random))
		abort();
	recipients_use(world);
	world->outside = fake_loop_share(world->loop);
	epp_registries_create(world);
	return world;
}

#define FREE_LIST(type, list, ...)                                            \
	for (struct type *at = (list), *next; at != NULL; at = next) {        \
		next = at->next;                                              \
		__VA_ARGS__;                                                  \
		free(at);                                                     \
	}

void
world_destroy(struct world *world)
{
	invariants_finish(world);
	epp_backends_destroy(world);
	fake_loop_settle(world->loop);
	epp_registries_destroy(world);
	epp_letters_finish(world);
	fake_loop_settle(world->loop);
	if (fake_loop_timers(world->outside) != 0)
		abort();
	fake_loop_destroy(world->outside);
	FREE_LIST(got, world->got, free(at->payload), free(at->text))
	FREE_LIST(attempt, world->attempts)
	FREE_LIST(behaviour, world->behaviours)
	FREE_LIST(answer, world->answers, free(at->body))
	seen_finish(&world->log);
	seen_finish(&world->written);
	seen_finish(&world->transcript_bytes);
	memory_disk_destroy(world->disk);
	fake_loop_destroy(world->loop);
	free(world);
}

const struct conf *
world_conf(const struct world *world)
{
	if (world->conf != NULL)
		return world->conf;
	return world->worker != NULL ? world->worker->conf : NULL;
}

bool
world_fail(struct world *world, const char *format, ...)
{
	va_list args;

	world->failures++;
	printf("%s:%u: ", world->script->path,
	    world->step != NULL ? world->step->line : 0);
	if (world_fault_name(world->plan.kind) != NULL)
		printf("[%s %u/%d] ", world_fault_name(world->plan.kind),
		    world->plan.nth, (int)world->plan.loss);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	return false;
}

void
world_note(struct world *world, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	seen_add(&world->transcript_bytes, slice_from(line));
	seen_add(&world->transcript_bytes, SLICE("\n"));
	if (world->transcript)
		printf("    %s\n", line);
}
