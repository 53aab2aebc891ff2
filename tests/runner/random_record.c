#include "runner/random_record.h"

#include "base/text.h"

enum { PURPOSES = 18 };

struct random
random_from(struct slice bytes)
{
	struct random random = {.bytes = bytes, .state = 0x9e3779b97f4a7c15};

	for (size_t i = 0; i < bytes.len; i++) {
		random.state ^= (unsigned char)bytes.data[i];
		random.state *= 0x100000001b3;
	}
	return random;
}

/* splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Generators) */
static uint64_t
next(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

unsigned
random_below(struct random *random, unsigned below)
{
	unsigned char byte;

	if (random->bytes.len == 0 || below > 256)
		return (unsigned)(next(random) % below);
	byte = (unsigned char)random->bytes.data[0];
	random->bytes.data++;
	random->bytes.len--;
	return byte % below;
}

bool
random_once_in(struct random *random, unsigned times)
{
	return random_below(random, times) == 0;
}

bool
random_is_canary(enum field field)
{
	return field_info[field].check != CHECK_COUNTRY;
}

/* --- values --------------------------------------------------------------- */

/* Eight letters, a different word each time; the state makes it hard to
 * stand anywhere by chance, the count makes it new. */
static void
make_word(struct random *random, char word[9])
{
	uint64_t noise = random->state >> 20;
	unsigned count = random->canaries++;

	for (int i = 0; i < 5; i++, noise /= 21)
		word[i] = "bcdfghjklmnpqrstvwxyz"[noise % 21];
	for (int i = 5; i < 8; i++, count /= 21)
		word[i] = "bcdfghjklmnpqrstvwxyz"[count % 21];
	word[8] = '\0';
}

static unsigned
make_number(struct random *random)
{
	return (unsigned)(random->state >> 24) % 10000 * 10000 +
	       random->canaries++ % 10000;
}

/* Text that every encoder must escape somewhere stands around the word. */
static void
add_text(struct text *text, struct random *random, enum field field)
{
	static const struct {
		const char *before, *after;
	} shapes[] = {{"", ""}, {"見本 ", ""}, {"カナリア", "様"},
	    {"\"<a & b>\" ", " 'x'"}, {"", "/ü+=%?"}, {"𠮷野", ";\\,"}};
	unsigned shape = random_below(random, 6);
	char word[9];

	make_word(random, word);
	if (field_info[field].check == CHECK_ASCII)
		shape = 0;
	text_add_string(text, shapes[shape].before);
	text_add_string(text, word);
	text_add_string(text, shapes[shape].after);
}

static void
add_ds(struct text *text, struct random *random)
{
	static const char hex[] = "0123456789ABCDEF";

	text_add_format(text, "%u 13 2 ", random->canaries++ % 65536);
	for (int i = 0; i < 64; i++)
		text_add_char(text, hex[next(random) % 16]);
}

static void
add_value(struct text *text, struct random *random, enum field field)
{
	static const char *const countries[] = {"JP", "US", "DE", "AU"};
	unsigned number;
	char word[9];

	switch (field_info[field].check) {
	case CHECK_TEXT:
	case CHECK_ASCII:
		add_text(text, random, field);
		return;
	case CHECK_EMAIL:
		make_word(random, word);
		text_add_format(text, "%s@example.jp", word);
		return;
	case CHECK_PHONE:
		text_add_format(text, "+81.3%08u", make_number(random));
		return;
	case CHECK_DIGITS:
		text_add_format(text, "%08u", make_number(random));
		return;
	case CHECK_COUNTRY:
		text_add_string(text, countries[random_below(random, 4)]);
		return;
	case CHECK_DOMAIN:
	case CHECK_HOST:
		make_word(random, word);
		text_add_format(text, "%s.example.jp", word);
		return;
	case CHECK_DS:
		add_ds(text, random);
		return;
	case CHECK_PREFIX:
		number = random->canaries++;
		text_add_format(text, "10.%u.%u.%u/32", number >> 16 & 255,
		    number >> 8 & 255, number & 255);
		return;
	}
}

struct slice
random_value(struct random *random, struct arena *arena, enum field field)
{
	struct text text = text_start(arena);

	add_value(&text, random, field);
	return text_slice(&text);
}

/* --- records -------------------------------------------------------------- */

static struct record *
create(struct random *random, struct arena *arena, struct fail *fail)
{
	static const char *const zones[] = {
	    "jp", "co.jp", "com", "net", "org", "info", "biz", "example"};
	enum object_type type =
	    (enum object_type)random_below(random, OBJECT_SUBMITTED);
	enum operation operation =
	    (enum operation)random_below(random, OPERATION_COUNT);
	char name[64], word[9];

	make_word(random, word);
	if (type == OBJECT_DOMAIN)
		snprintf(name, sizeof(name), "%s.%s", word,
		    zones[random_below(random, 8)]);
	else if (type == OBJECT_NETWORK)
		snprintf(name, sizeof(name), "192.0.2.%u/29",
		    random_below(random, 32) * 8);
	else
		snprintf(name, sizeof(name), "id-%s", word);
	return record_create(arena, type, operation, slice_from(name), fail);
}

static bool
fill_field(struct random *random, struct arena *arena, struct record *record,
    enum role role, enum field field, struct fail *fail)
{
	unsigned count =
	    1 + random_below(random, (unsigned)field_info[field].many);

	if (record_operation(record) == OPERATION_UPDATE &&
	    random_once_in(random, 8))
		return record_remove(record, role, field, fail);
	for (unsigned i = 0; i < count; i++) {
		struct slice value = random_value(random, arena, field);

		if (value.data == NULL)
			return fail_memory(fail);
		if (!record_add_value(record, role, field, value, fail))
			return false;
	}
	return true;
}

static bool
add_consents(struct random *random, struct record *record, enum role role,
    struct fail *fail)
{
	unsigned count = random_below(random, 4);
	char purpose[8];

	for (unsigned i = 0; i < count; i++) {
		struct consent consent = {
		    .audience =
			(enum audience)random_below(random, AUDIENCE_COUNT),
		    .given = !random_once_in(random, 3),
		    .time = 1767225600 + (int64_t)random_below(random, 256),
		    .version = SLICE("1"),
		};

		snprintf(purpose, sizeof(purpose), "p%u",
		    1 + random_below(random, PURPOSES));
		consent.purpose = slice_from(purpose);
		if (!record_add_consent(record, role, &consent, fail))
			return false;
	}
	return true;
}

static bool
fill_role(struct random *random, struct arena *arena, struct record *record,
    enum role role, struct fail *fail)
{
	char word[9], subject[32];

	make_word(random, word);
	snprintf(subject, sizeof(subject), "cust-%s", word);
	if (!record_add_role(record, role, fail))
		return false;
	if (!random_once_in(random, 4) &&
	    !record_set_role(record, role,
		(enum kind)random_below(random, KIND_COUNT), fail))
		return false;
	if (!random_once_in(random, 4) &&
	    !record_set_subject(record, role, slice_from(subject), fail))
		return false;
	if (!add_consents(random, record, role, fail))
		return false;
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if (random_once_in(random, 2) &&
		    !fill_field(
			random, arena, record, role, (enum field)f, fail))
			return false;
	return true;
}

struct record *
random_record(struct random *random, struct arena *arena, struct fail *fail)
{
	struct record *record = create(random, arena, fail);

	if (record == NULL)
		return NULL;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (random_once_in(random, 2) &&
		    !fill_role(random, arena, record, (enum role)r, fail))
			return NULL;
	if (random_once_in(random, 4) &&
	    !record_set_plan(record, SLICE("fixed-8"), fail))
		return NULL;
	return record_default_subjects(record, fail) ? record : NULL;
}
