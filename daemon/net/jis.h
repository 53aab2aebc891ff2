/*
 * ISO-2022-JP (RFC 1468), which is what JPNIC's WHOIS speaks: through iconv,
 * with the nearest that it has for a character it has not: kana of full width
 * for those of half, or the mark 〓.  Each line begins and ends in ASCII.
 */
#ifndef MISU_JIS_H
#define MISU_JIS_H

#include "base/text.h"

struct jis;

/* Before the sandbox: it reads files.  NULL where this system has none. */
struct jis *jis_open(void);
/* NULL-safe. */
void jis_close(struct jis *jis);

/* Well-formed UTF-8 in, appended to `out`, whose `failed` says of memory. */
void jis_add(struct text *out, struct jis *jis, struct slice utf8);

#endif
