/* What somebody with a token reads beside an answer, or in its place. */
#include "codec/rdap_priv.h"
#include "codec/tier.h"

bool
rdap_tier_error(
    struct text *text, const struct tier_wording *wording, struct fail *fail)
{
	static const struct rdap_options none;
	static const struct publication nothing;
	size_t start = text->len;
	struct rdap_page page = rdap_begin(text, &nothing, &none);

	rdap_member(&page, "errorCode");
	text_add_number(page.text, wording->status);
	rdap_string(&page, "title", slice_from(wording->title));
	rdap_open(&page, "description", '[');
	rdap_string(&page, "", slice_from(wording->english));
	rdap_string(&page, "", slice_from(wording->japanese));
	rdap_close(&page, ']');
	return rdap_end(&page, start, fail);
}

void
rdap_tier_notice(struct rdap_page *page)
{
	rdap_open(page, "", '{');
	rdap_string(page, "title", SLICE("Disclosure on Request"));
	rdap_open(page, "description", '[');
	rdap_string(page, "",
	    SLICE("This answer is for the request that the token was given"
		  " for, and for its purpose alone. It was recorded, and the"
		  " person it is about may ask to see that record. Do not"
		  " pass it on or publish it."));
	rdap_string(page, "",
	    SLICE("この回答は、トークン発行のもとになった請求と、その利用目的に"
		  "限って提供するものです。提供の事実は記録され、ご本人からの"
		  "請求があれば開示されます。第三者への提供や公表はしないで"
		  "ください。"));
	rdap_close(page, ']');
	rdap_close(page, '}');
}
