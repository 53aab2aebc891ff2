#include "net/channel.h"

static const char *const names[DELIVERY_COUNT] = {
    [DELIVERY_SENT] = "sent",
    [DELIVERY_ACCEPTED] = "laid-out",
    [DELIVERY_REFUSED] = "refused",
    [DELIVERY_LATER] = "later",
    [DELIVERY_UNKNOWN] = "unknown",
    [DELIVERY_NOT_SENT] = "not-sent",
    [DELIVERY_SUPERSEDED] = "superseded",
};

const char *
delivery_name(enum delivery delivery)
{
	return names[delivery];
}
