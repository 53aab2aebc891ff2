#include "runner/frames.h"

#define ADDRESS(type, name, org, street, city, sp)                             \
	"        <contact:postalInfo type=\"" type "\">\n"                     \
	"          <contact:name>" name "</contact:name>\n"                    \
	"          <contact:org>" org "</contact:org>\n"                       \
	"          <contact:addr>\n"                                           \
	"            <contact:street>" street "</contact:street>\n"            \
	"            <contact:street>Example Building 5F</contact:street>\n"   \
	"            <contact:city>" city "</contact:city>\n"                  \
	"            <contact:sp>" sp "</contact:sp>\n"                        \
	"            <contact:pc>100-0001</contact:pc>\n"                      \
	"            <contact:cc>JP</contact:cc>\n"                            \
	"          </contact:addr>\n"                                          \
	"        </contact:postalInfo>\n"

const char frame_contact_create[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n"
    "<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\">\n"
    "  <command>\n"
    "    <create>\n"
    "      <contact:create\n"
    "       xmlns:contact=\"urn:ietf:params:xml:ns:contact-1.0\">\n"
    "        <contact:id>mihon-0001</contact:id>\n"
    /* clang-format off */
    ADDRESS("loc", "見本 太郎", "見本商店 &amp; 例", "例町一丁目二番三号",
	"千代田区", "東京都")
    ADDRESS("int", "Mihon Taro", "Example Trading", "1-2-3 Rei-cho",
	"Chiyoda-ku", "Tokyo")
    /* clang-format on */
    "        <contact:voice x=\"12\">+81.312345678</contact:voice>\n"
    "        <contact:fax>+81.312345679</contact:fax>\n"
    "        <contact:email>taro@example.jp</contact:email>\n"
    "        <contact:authInfo>\n"
    "          <contact:pw>2fooBAR</contact:pw>\n"
    "        </contact:authInfo>\n"
    "        <contact:disclose flag=\"0\">\n"
    "          <contact:name type=\"loc\"/>\n"
    "          <contact:addr type=\"loc\"/>\n"
    "          <contact:voice/>\n"
    "          <contact:email/>\n"
    "        </contact:disclose>\n"
    "      </contact:create>\n"
    "    </create>\n"
    "    <clTRID>EXAMPLE-12345</clTRID>\n"
    "  </command>\n"
    "</epp>\n";
