#include "core/field.h"

#define FIELD(id, name, group, form, class, check, max, many, ...)            \
	[FIELD_##id] = {name, group, FORM_##form, CLASS_##class,             \
	    CHECK_##check, max, many, __VA_ARGS__},
const struct field_info field_info[FIELD_COUNT] = {
#include "core/field.tbl"
};
#undef FIELD

static const char *const roles[ROLE_COUNT] = {
    [ROLE_REGISTRANT] = "registrant",
    [ROLE_ADMIN] = "admin",
    [ROLE_TECH] = "tech",
    [ROLE_BILLING] = "billing",
    [ROLE_PUBLIC_CONTACT] = "public-contact",
    [ROLE_ABUSE] = "abuse",
    [ROLE_SUBSCRIBER] = "subscriber",
    [ROLE_APPLICANT_AGENT] = "applicant-agent",
    [ROLE_SPAM_SENDER] = "spam-sender",
};

static const char *const roles_japanese[ROLE_COUNT] = {
    [ROLE_REGISTRANT] = "登録者",
    [ROLE_ADMIN] = "登録担当者",
    [ROLE_TECH] = "技術連絡担当者",
    [ROLE_BILLING] = "経理担当者",
    [ROLE_PUBLIC_CONTACT] = "公開連絡窓口",
    [ROLE_ABUSE] = "不正利用窓口",
    [ROLE_SUBSCRIBER] = "契約者",
    [ROLE_APPLICANT_AGENT] = "申請代理者",
    [ROLE_SPAM_SENDER] = "迷惑メール送信者",
};

static const char *const kinds[KIND_COUNT] = {
    [KIND_UNKNOWN] = "unknown",
    [KIND_NATURAL] = "natural",
    [KIND_LEGAL] = "legal",
};

static const char *const object_types[OBJECT_COUNT] = {
    [OBJECT_DOMAIN] = "domain",
    [OBJECT_NETWORK] = "network",
    [OBJECT_SUBSCRIBER] = "subscriber",
    [OBJECT_SPAM_REPORT] = "spam-report",
    [OBJECT_CONTACT] = "contact",
    [OBJECT_HOST] = "host",
};

static const char *const operations[OPERATION_COUNT] = {
    [OPERATION_CREATE] = "create",
    [OPERATION_UPDATE] = "update",
    [OPERATION_RENEW] = "renew",
    [OPERATION_TRANSFER] = "transfer",
    [OPERATION_DELETE] = "delete",
};

static const char *const verdicts[VERDICT_COUNT] = {
    [VERDICT_REFUSE] = "refuse",
    [VERDICT_HOLD] = "hold",
    [VERDICT_REDACT] = "redact",
    [VERDICT_REPLACE] = "replace",
    [VERDICT_GENERALISE] = "generalise",
    [VERDICT_FORWARD] = "forward",
};

const char *
role_name(enum role role)
{
	return roles[role];
}

const char *
role_japanese(enum role role)
{
	return roles_japanese[role];
}

const char *
kind_name(enum kind kind)
{
	return kinds[kind];
}

const char *
object_type_name(enum object_type type)
{
	return object_types[type];
}

/* A contact has one person, who is in no role of a domain yet. */
const char *
object_role_name(enum object_type type, enum role role)
{
	return type == OBJECT_CONTACT ? "contact" : roles[role];
}

const char *
operation_name(enum operation operation)
{
	return operations[operation];
}

const char *
verdict_name(enum verdict verdict)
{
	return verdicts[verdict];
}

bool
field_find(struct slice name, enum field *out)
{
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		if (slice_is(name, field_info[i].name)) {
			*out = (enum field)i;
			return true;
		}
	}
	return false;
}

static bool
word_find(
    const char *const *words, unsigned count, struct slice name, unsigned *out)
{
	for (unsigned i = 0; i < count; i++) {
		if (slice_is(name, words[i])) {
			*out = i;
			return true;
		}
	}
	return false;
}

bool
role_find(struct slice name, enum role *out)
{
	unsigned at;

	if (!word_find(roles, ROLE_COUNT, name, &at))
		return false;
	*out = (enum role)at;
	return true;
}

bool
kind_find(struct slice name, enum kind *out)
{
	unsigned at;

	if (!word_find(kinds, KIND_COUNT, name, &at))
		return false;
	*out = (enum kind)at;
	return true;
}

bool
object_type_find(struct slice name, enum object_type *out)
{
	unsigned at;

	if (!word_find(object_types, OBJECT_SUBMITTED, name, &at))
		return false;
	*out = (enum object_type)at;
	return true;
}

bool
operation_find(struct slice name, enum operation *out)
{
	unsigned at;

	if (!word_find(operations, OPERATION_COUNT, name, &at))
		return false;
	*out = (enum operation)at;
	return true;
}

bool
verdict_find(struct slice name, enum verdict *out)
{
	unsigned at;

	if (!word_find(verdicts, VERDICT_COUNT, name, &at))
		return false;
	*out = (enum verdict)at;
	return true;
}
