/*
 * ISO-2022-JP (RFC 1468), which is what JPNIC's WHOIS speaks: through iconv,
 * with the nearest that it has for a character it has not, or a question mark.
 * Each line begins and ends in ASCII.
 */
#ifndef MISU_JIS_H
#define MISU_JIS_H

#include <iconv.h>

#include "base/text.h"

/*
 * For iconv_open(), which the process calls before its sandbox: it reads
 * files.
 */
#define JIS_TO "ISO-2022-JP//TRANSLIT"
#define JIS_FROM "UTF-8"

/* Well-formed UTF-8 in, appended to `out`, whose `failed` says of memory. */
void jis_add(struct text *out, iconv_t to, struct slice utf8);

#endif
