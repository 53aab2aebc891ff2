/*
 * Readers of what WHOIS and RDAP servers answer, for the audit: untrusted
 * bytes in a known layout, made into a list of what is seen of each role and
 * field (core/audit.h).  They read what misu's own whois_*.c and rdap*.c
 * write, and the looser forms that registries have.
 *
 * Bounded by AUDIT_BYTES_MAX and the limits in the enum; an answer beyond
 * them, or one that is not of its layout, is AUDIT_NOT_UNDERSTOOD and never a
 * fail.
 */
#ifndef MISU_AUDIT_ANSWER_H
#define MISU_AUDIT_ANSWER_H

#include "core/audit.h"

enum {
	AUDIT_BYTES_MAX = 1 << 18, /* of one answer: read no more of it */
	AUDIT_TEXT_MAX = 2 * AUDIT_BYTES_MAX, /* of what it says, in UTF-8 */
	AUDIT_ITEMS_MAX = 256,
	AUDIT_VALUES_MAX = 64, /* of one item */
	AUDIT_VALUE_MAX = 2048 /* bytes of one value */
};

/* ISO-2022-JP is EUC-JP but for a bit and escapes; this one has all of it. */
#define AUDIT_ICONV_TO "UTF-8"
#define AUDIT_ICONV_FROM "EUC-JP-MS"

enum audit_layout {
	AUDIT_GTLD,	     /* "Registrant Name: ..." */
	AUDIT_JPRS,	     /* .jp, generic and organizational */
	AUDIT_JPNIC_NETWORK, /* a network */
	AUDIT_CONTACT	     /* a handle asked of JPNIC or JPRS */
};

/* What was asked, and how the server spells things. */
struct audit_question {
	enum object_type type; /* of RDAP: OBJECT_DOMAIN or OBJECT_NETWORK */
	struct slice
	    name;	 /* canonical; empty: any. AUDIT_CONTACT: the handle */
	bool is_contact; /* RDAP: an entity was asked for, by its handle */
	enum role role;	 /* of a contact: where the handle stands */
	/*
	 * Texts that this server puts in place of a value, beside those that
	 * are known ("REDACTED FOR PRIVACY"); "@proxy.example" is any address
	 * of that domain.  Letters' case makes no difference.
	 */
	struct values placeholders;
	/*
	 * iconv_open(AUDIT_ICONV_TO, AUDIT_ICONV_FROM), which the process
	 * calls before its sandbox; NULL: an answer in ISO-2022-JP is not
	 * understood.
	 */
	void *from_jis;
};

/*
 * The whole answer of a WHOIS server: ASCII, UTF-8 or ISO-2022-JP (and
 * ISO-8859-1 from a gTLD's), lines ended by LF or CR LF.  Values borrow from
 * `bytes` or are in `arena`.  False only when out of memory.
 */
bool audit_read_whois(enum audit_layout layout,
    const struct audit_question *question, struct slice bytes,
    struct arena *arena, struct audit_answer *out, struct fail *fail);

/*
 * The body of an RDAP answer: a domain, a network, an entity (RFC 9083), with
 * jCards (RFC 7095) and "redacted" (RFC 9537), or an error with its code.
 * Who knows the status code of HTTP maps 404 and 429 itself.
 */
bool audit_read_rdap(const struct audit_question *question, struct slice bytes,
    struct arena *arena, struct audit_answer *out, struct fail *fail);

#endif
