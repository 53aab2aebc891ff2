/*
 * What witnesses signed, one small file each in a directory of its own: the
 * log's checkpoint as it was posted and, as its last line, the cosignature.
 * The console writes them; whoever shows how far the witnesses are reads them.
 */
#ifndef MISU_COSIGNED_H
#define MISU_COSIGNED_H

#include "core/note.h"
#include "store/disk.h"

struct cosigned {
	struct slice note, line; /* the line with its end */
	uint64_t size;
	uint64_t time; /* Unix seconds, as the witness has it */
};

/*
 * The last one of this witness in the directory; false if there is none that
 * holds under its key.
 */
bool cosigned_read(struct disk *disk, const char *directory,
    struct slice verifier_key, struct arena *arena, struct cosigned *out);

/* Durable when this returns. */
bool cosigned_write(struct disk *disk, const char *directory,
    struct slice verifier_key, const struct cosigned *cosigned,
    struct fail *fail);

#endif
