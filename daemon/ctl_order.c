#include "ctl_order.h"

#include "base/text.h"

void
ctl_order_add(struct ctl_order *order, const char *name, const char *value)
{
	if (order->count == CTL_PAIRS_MAX)
		return;
	order->names[order->count] = name;
	order->values[order->count++] = value;
}

/* How many arguments the option took; 0: it is none. */
static int
take_option(struct ctl_order *order, const struct ctl_words *words, int left,
    char **argv)
{
	if (strcmp(argv[0], "--json") == 0) {
		order->json = true;
		return 1;
	}
	for (size_t i = 0; words->options != NULL && words->options[i] != NULL;
	     i++) {
		if (strcmp(argv[0] + 2, words->options[i]) != 0 || left < 2)
			continue;
		ctl_order_add(order, words->options[i], argv[1]);
		return 2;
	}
	return 0;
}

bool
ctl_order_read(struct ctl_order *order, const struct ctl_words *words, int argc,
    char **argv)
{
	size_t given = 0;

	for (int i = 1; i < argc;) {
		int took = 0;

		if (strncmp(argv[i], "--", 2) == 0) {
			took = take_option(order, words, argc - i, argv + i);
		} else if (words->names[given] != NULL) {
			ctl_order_add(order, words->names[given++], argv[i]);
			took = 1;
		}
		if (took == 0) {
			ctl_usage(order->command);
			return false;
		}
		i += took;
	}
	if (given >= words->least)
		return true;
	ctl_usage(order->command);
	return false;
}

static struct slice
print_order(const struct ctl_order *order)
{
	struct text text = text_start(order->ctl->arena);

	for (size_t i = 0; i < order->count; i++) {
		text_add_char(&text, i == 0 ? '{' : ',');
		text_add_json(&text, slice_from(order->names[i]));
		text_add_char(&text, ':');
		text_add_json(&text, slice_from(order->values[i]));
	}
	if (order->count != 0)
		text_add_char(&text, '}');
	return text_slice(&text);
}

int
ctl_order_ask(
    struct ctl_order *order, const char *verb, const struct json_node **node)
{
	struct ctl *ctl = order->ctl;
	struct slice text = print_order(order);
	struct fail fail = FAIL_INIT;
	int status;

	*node = NULL;
	if (!ctl_ask(ctl, verb, 0, text.data, &status, &order->body))
		return CTL_TROUBLE;
	if (status >= 300)
		return ctl_problem(ctl, status, order->body);
	if (order->json) {
		printf("%.*s\n", SLICE_ARG(order->body));
		return CTL_OK;
	}
	*node = json_parse(ctl->arena, order->body, &fail);
	return *node != NULL ? CTL_OK : ctl_fail(&fail);
}
