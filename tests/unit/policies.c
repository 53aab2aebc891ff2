/* Policies are kept by identity, and show their rules as they were written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/policies.h"

static const char main_text[] =
    "# signed off by counsel\n"
    "policy \"t\" revision 1 effective 2026-04-01T00:00:00Z\n"
    "include \"purposes.policy\"\n"
    "recipient reg \"Registry\" in JP class registry basis contract by api {\n"
    "  may receive name of registrant\n"
    "}\n"
    "for network own to reg for p10 {\n"
    "  forward name of registrant\n"
    "  redact * of *\n"
    "}\n";
static const char purposes_text[] = "\npurpose p10 \"submit\"\n";
static const char setup_text[] = "setup 1\n"
				 "network other 198.51.100.0/24\n"
				 "network own 192.0.2.0/24 203.0.113.0/24\n"
				 "recipient reg to desk\n";

static const struct policy_source files[] = {
    {SLICE("conf/main.policy"), SLICE(main_text)},
    {SLICE("conf/purposes.policy"), SLICE(purposes_text)},
};

struct world {
	char root[64], directory[96];
	struct disk *disk;
	struct arena *arena;
	struct digest setup;
	const struct ruleset *ruleset;
};

static bool
load(void *context, struct slice name, struct slice *text)
{
	(void)context;
	(void)name;
	*text = SLICE(purposes_text);
	return true;
}

static int
make(void **state)
{
	static const struct slice prefixes[] = {
	    SLICE("192.0.2.0/24"), SLICE("203.0.113.0/24")};
	static const struct network_group own = {SLICE("own"), prefixes, 2};
	const struct policy_loader loader = {load, NULL};
	struct world *world = calloc(1, sizeof(*world));
	struct slice diagnostics = {"", 0};
	struct fail fail = FAIL_INIT;

	assert_non_null(world);
	snprintf(world->root, sizeof(world->root), "/tmp/misu-test-XXXXXX");
	assert_non_null(mkdtemp(world->root));
	snprintf(world->directory, sizeof(world->directory), "%s/policies",
	    world->root);
	world->disk = disk_real_create(NULL, &fail);
	world->arena = arena_create(NULL);
	world->setup = digest_sha256(SLICE(setup_text));
	world->ruleset = policy_load(
	    world->arena, &files[0], &loader, &own, 1, &diagnostics, &fail);
	if (world->ruleset == NULL)
		print_message("%.*s\n", SLICE_ARG(diagnostics));
	assert_non_null(world->ruleset);
	assert_true(policies_keep(
	    world->disk, world->directory, world->ruleset, files, 2, &fail));
	assert_true(policies_keep_setup(
	    world->disk, world->directory, SLICE(setup_text), &fail));
	*state = world;
	return 0;
}

static int
unmake(void **state)
{
	struct world *world = *state;
	struct fail fail = FAIL_INIT;
	struct slice *names;
	size_t count;

	assert_true(world->disk->operations->list(world->disk, world->directory,
	    world->arena, &names, &count, &fail));
	for (size_t i = 0; i < count; i++) {
		char path[300];

		snprintf(path, sizeof(path), "%s/%.*s", world->directory,
		    SLICE_ARG(names[i]));
		unlink(path);
	}
	rmdir(world->directory);
	rmdir(world->root);
	arena_destroy(world->arena);
	disk_real_destroy(world->disk);
	free(world);
	return 0;
}

static const struct ruleset *
again(struct world *world, struct fail *fail)
{
	return policies_load(world->disk, world->directory,
	    ruleset_identity(world->ruleset), &world->setup, world->arena,
	    fail);
}

static const char *
file_of(struct world *world, const char *end)
{
	const struct digest *identity = ruleset_identity(world->ruleset);
	static char path[300];
	int n = snprintf(path, sizeof(path), "%s/", world->directory);

	for (size_t i = 0; i < DIGEST_SIZE; i++)
		n += snprintf(path + n, 3, "%02x", identity->bytes[i]);
	snprintf(path + n, 20, "%s", end);
	return path;
}

static void
spoil(const char *path)
{
	FILE *file = fopen(path, "r+");

	assert_non_null(file);
	fseek(file, 120, SEEK_SET);
	fputc('~', file);
	fclose(file);
}

static void
the_text_has_its_own_digest_as_name(void **state)
{
	struct world *world = *state;
	struct fail fail = FAIL_INIT;
	struct slice text;

	assert_true(policies_read(world->disk, world->directory,
	    ruleset_identity(world->ruleset), world->arena, &text, &fail));
	assert_true(slice_equal(text, ruleset_text(world->ruleset)));
	spoil(file_of(world, ""));
	assert_false(policies_read(world->disk, world->directory,
	    ruleset_identity(world->ruleset), world->arena, &text, &fail));
	assert_int_equal(fail.kind, FAIL_WORLD);
	assert_non_null(strstr(fail.text, "not what its name says"));
}

static void
rules_are_shown_with_the_place_they_had(void **state)
{
	struct world *world = *state;
	struct fail fail = FAIL_INIT;
	const struct ruleset *ruleset = again(world, &fail);
	struct record *record = record_create(world->arena, OBJECT_NETWORK,
	    OPERATION_CREATE, SLICE("203.0.113.8/29"), &fail);
	const struct block *block;

	assert_non_null(ruleset);
	assert_true(slice_equal(
	    ruleset_rule_place(ruleset, 1), SLICE("conf/main.policy:8")));
	/* Its networks came back too. */
	assert_non_null(record);
	assert_int_equal(ruleset_match(ruleset, record, &block, 1), 1);
}

static void
without_its_files_the_canonical_text_tells(void **state)
{
	struct world *world = *state;
	struct fail fail = FAIL_INIT;
	const struct ruleset *ruleset;

	spoil(file_of(world, ".source"));
	ruleset = again(world, &fail);
	assert_non_null(ruleset);
	assert_true(slice_equal(ruleset_rule_text(ruleset, 1),
	    ruleset_rule_text(world->ruleset, 1)));
	assert_int_equal(ruleset_rule_place(ruleset, 1).data[16], ':');
	unlink(file_of(world, ".source"));
	assert_non_null(again(world, &fail));
}

static void
what_is_kept_is_not_written_again(void **state)
{
	struct world *world = *state;
	struct policy_source other = files[0];
	struct fail fail = FAIL_INIT;
	struct stat before, after;

	assert_int_equal(stat(file_of(world, ".source"), &before), 0);
	other.name = SLICE("elsewhere.policy");
	assert_true(policies_keep(
	    world->disk, world->directory, world->ruleset, &other, 1, &fail));
	assert_int_equal(stat(file_of(world, ".source"), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	/* A damaged text is mended by who has the right one. */
	spoil(file_of(world, ""));
	assert_true(policies_keep(
	    world->disk, world->directory, world->ruleset, files, 2, &fail));
	assert_non_null(again(world, &fail));
}

static void
what_was_never_kept_is_missing(void **state)
{
	struct world *world = *state;
	struct digest other = digest_sha256(SLICE("another"));
	struct fail fail = FAIL_INIT;

	assert_null(policies_load(
	    world->disk, world->directory, &other, NULL, world->arena, &fail));
	assert_int_equal(fail.kind, FAIL_INPUT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_text_has_its_own_digest_as_name),
	    TEST(rules_are_shown_with_the_place_they_had),
	    TEST(without_its_files_the_canonical_text_tells),
	    TEST(what_is_kept_is_not_written_again),
	    TEST(what_was_never_kept_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
