/*
 * The console's side of the parent: whether there is one, and what it is told.
 * It reads neither misu.conf nor the tokens itself, which may lie beside keys.
 */
#include "base/text.h"
#include "log.h"
#include "parent_priv.h"
#include "setup_priv.h"

bool
parent_console_wanted(const struct parent *parent)
{
	return parent->setup->conf->console_address.len != 0;
}

/* The text of misu.conf, as it was read. */
static struct slice
conf_text(const struct setup *setup)
{
	for (const struct setup_source *s = setup->sources; s != NULL;
	     s = s->next)
		if (slice_equal(s->path, setup->path))
			return s->text;
	return (struct slice){"", 0};
}

static bool
keep_settings(struct parent *parent, struct arena *arena, struct fail *fail)
{
	struct slice conf = conf_text(parent->setup), settings;
	struct text text = text_start(arena);
	char *copy;

	text_add_format(&text, "%zu\n", conf.len);
	text_add(&text, conf);
	text_add(&text, parent->setup->auditors);
	settings = text_slice(&text);
	copy = settings.data != NULL ? malloc(settings.len) : NULL;
	if (copy == NULL)
		return fail_memory(fail);
	memcpy(copy, settings.data, settings.len);
	free(parent->settings);
	parent->settings = copy;
	parent->settings_len = settings.len;
	return true;
}

bool
parent_console_read(struct parent *parent, struct fail *fail)
{
	struct arena *arena;
	bool ok;

	if (!parent_console_wanted(parent))
		return true;
	arena = arena_create(NULL);
	ok = arena != NULL ? setup_read_auditors(parent->setup, fail) &&
				 keep_settings(parent, arena, fail)
			   : fail_memory(fail);
	arena_destroy(arena);
	return ok;
}

void
parent_console_tell(struct parent *parent)
{
	child_tell(&parent->console, LINE_CONSOLE,
	    (struct slice){parent->settings, parent->settings_len}, -1);
}

/* One that is to go, and comes back before it has gone, is started anew. */
static void
run_wanted(struct parent *parent)
{
	struct child *console = &parent->console;
	bool was_unwanted = console->unwanted;

	console->unwanted = false;
	if (console->parent == NULL &&
	    !child_init(console, parent, CHILD_CONSOLE, 0)) {
		log_event(LOG_LEVEL_ERROR, "process-not-started", "process",
		    "console", "reason", "out of memory", NULL);
		return;
	}
	if (console->line != NULL && !was_unwanted)
		parent_console_tell(parent);
	else if (console->pid == 0)
		parent->loop->operations->timer_set(console->timer, 0);
}

void
parent_console_run(struct parent *parent)
{
	struct child *console = &parent->console;

	if (parent_console_wanted(parent)) {
		if (parent->settings != NULL)
			run_wanted(parent);
	} else if (console->pid > 0 && !console->unwanted) {
		console->unwanted = true;
		child_stop(console, CONSOLE_DRAIN);
	}
}
