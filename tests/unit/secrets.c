/*
 * What the parent reads for workers: the files that misu.conf's upstreams
 * name, keys and passwords only if nobody else can, and no other file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "secrets.h"

struct world {
	char directory[32];
	struct arena *arena;
	struct setup *setup;
};

static void
make(const struct world *world, const char *name, mode_t mode)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", world->directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "text of %s", name);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static int
start(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct setup_given given = {
	    .conf = "tests/conf/epp.conf", .check = true};
	struct fail fail = FAIL_INIT;
	char *diagnostics, path[64];

	snprintf(world->directory, sizeof(world->directory),
	    "/tmp/misu-test-XXXXXX");
	assert_non_null(mkdtemp(world->directory));
	snprintf(path, sizeof(path), "%s/tls", world->directory);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/secrets", world->directory);
	assert_int_equal(mkdir(path, 0700), 0);
	given.state = world->directory;
	world->arena = arena_create(NULL);
	world->setup = setup_load(&given, &diagnostics, &fail);
	free(diagnostics);
	assert_non_null(world->setup);
	*state = world;
	return 0;
}

static int
remove_one(
    const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status;
	(void)type;
	(void)at;
	return remove(path);
}

static int
finish(void **state)
{
	struct world *world = *state;

	setup_free(world->setup);
	arena_destroy(world->arena);
	nftw(world->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(world);
	return 0;
}

static enum fail_kind
reads(const struct world *world, const char *path, const char *text)
{
	struct fail fail = FAIL_INIT;
	struct slice found = {"", 0};

	if (!secrets_read(world->setup, slice_from(path), world->arena,
		&found, &fail))
		return fail.kind;
	assert_true(slice_is(found, text));
	return FAIL_NONE;
}

static void
only_what_is_named_is_read(void **state)
{
	struct world *world = *state;

	make(world, "tls/misu.pem", 0644);
	make(world, "tls/other.pem", 0644);
	assert_int_equal(reads(world, "tls/misu.pem", "text of tls/misu.pem"),
	    FAIL_NONE);
	assert_int_equal(reads(world, "tls/other.pem", ""), FAIL_DENIED);
	assert_int_equal(reads(world, "master.key", ""), FAIL_DENIED);
	assert_int_equal(reads(world, "/etc/passwd", ""), FAIL_DENIED);
	assert_int_equal(
	    reads(world, "tls/../tls/misu.pem", ""), FAIL_DENIED);
	/* It names an authority: the system's are not for it. */
	assert_int_equal(reads(world, "", ""), FAIL_DENIED);
}

static void
a_secret_is_for_its_owner_alone(void **state)
{
	struct world *world = *state;

	make(world, "tls/misu.key", 0600);
	make(world, "secrets/biz.password", 0640);
	make(world, "secrets/hosting.password", 0600);
	assert_int_equal(reads(world, "tls/misu.key", "text of tls/misu.key"),
	    FAIL_NONE);
	assert_int_equal(
	    reads(world, "secrets/biz.password", ""), FAIL_DENIED);
	assert_int_equal(reads(world, "secrets/hosting.password",
			     "text of secrets/hosting.password"),
	    FAIL_NONE);
	assert_int_equal(reads(world, "tls/client.key", ""), FAIL_WORLD);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(only_what_is_named_is_read),
	    TEST(a_secret_is_for_its_owner_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
