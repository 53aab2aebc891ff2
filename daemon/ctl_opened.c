#include "ctl_opened.h"

#include "base/date.h"
#include "ctl_query.h"
#include "store/policies.h"

struct ctl_policy {
	struct ctl_policy *next;
	struct digest policy, setup;
	const struct ruleset *ruleset; /* or NULL */
	struct slice missing;
};

bool
ctl_opened_open(struct ctl_opened *opened, struct ctl *ctl)
{
	const struct setup *setup = ctl_setup(ctl);
	struct fail fail = FAIL_INIT, no_keys = FAIL_INIT;

	*opened = (struct ctl_opened){.ctl = ctl};
	if (setup == NULL)
		return false;
	opened->ledger = setup_state_path(setup, SLICE("ledger"));
	opened->policies = setup_state_path(setup, SLICE("policies"));
	opened->index = setup_state_path(setup, SLICE("index/index.db"));
	if (opened->ledger == NULL || opened->policies == NULL ||
	    opened->index == NULL) {
		fail_memory(&fail);
		ctl_fail(&fail);
		return false;
	}
	opened->disk = disk_real_create(NULL, &fail);
	if (opened->disk != NULL) {
		opened->live = ctl_is_live(ctl, opened->ledger);
		opened->keys = ctl_query_keys(ctl, opened->disk, &no_keys);
		opened->log =
		    log_reader_open(opened->disk, opened->ledger, &fail);
	}
	if (opened->log == NULL)
		ctl_fail(&fail);
	return opened->log != NULL;
}

void
ctl_opened_close(struct ctl_opened *opened)
{
	log_reader_close(opened->log);
	keys_close(opened->keys);
	disk_real_destroy(opened->disk);
}

const struct ruleset *
ctl_opened_policy(struct ctl_opened *opened, const struct digest *policy,
    const struct digest *setup, struct slice *missing)
{
	struct arena *arena = opened->ctl->arena;
	struct ctl_policy *at = opened->loaded;
	struct fail fail = FAIL_INIT;

	while (at != NULL && !(digest_equal(&at->policy, policy) &&
				 digest_equal(&at->setup, setup)))
		at = at->next;
	if (at == NULL) {
		at = arena_take(arena, sizeof(*at));
		if (at == NULL) {
			*missing = SLICE("out of memory");
			return NULL;
		}
		at->policy = *policy;
		at->setup = *setup;
		at->ruleset = policies_load(opened->disk, opened->policies,
		    policy, setup, arena, &fail);
		at->missing = arena_copy(arena, slice_from(fail.text));
		at->next = opened->loaded;
		opened->loaded = at;
	}
	*missing = at->missing;
	return at->ruleset;
}

struct log_query
ctl_opened_query(const struct ctl_opened *opened,
    bool (*show)(void *context, const struct entry_shown *shown),
    void *context)
{
	return (struct log_query){.disk = opened->disk,
	    .directory = opened->ledger,
	    .index = opened->index,
	    .keys = opened->keys,
	    .show = show,
	    .context = context};
}

bool
ctl_opened_reveal(struct ctl_opened *opened)
{
	struct slice body;
	int status;

	if (!opened->live || opened->keys == NULL)
		return true;
	if (!ctl_ask(opened->ctl, "log-object", 0, NULL, &status, &body))
		return false;
	if (status == 200)
		return true;
	ctl_problem(opened->ctl, status, body);
	return false;
}

bool
ctl_parse_time(const char *text, int64_t *out)
{
	struct fail fail = FAIL_INIT;
	char day[DATE_SIZE];

	if (strlen(text) == 10) {
		snprintf(day, sizeof(day), "%sT00:00:00Z", text);
		text = day;
	}
	if (!date_parse(slice_from(text), out, &fail))
		return false;
	*out *= 1000;
	return true;
}
