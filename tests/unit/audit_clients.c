/*
 * The clients that ask strangers: WHOIS, RDAP's HTTP and SRV, against servers
 * on loopback that answer well and badly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <ldns/ldns.h>
#include <string.h>
#include <unistd.h>

#include "net/srv_client.h"
#include "net/whois_client.h"

static struct event_base *base;
static struct http_client *client;

/* What came of the last question. */
static struct {
	bool done;
	int status;
	unsigned wait;
	char reason[256], body[512];
	size_t len;
} got;

static int
set_up(void **state)
{
	struct fail fail = FAIL_INIT;

	(void)state;
	base = event_base_new();
	client = http_client_create(base, &fail);
	memset(&got, 0, sizeof(got));
	return client == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	http_client_destroy(client);
	event_base_free(base);
	return 0;
}

static void
answered(void *context, const struct http_client_answer *answer)
{
	(void)context;
	got.done = true;
	got.status = answer->status;
	got.wait = answer->wait;
	got.len = answer->body.len;
	snprintf(got.reason, sizeof(got.reason), "%s", answer->reason);
	snprintf(got.body, sizeof(got.body), "%.*s", SLICE_ARG(answer->body));
}

static void
run(void)
{
	while (!got.done)
		event_base_loop(base, EVLOOP_ONCE);
}

/* --- a WHOIS server --- */

static struct {
	char asked[512];
	const char *answer;
	size_t times; /* the answer is sent so often */
} whois;

static void
whois_written(struct bufferevent *stream, void *context)
{
	(void)context;
	bufferevent_free(stream);
}

static void
whois_ended(struct bufferevent *stream, short what, void *context)
{
	(void)what;
	(void)context;
	bufferevent_free(stream);
}

static void
whois_read(struct bufferevent *stream, void *context)
{
	struct evbuffer *input = bufferevent_get_input(stream);
	size_t len = evbuffer_get_length(input);

	(void)context;
	if (len >= sizeof(whois.asked))
		len = sizeof(whois.asked) - 1;
	evbuffer_copyout(input, whois.asked, len);
	whois.asked[len] = '\0';
	if (strchr(whois.asked, '\n') == NULL)
		return;
	if (whois.answer == NULL) {
		bufferevent_free(stream);
		return;
	}
	bufferevent_setcb(stream, NULL, whois_written, whois_ended, NULL);
	for (size_t i = 0; i < whois.times; i++)
		bufferevent_write(stream, whois.answer, strlen(whois.answer));
}

static void
whois_accept(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int len, void *context)
{
	struct bufferevent *stream =
	    bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);

	(void)listener;
	(void)address;
	(void)len;
	(void)context;
	bufferevent_setcb(stream, whois_read, NULL, whois_ended, NULL);
	bufferevent_enable(stream, EV_READ | EV_WRITE);
}

static unsigned
port_of(evutil_socket_t fd)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	return ntohs(address.sin_port);
}

static struct evconnlistener *
whois_open(const char *answer, size_t times, char server[64])
{
	const struct sockaddr_in any = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct evconnlistener *listener = evconnlistener_new_bind(base,
	    whois_accept, NULL, LEV_OPT_CLOSE_ON_FREE, 4,
	    (const struct sockaddr *)&any, sizeof(any));

	assert_non_null(listener);
	memset(&whois, 0, sizeof(whois));
	whois.answer = answer;
	whois.times = times;
	snprintf(server, 64, "127.0.0.1:%u",
	    port_of(evconnlistener_get_fd(listener)));
	return listener;
}

static bool
ask_whois(const char *server, const char *line, struct fail *fail)
{
	return whois_client_start(client,
	    &(struct whois_client_ask){.server = slice_from(server),
		.line = slice_from(line),
		.patience = 5,
		.done = answered},
	    fail);
}

static void
whois_is_one_line_and_all_until_the_end(void **state)
{
	struct fail fail = FAIL_INIT;
	char server[64];
	struct evconnlistener *listener =
	    whois_open("[Domain]\r\nx % y\r\n", 2, server);

	(void)state;
	assert_true(ask_whois(server, "例え.jp/e 100%", &fail));
	run();
	assert_string_equal(whois.asked, "例え.jp/e 100%\r\n");
	assert_int_equal(got.status, 200);
	assert_string_equal(
	    got.body, "[Domain]\r\nx % y\r\n[Domain]\r\nx % y\r\n");
	evconnlistener_free(listener);
}

static void
an_answer_without_end_is_none(void **state)
{
	struct fail fail = FAIL_INIT;
	char server[64];
	struct evconnlistener *listener =
	    whois_open("0123456789abcdef", WHOIS_ANSWER_MAX / 16 + 1, server);

	(void)state;
	assert_true(ask_whois(server, "example.jp", &fail));
	run();
	assert_int_equal(got.status, 0);
	assert_string_equal(got.reason, "the answer is too long");
	evconnlistener_free(listener);
}

static void
nobody_at_the_port_is_a_reason(void **state)
{
	struct fail fail = FAIL_INIT;
	char server[64];

	(void)state;
	evconnlistener_free(whois_open("", 0, server));
	assert_true(ask_whois(server, "example.jp", &fail));
	run();
	assert_int_equal(got.status, 0);
	assert_true(got.reason[0] != '\0');
}

static void
what_is_no_line_and_no_server_is_not_asked(void **state)
{
	static const char *const lines[] = {"", "a\r\nb", "a\tb", "a\x7f"};
	static const char *const servers[] = {
	    "", "a/b", "a@b", "a b", "a?b", "a#b"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct fail fail = FAIL_INIT;

		assert_false(ask_whois("127.0.0.1:1", lines[i], &fail));
	}
	for (size_t i = 0; i < sizeof(servers) / sizeof(*servers); i++) {
		struct fail fail = FAIL_INIT;

		assert_false(ask_whois(servers[i], "example.jp", &fail));
	}
}

/* --- HTTP --- */

static char accepted[64];

static void
http_answer(struct evhttp_request *request, void *context)
{
	const char *path = evhttp_request_get_uri(request);
	struct evkeyvalq *out = evhttp_request_get_output_headers(request);
	const char *accept = evhttp_find_header(
	    evhttp_request_get_input_headers(request), "Accept");

	(void)context;
	snprintf(accepted, sizeof(accepted), "%s", accept);
	if (strcmp(path, "/429") == 0) {
		evhttp_add_header(out, "Retry-After", "120");
		evhttp_send_reply(request, 429, "Too Many Requests", NULL);
	} else if (strcmp(path, "/away") == 0) {
		evhttp_add_header(out, "Location", "/here");
		evhttp_send_reply(request, 302, "Found", NULL);
	} else if (strcmp(path, "/told") == 0) {
		evhttp_add_header(out, "Location", "https://127.9.9.9:1/");
		evhttp_send_reply(request, 302, "Found", NULL);
	} else {
		evhttp_send_reply(request, 404, "Not Found", NULL);
	}
}

static void
ask_http(struct evhttp_bound_socket *socket, const char *path)
{
	struct fail fail = FAIL_INIT;
	char url[100];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s",
	    port_of(evhttp_bound_socket_get_fd(socket)), path);
	memset(&got, 0, sizeof(got));
	assert_true(http_client_start(client,
	    &(struct http_client_ask){.url = url,
		.accept = "application/rdap+json",
		.redirects = 3,
		.answer_max = 1000,
		.patience = 5,
		.done = answered},
	    &fail));
	run();
}

static void
rdap_hears_of_pauses_and_goes_nowhere_in_clear(void **state)
{
	struct evhttp *http = evhttp_new(base);
	struct evhttp_bound_socket *socket =
	    evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);

	(void)state;
	assert_non_null(socket);
	evhttp_set_gencb(http, http_answer, NULL);
	ask_http(socket, "/none");
	assert_int_equal(got.status, 404);
	assert_int_equal(got.wait, 0);
	assert_string_equal(accepted, "application/rdap+json");
	ask_http(socket, "/429");
	assert_int_equal(got.status, 429);
	assert_int_equal(got.wait, 120);
	ask_http(socket, "/away");
	assert_int_equal(got.status, 0);
	assert_true(got.reason[0] != '\0');
	evhttp_free(http);
}

/* The reason stands in the log: a server cannot have its words in there. */
static void
behind_a_redirect_no_name_of_the_servers_choice_is_told(void **state)
{
	struct evhttp *http = evhttp_new(base);
	struct evhttp_bound_socket *socket =
	    evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);

	(void)state;
	assert_non_null(socket);
	evhttp_set_gencb(http, http_answer, NULL);
	ask_http(socket, "/told");
	assert_int_equal(got.status, 0);
	assert_true(got.reason[0] != '\0');
	assert_null(strstr(got.reason, "127.9.9.9"));
	evhttp_free(http);
}

/* --- SRV --- */

static struct {
	int fd;
	struct event *event;
	ldns_rr_list *records; /* NULL: there is no such name */
	unsigned silent;       /* so many questions get no answer */
	bool is_forged;	       /* first one that is for another question */
	struct srv_answer answer;
	bool done;
} dns;

static void
dns_send(const ldns_pkt *query, bool forged, const struct sockaddr *to,
    socklen_t len)
{
	ldns_pkt *packet = ldns_pkt_new();
	uint8_t *wire = NULL;
	size_t size;

	ldns_pkt_set_id(
	    packet, (uint16_t)(ldns_pkt_id(query) + (forged ? 1 : 0)));
	ldns_pkt_set_qr(packet, true);
	ldns_pkt_push_rr(packet, LDNS_SECTION_QUESTION,
	    ldns_rr_clone(ldns_rr_list_rr(ldns_pkt_question(query), 0)));
	if (dns.records == NULL)
		ldns_pkt_set_rcode(packet, LDNS_RCODE_NXDOMAIN);
	else
		for (size_t i = 0; i < ldns_rr_list_rr_count(dns.records); i++)
			ldns_pkt_push_rr(packet, LDNS_SECTION_ANSWER,
			    ldns_rr_clone(ldns_rr_list_rr(dns.records, i)));
	assert_int_equal(ldns_pkt2wire(&wire, packet, &size), LDNS_STATUS_OK);
	sendto(dns.fd, wire, size, 0, to, len);
	free(wire);
	ldns_pkt_free(packet);
}

static void
dns_asked(evutil_socket_t fd, short what, void *context)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	uint8_t bytes[1500];
	ldns_pkt *query = NULL;
	ssize_t size = recvfrom(
	    fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &len);

	(void)what;
	(void)context;
	assert_true(size > 0);
	if (dns.silent != 0 && dns.silent--)
		return;
	assert_int_equal(
	    ldns_wire2pkt(&query, bytes, (size_t)size), LDNS_STATUS_OK);
	if (dns.is_forged) {
		sendto(fd, "junk", 4, 0, (struct sockaddr *)&from, len);
		dns_send(query, true, (struct sockaddr *)&from, len);
	}
	dns_send(query, false, (struct sockaddr *)&from, len);
	ldns_pkt_free(query);
}

static void
srv_done(void *context, const struct srv_answer *answer)
{
	(void)context;
	dns.answer = *answer;
	dns.done = true;
}

static void
dns_open(const char *const *records)
{
	const struct sockaddr_in any = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	memset(&dns, 0, sizeof(dns));
	dns.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(
	    bind(dns.fd, (const struct sockaddr *)&any, sizeof(any)), 0);
	dns.event =
	    event_new(base, dns.fd, EV_READ | EV_PERSIST, dns_asked, NULL);
	event_add(dns.event, NULL);
	if (records == NULL)
		return;
	dns.records = ldns_rr_list_new();
	for (size_t i = 0; records[i] != NULL; i++) {
		ldns_rr *rr = NULL;

		assert_int_equal(
		    ldns_rr_new_frm_str(&rr, records[i], 60, NULL, NULL),
		    LDNS_STATUS_OK);
		ldns_rr_list_push_rr(dns.records, rr);
	}
}

static void
dns_ask(void)
{
	struct fail fail = FAIL_INIT;
	struct srv_client *srv;
	char address[64];

	snprintf(address, sizeof(address), "127.0.0.1:%u", port_of(dns.fd));
	srv = srv_client_create(base, address, &fail);
	assert_non_null(srv);
	assert_true(
	    srv_client_ask(srv, "_nicname._tcp.jp", srv_done, NULL, &fail));
	while (!dns.done)
		event_base_loop(base, EVLOOP_ONCE);
	srv_client_destroy(srv);
	event_free(dns.event);
	close(dns.fd);
	ldns_rr_list_deep_free(dns.records);
}

#define SRV(data) "_nicname._tcp.jp. 60 IN SRV " data

static void
the_first_priority_and_the_greatest_weight_win(void **state)
{
	static const char *const records[] = {SRV("10 9 43 c.example."),
	    SRV("0 1 43 b.example."), SRV("0 5 4343 a.example."), NULL};

	(void)state;
	dns_open(records);
	dns.is_forged = true;
	dns_ask();
	assert_int_equal(dns.answer.state, SRV_FOUND);
	assert_string_equal(dns.answer.host, "a.example");
	assert_int_equal(dns.answer.port, 4343);
}

static void
no_name_and_no_service_are_none(void **state)
{
	static const char *const nothing[] = {SRV("0 0 0 ."), NULL};
	static const char *const other[] = {
	    "_nicname._tcp.jp. 60 IN TXT \"x\"", NULL};

	(void)state;
	dns_open(NULL);
	dns_ask();
	assert_int_equal(dns.answer.state, SRV_NONE);
	dns_open(nothing);
	dns_ask();
	assert_int_equal(dns.answer.state, SRV_NONE);
	dns_open(other);
	dns_ask();
	assert_int_equal(dns.answer.state, SRV_NONE);
}

static void
a_resolver_needs_an_address(void **state)
{
	struct fail fail = FAIL_INIT;

	(void)state;
	assert_null(srv_client_create(base, "localhost", &fail));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(whois_is_one_line_and_all_until_the_end),
	    TEST(an_answer_without_end_is_none),
	    TEST(nobody_at_the_port_is_a_reason),
	    TEST(what_is_no_line_and_no_server_is_not_asked),
	    TEST(rdap_hears_of_pauses_and_goes_nowhere_in_clear),
	    TEST(behind_a_redirect_no_name_of_the_servers_choice_is_told),
	    TEST(the_first_priority_and_the_greatest_weight_win),
	    TEST(no_name_and_no_service_are_none),
	    TEST(a_resolver_needs_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
