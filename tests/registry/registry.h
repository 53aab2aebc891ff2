/*
 * A registry that speaks EPP (RFC 5730-5733), for tests, the demo and the
 * benchmark: the core, without a socket and without a clock.  It keeps
 * contacts, domains and hosts, validates every frame it gets against the
 * XML schemas, and plays the faults that a test scripts.
 *
 * It reads XML with libxml2 and shares no code with the daemon's reader: it
 * is the second opinion.  One thread only.
 *
 * The line language, by which a scenario, a file or a control socket drives
 * it (words may be quoted with "", \ escapes inside):
 *
 *   set contacts required|accepted|prohibited
 *   set dcp public|private             what the greeting's <dcp> says
 *   set client ID PASSWORD             none set: everybody may log in
 *   set session-limit N                for each client; 0 is none
 *   set tlds jp,example.org            where domains may be; "" is anywhere
 *   set required voice,sp              what a contact:create must have
 *   set transfer pending|immediate
 *   set object URI on|off              what is announced
 *   set extension URI on|off
 *   set lenient on|off                 let an empty <add/>, <rem/> or <chg/> of
 *                                      an update pass, which is not valid
 *   set bench on|off
 *   fault WHAT FAULT [times N]         for the next N frames (1)
 *      WHAT  contact:create, create, contact:*, login, hello, greeting,
 *            invalid (what has no verb that could be read), *
 *      FAULT lost    carried out, never answered, the connection is reset
 *            reset   not carried out, the connection is reset
 *            close   carried out, closed in order without an answer
 *            stall   not carried out, never answered, nor what comes after it
 *            silent  the same, but carried out
 *            slow MS answered later
 *            wrong-cltrid, code N (not carried out; 2500 closes), garbage
 *            (a frame that is not XML), length (an absurd header),
 *            cut (half of the answer, then closed)
 *   faults clear
 *      publish:whois and publish:rdap have slow, garbage, close, reset, stall
 *      and code N too (code 429: it wants no more questions)
 *   publish leak|hide KEY              show it whatever <disclose> says, or not
 *   publish older KEY VALUE            show this in its place
 *   publish well                       no mistakes any more
 *      KEY  name, org, street, city, sp, pc, cc, voice, voice.x, fax, email
 *   message [client ID] TEXT           into the poll queue
 *   object KIND NAME missing
 *   object KIND NAME exists [OWNER]
 *   object KIND NAME set|add KEY VALUE
 *   sessions drop                      reset all connections
 *   dump [KIND [NAME]]                 a line an object
 *   frames [N]                         the last frames received, verbatim
 *   frames clear
 *   invalid                            what the validator said
 *   counts
 */
#ifndef TESTS_REGISTRY_H
#define TESTS_REGISTRY_H

#include <stdint.h>

#include "registry/bytes.h"

struct registry;
struct registry_session;

/* What is to be done with the bytes of an answer. */
enum registry_action {
	REGISTRY_ANSWER,       /* send them */
	REGISTRY_ANSWER_CLOSE, /* send them, then close */
	REGISTRY_CLOSE,	       /* close in order */
	REGISTRY_RESET,	       /* close with a TCP reset */
	REGISTRY_STALL,	       /* never send or read anything again */
};

struct registry_reply {
	enum registry_action action;
	unsigned delay_ms; /* before anything is sent */
};

/*
 * `schemas` is the directory with all.xsd, or NULL for $MISU_DATA/epp-xsd.
 * Where it is not there, frames are not validated: see registry_validates().
 */
struct registry *registry_create(const char *schemas);
void registry_destroy(struct registry *registry);
bool registry_validates(const struct registry *registry);

/*
 * Is this frame valid, extensions without a schema taken out?  If not,
 * `complaint` (cleared first, NUL-terminated) says why.  True for all that is
 * well-formed where the schemas are not there.
 */
bool registry_valid(struct slice frame, struct bytes *complaint);

/* The registry's only clock, in seconds since 1970. */
void registry_set_time(struct registry *registry, int64_t now);

/* One connection.  It is to be destroyed before its registry. */
struct registry_session *registry_session_create(struct registry *registry);
void registry_session_destroy(struct registry_session *session);

/*
 * Append to `out` what goes on the wire, with RFC 5734 headers: the greeting,
 * and the answer to one frame (without its header).
 */
struct registry_reply registry_greeting(
    struct registry_session *session, struct bytes *out);
struct registry_reply registry_receive(
    struct registry_session *session, struct slice frame, struct bytes *out);

/*
 * What its WHOIS answers to a line, and its RDAP to the path below its base:
 * the domains that it has, as their contacts' <disclose> says, and with the
 * mistakes that "publish" lines tell it to make.  RDAP's status of HTTP is
 * returned.
 */
struct registry_reply registry_whois(
    struct registry *registry, struct slice query, struct bytes *out);
unsigned registry_rdap(struct registry *registry, struct slice path,
    struct bytes *out, struct registry_reply *reply);

/*
 * One line of the language above; appends what it prints.  False if the line
 * is wrong, and then it says why.
 */
bool registry_line(
    struct registry *registry, struct slice line, struct bytes *out);

/* Were all sessions to be dropped since this was last asked? */
bool registry_take_drop(struct registry *registry);

/* What a test asks. */
uint64_t registry_frames(const struct registry *registry);
uint64_t registry_invalid(const struct registry *registry);
/* What the validator last said; "" if nothing. */
const char *registry_complaint(const struct registry *registry);
/* The nth last frame received, 0 being the last; {NULL, 0} if none. */
struct slice registry_frame(const struct registry *registry, size_t nth);
/*
 * Is any frame, also one to a backend, what the schemas say?  True where they
 * are not there; else the complaint is appended.
 */
bool registry_frame_valid(struct slice frame, struct bytes *complaint);
/* An object's value, NULL if it has none; kind "contact", key "name.loc". */
const char *registry_value(const struct registry *registry, const char *kind,
    const char *name, const char *key);

/*
 * The bench's answer: no XML is read.  Every command is 1000 with its clTRID,
 * a contact:create has its creData, a logout closes.
 */
struct registry_reply registry_bench(struct slice frame, struct bytes *out);

#endif
