#include "net/epp_conn_priv.h"

/* The hubs of this thread's loops: one, and in tests a few. */
static _Thread_local struct epp_hub *hubs;

static void flush_fired(evutil_socket_t fd, short what, void *arg);
static void again_fired(evutil_socket_t fd, short what, void *arg);
static void clock_fired(evutil_socket_t fd, short what, void *arg);

static void
free_spares(struct hub_spare *spare)
{
	for (struct hub_spare *next; spare != NULL; spare = next) {
		next = spare->next;
		free(spare);
	}
}

static void
hub_free(struct epp_hub *hub)
{
	free_spares(hub->first.list);
	free_spares(hub->longer.list);
	if (hub->flush != NULL)
		event_free(hub->flush);
	if (hub->again != NULL)
		event_free(hub->again);
	if (hub->clock != NULL)
		event_free(hub->clock);
	free(hub);
}

static struct epp_hub *
hub_create(struct event_base *base)
{
	struct epp_hub *hub = malloc(sizeof(*hub));

	if (hub == NULL)
		return NULL;
	memset(hub, 0, offsetof(struct epp_hub, scratch));
	hub->base = base;
	hub->tick = 1;
	TAILQ_INIT(&hub->dirty);
	TAILQ_INIT(&hub->ready);
	TAILQ_INIT(&hub->shaking);
	hub->flush = event_new(base, -1, 0, flush_fired, hub);
	hub->again = event_new(base, -1, 0, again_fired, hub);
	hub->clock = event_new(base, -1, EV_PERSIST, clock_fired, hub);
	if (hub->flush == NULL || hub->again == NULL || hub->clock == NULL) {
		hub_free(hub);
		return NULL;
	}
	hub->next = hubs;
	hubs = hub;
	return hub;
}

struct epp_hub *
epp_hub_get(struct event_base *base)
{
	struct epp_hub *hub = hubs;

	while (hub != NULL && hub->base != base)
		hub = hub->next;
	if (hub == NULL)
		hub = hub_create(base);
	if (hub != NULL)
		hub->references++;
	return hub;
}

void
epp_hub_release(struct epp_hub *hub)
{
	struct epp_hub **at = &hubs;

	if (--hub->references != 0)
		return;
	while (*at != hub)
		at = &(*at)->next;
	*at = hub->next;
	hub_free(hub);
}

/* --- the turn's end --- */

/*
 * An event made active comes after all that are active already: all that
 * this turn has queued leaves together.
 */
void
epp_hub_dirty(struct conn *conn)
{
	struct epp_hub *hub = conn->hub;

	if (conn->dirty)
		return;
	if (TAILQ_EMPTY(&hub->dirty))
		event_active(hub->flush, EV_TIMEOUT, 0);
	conn->dirty = true;
	hub->dirty_count++;
	TAILQ_INSERT_TAIL(&hub->dirty, conn, dirties);
}

static struct conn *
take_dirty(struct epp_hub *hub)
{
	struct conn *conn = TAILQ_FIRST(&hub->dirty);

	if (conn == NULL)
		return NULL;
	TAILQ_REMOVE(&hub->dirty, conn, dirties);
	hub->dirty_count--;
	conn->dirty = false;
	return conn;
}

static void
flush_fired(evutil_socket_t fd, short what, void *arg)
{
	struct epp_hub *hub = arg;
	struct conn *conn;

	(void)fd;
	(void)what;
	hub->references++;
	while ((conn = take_dirty(hub)) != NULL)
		conn_look(conn);
	epp_hub_release(hub);
}

/* The event for the turn's end finds less to do, or nothing. */
void
epp_hub_relieve(struct conn *busy)
{
	struct epp_hub *hub = busy->hub;
	struct conn *conn;
	bool again = false;

	if (hub->dirty_count < HUB_DIRTY)
		return;
	while ((conn = take_dirty(hub)) != NULL)
		if (conn == busy)
			again = true;
		else
			conn_look(conn);
	if (again)
		epp_hub_dirty(busy);
}

/* --- the next turn --- */

/*
 * By a timer of no time, as an event made active would be served before the
 * sockets are looked at again.
 */
void
epp_hub_ready(struct conn *conn)
{
	struct epp_hub *hub = conn->hub;

	if (conn->ready || conn->shaking)
		return;
	if (hub->ready_count + hub->shaking_count == 0)
		event_add(hub->again, &(struct timeval){0});
	if (conn->state == CONN_SHAKING) {
		TAILQ_INSERT_TAIL(&hub->shaking, conn, readies);
		hub->shaking_count++;
		conn->shaking = true;
	} else {
		TAILQ_INSERT_TAIL(&hub->ready, conn, readies);
		hub->ready_count++;
		conn->ready = true;
	}
}

static struct conn *
take_first(struct conn_queue *queue, size_t *count)
{
	struct conn *conn = TAILQ_FIRST(queue);

	TAILQ_REMOVE(queue, conn, readies);
	(*count)--;
	conn->ready = conn->shaking = false;
	return conn;
}

static void
again_fired(evutil_socket_t fd, short what, void *arg)
{
	struct epp_hub *hub = arg;
	size_t count = hub->ready_count;

	(void)fd;
	(void)what;
	hub->references++;
	while (count-- > 0)
		conn_go_on(take_first(&hub->ready, &hub->ready_count));
	/* Thousands may come at once: who is connected does not wait. */
	for (int i = 0; i < HUB_HANDSHAKES && hub->shaking_count != 0; i++)
		conn_shake(take_first(&hub->shaking, &hub->shaking_count));
	if (hub->ready_count + hub->shaking_count != 0)
		event_add(hub->again, &(struct timeval){0});
	epp_hub_release(hub);
}

/* --- times --- */

/*
 * A wheel: a connection lies in the slot of the tick at which its first time
 * may be over and is looked at then.  Times that move later, which is nearly
 * all of them, cost nothing.
 */
static void
put(struct conn *conn, uint32_t due)
{
	struct epp_hub *hub = conn->hub;

	if (due <= hub->tick)
		due = hub->tick + 1;
	if (due - hub->tick >= HUB_SLOTS)
		due = hub->tick + HUB_SLOTS - 1;
	conn->due = due;
	LIST_INSERT_HEAD(&hub->slots[due % HUB_SLOTS], conn, times);
	if (hub->timed++ == 0)
		event_add(hub->clock,
		    &(struct timeval){.tv_usec = 1000000 / HUB_TICKS});
}

static void
take_out(struct conn *conn)
{
	struct epp_hub *hub = conn->hub;

	if (conn->due == 0)
		return;
	LIST_REMOVE(conn, times);
	conn->due = 0;
	if (--hub->timed == 0)
		event_del(hub->clock);
}

void
epp_hub_time(struct conn *conn)
{
	uint32_t due = conn_deadline(conn);

	if (due == 0 || (conn->due != 0 && conn->due <= due))
		return;
	take_out(conn);
	put(conn, due);
}

/*
 * Late or early, a call is one tick: time in which the whole loop stood
 * still is nobody's fault.
 */
static void
clock_fired(evutil_socket_t fd, short what, void *arg)
{
	struct epp_hub *hub = arg;
	struct conn_list *slot;
	struct conn *conn;
	uint32_t due;

	(void)fd;
	(void)what;
	hub->references++;
	hub->tick++;
	slot = &hub->slots[hub->tick % HUB_SLOTS];
	while ((conn = LIST_FIRST(slot)) != NULL) {
		due = conn_deadline(conn);
		take_out(conn);
		if (due != 0 && due <= hub->tick)
			conn_expire(conn);
		else if (due != 0)
			put(conn, due);
	}
	epp_hub_release(hub);
}

void
epp_hub_leave(struct conn *conn)
{
	struct epp_hub *hub = conn->hub;

	if (conn->dirty) {
		TAILQ_REMOVE(&hub->dirty, conn, dirties);
		hub->dirty_count--;
	}
	if (conn->shaking) {
		TAILQ_REMOVE(&hub->shaking, conn, readies);
		hub->shaking_count--;
	} else if (conn->ready) {
		TAILQ_REMOVE(&hub->ready, conn, readies);
		hub->ready_count--;
	}
	conn->dirty = conn->ready = conn->shaking = false;
	take_out(conn);
}

bool
epp_conn_leaving(struct event_base *base)
{
	struct epp_hub *hub = epp_hub_get(base);
	const struct conn *conn;
	bool leaving = false;

	if (hub == NULL)
		return false;
	TAILQ_FOREACH(conn, &hub->dirty, dirties)
		leaving |= conn->state >= CONN_CLOSING;
	for (size_t i = 0; i < HUB_SLOTS && !leaving; i++)
		LIST_FOREACH(conn, &hub->slots[i], times)
			leaving |= conn->state >= CONN_CLOSING;
	epp_hub_release(hub);
	return leaving;
}

/* All that take leave are in the list of this turn or have a time. */
void
epp_conn_drop(struct event_base *base)
{
	struct epp_hub *hub = epp_hub_get(base);
	struct conn *conn, *next;

	if (hub == NULL)
		return;
	for (conn = TAILQ_FIRST(&hub->dirty); conn != NULL; conn = next) {
		next = TAILQ_NEXT(conn, dirties);
		if (conn->state >= CONN_CLOSING)
			conn_free(conn);
	}
	for (size_t i = 0; i < HUB_SLOTS; i++)
		for (conn = LIST_FIRST(&hub->slots[i]); conn != NULL;
		     conn = next) {
			next = LIST_NEXT(conn, times);
			if (conn->state >= CONN_CLOSING)
				conn_free(conn);
		}
	epp_hub_release(hub);
}
