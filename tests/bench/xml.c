/*
 * How long reading one contact:create of 2 KB takes, beside expat in the same
 * run, and how long the whole command takes to be understood.
 */
#include <expat.h>
#include <time.h>

#include "codec/epp.h"
#include "runner/frames.h"

enum { ROUNDS = 200000 };

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double
time_read(struct arena *arena, struct slice frame)
{
	volatile unsigned sink __attribute__((unused)) = 0;
	double start = now();

	for (size_t i = 0; i < ROUNDS; i++) {
		struct xml_document *d =
		    xml_read(arena, frame, &xml_limits_default, false, NULL);

		sink += d != NULL ? d->element_count : 0;
		arena_reset(arena);
	}
	return (now() - start) / ROUNDS * 1e6;
}

static double
time_command(struct arena *arena, struct slice frame)
{
	struct epp_problem problem;
	volatile unsigned sink __attribute__((unused)) = 0;
	double start = now();

	for (size_t i = 0; i < ROUNDS; i++) {
		struct epp_command *c = epp_read_command(
		    arena, frame, &xml_limits_default, &problem, NULL);

		sink += c != NULL ? (unsigned)c->contact->value_count : 0;
		arena_reset(arena);
	}
	return (now() - start) / ROUNDS * 1e6;
}

static void
on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
	(void)name;
	(void)attributes;
	++*(unsigned *)context;
}

static void
on_text(void *context, const XML_Char *text, int len)
{
	(void)text;
	*(unsigned *)context += (unsigned)len;
}

static double
time_expat(struct slice frame)
{
	XML_Parser parser = XML_ParserCreateNS(NULL, ' ');
	unsigned sink = 0;
	double start = now();

	for (size_t i = 0; i < ROUNDS / 10; i++) {
		XML_ParserReset(parser, NULL);
		XML_SetUserData(parser, &sink);
		XML_SetStartElementHandler(parser, on_start);
		XML_SetCharacterDataHandler(parser, on_text);
		if (XML_Parse(parser, frame.data, (int)frame.len, 1) !=
		    XML_STATUS_OK)
			abort();
	}
	XML_ParserFree(parser);
	return (now() - start) / (ROUNDS / 10) * 1e6;
}

int
main(void)
{
	struct arena *arena = arena_create(NULL);
	struct slice frame = slice_from(frame_contact_create);
	double ours = time_read(arena, frame), theirs = time_expat(frame);
	double command = time_command(arena, frame);

	printf("xml: %.2f us to read %zu bytes (goal 2), expat %.2f us\n", ours,
	    frame.len, theirs);
	printf("epp: %.2f us to understand the command\n", command);
	printf("ratio xml_read/expat %.3f\n", ours / theirs);
	arena_destroy(arena);
	return 0;
}
