/* A publisher without its process: a view to write, and who reads it. */
#ifndef MISU_PUBLISHER_WORLD_H
#define MISU_PUBLISHER_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "publisher_priv.h"
#include "runner/fake_loop.h"
#include "store/keys.h"

enum { NOW = 1800000000 };

struct fixture {
	char directory[64], path[128];
	struct view *view;
	struct publisher publisher;
	struct arena *arena;
	struct fail fail;
	struct ask ask;
};

static inline int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	snprintf(fixture->directory, sizeof(fixture->directory),
	    "/tmp/misu-publisher-XXXXXX");
	assert_non_null(mkdtemp(fixture->directory));
	snprintf(fixture->path, sizeof(fixture->path), "%s/view.db",
	    fixture->directory);
	fixture->arena = arena_create(NULL);
	fixture->view = view_open(fixture->path, &fixture->fail);
	fixture->publisher =
	    (struct publisher){.loop = fake_loop_create(INT64_C(1000) * NOW),
		.view = view_open_reader(fixture->path, &fixture->fail),
		.answers = answers_create(1 << 20, 7),
		.scratch = arena_create(NULL)};
	fixture->publisher.rate = rate_create(
	    &(struct rate_limits){0, 0}, &random_system, &fixture->fail);
	*state = fixture;
	return fixture->publisher.rate == NULL || fixture->view == NULL ||
	       fixture->publisher.view == NULL;
}

static inline int
teardown(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-mark"};
	struct fixture *fixture = *state;
	char path[160];

	rate_destroy(fixture->publisher.rate);
	answers_destroy(fixture->publisher.answers);
	arena_destroy(fixture->publisher.scratch);
	view_close(fixture->publisher.view);
	fake_loop_destroy(fixture->publisher.loop);
	view_close(fixture->view);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		snprintf(path, sizeof(path), "%s%s", fixture->path, ends[i]);
		unlink(path);
	}
	rmdir(fixture->directory);
	arena_destroy(fixture->arena);
	free(fixture);
	return 0;
}

#endif
