/*
 * misuctl restore --ledger: the ledger of the state is not the backup's but a
 * newer copy of the same log, a mirror's or an auditor's.  So the log goes on
 * where it was, although the vault and the spool do not know of the rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/canon.h"
#include "core/entry.h"
#include "core/note.h"
#include "ctl_restore.h"
#include "ctl_source.h"
#include "proc.h"
#include "store/log_reader.h"
#include "store/tiles.h"

struct fetching {
	struct ctl_restore_ledger *o;
	struct ctl_source source;
	struct arena *arena; /* of one file */
	uint64_t minimum;
	struct fail *fail;
};

static bool
put(struct fetching *fetching, const char *name, struct slice data)
{
	char path[4096], *slash;
	int fd;
	bool ok;

	snprintf(path, sizeof(path), "%.3000s/ledger/%s", fetching->o->to, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	if (!proc_make_directory(path, fetching->fail))
		return false;
	*slash = '/';
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ok = fd >= 0 && write(fd, data.data, data.len) == (ssize_t)data.len;
	if (!ok)
		fail_set(fetching->fail, FAIL_WORLD, "cannot write %s: %s",
		    path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

static enum log_got
get(struct fetching *fetching, const char *name, size_t max, struct slice *out)
{
	struct log_source *log = fetching->source.log;

	arena_reset(fetching->arena);
	return log->get(
	    log, name, max, fetching->arena, out, fetching->fail);
}

/* Bundles that were pruned are gone from the first one on. */
static bool
fetch_file(struct fetching *fetching, int level, uint64_t number,
    unsigned width)
{
	size_t max = level == TILES_ENTRIES ? (size_t)BUNDLE_MAX
					    : (size_t)TILE_WIDTH * DIGEST_SIZE;
	char name[TILES_PATH];
	struct slice data;
	enum log_got got;

	tiles_path(name, level, number, width);
	got = get(fetching, name, max, &data);
	if (got == LOG_GOT)
		return put(fetching, name, data);
	if (got != LOG_GONE)
		return false;
	*fetching->fail = (struct fail)FAIL_INIT;
	fetching->minimum = (number + 1) * TILE_WIDTH;
	return true;
}

static bool
fetch_level(struct fetching *fetching, int level)
{
	unsigned shift = level == TILES_ENTRIES ? 0 : 8 * (unsigned)level;
	uint64_t full = shift == 56 ? 0 : fetching->o->size >> (shift + 8);
	unsigned width = (unsigned)(fetching->o->size >> shift & 255);

	for (uint64_t n = 0; n < full; n++)
		if (!fetch_file(fetching, level, n, 0))
			return false;
	return width == 0 || fetch_file(fetching, level, full, width);
}

/* Signed by a key that the backup has: with another one nobody goes on. */
static bool
fetch_checkpoint(struct fetching *fetching, struct slice *note)
{
	struct ctl_restore_ledger *o = fetching->o;
	struct checkpoint checkpoint;

	if (get(fetching, "checkpoint", NOTE_MAX, note) != LOG_GOT)
		return false;
	*note = arena_copy(o->ctl->arena, *note);
	if (note->data == NULL)
		return fail_memory(fetching->fail);
	if (!note_open(*note, fetching->arena, o->origin, o->key, &checkpoint,
		fetching->fail)) {
		fail_place(fetching->fail, "%s/checkpoint", o->place);
		fail_hint(fetching->fail,
		    "the log is signed by the key that this backup has, or"
		    " nobody can go on with it");
		return false;
	}
	o->size = checkpoint.size;
	if (o->size >= o->backed_up)
		return true;
	return fail_set(fetching->fail, FAIL_INPUT,
	    "this copy has %llu entries, the backup has %llu",
	    (unsigned long long)o->size, (unsigned long long)o->backed_up);
}

static bool
fetch(struct fetching *fetching)
{
	struct slice note;
	char minimum[24];

	if (!fetch_checkpoint(fetching, &note))
		return false;
	for (int level = TILES_ENTRIES; level < TILE_LEVELS; level++)
		if (!fetch_level(fetching, level))
			return false;
	/* Whose they are and what became of them would be known to nobody. */
	if (fetching->minimum > fetching->o->backed_up) {
		fail_set(fetching->fail, FAIL_INPUT,
		    "this copy was pruned below entry %llu, the backup ends at "
		    "%llu: what lies between is lost",
		    (unsigned long long)fetching->minimum,
		    (unsigned long long)fetching->o->backed_up);
		fail_hint(fetching->fail,
		    "take a newer backup, or a copy that has these entries");
		return false;
	}
	snprintf(minimum, sizeof(minimum), "%llu\n",
	    (unsigned long long)fetching->minimum);
	return (fetching->minimum == 0 ||
		   put(fetching, "minimum", slice_from(minimum))) &&
	       put(fetching, "checkpoint", note);
}

bool
ctl_restore_fetch(struct ctl_restore_ledger *o, struct fail *fail)
{
	struct fetching fetching = {
	    .o = o, .arena = arena_create(NULL), .fail = fail};
	bool ok = fetching.arena != NULL || fail_memory(fail);

	if (ok && !ctl_source_open(
		      o->ctl, &fetching.source, o->place, o->token_file))
		ok = fail_set(fail, FAIL_INPUT, "no ledger to be had there");
	else if (ok) {
		ok = fetch(&fetching);
		ctl_source_close(&fetching.source);
	}
	arena_destroy(fetching.arena);
	return ok;
}

bool
ctl_restore_is_ledgers(struct slice name)
{
	/* The journal is the vault's, too, and older than the bundles then. */
	static const char *const parts[] = {
	    "ledger/tile/", "ledger/checkpoint", "ledger/minimum"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (name.len >= strlen(parts[i]) &&
		    memcmp(name.data, parts[i], strlen(parts[i])) == 0)
			return true;
	return false;
}

/* --- what the state does not know of --- */

struct unknown {
	unsigned disclosures, stops, cases, forgettings;
};

static void
count_entry(struct unknown *unknown, struct slice entry, uint64_t index,
    struct arena *arena)
{
	struct slice type, word = {"", 0};

	if (!canon_get_string(entry, "type", arena, &type))
		return;
	canon_get_string(entry, "word", arena, &word);
	unknown->disclosures += slice_is(type, "disclosure");
	unknown->cases += slice_is(type, event_type_name(EVENT_CASE));
	unknown->forgettings +=
	    slice_is(type, event_type_name(EVENT_FORGET)) &&
	    slice_is(word, "destroyed");
	if (!slice_is(type, event_type_name(EVENT_PROVISION)))
		return;
	unknown->stops++;
	printf("entry %llu: provision %.*s\n", (unsigned long long)index,
	    SLICE_ARG(word));
}

bool
ctl_restore_tell(const struct ctl_restore_ledger *o, struct fail *fail)
{
	struct disk *disk = disk_real_create(NULL, fail);
	struct arena *arena = arena_create(NULL);
	struct unknown unknown = {0, 0, 0, 0};
	struct log_reader *log = NULL;
	char path[4096];
	bool ok;

	snprintf(path, sizeof(path), "%.3000s/ledger", o->to);
	if (disk != NULL && arena != NULL)
		log = log_reader_open_bundles(disk, path, fail);
	ok = log != NULL;
	for (uint64_t i = o->backed_up; ok && i < o->size; i++) {
		struct slice entry;

		arena_reset(arena);
		ok = i < log_reader_minimum(log) ||
		     log_reader_entry(log, i, arena, &entry, fail);
		if (ok && i >= log_reader_minimum(log))
			count_entry(&unknown, entry, i, arena);
	}
	if (ok)
		printf("of entries %llu to %llu only the ledger knows: %u"
		       " disclosures, %u steps of requests,\n%u forgettings,"
		       " which misu carries out again, and %u stops or ends of"
		       " stops, which\nit cannot: make these again\n",
		    (unsigned long long)o->backed_up,
		    (unsigned long long)o->size, unknown.disclosures,
		    unknown.cases, unknown.forgettings, unknown.stops);
	log_reader_close(log);
	arena_destroy(arena);
	disk_real_destroy(disk);
	return ok;
}
