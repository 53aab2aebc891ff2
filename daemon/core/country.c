#include "core/country.h"

/* Officially assigned codes, each followed by a blank. */
static const char codes[] =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI "
    "BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN "
    "CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK "
    "FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM "
    "HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN "
    "KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK "
    "ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP "
    "NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW "
    "SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF "
    "TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI "
    "VN VU WF WS YE YT ZA ZM ZW ";

/* Codes of two digits; 1 and 7 have one, all others three. */
static const char dial_two[] =
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 "
    "57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 ";

static bool
listed(const char *list, const char *two)
{
	for (; list[0] != '\0'; list += 3)
		if (list[0] == two[0] && list[1] == two[1])
			return true;
	return false;
}

/* In order of the alphabet: by halves. */
bool
country_exists(struct slice code)
{
	size_t low = 0, high = (sizeof(codes) - 1) / 3;

	while (code.len == 2 && low < high) {
		size_t middle = (low + high) / 2;
		int order = memcmp(code.data, codes + 3 * middle, 2);

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

size_t
country_dial_digits(struct slice number)
{
	if (number.len > 0 && (number.data[0] == '1' || number.data[0] == '7'))
		return 1;
	return number.len >= 2 && listed(dial_two, number.data) ? 2 : 3;
}
