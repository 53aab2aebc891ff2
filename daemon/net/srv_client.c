#include "net/srv_client.h"

#include <event2/event.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	RESOLVERS_MAX = 3, /* as in resolv.conf(5) */
	ROUNDS = 2,	   /* each is asked so often */
	PATIENCE = 3,	   /* seconds a try */
	EDNS_SIZE = 1232,
	PACKET_MAX = 4096,
	DNS_PORT = 53,
};

struct resolver {
	struct sockaddr_storage address;
	socklen_t len;
};

struct question {
	struct srv_client *client;
	struct question *next;
	struct event *event;
	int fd;
	unsigned tries;
	ldns_pkt *query;
	uint8_t *wire;
	size_t wire_len;
	void (*done)(void *context, const struct srv_answer *answer);
	void *context;
};

struct srv_client {
	struct event_base *base;
	struct resolver resolvers[RESOLVERS_MAX];
	unsigned count;
	struct question *questions;
};

/* --- whom to ask --- */

static void
add_resolver(struct srv_client *client, const ldns_rdf *address)
{
	struct resolver *resolver = &client->resolvers[client->count];
	size_t len = 0;
	struct sockaddr_storage *found =
	    ldns_rdf2native_sockaddr_storage(address, DNS_PORT, &len);

	if (found == NULL)
		return;
	resolver->address = *found;
	resolver->len = (socklen_t)len;
	client->count++;
	LDNS_FREE(found);
}

static bool
read_resolvers(struct srv_client *client, struct fail *fail)
{
	ldns_resolver *system = NULL;

	if (ldns_resolver_new_frm_file(&system, NULL) == LDNS_STATUS_OK)
		for (size_t i = 0; i < ldns_resolver_nameserver_count(system) &&
				   client->count < RESOLVERS_MAX;
		     i++)
			add_resolver(
			    client, ldns_resolver_nameservers(system)[i]);
	ldns_resolver_deep_free(system);
	return client->count != 0 ||
	       fail_set(fail, FAIL_WORLD,
		   "no name server in resolv.conf: audit resolver ADDRESS"
		   " names one");
}

static bool
take_resolver(struct srv_client *client, const char *address, struct fail *fail)
{
	struct resolver *resolver = &client->resolvers[0];
	int len = sizeof(resolver->address);

	if (evutil_parse_sockaddr_port(
		address, (struct sockaddr *)&resolver->address, &len) != 0)
		return fail_set(
		    fail, FAIL_INPUT, "%s is no address with a port", address);
	resolver->len = (socklen_t)len;
	client->count = 1;
	return true;
}

struct srv_client *
srv_client_create(
    struct event_base *base, const char *resolver, struct fail *fail)
{
	struct srv_client *client = calloc(1, sizeof(*client));

	if (client == NULL) {
		fail_memory(fail);
		return NULL;
	}
	client->base = base;
	if (resolver != NULL ? take_resolver(client, resolver, fail)
			     : read_resolvers(client, fail))
		return client;
	free(client);
	return NULL;
}

/* --- one question --- */

static void
question_free(struct question *question)
{
	if (question == NULL)
		return;
	if (question->event != NULL)
		event_free(question->event);
	if (question->fd >= 0)
		close(question->fd);
	ldns_pkt_free(question->query);
	free(question->wire);
	free(question);
}

void
srv_client_destroy(struct srv_client *client)
{
	if (client == NULL)
		return;
	while (client->questions != NULL) {
		struct question *question = client->questions;

		client->questions = question->next;
		question_free(question);
	}
	free(client);
}

static void
finish(struct question *question, const struct srv_answer *answer)
{
	struct question **at = &question->client->questions;

	while (*at != question)
		at = &(*at)->next;
	*at = question->next;
	question->done(question->context, answer);
	question_free(question);
}

/* --- the answer --- */

/* Is it for what was asked?  Anybody may send a packet that looks so. */
static bool
is_for(const struct question *question, const ldns_pkt *packet)
{
	const ldns_rr_list *asked = ldns_pkt_question(question->query);
	const ldns_rr_list *echoed = ldns_pkt_question(packet);
	const ldns_rr *a, *b;

	if (ldns_pkt_id(packet) != ldns_pkt_id(question->query) ||
	    !ldns_pkt_qr(packet) || ldns_rr_list_rr_count(echoed) != 1)
		return false;
	a = ldns_rr_list_rr(asked, 0);
	b = ldns_rr_list_rr(echoed, 0);
	return ldns_rr_get_type(a) == ldns_rr_get_type(b) &&
	       ldns_rr_get_class(a) == ldns_rr_get_class(b) &&
	       ldns_dname_compare(ldns_rr_owner(a), ldns_rr_owner(b)) == 0;
}

static unsigned
number_of(const ldns_rr *rr, size_t index)
{
	return ldns_rdf2native_int16(ldns_rr_rdf(rr, index));
}

/* Lower priorities first, then higher weights. */
static bool
is_better(const ldns_rr *rr, const ldns_rr *best)
{
	if (best == NULL)
		return true;
	if (number_of(rr, 0) != number_of(best, 0))
		return number_of(rr, 0) < number_of(best, 0);
	return number_of(rr, 1) > number_of(best, 1);
}

/* A target of "." says that there is no such service. */
static void
take_record(const ldns_rr *rr, struct srv_answer *answer)
{
	char *host = ldns_rdf2str(ldns_rr_rdf(rr, 3));
	size_t len = host != NULL ? strlen(host) : 0;

	if (len > 1 && host[len - 1] == '.')
		len--;
	if (len == 0 || (len == 1 && host[0] == '.') || len >= SRV_HOST_SIZE) {
		answer->state = SRV_NONE;
	} else {
		memcpy(answer->host, host, len);
		answer->port = number_of(rr, 2);
		answer->state = SRV_FOUND;
	}
	LDNS_FREE(host);
}

static struct srv_answer
read_answer(const ldns_pkt *packet)
{
	struct srv_answer answer = {.state = SRV_NONE};
	const ldns_rr_list *section = ldns_pkt_answer(packet);
	const ldns_rr *best = NULL;

	if (ldns_pkt_get_rcode(packet) == LDNS_RCODE_NXDOMAIN)
		return answer;
	if (ldns_pkt_get_rcode(packet) != LDNS_RCODE_NOERROR) {
		answer.state = SRV_FAILED;
		return answer;
	}
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SRV &&
		    ldns_rr_rd_count(rr) == 4 && is_better(rr, best))
			best = rr;
	}
	if (best != NULL)
		take_record(best, &answer);
	return answer;
}

/* --- asking --- */

static bool try_one(struct question *question);

static void
try_next(struct question *question)
{
	static const struct srv_answer none = {.state = SRV_FAILED};

	while (question->tries < ROUNDS * question->client->count)
		if (try_one(question))
			return;
	finish(question, &none);
}

static void
ready(evutil_socket_t fd, short what, void *arg)
{
	struct question *question = arg;
	uint8_t bytes[PACKET_MAX];
	ldns_pkt *packet = NULL;
	struct srv_answer answer;
	ssize_t len;

	if ((what & EV_TIMEOUT) != 0) {
		try_next(question);
		return;
	}
	len = recv(fd, bytes, sizeof(bytes), 0);
	if (len < 0) {
		try_next(question);
		return;
	}
	if (ldns_wire2pkt(&packet, bytes, (size_t)len) != LDNS_STATUS_OK)
		return;
	if (!is_for(question, packet)) {
		ldns_pkt_free(packet);
		return;
	}
	answer = read_answer(packet);
	ldns_pkt_free(packet);
	if (answer.state == SRV_FAILED)
		try_next(question);
	else
		finish(question, &answer);
}

/* Each try has a port of its own. */
static bool
try_one(struct question *question)
{
	struct srv_client *client = question->client;
	const struct resolver *resolver =
	    &client->resolvers[question->tries++ % client->count];
	const struct timeval patience = {.tv_sec = PATIENCE};

	if (question->event != NULL)
		event_free(question->event);
	question->event = NULL;
	if (question->fd >= 0)
		close(question->fd);
	question->fd = socket(resolver->address.ss_family,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (question->fd < 0 ||
	    connect(question->fd, (const struct sockaddr *)&resolver->address,
		resolver->len) != 0 ||
	    send(question->fd, question->wire, question->wire_len, 0) !=
		(ssize_t)question->wire_len)
		return false;
	question->event = event_new(client->base, question->fd,
	    EV_READ | EV_PERSIST | EV_TIMEOUT, ready, question);
	return question->event != NULL &&
	       event_add(question->event, &patience) == 0;
}

static bool
prepare(struct question *question, const char *name, struct fail *fail)
{
	ldns_rdf *owner = ldns_dname_new_frm_str(name);

	if (owner == NULL)
		return fail_set(fail, FAIL_INPUT, "that is no domain name");
	question->query = ldns_pkt_query_new(
	    owner, LDNS_RR_TYPE_SRV, LDNS_RR_CLASS_IN, LDNS_RD);
	if (question->query == NULL) {
		ldns_rdf_deep_free(owner);
		return fail_memory(fail);
	}
	ldns_pkt_set_random_id(question->query);
	ldns_pkt_set_edns_udp_size(question->query, EDNS_SIZE);
	return ldns_pkt2wire(&question->wire, question->query,
		   &question->wire_len) == LDNS_STATUS_OK ||
	       fail_memory(fail);
}

static void
begin(evutil_socket_t fd, short what, void *arg)
{
	struct question *question = arg;

	(void)fd;
	(void)what;
	event_free(question->event);
	question->event = NULL;
	try_next(question);
}

bool
srv_client_ask(struct srv_client *client, const char *name,
    void (*done)(void *context, const struct srv_answer *answer), void *context,
    struct fail *fail)
{
	struct question *question = calloc(1, sizeof(*question));
	const struct timeval now = {0, 0};

	if (question == NULL)
		return fail_memory(fail);
	*question = (struct question){
	    .client = client, .fd = -1, .done = done, .context = context};
	if (!prepare(question, name, fail)) {
		question_free(question);
		return false;
	}
	question->event =
	    event_new(client->base, -1, EV_TIMEOUT, begin, question);
	if (question->event == NULL || event_add(question->event, &now) != 0) {
		question_free(question);
		return fail_memory(fail);
	}
	question->next = client->questions;
	client->questions = question;
	return true;
}
