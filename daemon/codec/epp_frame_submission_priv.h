/*
 * What the two files that make frames of a submission share: the contacts
 * (epp_frame_submission.c) and the domain (epp_frame_submission_domain.c).
 */
#ifndef MISU_EPP_FRAME_SUBMISSION_PRIV_H
#define MISU_EPP_FRAME_SUBMISSION_PRIV_H

#include "codec/epp_frame_priv.h"

enum { EPP_ID_MIN = 3, EPP_ID_MAX = 16, EPP_ROLES = 4 };

/* Who stands in one role that EPP has. */
struct epp_party {
	bool links;  /* the domain names its contact */
	bool writes; /* a frame says what the contact is */
	bool was;    /* it was linked before this update, as `former` */
	char id[EPP_ID_MAX + 1], former[EPP_ID_MAX + 1];
};

struct epp_made {
	struct epp_writer writer; /* of the role under way */
	const uint8_t *random;
	struct text out;   /* all frames, each with its length */
	struct text frame; /* the one under way */
	unsigned count;
	bool creates; /* the contact under way */
	struct epp_party parties[EPP_ROLES];
};

/* The registrant is the first. */
extern const enum role epp_roles[EPP_ROLES];

void epp_made_start(struct epp_made *made);
void epp_made_end(struct epp_made *made);

/* The one given, else one that only the random bytes tell. */
void epp_made_put_secret(
    struct epp_made *made, struct slice prefix, struct values given);

/* Is there a link to make that is not there, one that must go? */
bool epp_party_is_new(const struct epp_party *party);
bool epp_party_is_gone(const struct epp_party *party);

/* Frames that delete contacts which were made for this domain alone. */
void epp_made_put_removals(struct epp_made *made);

/* FAIL_INPUT: an update needs to know what there was. */
bool epp_made_not_known(struct fail *fail);

bool epp_made_put_domain(struct epp_made *made);

#endif
