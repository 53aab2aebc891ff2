/*
 * What a giving's step or entry says ("example.jp to subject for p17: queued
 * registrant.name.loc"), in the words of the letter: roles and fields by their
 * names, which are the policy's words only to who keeps the log.
 */
#include "codec/account.h"
#include "ctl_request.h"

struct item {
	enum role role;
	enum field field;
};

static bool
read_item(struct slice word, struct item *out)
{
	const char *dot;
	struct slice role;

	if (word.len == 0)
		return false;
	dot = memchr(word.data, '.', word.len);
	if (dot == NULL)
		return false;
	role = (struct slice){word.data, (size_t)(dot - word.data)};
	if (slice_is(role, "contact"))
		out->role = CONTACT_ROLE;
	else if (!role_find(role, &out->role))
		return false;
	return field_find(
	    (struct slice){dot + 1, word.len - role.len - 1}, &out->field);
}

static struct slice
next_word(struct slice *text)
{
	struct slice word;
	const char *blank;

	while (text->len != 0 && *text->data == ' ')
		*text = (struct slice){text->data + 1, text->len - 1};
	blank = text->len != 0 ? memchr(text->data, ' ', text->len) : NULL;
	word = (struct slice){text->data,
	    blank != NULL ? (size_t)(blank - text->data) : text->len};
	*text = (struct slice){text->data + word.len, text->len - word.len};
	return word;
}

/* "to subject for p17:" becomes what it is in Japanese. */
static void
put_head(FILE *out, struct slice word, bool japanese)
{
	if (!japanese)
		fprintf(out, " %.*s", SLICE_ARG(word));
	else if (slice_is(word, "to"))
		fputs("　提供先", out);
	else if (slice_is(word, "for"))
		fputs("　利用目的", out);
	else
		fprintf(out, " %.*s", SLICE_ARG(word));
}

static void
put_item(FILE *out, const struct item *item, bool japanese)
{
	static const char *const forms[] = {[FORM_ONE] = "",
	    [FORM_LOC] = " (own script)",
	    [FORM_INT] = " (ASCII)"};
	const struct field_info *info = &field_info[item->field];

	if (japanese)
		fprintf(out, "\n      %s　%s", role_japanese(item->role),
		    info->japanese);
	else
		fprintf(out, "\n      %s: %s%s", role_name(item->role),
		    info->group, forms[info->form]);
}

void
letter_put_given(FILE *out, struct slice line, bool japanese)
{
	struct slice rest = line, word;
	struct item item;
	bool listed = false;

	fputs("  -", out);
	while ((word = next_word(&rest)).len != 0) {
		bool last = word.data[word.len - 1] == ';';
		struct slice name = {word.data, word.len - (last ? 1 : 0)};

		if (listed && read_item(name, &item))
			put_item(out, &item, japanese);
		else if (!listed)
			put_head(out, word, japanese);
		if (!listed && word.data[word.len - 1] == ':')
			listed = true;
		if (last) {
			listed = false;
			fputs("\n   ", out);
		}
	}
	fputc('\n', out);
}
