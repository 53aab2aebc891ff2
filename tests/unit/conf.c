/*
 * misu.conf's compiler by golden files: tests/conf/NAME.conf, and in NAME.err
 * all it says.  MISU_GOLDEN=write writes them anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "proc.h"
#include "report.h"
#include "setup.h"

static const char *const cases[] = {"sound", "words", "recipients", "nothing",
    "channels", "self", "twice", "warnings", "absent", "epp", "upstreams",
    "silent", "pool", "console", "alone", "operators", "publish", "registrar",
    "tier", "untold", "audit", "audited", "revoked", "same"};

enum { CASES = sizeof(cases) / sizeof(*cases) };

static const char *const texts[] = {
#define CONF(id, level, text, hint) text,
#include "conf.tbl"
#undef CONF
};

/* What misu says of a conf, and the line it gives up with. */
static struct slice
said(struct arena *arena, const char *name)
{
	struct setup_given given = {.check = true, .state = "state"};
	struct text text = text_start(arena);
	struct fail fail = FAIL_INIT;
	char path[128], *diagnostics;
	struct setup *setup;

	snprintf(path, sizeof(path), "tests/conf/%s.conf", name);
	given.conf = path;
	setup = setup_load(&given, &diagnostics, &fail);
	if (diagnostics != NULL)
		text_add_string(&text, diagnostics);
	if (setup == NULL)
		text_add_format(&text, "misu: %s%s%s\n", fail.place,
		    fail.place[0] != '\0' ? ": " : "", fail.text);
	free(diagnostics);
	setup_free(setup);
	return text_slice(&text);
}

static struct slice
golden(struct arena *arena, const char *name)
{
	struct fail fail = FAIL_INIT;
	struct slice text = {"", 0};
	char path[128];

	snprintf(path, sizeof(path), "tests/conf/%s.err", name);
	proc_read_file(path, 65536, arena, &text, &fail);
	return text;
}

static void
write_golden(const char *name, struct slice text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "tests/conf/%s.err", name);
	file = fopen(path, "w");
	assert_non_null(file);
	fwrite(text.data, 1, text.len, file);
	fclose(file);
}

static void
says_what_is_wrong_as_its_golden_file_does(void **state)
{
	struct arena *arena = arena_create(NULL);

	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		struct slice text = said(arena, cases[i]);

		if (getenv("MISU_GOLDEN") != NULL)
			write_golden(cases[i], text);
		if (!slice_equal(text, golden(arena, cases[i])))
			fail_msg("%s.conf:\n%.*s", cases[i], SLICE_ARG(text));
	}
	arena_destroy(arena);
}

static bool
is_said_somewhere(struct arena *arena, const char *text)
{
	/* The longest run between what %1 and %2 stand for. */
	const char *best = text;
	size_t len = 0;

	for (const char *at = text; *at != '\0';) {
		size_t run = strcspn(at, "%");

		if (run > len) {
			best = at;
			len = run;
		}
		at += run;
		if (*at == '%')
			at += 2;
	}
	for (size_t i = 0; i < CASES; i++) {
		struct slice all = golden(arena, cases[i]);

		if (memmem(all.data, all.len, best, len) != NULL)
			return true;
	}
	return false;
}

static void
every_complaint_has_a_golden_file(void **state)
{
	struct arena *arena = arena_create(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!is_said_somewhere(arena, texts[i]))
			fail_msg("nobody says: %s", texts[i]);
	arena_destroy(arena);
}

static struct setup *
load(const char *path)
{
	struct setup_given given = {
	    .check = true, .state = "state", .conf = path};
	struct fail fail = FAIL_INIT;
	char *diagnostics;
	struct setup *setup = setup_load(&given, &diagnostics, &fail);

	assert_non_null(setup);
	free(diagnostics);
	return setup;
}

static void
the_state_of_the_command_line_wins(void **state)
{
	struct setup *setup = load("tests/conf/sound.conf");

	(void)state;
	assert_true(slice_is(setup->conf->state, "state"));
	assert_string_equal(
	    setup_state_path(setup, SLICE("ledger")), "state/ledger");
	assert_string_equal(
	    setup_run_path(setup, SLICE("/run/x.sock")), "/run/x.sock");
	setup_free(setup);
}

static void
what_is_not_said_has_its_default(void **state)
{
	struct setup *setup = load("tests/conf/warnings.conf");
	const struct conf *conf = setup->conf;

	(void)state;
	assert_true(slice_is(conf->unix_socket, "http.sock"));
	assert_true(slice_is(conf->control_socket, "control.sock"));
	assert_true(slice_is(conf->master_key, "master.key"));
	assert_int_equal(conf->http_address.len, 0);
	assert_int_equal(conf->retry_first, 30);
	assert_int_equal(conf->retry_longest, 3600);
	assert_int_equal(conf->give_up_after, 7 * 86400);
	assert_true(slice_is(conf->recipients[0].suffix, ".txt"));
	setup_free(setup);
}

/* Lines of terms are one text, and an address is the prefix of its bits. */
static void
what_is_published_is_read_whole(void **state)
{
	struct arena *arena = arena_create(NULL);
	const struct policy_source source = {SLICE("test"),
	    SLICE("audit whois whois.jprs.jp for .jp as jprs hidden as \"X\"\n"
		  "publish hidden jprs \"非表示\" \"Not shown\"\n"
		  "publish free 127.0.0.9, 2001:db8::7, 192.0.2.0/24\n"
		  "registrar \"R\" { terms \"One\" terms \"\" terms \"3\" }\n")};
	struct fail fail = FAIL_INIT;
	const struct conf *conf = conf_glance(arena, &source, &fail);
	const struct values *hidden;

	(void)state;
	assert_non_null(conf);
	assert_true(slice_is(conf->publish.terms, "One\n\n3\n"));
	assert_int_equal(conf->publish.free_count, 3);
	assert_int_equal(conf->publish.free[0].bits, 32);
	assert_int_equal(conf->publish.free[1].bits, 128);
	assert_true(
	    slice_is(conf->publish.hidden_jprs.japanese, "非表示"));
	/* Who audits us knows what we show instead. */
	hidden = &conf->audit.servers[0].hidden;
	assert_int_equal(hidden->count, 3);
	assert_true(slice_is(hidden->items[0], "X"));
	assert_true(slice_is(hidden->items[2], "Not shown"));
	arena_destroy(arena);
}

/* Of a misu.conf without templates. */
static struct digest
identity_of(struct arena *arena, const char *text)
{
	const struct policy_source source = {
	    SLICE("test"), slice_from(text)};
	struct slice diagnostics;
	struct fail fail = FAIL_INIT;
	struct conf *conf;

	conf = conf_parse(arena, &source, NULL, &diagnostics, &fail);
	if (conf == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
	return conf_setup_identity(conf, arena);
}

static void
the_setup_identity_changes_with_what_can_change_what_leaves(void **state)
{
	static const char base[] = "policy p network own = 192.0.2.0/24\n"
				   "recipient a to desk recipient b to desk";
	static const char *const same[] = {
	    "policy q network own = 192.0.2.0/24\n"
	    "recipient a to desk recipient b to desk",
	    "recipient b to desk recipient a to desk policy p\n"
	    "network own = 192.0.2.0/24 retry from 1s to 2s",
	};
	static const char *const other[] = {
	    "policy p network own = 192.0.2.0/25\n"
	    "recipient a to desk recipient b to desk",
	    "policy p network own = 192.0.2.0/24 recipient a to desk",
	};
	struct arena *arena = arena_create(NULL);
	struct digest one = identity_of(arena, base), two;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		two = identity_of(arena, same[i]);
		assert_true(digest_equal(&one, &two));
		two = identity_of(arena, other[i]);
		assert_false(digest_equal(&one, &two));
	}
	arena_destroy(arena);
}

#define UPSTREAM(more)                                                        \
	"policy p recipient a to epp u { placeholder \"x\" for name of * }\n"    \
	"upstream u { listen 192.0.2.1:700 certificate a key b\n"              \
	"server epp.example:700\n" more "\n}"

static void
the_setup_identity_changes_with_an_upstream(void **state)
{
	static const char base[] =
	    UPSTREAM("contact \"A*\" is admin under .biz extension pass u:e");
	static const char *const same[] = {
	    UPSTREAM("extension pass u:e contact \"A*\" under .BIZ is admin"),
	    UPSTREAM("contact \"A*\" is admin under .biz extension pass u:e "
		     "connections 7 role registrant, admin, tech, billing"),
	};
	static const char *const other[] = {
	    UPSTREAM("contact \"A*\" is tech under .biz extension pass u:e"),
	    UPSTREAM("contact \"A*\" is admin extension pass u:e"),
	    UPSTREAM("contact \"A*\" is admin under .biz"),
	    UPSTREAM("contact \"A*\" is admin under .biz extension pass u:e "
		     "mode shadow"),
	    UPSTREAM("contact \"A*\" is admin under .biz extension pass u:e "
		     "kind inferred"),
	    UPSTREAM("contact \"A*\" is admin under .biz extension pass u:e "
		     "role admin"),
	    UPSTREAM("contact \"A*\" is admin under .biz extension pass u:e "
		     "contacts prohibited"),
	    UPSTREAM("contact \"A*\" is admin under .biz extension pass u:e "
		     "disclose ignored"),
	    UPSTREAM("contact \"A*\" is admin under .biz extension pass u:e "
		     "on-link update"),
	};
	struct arena *arena = arena_create(NULL);
	struct digest one = identity_of(arena, base), two;

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		two = identity_of(arena, same[i]);
		assert_true(digest_equal(&one, &two));
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++) {
		two = identity_of(arena, other[i]);
		assert_false(digest_equal(&one, &two));
	}
	arena_destroy(arena);
}

static bool
passes(const struct conf_upstream *upstream, const char *space)
{
	for (size_t i = 0; i < upstream->extension_count; i++)
		if (slice_is(upstream->extensions[i].space, space))
			return upstream->extensions[i].pass;
	return false;
}

static void
an_upstream_is_read_whole(void **state)
{
	struct setup *setup = load("tests/conf/epp.conf");
	const struct conf *conf = setup->conf;
	const struct conf_upstream *biz = conf_upstream(conf, SLICE("biz"));

	(void)state;
	assert_non_null(biz);
	assert_null(conf_upstream(conf, SLICE("info")));
	assert_ptr_equal(
	    conf_upstream_recipient(conf, biz), &conf->recipients[0]);
	assert_int_equal(conf->workers, 2);
	assert_true(slice_is(biz->server, "192.0.2.1:700"));
	assert_true(slice_is(biz->server_name, "epp.registry.example"));
	assert_int_equal(biz->pin_count, 2);
	assert_int_equal(biz->pins[1].bytes[31], 2);
	assert_int_equal(biz->mode, UPSTREAM_POOL);
	assert_true(biz->shadows);
	assert_int_equal(biz->sessions, 8);
	assert_int_equal(biz->backend_count, 2);
	assert_int_equal(biz->backends[0].connections, 20);
	assert_true(biz->backends[1].has_certificate);
	assert_int_equal(biz->contacts, CONTACTS_ACCEPTED);
	assert_int_equal(biz->on_link, ON_LINK_UPDATE);
	assert_true(passes(biz, "urn:example:params:xml:ns:pass-1.0"));
	assert_false(passes(biz, "urn:ietf:params:xml:ns:neulevel-1.0"));
	assert_int_equal(biz->pattern_count, 2);
	assert_int_equal(
	    biz->patterns[0].roles, 1 << ROLE_ADMIN | 1 << ROLE_TECH);
	assert_true(slice_is(biz->patterns[0].suffix, ".co.biz"));
	assert_int_equal(biz->patterns[1].kind, KIND_NATURAL);
	assert_true(biz->infer_kind);
	assert_int_equal(biz->roles, 1 << ROLE_REGISTRANT | 1 << ROLE_ADMIN);
	assert_int_equal(biz->frame, 128 * 1024);
	assert_int_equal(biz->greet, 5);
	assert_int_equal(biz->log_in, 60);
	assert_int_equal(biz->idle, 3600);
	assert_int_equal(biz->answer, 20);
	setup_free(setup);
}

static void
an_upstream_has_its_defaults(void **state)
{
	const struct policy_source source = {
	    SLICE("test"), slice_from(UPSTREAM(""))};
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct conf *conf = conf_glance(arena, &source, &fail);
	const struct conf_upstream *one;

	(void)state;
	assert_int_equal(conf->workers, 1);
	assert_int_equal(conf->upstream_count, 1);
	one = &conf->upstreams[0];
	assert_true(slice_is(one->server_name, "epp.example"));
	assert_int_equal(one->mode, UPSTREAM_SESSION);
	assert_false(one->shadows || one->infer_kind);
	assert_int_equal(one->sessions, 4);
	assert_int_equal(one->contacts, CONTACTS_REQUIRED);
	assert_int_equal(one->disclose, EPP_DISCLOSE_SUPPORTED);
	assert_int_equal(one->on_link, ON_LINK_REFUSE);
	assert_int_equal(one->extension_count, 8);
	assert_true(passes(one, EPP_LOGIN_SEC_SPACE));
	assert_int_equal(one->frame, 64 * 1024);
	assert_int_equal(one->connections, 1000);
	assert_int_equal(one->idle, 600);
	arena_destroy(arena);
}

struct seen {
	size_t files, secrets;
};

static bool
see(void *context, const struct conf_upstream *upstream, struct slice file,
    bool secret)
{
	struct seen *seen = context;

	assert_true(slice_is(upstream->name, "biz"));
	assert_true(file.len != 0);
	seen->files++;
	seen->secrets += secret;
	return true;
}

static void
all_files_of_an_upstream_are_known(void **state)
{
	struct setup *setup = load("tests/conf/epp.conf");
	struct seen seen = {0, 0};

	(void)state;
	assert_true(conf_upstream_files(setup->conf, see, &seen));
	assert_int_equal(seen.files, 8);
	assert_int_equal(seen.secrets, 4);
	setup_free(setup);
}

static void
each_place_of_a_placeholder_is_listed(void **state)
{
	struct setup *setup = load("tests/conf/epp.conf");
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_true(report_summary(setup, out));
	fclose(out);
	assert_non_null(strstr(
	    text, "placeholder biz admin.name.loc \"REDACTED FOR PRIVACY\""));
	assert_non_null(strstr(text,
	    "placeholder biz registrant.email \"redacted@privacy.example\""));
	assert_null(strstr(text, "placeholder biz registrant.name"));
	free(text);
	setup_free(setup);
}

/* One block, and no more. */
static void *
take_one(void *context, size_t size)
{
	unsigned *left = context;

	return *left == 0 ? NULL : (--*left, malloc(size));
}

static void
give_back(void *context, void *pointer)
{
	(void)context;
	free(pointer);
}

/* False where the memory after `used` bytes did not do. */
static bool
parse_after(size_t used, const struct policy_source *source)
{
	unsigned left = 2; /* the arena itself, and one block of it */
	const struct memory memory = {take_one, give_back, &left};
	struct arena *arena = arena_create(&memory);
	struct fail fail = FAIL_INIT;
	struct slice diagnostics;
	struct conf *conf;

	assert_non_null(arena);
	assert_non_null(arena_take(arena, used));
	conf = conf_parse(arena, source, NULL, &diagnostics, &fail);
	if (conf == NULL)
		assert_int_equal(fail.kind, FAIL_MEMORY);
	else if (conf_setup_text(conf, arena).data == NULL)
		conf = NULL;
	arena_destroy(arena);
	return conf != NULL;
}

static void
memory_that_runs_out_is_no_error_of_the_file(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct policy_source source = {.name = SLICE("epp.conf")};
	struct fail fail = FAIL_INIT;
	unsigned bad = 0;

	(void)state;
	assert_true(proc_read_file(
	    "tests/conf/epp.conf", 65536, arena, &source.text, &fail));
	assert_true(parse_after(16, &source));
	for (size_t used = 16; used < 16384 - 16; used += 16)
		bad += !parse_after(used, &source);
	assert_true(bad > 50);
	arena_destroy(arena);
}

static void
revisions_come_into_force_by_their_dates(void **state)
{
	struct setup *setup = load("conf/misu.conf");
	int64_t second = ruleset_effective(setup->rulesets[1]);

	(void)state;
	assert_int_equal(setup->ruleset_count, 2);
	assert_null(setup_in_force(setup, 0));
	assert_ptr_equal(
	    setup_in_force(setup, second - 1), setup->rulesets[0]);
	assert_ptr_equal(setup_in_force(setup, second), setup->rulesets[1]);
	assert_int_equal(setup_next(setup, second - 1), second);
	assert_int_equal(setup_next(setup, second), -1);
	setup_free(setup);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_what_is_wrong_as_its_golden_file_does),
	    cmocka_unit_test(every_complaint_has_a_golden_file),
	    cmocka_unit_test(the_state_of_the_command_line_wins),
	    cmocka_unit_test(what_is_not_said_has_its_default),
	    cmocka_unit_test(what_is_published_is_read_whole),
	    cmocka_unit_test(
		the_setup_identity_changes_with_what_can_change_what_leaves),
	    cmocka_unit_test(the_setup_identity_changes_with_an_upstream),
	    cmocka_unit_test(an_upstream_is_read_whole),
	    cmocka_unit_test(an_upstream_has_its_defaults),
	    cmocka_unit_test(all_files_of_an_upstream_are_known),
	    cmocka_unit_test(each_place_of_a_placeholder_is_listed),
	    cmocka_unit_test(memory_that_runs_out_is_no_error_of_the_file),
	    cmocka_unit_test(revisions_come_into_force_by_their_dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
