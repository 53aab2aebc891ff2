/*
 * Load: contact:create frames of about 2 KB, each with an id and a clTRID of
 * its own, in a closed loop (`depth` on their way in each session) or, with a
 * rate, at fixed times whatever the answers do.
 *
 * A latency runs from when the frame was written; where the client is more
 * than a millisecond late for a frame's time, from that time, so that a stall
 * is not measured as a pause of the load.
 */
#include <unistd.h>

#include "registry/client_peer.h"

#define DIGITS 14
#define BINS 1000000	  /* a microsecond each; the last takes the rest */
#define OPEN_FLIGHTS 256U /* in a session, when the rate is fixed */
#define WARM_SECONDS 0.5
#define LATE 1000

struct load {
	struct crowd crowd;
	struct bytes template, out;
	size_t id_at, cltrid_at;
	uint64_t number;
	bool measuring, ending;
	uint64_t start, end;
	uint64_t next, interval_ns, due_ns; /* of a fixed rate */
	uint64_t answered, errors, skipped, cpu, own_cpu, longest;
	unsigned turn, outstanding, to_send;
	struct event timer, phase;
	uint32_t bins[BINS];
};

static const char template_text[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n"
    "<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\"\n"
    "     xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n"
    "  <command>\n"
    "    <create>\n"
    "      <contact:create\n"
    "       xmlns:contact=\"urn:ietf:params:xml:ns:contact-1.0\">\n"
    "        <contact:id>LD00000000000000</contact:id>\n"
    "        <contact:postalInfo type=\"int\">\n"
    "          <contact:name>Taro Yamada-Example</contact:name>\n"
    "          <contact:org>Example Works Kabushiki Kaisha</contact:org>\n"
    "          <contact:addr>\n"
    "            <contact:street>1-2-3 Example-cho</contact:street>\n"
    "            <contact:street>Example Building, 4th floor</contact:street>\n"
    "            <contact:street>c/o Mailroom</contact:street>\n"
    "            <contact:city>Himeji-shi</contact:city>\n"
    "            <contact:sp>Hyogo</contact:sp>\n"
    "            <contact:pc>670-0000</contact:pc>\n"
    "            <contact:cc>JP</contact:cc>\n"
    "          </contact:addr>\n"
    "        </contact:postalInfo>\n"
    "        <contact:postalInfo type=\"loc\">\n"
    "          <contact:name>\xe5\xb1\xb1\xe7\x94\xb0\xe3\x80\x80"
    "\xe5\xa4\xaa\xe9\x83\x8e</contact:name>\n"
    "          <contact:org>\xe4\xbe\x8b\xe7\xa4\xba\xe6\xa0\xaa\xe5\xbc\x8f"
    "\xe4\xbc\x9a\xe7\xa4\xbe</contact:org>\n"
    "          <contact:addr>\n"
    "            <contact:street>\xe4\xbe\x8b\xe7\xa4\xba\xe7\x94\xba"
    "1-2-3</contact:street>\n"
    "            <contact:street>\xe4\xbe\x8b\xe7\xa4\xba\xe3\x83\x93"
    "\xe3\x83\xab 4\xe9\x9a\x8e</contact:street>\n"
    "            <contact:city>\xe5\xa7\xab\xe8\xb7\xaf"
    "\xe5\xb8\x82</contact:city>\n"
    "            <contact:sp>\xe5\x85\xb5\xe5\xba\xab"
    "\xe7\x9c\x8c</contact:sp>\n"
    "            <contact:pc>670-0000</contact:pc>\n"
    "            <contact:cc>JP</contact:cc>\n"
    "          </contact:addr>\n"
    "        </contact:postalInfo>\n"
    "        <contact:voice x=\"1234\">+81.792955353</contact:voice>\n"
    "        <contact:fax>+81.792955354</contact:fax>\n"
    "        <contact:email>taro.yamada@mail.example</contact:email>\n"
    "        <contact:authInfo>\n"
    "          <contact:pw>made-up-authinfo-1</contact:pw>\n"
    "        </contact:authInfo>\n"
    "      </contact:create>\n"
    "    </create>\n"
    "    <clTRID>LOAD-00000000000000</clTRID>\n"
    "  </command>\n"
    "</epp>\n";

static void
template_make(struct load *load)
{
	struct bytes *template = &load->template;
	size_t start = bytes_frame_start(template);

	bytes_add(template, template_text, sizeof(template_text) - 1);
	bytes_frame_end(template, start);
	load->id_at =
	    (size_t)((char *)memmem(template->data, template->len, "LD00", 4) -
		     template->data) +
	    2;
	load->cltrid_at =
	    (size_t)((char *)memmem(template->data, template->len, "LOAD-", 5) -
		     template->data) +
	    5;
	/* Another run's ids are other ones, also of one at the same time. */
	load->number = (uint64_t)time(NULL) % 1000000 * 100000000 +
		       (uint64_t)getpid() % 100 * 1000000;
}

static void
digits(char *at, uint64_t number)
{
	int i;

	for (i = DIGITS - 1; i >= 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
}

/* One more frame in load->out, on its way in the peer since `start`. */
static void
frame_add(struct load *load, struct peer *peer, uint64_t start)
{
	const struct bytes *template = &load->template;
	char *at = bytes_room(&load->out, template->len);
	struct flight *flight = &peer->flights[(peer->first + peer->count++) %
					       peer->crowd->flights];

	memcpy(at, template->data, template->len);
	flight->number = ++load->number;
	flight->start = start;
	digits(at + load->id_at, flight->number);
	digits(at + load->cltrid_at, flight->number);
	load->out.len += template->len;
}

static void
frames_write(struct load *load, struct peer *peer)
{
	if (load->out.len > 0)
		peer_write(peer, load->out.data, load->out.len);
	load->out.len = 0;
}

static bool
is_right(struct slice frame, uint64_t number)
{
	char wanted[DIGITS];
	const char *at;
	struct slice back = frame;

	/* The result is in front, the clTRID behind. */
	if (memmem(frame.data, frame.len > 300 ? 300 : frame.len,
		"code=\"1000\"", 11) == NULL)
		return false;
	if (back.len > 256) {
		back.data += back.len - 256;
		back.len = 256;
	}
	at = memmem(back.data, back.len, "LOAD-", 5);
	if (at == NULL || (size_t)(back.data + back.len - at) < 5 + DIGITS)
		return false;
	digits(wanted, number);
	return memcmp(at + 5, wanted, DIGITS) == 0;
}

static void
on_response(struct peer *peer, struct slice frame)
{
	struct load *load = peer->crowd->context;
	struct flight flight;
	uint64_t took;

	if (peer->count == 0) {
		load->errors++;
		return;
	}
	flight = peer->flights[peer->first];
	peer->first = (peer->first + 1) % peer->crowd->flights;
	peer->count--;
	if (!is_right(frame, flight.number))
		load->errors++;
	else if (load->measuring) {
		took = client_now() - flight.start;
		load->answered++;
		if (took > load->longest)
			load->longest = took;
		load->bins[took < BINS ? took : BINS - 1]++;
	}
	load->to_send++;
}

/* A closed loop: as many again as were answered. */
static void
on_responses(struct peer *peer)
{
	struct load *load = peer->crowd->context;
	unsigned count = load->to_send;
	uint64_t now;

	load->to_send = 0;
	if (load->interval_ns > 0 || load->ending || count == 0)
		return;
	now = client_now();
	while (count-- > 0)
		frame_add(load, peer, now);
	frames_write(load, peer);
}

/* The next session that can take one more; NULL if none can. */
static struct peer *
next_peer(struct load *load)
{
	struct crowd *crowd = &load->crowd;
	unsigned tries;

	for (tries = 0; tries < crowd->size; tries++) {
		struct peer *peer = &crowd->peers[load->turn++ % crowd->size];

		if (peer->state == PEER_READY && peer->count < crowd->flights)
			return peer;
	}
	return NULL;
}

/* All frames whose time has come. */
static void
on_timer(int fd, short what, void *argument)
{
	struct load *load = argument;
	uint64_t now = client_now();
	struct timeval wait;

	(void)fd;
	(void)what;
	while (!load->ending && load->due_ns / 1000 <= now) {
		uint64_t due = load->due_ns / 1000;
		struct peer *peer = next_peer(load);

		load->due_ns += load->interval_ns;
		if (peer == NULL) {
			load->skipped++;
			continue;
		}
		frame_add(load, peer, due + LATE < now ? due : now);
		frames_write(load, peer);
		now = client_now();
	}
	if (load->ending)
		return;
	wait.tv_sec = 0;
	wait.tv_usec =
	    (suseconds_t)(load->due_ns / 1000 > now ? load->due_ns / 1000 - now
						    : 0);
	if (wait.tv_usec >= 1000000) {
		wait.tv_sec = wait.tv_usec / 1000000;
		wait.tv_usec %= 1000000;
	}
	event_add(&load->timer, &wait);
}

static uint64_t
own_cpu(void)
{
	struct timespec cpu;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	return (uint64_t)cpu.tv_sec * 1000000 + (uint64_t)cpu.tv_nsec / 1000;
}

/* What was not answered at the end has waited as long as it has. */
static void
look_at_unanswered(struct load *load)
{
	for (unsigned i = 0; i < load->crowd.size; i++) {
		const struct peer *peer = &load->crowd.peers[i];
		uint64_t waited;

		if (peer->state != PEER_READY || peer->count == 0)
			continue;
		waited = load->end - peer->flights[peer->first].start;
		if (waited > load->longest)
			load->longest = waited;
	}
}

/* Warm, then measuring, then over. */
static void
on_phase(int fd, short what, void *argument)
{
	struct load *load = argument;
	double seconds = load->crowd.options->seconds;
	struct timeval wait = {(time_t)seconds,
	    (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6)};
	const char *pids = load->crowd.options->pids;

	(void)fd;
	(void)what;
	if (!load->measuring) {
		load->measuring = true;
		load->start = client_now();
		load->cpu = client_cpu(pids);
		load->own_cpu = own_cpu();
		event_add(&load->phase, &wait);
		return;
	}
	load->measuring = false;
	load->ending = true;
	load->end = client_now();
	look_at_unanswered(load);
	load->cpu = client_cpu(pids) - load->cpu;
	load->own_cpu = own_cpu() - load->own_cpu;
	event_base_loopbreak(load->crowd.base);
}

static void
on_ready(struct crowd *crowd)
{
	struct load *load = crowd->context;
	const struct timeval warm = {0, (suseconds_t)(WARM_SECONDS * 1e6)};
	const struct timeval at_once = {0, 0};
	unsigned i, j;

	event_add(&load->phase, &warm);
	if (load->interval_ns > 0) {
		load->due_ns = client_now() * 1000;
		event_add(&load->timer, &at_once);
		return;
	}
	for (i = 0; i < crowd->size; i++) {
		uint64_t now = client_now();

		for (j = 0; j < crowd->options->depth; j++)
			frame_add(load, &crowd->peers[i], now);
		frames_write(load, &crowd->peers[i]);
	}
}

static uint64_t
percentile(const struct load *load, double part)
{
	uint64_t wanted = (uint64_t)((double)load->answered * part), seen = 0;
	size_t i;

	for (i = 0; i < BINS - 1; i++) {
		seen += load->bins[i];
		if (seen > wanted)
			break;
	}
	return i;
}

static void
report(const struct load *load)
{
	double seconds = (double)(load->end - load->start) / 1e6;
	double count = load->answered == 0 ? 1 : (double)load->answered;

	(void)printf("connections %u\n", load->crowd.size);
	(void)printf("requests %llu\n", (unsigned long long)load->answered);
	(void)printf(
	    "requests_per_second %.0f\n", (double)load->answered / seconds);
	(void)printf(
	    "p50_us %llu\n", (unsigned long long)percentile(load, 0.5));
	(void)printf(
	    "p99_us %llu\n", (unsigned long long)percentile(load, 0.99));
	(void)printf("max_us %llu\n", (unsigned long long)load->longest);
	(void)printf("errors %llu\n",
	    (unsigned long long)(load->errors + load->crowd.dead));
	(void)printf("skipped %llu\n", (unsigned long long)load->skipped);
	(void)printf(
	    "client_cpu_us_per_request %.2f\n", (double)load->own_cpu / count);
	if (load->crowd.options->pids != NULL)
		(void)printf(
		    "cpu_us_per_request %.2f\n", (double)load->cpu / count);
}

int
client_load(const struct client_options *options)
{
	static struct load load;
	struct crowd *crowd = &load.crowd;

	*crowd = (struct crowd){.options = options,
	    .flights = options->rate > 0 ? OPEN_FLIGHTS : options->depth,
	    .on_ready = on_ready,
	    .on_response = on_response,
	    .on_responses = on_responses,
	    .context = &load};
	if (options->rate > 0)
		load.interval_ns = (uint64_t)(1e9 / options->rate);
	template_make(&load);
	crowd_start(crowd);
	event_assign(&load.timer, crowd->base, -1, EV_TIMEOUT, on_timer, &load);
	event_assign(&load.phase, crowd->base, -1, EV_TIMEOUT, on_phase, &load);
	event_base_dispatch(crowd->base);
	if (!load.ending)
		client_die("all sessions are gone");
	report(&load);
	event_del(&load.timer);
	event_del(&load.phase);
	crowd_finish(crowd);
	bytes_finish(&load.template);
	bytes_finish(&load.out);
	return load.errors + crowd->dead == 0 ? 0 : 1;
}

static void
on_idle(int fd, short what, void *argument)
{
	struct crowd *crowd = argument;

	(void)fd;
	(void)what;
	event_base_loopbreak(crowd->base);
}

static void
on_all_up(struct crowd *crowd)
{
	double seconds = crowd->options->seconds;
	struct timeval wait = {(time_t)seconds,
	    (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6)};

	(void)printf("up %u\n", crowd->ready);
	(void)fflush(stdout);
	event_add(crowd->context, &wait);
}

/* Nothing was asked: an answer is as wrong as a close. */
static void
on_noise(struct peer *peer, struct slice frame)
{
	(void)frame;
	peer->crowd->dead++;
}

int
client_idle(const struct client_options *options)
{
	static struct crowd crowd;
	struct event timer;
	uint64_t before = client_memory(options->pids), after;

	crowd = (struct crowd){.options = options,
	    .on_ready = on_all_up,
	    .on_response = on_noise,
	    .context = &timer};
	crowd_start(&crowd);
	event_assign(&timer, crowd.base, -1, EV_TIMEOUT, on_idle, &crowd);
	event_base_dispatch(crowd.base);
	after = client_memory(options->pids);
	(void)printf(
	    "alive %u\nerrors %u\n", crowd.ready - crowd.dead, crowd.dead);
	if (options->pids != NULL)
		(void)printf("memory_bytes %llu\nmemory_per_session_bytes "
			     "%.0f\n",
		    (unsigned long long)after,
		    ((double)after - (double)before) / crowd.size);
	event_del(&timer);
	crowd_finish(&crowd);
	return crowd.dead == 0 ? 0 : 1;
}
