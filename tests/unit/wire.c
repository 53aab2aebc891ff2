/* Messages: each kind is read and written alike, and nothing that is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/wire.h"

static const char *const seeds[] = {"hello", "fetch", "commit", "commit-scope",
    "outcome", "delivered", "answer", "setup", "fetched", "fetched-fail",
    "committed", "committed-fail", "noted", "deliver", "ask"};

static struct wire_message message;

static struct slice
seed(const char *name, char buffer[4096])
{
	char path[128];
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "tests/fuzz/wire.seeds/%s", name);
	file = fopen(path, "rb");
	assert_non_null(file);
	len = fread(buffer, 1, 4096, file);
	fclose(file);
	return (struct slice){buffer, len};
}

static void
every_kind_is_read_and_written_alike(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	char buffer[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++) {
		struct slice bytes = seed(seeds[i], buffer);
		struct text text = text_start(arena);

		if (!wire_read(bytes, &message))
			fail_msg("%s is not read", seeds[i]);
		assert_true(wire_write(&text, &message, &fail));
		assert_true(slice_equal(text_slice(&text), bytes));
	}
	assert_false(wire_read(seed("version", buffer), &message));
	arena_destroy(arena);
}

/* A message of bytes to the end is another message when it is cut. */
static bool
is_open_ended(const char *name)
{
	return strcmp(name, "setup") == 0 || strcmp(name, "hello") == 0 ||
	       strcmp(name, "noted") == 0;
}

static void
what_is_cut_or_longer_is_no_message(void **state)
{
	char buffer[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++) {
		struct slice bytes = seed(seeds[i], buffer);

		if (is_open_ended(seeds[i]))
			continue;
		for (size_t len = 0; len < bytes.len; len++)
			assert_false(wire_read(
			    (struct slice){bytes.data, len}, &message));
		buffer[bytes.len] = 0;
		assert_false(wire_read(
		    (struct slice){bytes.data, bytes.len + 1}, &message));
	}
}

static void
what_is_too_long_is_not_written(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct text text = text_start(arena);
	struct fail fail = FAIL_INIT;
	char *name = calloc(1, WIRE_NAME_MAX + 1);

	(void)state;
	message.type = WIRE_ASK;
	message.of.ask = (struct wire_ask){.verb = {name, WIRE_NAME_MAX + 1}};
	assert_false(wire_write(&text, &message, &fail));
	assert_int_equal(fail.kind, FAIL_INPUT);
	free(name);
	arena_destroy(arena);
}

static void
a_request_has_a_name(void **state)
{
	struct wire_commit commit = {
	    .link = UINT64_C(0x0123456789abcdef), .number = 0xff};
	char out[WIRE_REQUEST];

	(void)state;
	wire_request(&commit, out);
	assert_memory_equal(
	    out, "epp-0123456789abcdef00000000000000ff", WIRE_REQUEST);
	assert_true(wire_is_request((struct slice){out, WIRE_REQUEST}));
	assert_false(wire_is_request(SLICE("0123456789abcdef")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_is_read_and_written_alike),
	    cmocka_unit_test(what_is_cut_or_longer_is_no_message),
	    cmocka_unit_test(what_is_too_long_is_not_written),
	    cmocka_unit_test(a_request_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
