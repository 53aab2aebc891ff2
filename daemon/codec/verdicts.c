#include "codec/verdicts.h"

/* The multiplier of FNV-1a; the shift carries high bits down again. */
static uint64_t
mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 29;
}

static uint64_t
mix_bytes(uint64_t hash, struct slice bytes)
{
	uint64_t word;

	hash = mix(hash, bytes.len);
	for (; bytes.len >= sizeof(word); bytes.data += sizeof(word)) {
		memcpy(&word, bytes.data, sizeof(word));
		hash = mix(hash, word);
		bytes.len -= sizeof(word);
	}
	word = 0;
	if (bytes.len != 0)
		memcpy(&word, bytes.data, bytes.len);
	return mix(hash, word);
}

static uint64_t
mix_ruling(uint64_t hash, struct ruling ruling)
{
	return mix(hash, (uint64_t)ruling.rule << 8 | ruling.verdict);
}

static uint64_t
mix_role(uint64_t hash, const struct disclosure *disclosure, enum role role)
{
	uint64_t left = disclosure_collected_all(disclosure, role);

	hash = mix(hash, role);
	for (; left != 0; left &= left - 1) {
		enum field field = (enum field)__builtin_ctzll(left);
		struct values values =
		    disclosure_values(disclosure, role, field);

		hash = mix_ruling(
		    hash, disclosure_ruling(disclosure, role, field));
		hash = mix(hash, (uint64_t)field << 32 | values.count);
		for (size_t i = 0; i < values.count; i++)
			hash = mix_bytes(hash, values.items[i]);
	}
	return hash;
}

uint64_t
verdicts_digest(const struct disclosure *disclosure)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	hash = mix_bytes(hash, disclosure_recipient(disclosure)->id);
	hash = mix_bytes(hash, disclosure_purpose(disclosure));
	hash = mix(hash, disclosure_operation(disclosure));
	hash = mix_ruling(hash, disclosure_outcome(disclosure));
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (disclosure_has_role(disclosure, (enum role)role))
			hash = mix_role(hash, disclosure, (enum role)role);
	return hash;
}
