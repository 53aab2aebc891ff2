#include "registry/registry_priv.h"

const char *const registry_kind_names[KIND_COUNT] = {
    [KIND_CONTACT] = "contact",
    [KIND_DOMAIN] = "domain",
    [KIND_HOST] = "host",
};
const char *const registry_kind_uris[KIND_COUNT] = {
    [KIND_CONTACT] = "urn:ietf:params:xml:ns:contact-1.0",
    [KIND_DOMAIN] = "urn:ietf:params:xml:ns:domain-1.0",
    [KIND_HOST] = "urn:ietf:params:xml:ns:host-1.0",
};

static struct object **bucket_of(
    struct registry *registry, enum registry_kind kind, const char *name);
static void link_change(struct registry *registry, const struct object *object,
    const struct property *property, bool more);

char *
registry_copy(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		abort();
	return copy;
}

/* Names of domains and hosts differ by more than case (RFC 5731, 2.1). */
static bool
same_name(enum registry_kind kind, const char *a, const char *b)
{
	return kind == KIND_CONTACT ? strcmp(a, b) == 0 : strcasecmp(a, b) == 0;
}

struct object *
stored_find(
    const struct registry *registry, enum registry_kind kind, const char *name)
{
	struct object *object;

	object = *bucket_of((struct registry *)registry, kind, name);
	while (object != NULL &&
	       (object->kind != kind || !same_name(kind, object->name, name)))
		object = object->next;
	return object;
}

struct object *
stored_make(
    struct registry *registry, enum registry_kind kind, const char *name)
{
	struct object *object = calloc(1, sizeof(*object));
	struct object **bucket = bucket_of(registry, kind, name);

	if (object == NULL)
		abort();
	object->kind = kind;
	object->number = ++registry->objects_made;
	object->name = registry_copy(name);
	object->next = *bucket;
	*bucket = object;
	object->older = registry->newest;
	if (registry->newest != NULL)
		registry->newest->newer = object;
	else
		registry->oldest = object;
	registry->newest = object;
	return object;
}

void
stored_destroy(struct registry *registry, struct object *object)
{
	struct object **at = bucket_of(registry, object->kind, object->name);

	while (*at != object)
		at = &(*at)->next;
	*at = object->next;
	if (object->older != NULL)
		object->older->newer = object->newer;
	else
		registry->oldest = object->newer;
	if (object->newer != NULL)
		object->newer->older = object->older;
	else
		registry->newest = object->older;
	while (object->count > 0)
		stored_remove(registry, object,
		    object->properties[object->count - 1].key, NULL);
	free(object->properties);
	free(object->name);
	free(object);
}

const char *
stored_get(const struct object *object, const char *key)
{
	size_t i;

	for (i = 0; i < object->count; i++)
		if (strcmp(object->properties[i].key, key) == 0)
			return object->properties[i].value;
	return NULL;
}

bool
stored_has(const struct object *object, const char *key, const char *value)
{
	size_t i;

	for (i = 0; i < object->count; i++)
		if (strcmp(object->properties[i].key, key) == 0 &&
		    strcmp(object->properties[i].value, value) == 0)
			return true;
	return false;
}

void
stored_add(struct registry *registry, struct object *object, const char *key,
    const char *value)
{
	struct property *property;

	if (object->count == object->size) {
		object->size = object->size == 0 ? 16 : object->size * 2;
		object->properties = realloc(
		    object->properties, object->size * sizeof(*property));
		if (object->properties == NULL)
			abort();
	}
	property = &object->properties[object->count++];
	property->key = registry_copy(key);
	property->value = registry_copy(value);
	link_change(registry, object, property, true);
}

void
stored_set(struct registry *registry, struct object *object, const char *key,
    const char *value)
{
	stored_remove(registry, object, key, NULL);
	stored_add(registry, object, key, value);
}

bool
stored_remove(struct registry *registry, struct object *object, const char *key,
    const char *value)
{
	char *gone = registry_copy(key);
	size_t i, kept = 0;
	bool found = false;

	for (i = 0; i < object->count; i++) {
		struct property *property = &object->properties[i];

		if (strcmp(property->key, gone) != 0 ||
		    (value != NULL && strcmp(property->value, value) != 0)) {
			object->properties[kept++] = *property;
			continue;
		}
		link_change(registry, object, property, false);
		free(property->key);
		free(property->value);
		found = true;
	}
	object->count = kept;
	free(gone);
	return found;
}

static struct object **
bucket_of(struct registry *registry, enum registry_kind kind, const char *name)
{
	uint32_t hash = 2166136261U + (uint32_t)kind;

	for (; *name != '\0'; name++)
		hash = (hash ^ ((unsigned char)*name | 0x20U)) * 16777619U;
	return &registry->buckets[hash % BUCKETS];
}

/* A domain's registrant, contacts and name servers are links. */
static void
link_change(struct registry *registry, const struct object *object,
    const struct property *property, bool more)
{
	struct object *other = NULL;

	if (object->kind != KIND_DOMAIN)
		return;
	if (strcmp(property->key, "registrant") == 0 ||
	    strncmp(property->key, "contact.", 8) == 0)
		other = stored_find(registry, KIND_CONTACT, property->value);
	else if (strcmp(property->key, "ns") == 0)
		other = stored_find(registry, KIND_HOST, property->value);
	if (other != NULL && more)
		other->links++;
	else if (other != NULL && other->links > 0)
		other->links--;
}

/* Quoted where a reader that splits at spaces would stumble. */
static void
print_value(struct bytes *out, const char *value)
{
	const char *at;

	if (*value != '\0' && strpbrk(value, " \t\r\n\"\\") == NULL) {
		bytes_add_string(out, value);
		return;
	}
	bytes_add_string(out, "\"");
	for (at = value; *at != '\0'; at++) {
		if (*at == '\n')
			bytes_add_string(out, "\\n");
		else if (*at == '"' || *at == '\\')
			bytes_add_format(out, "\\%c", *at);
		else
			bytes_add(out, at, 1);
	}
	bytes_add_string(out, "\"");
}

void
stored_print(const struct object *object, struct bytes *out)
{
	size_t i;

	bytes_add_format(
	    out, "%s %s", registry_kind_names[object->kind], object->name);
	for (i = 0; i < object->count; i++) {
		bytes_add_format(out, " %s=", object->properties[i].key);
		print_value(out, object->properties[i].value);
	}
	if (object->links > 0)
		bytes_add_format(out, " links=%u", object->links);
	bytes_add_string(out, "\n");
}

void
registry_date(int64_t time, char *out)
{
	time_t seconds = (time_t)time;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(out, DATE_SIZE, "%Y-%m-%dT%H:%M:%S.0Z", &tm) == 0)
		abort();
}

int64_t
registry_years_later(int64_t time, int years)
{
	time_t seconds = (time_t)time;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL)
		abort();
	tm.tm_year += years;
	return timegm(&tm);
}
