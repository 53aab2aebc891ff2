/*
 * What fuzz targets share.  Each tests/fuzz/NAME.c is one libFuzzer target;
 * `make fuzz` runs them with clang, and `make check` replays the seeds in
 * tests/fuzz/NAME.seeds with any compiler.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(): it must hold in every build. */
static inline void
fuzz_must(bool condition)
{
	if (!condition)
		abort();
}

#endif
