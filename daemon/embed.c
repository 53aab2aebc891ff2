#include "embed.h"

#include <stdint.h>

/* The path is relative to where make runs: the top directory. */
__asm__(".pushsection .rodata\n"
	"openapi_start: .incbin \"conf/openapi.json\"\n"
	"openapi_end: .byte 0\n"
	".popsection\n");

extern const char openapi_start[], openapi_end[];

struct slice
embed_openapi(void)
{
	return (struct slice){openapi_start,
	    (size_t)((uintptr_t)openapi_end - (uintptr_t)openapi_start)};
}
