/* Frames of misu's own: nothing of a registrant is in them. */
#include "codec/epp_frame_priv.h"

/* RFC 8807: what stands in <pw> when the password is in the extension. */
#define LOGIN_SECURITY "[LOGIN-SECURITY]"

enum { PASSWORD_MAX = 16 };

static const struct slice none = {"", 0};

/* Close the command and make it a frame. */
static struct epp_plain *
finish(struct text *text, struct slice client_id, struct fail *fail)
{
	if (client_id.len != 0)
		epp_put(text, none, "clTRID", client_id);
	text_add_string(text, "</command></epp>");
	return epp_frame_as_plain(text_slice(text), text->arena, fail);
}

static struct text
start(struct arena *arena)
{
	struct text text = text_start(arena);

	text_add_string(&text, EPP_ROOT "<command>");
	return text;
}

static bool
has_login_security(const struct epp_own_login *login)
{
	for (size_t i = 0; i < login->extension_count; i++)
		if (slice_is(login->extensions[i], EPP_LOGIN_SEC_SPACE))
			return true;
	return false;
}

static void
put_services(struct text *text, const struct epp_own_login *login)
{
	epp_put_open(text, none, "svcs");
	for (size_t i = 0; i < login->object_count; i++)
		epp_put(text, none, "objURI", login->objects[i]);
	if (login->extension_count != 0) {
		epp_put_open(text, none, "svcExtension");
		for (size_t i = 0; i < login->extension_count; i++)
			epp_put(text, none, "extURI", login->extensions[i]);
		epp_put_close(text, none, "svcExtension");
	}
	epp_put_close(text, none, "svcs");
}

struct epp_plain *
epp_frame_own_login(const struct epp_own_login *login, struct slice client_id,
    struct arena *arena, struct fail *fail)
{
	struct text text = start(arena);
	bool secure =
	    login->password.len > PASSWORD_MAX && has_login_security(login);

	epp_put_open(&text, none, "login");
	epp_put(&text, none, "clID", login->id);
	epp_put(&text, none, "pw",
	    secure ? SLICE(LOGIN_SECURITY) : login->password);
	epp_put_open(&text, none, "options");
	epp_put(&text, none, "version", login->version);
	epp_put(&text, none, "lang", login->language);
	epp_put_close(&text, none, "options");
	put_services(&text, login);
	epp_put_close(&text, none, "login");
	if (secure) {
		text_add_string(&text,
		    "<extension><loginSec:loginSec "
		    "xmlns:loginSec=\"" EPP_LOGIN_SEC_SPACE "\">");
		epp_put(&text, SLICE("loginSec:"), "pw", login->password);
		text_add_string(&text, "</loginSec:loginSec></extension>");
	}
	return finish(&text, client_id, fail);
}

struct epp_plain *
epp_frame_own_hello(struct arena *arena, struct fail *fail)
{
	return epp_frame_as_plain(
	    arena_copy(arena, SLICE(EPP_ROOT "<hello/></epp>")), arena, fail);
}

struct epp_plain *
epp_frame_own_logout(
    struct slice client_id, struct arena *arena, struct fail *fail)
{
	struct text text = start(arena);

	epp_put_empty(&text, none, "logout");
	return finish(&text, client_id, fail);
}

struct epp_plain *
epp_frame_own_removal(struct slice id, struct slice client_id,
    struct arena *arena, struct fail *fail)
{
	struct text text = start(arena);

	text_add_string(&text,
	    "<delete><contact:delete xmlns:contact=\"" EPP_CONTACT_SPACE
	    "\">");
	epp_put(&text, SLICE("contact:"), "id", id);
	text_add_string(&text, "</contact:delete></delete>");
	return finish(&text, client_id, fail);
}

struct epp_plain *
epp_frame_own_ask(enum epp_verb verb, enum epp_object object, struct slice id,
    struct slice client_id, struct arena *arena, struct fail *fail)
{
	static const struct {
		const char *word, *space, *id;
	} objects[] = {[EPP_CONTACT] = {"contact", EPP_CONTACT_SPACE, "id"},
	    [EPP_DOMAIN] = {"domain", EPP_DOMAIN_SPACE, "name"},
	    [EPP_HOST] = {"host", EPP_HOST_SPACE, "name"}};
	const char *word = verb == EPP_CHECK ? "check" : "info";
	struct text text = start(arena);

	if ((verb != EPP_CHECK && verb != EPP_INFO) ||
	    object == EPP_NO_OBJECT) {
		fail_set(fail, FAIL_DENIED, "%s is no question",
		    epp_verb_name(verb));
		return NULL;
	}
	text_add_format(&text, "<%s><%s:%s xmlns:%s=\"%s\"><%s:%s>", word,
	    objects[object].word, word, objects[object].word,
	    objects[object].space, objects[object].word, objects[object].id);
	text_add_xml(&text, id);
	text_add_format(&text, "</%s:%s></%s:%s></%s>", objects[object].word,
	    objects[object].id, objects[object].word, word, word);
	return finish(&text, client_id, fail);
}
