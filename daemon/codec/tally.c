#include "codec/tally.h"

enum { DIGITS = 10 }; /* of a number: more than anyone asks in one round */

enum tally_result
tally_of_status(int status)
{
	if (status < 400)
		return TALLY_TOLD;
	if (status == 404)
		return TALLY_NONE;
	if (status == 429)
		return TALLY_LIMITED;
	return status < 500 || status == 501 ? TALLY_REFUSED : TALLY_FAILED;
}

void
tally_write(struct text *out, const struct tally *tally)
{
	for (unsigned i = 0; i < TALLY_PROTOCOLS; i++)
		for (unsigned k = 0; k < TALLY_RESULTS; k++)
			text_add_format(out, "%s%llu", i + k == 0 ? "" : " ",
			    (unsigned long long)tally->counts[i][k]);
}

static bool
take_number(struct slice *rest, uint64_t *out)
{
	size_t len = 0;

	for (*out = 0; len < rest->len && rest->data[len] >= '0' &&
		       rest->data[len] <= '9' && len < DIGITS;
	     len++)
		*out = *out * 10 + (uint64_t)(rest->data[len] - '0');
	rest->data += len;
	rest->len -= len;
	return len != 0;
}

bool
tally_add(struct tally *sum, struct slice message)
{
	struct tally more;

	for (unsigned i = 0; i < TALLY_PROTOCOLS; i++)
		for (unsigned k = 0; k < TALLY_RESULTS; k++) {
			if (i + k != 0) {
				if (message.len == 0 || message.data[0] != ' ')
					return false;
				message.data++;
				message.len--;
			}
			if (!take_number(&message, &more.counts[i][k]))
				return false;
		}
	if (message.len != 0)
		return false;
	for (unsigned i = 0; i < TALLY_PROTOCOLS; i++)
		for (unsigned k = 0; k < TALLY_RESULTS; k++)
			sum->counts[i][k] += more.counts[i][k];
	return true;
}

void
tally_metrics(struct text *out, const struct tally *tally)
{
	static const char *const protocols[] = {"whois", "rdap"};
	static const char *const results[] = {
	    "told", "none", "limited", "refused", "failed"};

	text_add_string(out, "# TYPE misu_publish_questions_total counter\n");
	for (unsigned i = 0; i < TALLY_PROTOCOLS; i++)
		for (unsigned k = 0; k < TALLY_RESULTS; k++)
			text_add_format(out,
			    "misu_publish_questions_total{protocol=\"%s\","
			    "result=\"%s\"} %llu\n",
			    protocols[i], results[k],
			    (unsigned long long)tally->counts[i][k]);
}
