/*
 * What somebody asks a WHOIS server (RFC 3912: one line) or an RDAP server
 * (RFC 9082: a path): untrusted bytes, made into an object's canonical name.
 */
#ifndef MISU_ASK_H
#define MISU_ASK_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/prefix.h"

enum { ASK_LINE_MAX = 512 }; /* bytes; a longer line is refused */

enum ask_kind {
	ASK_DOMAIN,
	ASK_NETWORK, /* `prefix`: an address stands as the prefix of it alone */
	ASK_CONTACT, /* by handle */
	ASK_NAMESERVER,
	ASK_REFERENCES, /* WHOIS: which names have this contact or server */
	ASK_AUTNUM, /* asked often; nothing here has any */
	ASK_HELP,
	ASK_SEARCH /* RDAP: a search, which is not offered */
};

struct ask {
	enum ask_kind kind;
	struct slice name; /* canonical, in the arena: a name, a handle */
	struct prefix prefix;
	bool english; /* WHOIS: "/e" stood at the end */
};

/*
 * The line without its end.  "example.jp", "DOM example.jp/e", "192.0.2.1",
 * "2001:db8::/48", "CONTACT TM1234JP", "HOST ns1.example.jp", "^TM1234JP",
 * "help"; a word without a dot is a handle.  FAIL_INPUT, in English, fit for an answer: it
 * never repeats what was asked.
 */
bool ask_whois(
    struct arena *arena, struct slice line, struct ask *out, struct fail *fail);

/*
 * The path below the base, as it was sent: "domain/xn--r8jz45g.jp",
 * "ip/192.0.2.0/29", "entity/TM1234JP", "help".
 */
bool ask_rdap(
    struct arena *arena, struct slice path, struct ask *out, struct fail *fail);

#endif
