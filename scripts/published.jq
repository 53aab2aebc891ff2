# What misu's own WHOIS and RDAP say of one object, side by side.
#
# $object, $whois: text, $rdap: [document], $width.
include "columns";

# WHOIS without what stands around it, and without contacts of whom it says
# nothing at all.
def whois_lines: .whois | split("\n")
    | map(sub("\r$"; ""))
    | map(select(test("^\\[ |^>>>|^For more|^URL of|^ *$") | not))
    | map(select(test("^(Registry )?(Admin|Tech|Billing) [A-Z/a-z ]*:( REDACTED.*)?$") | not))
    | until(length == 0 or (.[-1] != ""); .[:-1]);

def texts: .. | strings | select(. != "");
def property: .[0] as $name | select($name != "version")
    | ([(if $name == "adr" then .[1].cc // empty else empty end),
        (.[3] | texts)] | join(", ")) as $value
    | select($value != "") | "\(if $name == "tel" then .[1].type // "tel" else $name end): \($value)";
def entity: . as $entity | (.roles | join(", ")) as $role
    | select($role != "registrar")
    | [.vcardArray[1][] | property] as $shown
    | ($entity.handle // empty | "\($role) handle: \(.)"),
      ($shown[] | "\($role) \(.)");
def rdap_lines: .rdap
    | ["\(.objectClassName): \(.ldhName // .handle)",
       (.unicodeName // empty | "unicodeName: \(.)"),
       (.name // empty | "name: \(.)"),
       (if .startAddress then "\(.startAddress) - \(.endAddress)" else empty end),
       (.entities[]? | entity),
       ([.nameservers[]?.ldhName] | select(length > 0) | "nameservers: \(join(", "))"),
       (if .secureDNS.delegationSigned then "secureDNS: \(.secureDNS.dsData | length) key" else empty end),
       ([.redacted[]?.name | .type // .description
           | capture("^(?<role>Registry [A-Z][a-z]+|Public Contact|[A-Z][a-z]+) (?<what>.*)")]
        | group_by(.role)[]
        | "redacted of \(.[0].role): \(map(.what) | join(", "))")];

{object: $object, whois: $whois, rdap: $rdap[0], width: $width}
| (.width / 2 - 2 | floor) as $n
| [whois_lines[] | fold($n)[]] as $left
| [rdap_lines[] | fold($n)[]] as $right
| "\n━━ \(.object) " + "━" * ([0, .width - (.object | width) - 4] | max),
  (range([$left, $right] | map(length) | max)
   | "\($left[.] // "" | cell($n)) │ \($right[.] // "")" | sub(" +$"; ""))
