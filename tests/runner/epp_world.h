/*
 * The EPP side of a world: a worker with its line to the keeper, registries
 * behind it, backends before it.  Registries and backends outlive both
 * processes.
 */
#ifndef MISU_TESTS_EPP_WORLD_H
#define MISU_TESTS_EPP_WORLD_H

#include "filter.h"
#include "keeper.h"
#include "registry/registry.h"
#include "runner/epp_pipe.h"
#include "runner/world.h"

/* --- epp_worker.c: the worker's process and the line between the two */

struct epp_worker {
	struct world *world;
	struct loop *loop;
	struct memory memory;
	size_t allocated;
	struct arena *arena; /* its setups */
	struct keeper_link *link;
	struct filter *filter;
	const struct conf *conf; /* in force there */
};

/* The keeper is there: it gets the setup, and a worker if one is to run. */
bool epp_keeper_start(struct world *world, struct fail *fail);
bool epp_keeper_reload(struct world *world, struct fail *fail);
/* The worker hears of its end, if there is one, and lives on. */
void epp_keeper_gone(struct world *world);
void epp_keeper_close(struct world *world);

void epp_worker_start(struct world *world);
void epp_worker_stop(struct world *world);
void epp_worker_kill(struct world *world, bool lost);
/* All that was between them. */
void epp_letters_finish(struct world *world);

/* --- epp_registry.c */

void epp_registries_create(struct world *world);
void epp_registries_destroy(struct world *world);
struct registry *epp_registry(struct world *world, struct slice upstream);
struct epp_dialer *epp_registry_dialer(void *worker, struct slice upstream);
/* All connections end, and none is made until it is back. */
void epp_registry_away(struct world *world, struct slice upstream, bool away);
/* How often it was dialed since this was last asked. */
unsigned epp_registry_dials(struct world *world, struct slice upstream);
/* What a line of its language may have asked for. */
void epp_registry_look(struct world *world, struct slice upstream);
/* The filter's process is gone. */
void epp_registries_kill(struct world *world, bool lost);
/* After a scenario: did it count a frame that no schema has? */
void epp_registries_check(struct world *world);

/* --- epp_backend.c */

void epp_backend_connect(
    struct world *world, struct slice actor, struct slice upstream);
void epp_backend_drop(struct world *world, struct slice actor);
void epp_backend_send(struct world *world, const struct step *step);
void epp_backends_kill(struct world *world, bool lost);
void epp_backends_destroy(struct world *world);

/* --- play_epp.c */

/* True if it was a step of EPP's. */
bool play_epp(struct world *world, const struct step *step);

#endif
