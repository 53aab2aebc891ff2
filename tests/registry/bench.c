#include "registry/registry_priv.h"

/* A piece of a frame, between two marks; empty if it is not there. */
static struct slice
between(struct slice frame, struct slice from, char until)
{
	const char *start, *end;

	start = memmem(frame.data, frame.len, from.data, from.len);
	if (start == NULL)
		return (struct slice){NULL, 0};
	start += from.len;
	end = memchr(start, until, (size_t)(frame.data + frame.len - start));
	if (end == NULL)
		return (struct slice){NULL, 0};
	return (struct slice){start, (size_t)(end - start)};
}

static void
put(struct bytes *out, struct slice piece)
{
	bytes_add(out, piece.data, piece.len);
}

#define HEAD                                                                   \
	"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n"       \
	"<epp xmlns=\"" EPP_URI "\"><response>"
#define TAIL "<svTRID>SIM-00000001</svTRID></trID></response></epp>\n"

static bool
has(struct slice frame, struct slice what)
{
	return memmem(frame.data, frame.len, what.data, what.len) != NULL;
}

/* The verb is at the front and the clTRID at the back. */
struct registry_reply
registry_bench(struct slice frame, struct bytes *out)
{
	struct registry_reply reply = {REGISTRY_ANSWER, 0};
	struct slice front = frame, back = frame, id, cltrid;
	size_t start = bytes_frame_start(out);

	if (front.len > 400)
		front.len = 400;
	if (back.len > 160) {
		back.data += back.len - 160;
		back.len = 160;
	}
	cltrid = between(back, SLICE("clTRID>"), '<');
	if (has(front, SLICE("<logout"))) {
		put(out, SLICE(HEAD "<result code=\"1500\"><msg>Command "
				    "completed successfully; ending session"
				    "</msg></result>"));
		reply.action = REGISTRY_ANSWER_CLOSE;
	} else if (has(front, SLICE("<poll")))
		put(out, SLICE(HEAD "<result code=\"1300\"><msg>Command "
				    "completed successfully; no messages"
				    "</msg></result>"));
	else
		put(out, SLICE(HEAD "<result code=\"1000\"><msg>Command "
				    "completed successfully</msg></result>"));
	if (has(front, SLICE("<contact:create"))) {
		id = between(front, SLICE("<contact:id>"), '<');
		put(out, SLICE("<resData><contact:creData xmlns:contact=\""
			       "urn:ietf:params:xml:ns:contact-1.0\">"
			       "<contact:id>"));
		put(out, id);
		put(out, SLICE("</contact:id><contact:crDate>"
			       "2026-01-01T00:00:00.0Z</contact:crDate>"
			       "</contact:creData></resData>"));
	}
	put(out, SLICE("<trID>"));
	if (cltrid.len > 0) {
		put(out, SLICE("<clTRID>"));
		put(out, cltrid);
		put(out, SLICE("</clTRID>"));
	}
	put(out, SLICE(TAIL));
	bytes_frame_end(out, start);
	return reply;
}
