/* EPP frames that tests and benchmarks share. */
#ifndef TESTS_FRAMES_H
#define TESTS_FRAMES_H

/* About 2 KB, as a registrar's client writes it. */
extern const char frame_contact_create[];

#endif
