/* The XML reader: what it reads, every refusal by name and place, bounds. */
#include "unit/arena_fixture.h"

#include <time.h>

#include "codec/xml.h"

static struct xml_document *
read_text(const char *text)
{
	struct fail fail = FAIL_INIT;
	struct xml_document *d = xml_read(
	    arena, slice_from(text), &xml_limits_default, false, &fail);

	if (d == NULL)
		fail_msg("%s: %s: %s", text, fail.place, fail.text);
	return d;
}

static void
check_refusal(
    struct slice text, bool mixed, const char *place, const char *what)
{
	struct fail fail = FAIL_INIT;

	assert_null(xml_read(arena, text, &xml_limits_default, mixed, &fail));
	assert_int_equal(fail.kind, FAIL_INPUT);
	if (strstr(fail.text, what) == NULL)
		fail_msg("\"%s\" has no \"%s\" for %.*s", fail.text, what,
		    SLICE_ARG(text));
	if (place != NULL)
		assert_string_equal(fail.place, place);
}

static void
refuses(const char *text, const char *place, const char *what)
{
	check_refusal(slice_from(text), false, place, what);
}

static bool
element_text_is(
    const struct xml_document *d, uint32_t element, const char *text)
{
	return slice_is(xml_text(d, element, arena), text);
}

static void
reads_elements_in_order(void **state)
{
	struct xml_document *d =
	    read_text("<a><b>x</b> <c><d/></c>\n<e f='1'>y&amp;z</e></a>");
	const struct xml_element *e = d->elements;

	(void)state;
	assert_int_equal(d->element_count, 5);
	assert_true(slice_is(e[0].name, "a"));
	assert_int_equal(e[0].parent, XML_NONE);
	assert_int_equal(e[0].first, 1);
	assert_int_equal(e[1].next, 2);
	assert_int_equal(e[2].first, 3);
	assert_int_equal(e[2].next, 4);
	assert_int_equal(e[4].next, XML_NONE);
	assert_int_equal(e[1].whole.at, 3);
	assert_int_equal(e[1].whole.end, 11);
	assert_int_equal(e[1].content.at, 6);
	assert_int_equal(e[1].content.end, 7);
	assert_true(e[1].plain && e[1].has_text);
	assert_true(e[3].empty_tag && e[3].content.at == e[3].content.end);
	assert_false(e[4].plain);
	assert_true(element_text_is(d, 4, "y&z"));
	assert_true(slice_is(xml_attribute_text(d, 4, "f", arena), "1"));
	assert_null(xml_attribute(d, 4, "g"));
}

/* "<a>...</a>" or "<a b="..."/>" with `byte` as the one at `at` of `len`. */
static bool
accepts_byte(bool quoted, char byte, size_t at, size_t len)
{
	struct fail fail = FAIL_INIT;
	char text[80];
	size_t n = (size_t)snprintf(
	    text, sizeof(text), "%s", quoted ? "<a b=\"" : "<a>");

	memset(text + n, 'x', len);
	text[n + at] = byte;
	n += len;
	n += (size_t)snprintf(
	    text + n, sizeof(text) - n, "%s", quoted ? "\"/>" : "</a>");
	return xml_read(arena, (struct slice){text, n}, &xml_limits_default,
		   false, &fail) != NULL;
}

/* Many bytes are looked at at once: where one stands makes no difference. */
static void
every_byte_is_judged_alike_wherever_it_stands(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		for (unsigned quoted = 0; quoted < 2; quoted++) {
			/* Two letters before, so that it is text anyway. */
			bool wanted = byte >= 0x20 && byte < 0x80 &&
			    byte != '<' && byte != '&' &&
			    (quoted == 0 || byte != '"');

			if (quoted == 0 && (byte == '\t' || byte == '\n'))
				wanted = true;
			for (size_t at = 2; at < 20; at++)
				if (accepts_byte(quoted != 0, (char)byte, at,
					20) != wanted)
					fail_msg("%s %02x at %zu",
					    quoted ? "quoted" : "text", byte,
					    at);
		}
		arena_reset(arena);
	}
}

static void
white_space_of_any_length_stands_between_elements(void **state)
{
	(void)state;
	for (size_t count = 0; count < 40; count++)
		for (size_t odd = 0; odd <= count; odd++) {
			char text[80] = "<a>";

			memset(text + 3, ' ', count);
			if (odd < count)
				text[3 + odd] = odd % 2 == 0 ? '\n' : '\t';
			memcpy(text + 3 + count, "<b/></a>", 9);
			assert_int_equal(read_text(text)->element_count, 2);
		}
}

static void
resolves_namespaces(void **state)
{
	struct xml_document *d = read_text(
	    "<p:a q='1' p:q='2' xmlns:p='urn:p' xmlns='urn:d'><b xmlns=''/>"
	    "<c xmlns:p='urn:2'><p:d/></c><p:e/></p:a>");

	(void)state;
	assert_true(xml_is(d, 0, "urn:p", "a"));
	assert_int_equal(d->elements[0].attribute_count, 2);
	assert_true(slice_is(d->attributes[1].space, "urn:p"));
	assert_int_equal(d->elements[1].space, XML_NONE);
	assert_true(xml_is(d, 2, "urn:d", "c"));
	assert_true(xml_is(d, 3, "urn:2", "d"));
	assert_true(xml_is(d, 4, "urn:p", "e"));
	assert_int_equal(d->space_count, 3);
}

static void
resolves_references(void **state)
{
	struct xml_document *d = read_text(
	    "<a b='&lt;&quot;&apos;'>&amp;&gt;&#x3042;&#12354;&#x1F600;</a>");

	(void)state;
	assert_true(element_text_is(d, 0, "&>ああ😀"));
	assert_true(slice_is(xml_attribute_text(d, 0, "b", arena), "<\"'"));
}

static void
reads_what_is_allowed(void **state)
{
	static const char *const texts[] = {
	    "<?xml version=\"1.0\" encoding='Utf-8' standalone='yes' ?>\n<a/>",
	    "\xef\xbb\xbf<?xml version='1.0'?><a/>",
	    "<!-- x --><a><!-- - --><b/></a><!-- y -->\n",
	    "<a>\r\n<b/>\r\n</a>\r\n",
	    "<a >\t]] ></a\n>",
	    "<a xml:lang='en' xml:space='preserve'/>",
	    "<a b='>'/>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		read_text(texts[i]);
}

static void
refuses_by_name(void **state)
{
	(void)state;
	refuses("", "1:1", "no text");
	refuses("<?xml version='1.1'?><a/>", "1:20", "version 1.0");
	refuses("<?xml encoding='utf-8'?><a/>", NULL, "version 1.0");
	refuses(
	    "<?xml version='1.0' encoding='latin1'?><a/>", NULL, "not UTF-8");
	refuses("<?xml version='1.0' encoding='UTF8'?><a/>", NULL, "not UTF-8");
	refuses(
	    "<?xml version='1.0' standalone='maybe'?><a/>", NULL, "standalone");
	refuses("<?xml version='1.0' standalone='no' encoding='utf-8'?><a/>",
	    NULL, "declaration");
	refuses(" <?xml version='1.0'?><a/>", "1:2", "processing");
	refuses("<?xml-x y?><a/>", "1:1", "processing");
	refuses("<a><?x y?></a>", "1:4", "processing");
	refuses("<a/><?x?>", "1:5", "processing");
	refuses("<!DOCTYPE a><a/>", "1:1", "document type");
	refuses("<a><![CDATA[x]]></a>", "1:4", "CDATA");
	refuses("<a>x<!-- y --></a>", "1:5", "comment");
	refuses("<a><!-- y --></a>", "1:4", "comment");
	refuses("<a><!-- x -- y --><b/></a>", NULL, "comment");
	refuses("<a>\x01</a>", "1:4", "control");
	refuses("<a>\x7f\xc0\x80</a>", "1:5", "UTF-8");
	refuses("<a>\xed\xa0\x80</a>", "1:4", "UTF-8");
	refuses("<a>\xef\xbf\xbe</a>", "1:4", "UTF-8");
	refuses("<a>\xe3\x81</a>", "1:4", "UTF-8");
	refuses("<a>x]]>y</a>", "1:5", "]]>");
	refuses("<a>\nx\r\ny</a>", "2:2", "carriage return");
	refuses("<a>\r\nx</a>", NULL, "carriage return");
	refuses("<a>\r\n</a>", NULL, "carriage return");
	refuses("<a>\r<b/></a>", NULL, "carriage return");
	refuses("<a>&x;</a>", "1:4", "reference");
	refuses("<a>&amp</a>", "1:4", "reference");
	refuses("<a>& </a>", "1:4", "reference");
	refuses("<a>&#0;</a>", "1:4", "reference");
	refuses("<a>&#xD800;</a>", "1:4", "reference");
	refuses("<a>&#xFFFE;</a>", "1:4", "reference");
	refuses("<a>&#1114112;</a>", "1:4", "reference");
	refuses("<a>&#X41;</a>", "1:4", "reference");
	refuses("<a>&#4294967361;</a>", "1:4", "reference");
}

static void
refuses_tags_by_name(void **state)
{
	(void)state;
	refuses("<a b='x\ty'/>", "1:8", "control");
	refuses("<a b='x\ny'/>", "1:8", "control");
	refuses("<a b='x&#10;y'/>", "1:8", "tab or line end");
	refuses("<a b='x&#9;y'/>", "1:8", "tab or line end");
	refuses("<a b='<'/>", "1:7", "'<'");
	refuses("<a b=c/>", "1:6", "quotes");
	refuses("<a b/>", "1:5", "'='");
	refuses("<a b='1'c='2'/>", "1:9", "white space");
	refuses("<a b='1' b='2'/>", NULL, "same attribute");
	refuses("<a xmlns:p='urn:x' xmlns:q='urn:x' p:b='' q:b=''/>", NULL,
	    "same attribute");
	refuses("<a xmlns:p='urn:x' xmlns:p='urn:y'/>", NULL, "twice");
	refuses("<a xmlns='urn:x' xmlns='urn:x'/>", NULL, "twice");
	refuses("<p:a/>", "1:2", "not declared");
	refuses("<a p:b=''/>", "1:4", "not declared");
	refuses("<a><b xmlns:p='urn:p'/><p:c/></a>", NULL, "not declared");
	refuses("<a xmlns:p=''/>", NULL, "as nothing");
	refuses("<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>", NULL,
	    "anew");
	refuses("<a xmlns:xmlns='urn:x'/>", NULL, "anew");
	refuses("<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>", NULL,
	    "own namespace");
	refuses("<a xmlns='http://www.w3.org/2000/xmlns/'/>", NULL,
	    "own namespace");
	refuses("<a xmlns='urn:&#120;'/>", NULL, "plainly a URI");
	refuses("<a xmlns='urn: x'/>", NULL, "plainly a URI");
	refuses("<xmlns:a/>", NULL, "XML's own");
	refuses("<xml:a/>", NULL, "XML's own");
	refuses("<a xml:id='x'/>", NULL, "lang and space");
	refuses("<a:b:c xmlns:a='urn:a'/>", "1:5", "two colons");
	refuses("<a:1 xmlns:a='urn:a'/>", "1:4", "after a prefix");
	refuses("<:a/>", "1:2", "name");
	refuses("<1/>", "1:2", "name");
	refuses("<é/>", "1:2", "name");
	refuses("<aé/>", "1:3", "not ASCII");
	refuses("< a/>", "1:2", "name");
	refuses("<a><b></a></b>", "1:7", "end tag");
	refuses("<a></ab>", "1:4", "end tag");
	refuses("<a></ a>", "1:4", "end tag");
	refuses("<a / >", NULL, "'/'");
	refuses("<a>", "1:4", "without end");
	refuses("<a", "1:3", "without end");
	refuses("<a b='", "1:7", "without end");
	refuses("<a/>x", "1:5", "outside");
	refuses("x<a/>", "1:1", "outside");
	refuses("<a/><b/>", "1:5", "after the last");
	refuses("<a>x<b/></a>", "1:5", "beside text");
	refuses("<a><b/>x</a>", "1:8", "beside elements");
	refuses("<a><b/>&#32;</a>", "1:8", "beside elements");
}

static void
mixed_lets_text_stand_beside_elements(void **state)
{
	static const char text[] = "<a>x<b>y</b>&amp; z</a>";
	struct xml_document *d =
	    xml_read(arena, slice_from(text), &xml_limits_default, true, NULL);

	(void)state;
	assert_non_null(d);
	assert_true(d->elements[0].has_text);
	assert_false(d->elements[0].plain);
	check_refusal(SLICE("<a>x<b/><!-- y --></a>"), true, "1:9", "comment");
}

static void
counts_places_in_characters(void **state)
{
	(void)state;
	refuses("<a>\n<b>見本</b>\n  <b>例&x;</b></a>", "3:7", "reference");
}

/* `piece` over and over until `bytes` of it are there. */
static struct slice
many(const char *head, const char *piece, size_t bytes)
{
	size_t head_len = strlen(head), len = strlen(piece), at = head_len;
	char *text = arena_take(arena, head_len + bytes + len);

	assert_non_null(text);
	memcpy(text, head, head_len);
	for (; at < head_len + bytes; at += len)
		memcpy(text + at, piece, len);
	return (struct slice){text, at};
}

/* Under limits that a caller may give, still bounded by them. */
static void
hold_bounds(struct slice text, const char *what)
{
	static const struct xml_limits wide = {16 << 20, 64, 10000, 64, 64};
	struct arena *own = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	clock_t start = clock();

	assert_null(xml_read(own, text, &wide, false, &fail));
	if (strstr(fail.text, what) == NULL)
		fail_msg("\"%s\" has no \"%s\"", fail.text, what);
	/* Generous: sanitizers, a busy machine. */
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 2.0);
	assert_true(arena_used(own) < 4 << 20);
	arena_destroy(own);
	check_refusal(text, false, NULL, "");
}

static void
attacks_are_bounded(void **state)
{
	(void)state;
	refuses("<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'>"
		"<!ENTITY lol2 '&lol;&lol;&lol;&lol;'>]><lolz>&lol2;</lolz>",
	    "1:22", "document type");
	refuses("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
		"<a>&x;</a>",
	    "1:1", "document type");
	hold_bounds(many("", "<a>", 6000000), "too deep");
	hold_bounds(many("<a>", "<b/>", 8000000), "too many elements");
	hold_bounds(many("<a b='", "x", 10 << 20), "without end");
	hold_bounds(many("<a", " b='1'", 600000), "too many attributes");
	hold_bounds(
	    many("<a>", "<b xmlns:p='urn:p'/>", 200000), "too many namespaces");
	hold_bounds(many("<a>", "&amp;", 10 << 20), "without end");
	hold_bounds(many("<a>", "<!-- x -->", 10 << 20), "without end");
	hold_bounds(many("<a><!--", "-x", 10 << 20), "without end");
	hold_bounds(many("<a>", "x", 17 << 20), "too many bytes");
}

/* The nth request for memory fails: a fail says so and nothing else does. */
struct scarce {
	struct memory memory;
	unsigned left;
};

static void *
scarce_take(void *context, size_t size)
{
	struct scarce *scarce = context;

	return scarce->left-- == 0 ? NULL : malloc(size);
}

static void
scarce_give(void *context, void *pointer)
{
	(void)context;
	free(pointer);
}

static void
out_of_memory_is_said(void **state)
{
	struct slice text = many("<a>", "<b c='1'/>", 20000);
	bool read = false;

	(void)state;
	memcpy((char *)(uintptr_t)text.data + text.len - 10, "      </a>", 10);
	for (unsigned n = 1; !read; n++) {
		struct scarce scarce = {{scarce_take, scarce_give, &scarce}, n};
		struct arena *own = arena_create(&scarce.memory);
		struct fail fail = FAIL_INIT;

		read = xml_read(own, text, &xml_limits_default, false, &fail) !=
		       NULL;
		assert_int_equal(fail.kind, read ? FAIL_NONE : FAIL_MEMORY);
		arena_destroy(own);
		assert_true(n < 100);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(reads_elements_in_order),
	    TEST(every_byte_is_judged_alike_wherever_it_stands),
	    TEST(white_space_of_any_length_stands_between_elements),
	    TEST(resolves_namespaces),
	    TEST(resolves_references),
	    TEST(reads_what_is_allowed),
	    TEST(refuses_by_name),
	    TEST(refuses_tags_by_name),
	    TEST(mixed_lets_text_stand_beside_elements),
	    TEST(counts_places_in_characters),
	    TEST(attacks_are_bounded),
	    TEST(out_of_memory_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
