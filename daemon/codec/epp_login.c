/* login (RFC 5730 section 2.9.1.1), and loginSec-1.0 (RFC 8807) in it. */
#include "codec/epp_priv.h"

/* What stands in <pw> where the password is in the extension. */
#define SEE_EXTENSION "[LOGIN-SECURITY]"

enum { PASSWORD_MIN = 6, PASSWORD_MAX = 64, LONG_PASSWORD_MAX = 1024 };

static bool
read_uris(struct epp_walk *walk, const char *name, struct epp_uri *uris,
    size_t max, size_t *count)
{
	struct epp_reader *r = walk->r;
	uint32_t element;

	if (!epp_need(walk, name, &element))
		return false;
	for (; element != XML_NONE; element = epp_take(walk, name)) {
		if (*count == max)
			return epp_refuse(
			    r, EPP_RANGE, element, "too many URIs");
		uris[*count].whole = r->document->elements[element].whole;
		if (!epp_attributes(r, element, NULL, NULL) ||
		    !epp_token(r, element, 1, 255, &uris[*count].uri))
			return false;
		++*count;
	}
	return true;
}

static bool
read_services(struct epp_reader *r, uint32_t svcs, struct epp_login *login)
{
	struct epp_walk walk = epp_walk(r, svcs), inside;
	uint32_t extension;

	if (!epp_attributes(r, svcs, NULL, NULL) ||
	    !read_uris(&walk, "objURI", login->objects,
		sizeof(login->objects) / sizeof(login->objects[0]),
		&login->object_count))
		return false;
	extension = epp_take(&walk, "svcExtension");
	login->services_extension =
	    epp_nowhere(r->document->elements[svcs].content.end);
	if (extension == XML_NONE)
		return epp_end(&walk);
	login->services_extension = r->document->elements[extension].whole;
	inside = epp_walk(r, extension);
	return epp_attributes(r, extension, NULL, NULL) &&
	       read_uris(&inside, "extURI", login->extensions,
		   sizeof(login->extensions) / sizeof(login->extensions[0]),
		   &login->extension_count) &&
	       epp_end(&inside) && epp_end(&walk);
}

static bool
read_options(struct epp_reader *r, uint32_t options, struct epp_login *login)
{
	struct epp_walk walk = epp_walk(r, options);
	uint32_t element;

	if (!epp_attributes(r, options, NULL, NULL) ||
	    !epp_need(&walk, "version", &element) ||
	    !epp_attributes(r, element, NULL, NULL) ||
	    !epp_token(r, element, 1, 16, &login->version))
		return false;
	if (!slice_is(login->version, "1.0"))
		return epp_refuse(
		    r, EPP_VERSION, element, "a version of EPP but 1.0");
	return epp_need(&walk, "lang", &element) &&
	       epp_attributes(r, element, NULL, NULL) &&
	       epp_token(r, element, 1, 64, &login->language) && epp_end(&walk);
}

static bool
read_password(
    struct epp_reader *r, uint32_t element, size_t max, struct slice *out)
{
	return epp_attributes(r, element, NULL, NULL) &&
	       epp_token(r, element, PASSWORD_MIN, max, out);
}

bool
epp_read_login(struct epp_reader *r, uint32_t element)
{
	struct epp_login *login = arena_take(r->arena, sizeof(*login));
	struct epp_walk walk = epp_walk(r, element);
	uint32_t child;

	if (login == NULL)
		return epp_no_memory(r);
	r->command->login = login;
	if (!epp_need(&walk, "clID", &child) ||
	    !epp_attributes(r, child, NULL, NULL) ||
	    !epp_token(r, child, 3, 16, &login->id) ||
	    !epp_need(&walk, "pw", &child) ||
	    !read_password(r, child, PASSWORD_MAX, &login->password))
		return false;
	child = epp_take(&walk, "newPW");
	login->has_new_password = child != XML_NONE;
	if (child != XML_NONE &&
	    !read_password(r, child, PASSWORD_MAX, &login->new_password))
		return false;
	return epp_need(&walk, "options", &child) &&
	       read_options(r, child, login) &&
	       epp_need(&walk, "svcs", &child) &&
	       read_services(r, child, login) && epp_end(&walk);
}

static bool
read_user_agent(struct epp_reader *r, uint32_t element)
{
	static const char *const parts[] = {"app", "tech", "os"};
	struct epp_walk walk = epp_walk(r, element);
	struct slice text;

	if (!epp_attributes(r, element, NULL, NULL))
		return false;
	for (size_t i = 0; i < 3; i++) {
		uint32_t part = epp_take(&walk, parts[i]);

		if (part != XML_NONE && (!epp_attributes(r, part, NULL, NULL) ||
					    !epp_token(r, part, 1, 255, &text)))
			return false;
	}
	return epp_end(&walk);
}

/* The extension's password counts where <pw> points to it, and only there. */
static bool
take_secure(struct epp_reader *r, uint32_t element, struct slice *password)
{
	struct slice text;

	if (!read_password(r, element, LONG_PASSWORD_MAX, &text))
		return false;
	if (!slice_is(*password, SEE_EXTENSION))
		return epp_refuse(r, EPP_VALUE, element,
		    "a password that the login does not point to");
	*password = text;
	return true;
}

bool
epp_read_login_security(
    struct epp_reader *r, uint32_t element, struct epp_login *login)
{
	struct epp_walk walk = epp_walk(r, element);
	uint32_t child;

	if (!slice_is(r->document->elements[element].name, "loginSec"))
		return epp_refuse(
		    r, EPP_SYNTAX, element, "no element of loginSec-1.0");
	if (!epp_attributes(r, element, NULL, NULL))
		return false;
	child = epp_take(&walk, "userAgent");
	if (child != XML_NONE && !read_user_agent(r, child))
		return false;
	child = epp_take(&walk, "pw");
	if (child != XML_NONE && !take_secure(r, child, &login->password))
		return false;
	child = epp_take(&walk, "newPW");
	if (child != XML_NONE && !take_secure(r, child, &login->new_password))
		return false;
	return epp_end(&walk);
}

bool
epp_check_passwords(struct epp_reader *r)
{
	const struct epp_login *login = r->command->login;

	if (login == NULL)
		return true;
	if (slice_is(login->password, SEE_EXTENSION))
		return epp_missing(r, "loginSec:pw");
	return !slice_is(login->new_password, SEE_EXTENSION) ||
	       epp_missing(r, "loginSec:newPW");
}
