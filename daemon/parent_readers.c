/*
 * The parent's side of those that only read, console, publisher and auditor:
 * whether they are there, and what they are told.  They read neither misu.conf nor
 * tokens themselves, which may lie beside keys.
 */
#include "base/text.h"
#include "log.h"
#include "parent_priv.h"
#include "setup_priv.h"

static enum child_kind
kind_of(size_t reader)
{
	return (enum child_kind)(CHILD_CONSOLE + reader);
}

static bool
is_wanted(const struct parent *parent, enum child_kind kind)
{
	const struct conf *conf = parent->setup->conf;

	if (kind == CHILD_AUDITOR)
		return conf->audit.given;
	return kind == CHILD_CONSOLE ? conf_has_console(conf)
				     : conf_publishes(conf);
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

void
parent_readers_forget(struct parent *parent)
{
	if (parent->settings != NULL)
		digest_wipe(parent->settings, parent->settings_len);
	free(parent->settings);
	parent->settings = NULL;
}

static void
add_piece(struct text *text, struct slice piece)
{
	text_add_format(text, "%zu\n", piece.len);
	text_add(text, piece);
}

/* A key is among it. */
static bool
keep_settings(struct parent *parent, struct arena *arena, struct fail *fail)
{
	const struct setup *setup = parent->setup;
	struct text text = text_start(arena);
	struct slice settings;
	size_t conf_len;
	char *copy;

	add_piece(&text, conf_text(setup));
	conf_len = text.len;
	add_piece(&text, setup->auditors);
	add_piece(&text, setup->operators.certificate);
	add_piece(&text, setup->operators.key);
	add_piece(&text, setup->operators.clients);
	add_piece(&text, setup->operators.revoked);
	settings = text_slice(&text);
	copy = settings.data != NULL ? malloc(settings.len) : NULL;
	if (copy == NULL)
		return fail_memory(fail);
	memcpy(copy, settings.data, settings.len);
	parent_readers_forget(parent);
	parent->settings_conf_len = conf_len;
	parent->settings = copy;
	parent->settings_len = settings.len;
	return true;
}

bool
parent_readers_read(struct parent *parent, struct fail *fail)
{
	struct arena *arena;
	bool ok;

	if (!is_wanted(parent, CHILD_CONSOLE) &&
	    !is_wanted(parent, CHILD_PUBLISHER) &&
	    !is_wanted(parent, CHILD_AUDITOR))
		return true;
	arena = arena_create(NULL);
	ok = arena != NULL ? setup_read_console(parent->setup, fail) &&
				 keep_settings(parent, arena, fail)
			   : fail_memory(fail);
	arena_destroy(arena);
	return ok;
}

/* Tokens and keys are the console's alone. */
void
parent_reader_tell(struct child *reader)
{
	const struct parent *parent = reader->parent;

	child_tell(reader, LINE_SETTINGS,
	    (struct slice){parent->settings, reader->kind == CHILD_CONSOLE
						 ? parent->settings_len
						 : parent->settings_conf_len},
	    -1);
}

/* One that is to go, and comes back before it has gone, is started anew. */
static void
run_wanted(struct parent *parent, struct child *reader, enum child_kind kind)
{
	bool was_unwanted = reader->unwanted;

	reader->unwanted = false;
	if (reader->parent == NULL && !child_init(reader, parent, kind, 0)) {
		log_event(LOG_LEVEL_ERROR, "process-not-started", "process",
		    child_kind_name(kind), "reason", "out of memory", NULL);
		return;
	}
	if (reader->line != NULL && !was_unwanted)
		parent_reader_tell(reader);
	else if (reader->pid == 0)
		parent->loop->operations->timer_set(reader->timer, 0);
}

void
parent_readers_run(struct parent *parent)
{
	for (size_t i = 0; i < READERS; i++) {
		struct child *reader = &parent->readers[i];

		if (is_wanted(parent, kind_of(i))) {
			if (parent->settings != NULL)
				run_wanted(parent, reader, kind_of(i));
		} else if (reader->pid > 0 && !reader->unwanted) {
			reader->unwanted = true;
			child_stop(reader, READER_DRAIN);
		}
	}
}

bool
parent_readers_ready(const struct parent *parent)
{
	for (size_t i = 0; i < READERS; i++)
		if (is_wanted(parent, kind_of(i)) && !parent->readers[i].ready)
			return false;
	return true;
}

bool
parent_readers_gone(const struct parent *parent)
{
	for (size_t i = 0; i < READERS; i++)
		if (parent->readers[i].pid > 0)
			return false;
	return true;
}

void
parent_readers_stop(struct parent *parent)
{
	for (size_t i = 0; i < READERS; i++)
		if (parent->readers[i].pid > 0)
			child_stop(&parent->readers[i], READER_DRAIN);
}

void
parent_readers_kill(struct parent *parent)
{
	for (size_t i = 0; i < READERS; i++)
		child_kill(&parent->readers[i]);
}
