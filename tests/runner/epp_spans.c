#include "runner/epp_spans.h"

#include "runner/fuzz.h"

static void
inside(struct xml_span span, struct xml_span outer)
{
	fuzz_must(span.at <= span.end && span.at >= outer.at &&
		  span.end <= outer.end);
}

static void
check_contact(const struct epp_contact *c, struct xml_span all)
{
	uint32_t before = 0;

	inside(c->object, all);
	inside(c->disclose, c->object);
	inside(c->auth, c->object);
	inside(c->change, c->object);
	for (size_t i = 0; i < c->postal_count; i++) {
		inside(c->postals[i].whole, c->object);
		inside(c->postals[i].content, c->postals[i].whole);
		inside(c->postals[i].addr, c->postals[i].whole);
	}
	for (size_t i = 0; i < c->value_count; i++) {
		const struct epp_value *v = &c->values[i];

		inside(v->whole, v->additional ? all : c->object);
		inside(v->content, v->whole);
		fuzz_must(v->whole.at >= before);
		before = v->whole.at;
		if (v->postal >= 0)
			inside(v->whole, c->postals[v->postal].whole);
	}
}

static void
check_domain(const struct epp_domain *d, struct xml_span all)
{
	uint32_t before = 0;

	inside(d->object, all);
	inside(d->change, d->object);
	inside(d->add, d->object);
	inside(d->remove, d->object);
	for (size_t i = 0; i < d->link_count; i++) {
		inside(d->links[i].whole, d->object);
		fuzz_must(d->links[i].whole.at >= before);
		before = d->links[i].whole.at;
	}
}

static void
check_command(const struct epp_command *c, struct arena *arena)
{
	const struct xml_span all = {0, (uint32_t)c->text.len};
	struct fail fail = FAIL_INIT;

	inside(c->client_id_whole, all);
	inside(c->extension, all);
	fuzz_must(c->extension.end <= c->client_id_whole.at);
	for (size_t i = 0; i < c->extension_count; i++)
		inside(c->extensions[i].whole, c->extension);
	if (c->domain != NULL)
		check_domain(c->domain, all);
	if (c->contact == NULL)
		return;
	check_contact(c->contact, all);
	fuzz_must(epp_contact_record(c, arena, &fail) != NULL ||
		  (fail.kind == FAIL_INPUT && fail.place[0] != '\0'));
}

void
epp_spans_try(struct slice text)
{
	struct arena *arena = arena_create(NULL);
	struct epp_problem problem;
	struct fail fail = FAIL_INIT;
	struct epp_command *command =
	    epp_read_command(arena, text, &xml_limits_default, &problem, &fail);
	struct epp_response *response =
	    epp_read_response(arena, text, &xml_limits_default, NULL);

	if (command != NULL)
		check_command(command, arena);
	else
		fuzz_must(fail.kind == FAIL_INPUT && fail.place[0] != '\0' &&
			  epp_code_text(problem.code)[0] != '\0');
	if (response != NULL && response->data != XML_NONE)
		epp_response_record(response, arena, NULL);
	epp_read_greeting(arena, text, &xml_limits_default, NULL);
	arena_destroy(arena);
}
