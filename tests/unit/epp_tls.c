/*
 * Who is let in: EPP connections between ends with all sorts of certificates.
 */
#include "epp_conn_world.h"

/* --- who is let in --- */

static void
test_both_know_each_other(void **state)
{
	struct world *world = *state;
	struct end client = {0};
	const struct epp_peer *peer;

	meet(world, &client);
	peer = epp_conn_peer(world->ends[0].conn);
	assert_true(peer->has_certificate);
	assert_string_equal(peer->name, "Example Backend");
	assert_true(digest_equal(&peer->certificate, &world->client.der));
	assert_memory_equal(peer->address, "127.0.0.1:", 10);
	peer = epp_conn_peer(client.conn);
	assert_string_equal(peer->name, "epp.registry.example");
	assert_string_equal(peer->address, world->address);
	world->ends[0].conn->operations->send(
	    world->ends[0].conn, SLICE("<greeting/>"));
	run_until(world, &client.frames, 1);
	assert_string_equal(client.last, "<greeting/>");
	leave(&client);
	run_until(world, &world->ends[0].closed, 1);
	assert_int_equal(world->ends[0].fail.kind, FAIL_NONE);
}

/* Dial with other certificates; both ends' fails are kept. */
static void
dial_as(struct world *world, struct epp_tls *tls, struct end *client)
{
	struct epp_dialer *dialer = dialer_to(world, tls, world->address);

	dial_with(dialer, client);
	epp_tcp_dialer_destroy(dialer);
	run_until(world, &client->closed, 1);
	assert_int_equal(client->fail.kind, FAIL_WORLD);
	epp_tls_destroy(tls);
}

static void
test_wrong_name(void **state)
{
	struct world *world = *state;
	struct end client = {0};

	dial_as(world,
	    tls_client(
		world, &world->client, &world->authority, "epp.other.example"),
	    &client);
	assert_string_equal(client.fail.text,
	    "tls: the registry's certificate is not for epp.other.example");
	assert_int_equal(client.opened, 0);
	run_until(world, &world->ends[0].closed, 1);
	assert_int_equal(world->ends[0].opened, 0);
}

static void
test_name_may_be_an_address(void **state)
{
	struct world *world = *state;
	struct end client = {0};
	struct epp_tls *tls =
	    tls_client(world, &world->client, &world->authority, "127.0.0.1");
	struct epp_dialer *dialer = dialer_to(world, tls, world->address);

	dial_with(dialer, &client);
	run_until(world, &client.opened, 1);
	leave(&client);
	epp_tcp_dialer_destroy(dialer);
	epp_tls_destroy(tls);
	client = (struct end){0};
	dial_as(world,
	    tls_client(world, &world->client, &world->authority, "192.0.2.1"),
	    &client);
	assert_string_equal(client.fail.text,
	    "tls: the registry's certificate is not for 192.0.2.1");
}

static void
test_wrong_authority(void **state)
{
	struct world *world = *state;
	struct end client = {0};

	dial_as(world,
	    tls_client(world, &world->client, &world->stranger,
		"epp.registry.example"),
	    &client);
	assert_non_null(strstr(
	    client.fail.text, "tls: the registry's certificate is refused: "));
	assert_int_equal(client.opened, 0);
}

/* In TLS 1.3 the client learns of it when it thinks all is well. */
static void
test_clients_refused(void **state)
{
	struct world *world = *state;
	const struct certificate *shown[] = {NULL, &world->alien, &world->old};
	const char *why[] = {"tls: the peer showed no certificate",
	    "tls: the backend's certificate is refused: ",
	    ("tls: the backend's certificate is refused: certificate has "
	     "expired")};

	for (unsigned i = 0; i < 3; i++) {
		struct end client = {0};

		dial_as(world,
		    tls_client(world, shown[i], &world->authority,
			"epp.registry.example"),
		    &client);
		assert_non_null(
		    strstr(client.fail.text, "tls: the peer refuses: "));
		run_until(world, &world->ends[i].closed, 1);
		assert_int_equal(world->ends[i].opened, 0);
		assert_int_equal(world->ends[i].frames, 0);
		assert_non_null(strstr(world->ends[i].fail.text, why[i]));
	}
}

static struct epp_tls *
tls_pinned(struct world *world, const struct digest *pins, size_t count)
{
	struct fail fail = FAIL_INIT;
	struct epp_tls *tls = epp_tls_create(
	    &(struct epp_tls_options){
		.certificate = text(world->client.pem),
		.key = text(world->client.key),
		.authority = text(world->authority.pem),
		.name = text("epp.registry.example"),
		.pins = pins,
		.pin_count = count,
	    },
	    &fail);

	assert_non_null(tls);
	return tls;
}

static void
test_pins(void **state)
{
	struct world *world = *state;
	struct digest pins[] = {world->alien.spki, world->server.spki};
	struct epp_tls *tls = tls_pinned(world, pins, 2);
	struct epp_dialer *dialer = dialer_to(world, tls, world->address);
	struct end client = {0};

	dial_with(dialer, &client);
	run_until(world, &client.opened, 1);
	leave(&client);
	epp_tcp_dialer_destroy(dialer);
	epp_tls_destroy(tls);
	client = (struct end){0};
	dial_as(world, tls_pinned(world, pins, 1), &client);
	assert_string_equal(client.fail.text,
	    "tls: the registry's key is none of those pinned");
}

static void
test_keys_refused(void **state)
{
	struct world *world = *state;
	char locked[2048];
	struct {
		const char *certificate, *key, *authority, *why;
	} cases[] = {
	    {world->server.pem, locked, "",
		"tls: the key is encrypted: give it without a password"},
	    {world->server.pem, world->client.key, "",
		"tls: the key is not the certificate's"},
	    {world->server.pem, "none", "",
		"tls: the key is not a private key in PEM"},
	    {world->server.pem, "", "",
		"tls: the key is not a private key in PEM"},
	    {"", world->server.key, "",
		"tls: the certificate is not a certificate in PEM"},
	    {world->server.key, world->server.key, "",
		"tls: the certificate is not a certificate in PEM"},
	    {world->server.pem, world->server.key, "none",
		"tls: the authority is not certificates in PEM"},
	};

	certificate_encrypt_key(&world->server, locked, sizeof(locked));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fail fail = FAIL_INIT;

		assert_null(epp_tls_create(
		    &(struct epp_tls_options){
			.server = true,
			.certificate = text(cases[i].certificate),
			.key = text(cases[i].key),
			.authority = text(cases[i].authority),
		    },
		    &fail));
		assert_string_equal(fail.text, cases[i].why);
		assert_int_equal(fail.kind, FAIL_INPUT);
		assert_int_equal(ERR_peek_error(), 0);
	}
}

static void
test_old_tls_is_refused(void **state)
{
	struct world *world = *state;
	struct hand hand = {0};

	assert_false(hand_shake(world, &hand, TLS1_1_VERSION));
	hand_finish(&hand);
	run_until(world, &world->ends[0].closed, 1);
	assert_int_equal(world->ends[0].opened, 0);
	assert_string_equal(
	    world->ends[0].fail.text, "tls: unsupported protocol");
}

static void
test_tls_1_2(void **state)
{
	struct world *world = *state;
	struct hand hand = {0};
	char frame[64];

	assert_true(hand_shake(world, &hand, TLS1_2_VERSION));
	assert_string_equal(SSL_get_version(hand.ssl), "TLSv1.2");
	hand_write(&hand, frame, put_frame(frame, "<hello/>"));
	run_until(world, &world->ends[0].frames, 1);
	assert_string_equal(world->ends[0].last, "<hello/>");
	assert_true(epp_conn_peer(world->ends[0].conn)->has_certificate);
	hand_finish(&hand);
	run_until(world, &world->ends[0].closed, 1);
}

/* A backend that comes back with a ticket is as well known as before. */
static void
test_ticket(void **state)
{
	struct world *world = *state;
	struct hand first = {0}, again = {0};
	const struct epp_peer *peer;
	char byte;

	assert_true(hand_shake(world, &first, TLS1_3_VERSION));
	assert_int_equal(SSL_read(first.ssl, &byte, 1), -1);
	again.back = SSL_get1_session(first.ssl);
	assert_true(hand_shake(world, &again, TLS1_3_VERSION));
	assert_true(SSL_session_reused(again.ssl));
	run_until(world, &world->ends[1].opened, 1);
	peer = epp_conn_peer(world->ends[1].conn);
	assert_true(peer->has_certificate);
	assert_true(digest_equal(&peer->certificate, &world->client.der));
	SSL_SESSION_free(again.back);
	hand_finish(&first);
	hand_finish(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_both_know_each_other),
	    TEST(test_wrong_name),
	    TEST(test_name_may_be_an_address),
	    TEST(test_wrong_authority),
	    TEST(test_clients_refused),
	    TEST(test_pins),
	    TEST(test_keys_refused),
	    TEST(test_old_tls_is_refused),
	    TEST(test_tls_1_2),
	    TEST(test_ticket),
	};

	return cmocka_run_group_tests(
	    tests, make_authorities, finish_authorities);
}
