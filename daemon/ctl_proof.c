/*
 * misuctl proof and verify-proof: that one entry is in the log, as a file
 * that anybody can check without misu, the log or a network.
 */
#include <inttypes.h>

#include "core/tree.h"
#include "ctl_source.h"
#include "store/tiles.h"

enum { PROOF_MAX = NOTE_MAX + 64 * 64 };

struct asked {
	const char *place, *out, *key, *entry, *token_file, *subject;
	const char *witness;
};

struct option {
	const char *name;
	const char **value;
};

/* The rest is at most two words: what it is about, and where. */
static bool
parse(struct asked *asked, const struct option *options, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const struct option *option = options;

		while (
		    option->name != NULL && strcmp(option->name, argv[i]) != 0)
			option++;
		if (option->name != NULL && i + 1 < argc)
			*option->value = argv[++i];
		else if (argv[i][0] == '-')
			return false;
		else if (asked->subject == NULL)
			asked->subject = argv[i];
		else if (asked->place == NULL)
			asked->place = argv[i];
		else
			return false;
	}
	return asked->subject != NULL;
}

static bool
get(struct ctl *ctl, struct log_source *log, const char *name, size_t max,
    struct slice *out)
{
	struct fail fail = FAIL_INIT;
	enum log_got got = log->get(log, name, max, ctl->arena, out, &fail);

	if (got == LOG_GOT)
		return true;
	if (got == LOG_GONE && fail.kind == FAIL_NONE) {
		fail_set(&fail, FAIL_INPUT,
		    "%s was pruned: of its entries the log has hashes only",
		    name);
		fail_hint(&fail, "without --entry the proof can be made");
	}
	ctl_fail(&fail);
	return false;
}

/* The checkpoint, under the key that was given or the one beside it. */
static bool
open_checkpoint(struct ctl *ctl, struct log_source *log, struct slice key,
    struct slice *note, struct proof_tree *tree)
{
	struct checkpoint checkpoint;
	struct fail fail = FAIL_INIT;
	uint8_t public_key[32];
	struct slice name;

	if (!get(ctl, log, "checkpoint", NOTE_MAX, note) ||
	    (key.len == 0 && !get(ctl, log, "log.vkey", 1024, &key)))
		return false;
	if (!note_parse_verifier_key(
		key, ctl->arena, &name, public_key, &fail) ||
	    !note_open(
		*note, ctl->arena, name, public_key, &checkpoint, &fail)) {
		ctl_fail(&fail);
		return false;
	}
	*tree = (struct proof_tree){checkpoint.size, checkpoint.root};
	return true;
}

/* What the log's tiles say, held against the checkpoint. */
static bool
make_proof(struct log_source *log, uint64_t index,
    const struct proof_tree *tree, struct proof *proof, struct fail *fail)
{
	struct log_hashes *hashes = log_hashes_create(log, tree->size, fail);
	struct proof_source source;
	struct digest leaf;
	bool ok = false;

	if (hashes == NULL)
		return false;
	source = log_hashes_source(hashes);
	if (proof_inclusion(&source, index, tree->size, proof, fail) &&
	    source.hash(source.context, 0, index, &leaf, fail))
		ok = proof_includes(proof, index, &leaf, tree) ||
		     fail_set(fail, FAIL_WORLD,
			 "the tiles do not lead to the checkpoint's root");
	if (!ok && fail->kind == FAIL_WORLD)
		fail_hint(fail, "misuctl verify says where the log is damaged");
	log_hashes_destroy(hashes);
	return ok;
}

static bool
write_entry(struct ctl *ctl, struct log_source *log, const char *path,
    uint64_t index, uint64_t size)
{
	uint64_t left = size - (index & ~(uint64_t)255);
	struct fail fail = FAIL_INIT;
	char name[TILES_PATH];
	struct slice bundle, entry = {NULL, 0};

	tiles_path(name, TILES_ENTRIES, index >> 8,
	    left < TILE_WIDTH ? (unsigned)left : 0);
	if (!get(ctl, log, name, BUNDLE_MAX, &bundle))
		return false;
	for (uint64_t i = 0; i <= (index & 255); i++)
		if (!tiles_next(&bundle, &entry)) {
			fail_set(&fail, FAIL_WORLD, "the bundle was cut");
			fail_place(&fail, "%s", name);
			ctl_fail(&fail);
			return false;
		}
	return ctl_write(path, entry);
}

static bool
prove(struct ctl *ctl, const struct asked *asked, struct log_source *log,
    struct slice key)
{
	struct proof_file file;
	struct fail fail = FAIL_INIT;
	struct proof_tree tree;
	int64_t index = 0;
	struct slice text;

	if (strcmp(asked->subject, "0") != 0 &&
	    !ctl_number(asked->subject, &index)) {
		fprintf(stderr, "misuctl: %s is no entry's number\n",
		    asked->subject);
		return false;
	}
	file.index = (uint64_t)index;
	if (!open_checkpoint(ctl, log, key, &file.note, &tree))
		return false;
	if (!make_proof(log, file.index, &tree, &file.proof, &fail)) {
		ctl_fail(&fail);
		return false;
	}
	text = proof_print(ctl->arena, &file);
	if (text.data == NULL) {
		fail_memory(&fail);
		ctl_fail(&fail);
		return false;
	}
	return (asked->entry == NULL || write_entry(ctl, log, asked->entry,
					    file.index, tree.size)) &&
	       ctl_write(asked->out, text);
}

static int
run_proof(struct ctl *ctl, int argc, char **argv)
{
	struct asked asked = {.place = NULL};
	const struct option options[] = {{"--out", &asked.out},
	    {"--key", &asked.key}, {"--entry", &asked.entry},
	    {"--token-file", &asked.token_file}, {NULL, NULL}};
	struct ctl_source source = {.place = NULL};
	struct slice key = {"", 0};
	bool ok;

	if (!parse(&asked, options, argc, argv))
		return ctl_usage(&ctl_proof);
	if (asked.key != NULL)
		key = ctl_key(ctl, asked.key);
	ok = key.data != NULL &&
	     ctl_source_open(ctl, &source, asked.place, asked.token_file) &&
	     prove(ctl, &asked, source.log, key);
	ctl_source_close(&source);
	return ok ? CTL_OK : CTL_TROUBLE;
}

/* Whoever saved an entry may have ended its line. */
static struct digest
leaf_of(struct slice entry)
{
	if (entry.len != 0 && entry.data[entry.len - 1] == '\n')
		entry.len--;
	return tree_leaf(entry);
}

/* What is said of it, in files. */
struct claim {
	struct slice text, entry, key;
	struct slice witness; /* empty: none */
};

static bool
check(struct ctl *ctl, const struct claim *claim, struct fail *fail)
{
	struct digest leaf = leaf_of(claim->entry);
	struct checkpoint checkpoint;
	struct proof_file file;
	struct proof_tree tree;
	uint8_t public_key[32];
	struct slice name;

	if (!proof_parse(claim->text, ctl->arena, &file, fail) ||
	    !note_parse_verifier_key(
		claim->key, ctl->arena, &name, public_key, fail) ||
	    !note_open(
		file.note, ctl->arena, name, public_key, &checkpoint, fail) ||
	    (claim->witness.len != 0 && !note_check_witness(file.note,
					    claim->witness, ctl->arena, fail)))
		return false;
	tree = (struct proof_tree){checkpoint.size, checkpoint.root};
	if (!proof_includes(&file.proof, file.index, &leaf, &tree))
		return fail_set(fail, FAIL_DENIED,
		    "the proof does not lead from this entry to the"
		    " checkpoint");
	printf("verified: this is entry %" PRIu64 " of %.*s, which had %" PRIu64
	       " entries\n",
	    file.index, SLICE_ARG(name), tree.size);
	return true;
}

static int
run_verify_proof(struct ctl *ctl, int argc, char **argv)
{
	struct asked asked = {.place = NULL};
	const struct option options[] = {{"--key", &asked.key},
	    {"--entry", &asked.entry}, {"--witness", &asked.witness},
	    {NULL, NULL}};
	struct claim claim = {.witness = {"", 0}};
	struct fail fail = FAIL_INIT;

	if (!parse(&asked, options, argc, argv) || asked.place != NULL ||
	    asked.key == NULL || asked.entry == NULL)
		return ctl_usage(&ctl_verify_proof);
	claim.key = ctl_key(ctl, asked.key);
	if (asked.witness != NULL)
		claim.witness = ctl_key(ctl, asked.witness);
	if (claim.key.data == NULL || claim.witness.data == NULL ||
	    !ctl_file(ctl, asked.subject, PROOF_MAX, &claim.text) ||
	    !ctl_file(ctl, asked.entry, 65536, &claim.entry))
		return CTL_TROUBLE;
	if (check(ctl, &claim, &fail))
		return CTL_OK;
	ctl_fail(&fail);
	return CTL_REFUSED;
}

const struct ctl_command ctl_proof = {
    .name = "proof",
    .usage = "[--out FILE] [--entry FILE] [--key VERIFIER-KEY|FILE]\n"
	     "           [--token-file FILE] ENTRY [DIRECTORY|URL]",
    .summary = "prove that an entry is in the ledger",
    .help = "Writes a proof that verifies offline (c2sp.org/tlog-proof), and\n"
	    "with --entry the entry's own bytes.",
    .run = run_proof,
};

const struct ctl_command ctl_verify_proof = {
    .name = "verify-proof",
    .usage = "--key VERIFIER-KEY|FILE --entry FILE [--witness KEY|FILE]\n"
	     "           PROOF",
    .summary = "check a proof and its entry, offline",
    .help = "Reads the three files and nothing else.  Exit status 1: the\n"
	    "proof does not hold.",
    .run = run_verify_proof,
};
