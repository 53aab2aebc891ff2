# One submission as a table: each field that was given, and what each of its
# recipients got of it, read from the bytes that were delivered.
#
# Named arguments: name; given, the submission, and answer, in an array each;
# and by the number of each entry the text that was delivered.
# Output: {lines, given, passed, withheld, wrong}.
include "columns";

def one_line: gsub("\r?\n"; "⏎");

# "name": {"loc": ..., "int": ...} is two fields.
def fields: .roles | to_entries[] | .key as $role
    | (.value.fields // {}) | to_entries[] | .key as $field
    | if (.value | type) == "object"
      then .value | to_entries[]
          | {role: $role, field: "\($field).\(.key)", values: [.value] | flatten}
      else {role: $role, field: $field, values: [.value] | flatten} end;

# As text, in JSON, in a form.
def dresses: [., (tojson | .[1:-1]), @uri] | unique;
# EPP has each part of a DS in an element of its own.
def stands($text): (dresses | any(. as $v | $text | contains($v)))
    or (($text | contains("<epp ")) and test("^[0-9]+ [0-9]+ [0-9]+ [0-9A-F]+$")
        and (split(" ") | all(.[]; . as $v | $text | contains(">\($v)<"))));
# Forms for registries have a part for each role; others are one part.
def part($text): {registrant: "Registrant|Organization", admin: "Administrative Contact",
    tech: "Technical Contact", "public-contact": "Public contact"}[.role] as $head
    | (if $head == null then null
       else first($text | split("\n\n")[]
           | select(split("\n")[0] | test("[^\\]]+ (\($head))$"))) end) // $text;
# EPP tells the registry by <contact:disclose>, element by element; it says
# nothing where all of the contact may be shown.
def element: {name: "name", org: "org", street: "addr", city: "addr",
    state: "addr", postcode: "addr", country: "addr", phone: "voice",
    fax: "fax", email: "email"}[.field | split(".")[0]];
def mark_epp($text): element as $element | (.field | split(".")[1]) as $type
    | (first($text | capture("<contact:disclose flag=\"(?<flag>[01])\">(?<what>.*)</contact:disclose>"; "s"))
       // {flag: "0", what: ""})
    | (.flag == "1") as $shows
    | if $element == null then ""
      elif [.what | scan("<contact:\($element)( type=\"[a-z]+\")?/>")[0]]
          | any(. == null or . == " type=\"\($type)\"" or $type == null)
      then if $shows then "● " else "○ " end
      else if $shows then "○ " else "● " end end;
# May the public see it, where the recipient is told that at all?
def mark($text): if $text | contains("<epp ") then mark_epp($text) else
    .values[0] as $value
    | (first(part($text) | split("\n")[]
        | select(contains(" \($value)\t") or endswith("\t\($value)"))) // "")
    | if test("publish: yes") then "● "
      elif test("publish: no|do not publish") then "○ " else "" end end;
def passes: . == "forward" or . == "replace" or . == "generalise";

# What one recipient got of one field.
def outcome($to; $text; $sent):
    . as $field
    | (first($to.fields[] | select(.role == $field.role
        and .field == $field.field)) // {verdict: "redact", rule: 0}) as $v
    | if $to.outcome != "queued" then {cell: "— \($to.outcome)", kind: "withheld"}
      elif $v.verdict | passes
      then if all($field.values[]; stands($text))
          then {cell: (mark($text) + ($field.values | join(", ") | one_line)),
                kind: "passed"}
          else {cell: "!! NOT DELIVERED", kind: "wrong"} end
      elif all($field.values[]; . as $value | length < 4
            or any($sent[]; contains($value)) or (stands($text) | not))
      then {cell: "— redacted by rule \($v.rule)", kind: "withheld"}
      else {cell: "!! LEAKED", kind: "wrong"} end;

# What we publish ourselves is asked for elsewhere.
{name: $name, given: $given[0], got: $ARGS.named,
 answer: ($answer[0] | del(.recipients[] | select(.recipient == "self")))}
| . as $in
| [.given | fields] as $fields
| .answer.recipients as $to
| (((100 - 30 - 24) / ($to | length) | floor) - 1) as $n
| [$to[] | . as $r
    | [$fields[] | . as $f | select(any($r.fields[];
        .role == $f.role and .field == $f.field and (.verdict | passes)))
        | .values[]]] as $sent
| [$fields[] | . as $f
    | {head: ("\(.role).\(.field)" | cell(30)),
       given: (.values | join(", ") | one_line | cell(23)),
       cells: [range($to | length) as $i
           | $f | outcome($to[$i]; $in.got[$to[$i].entry | tostring] // "";
               $sent[$i] + [$in.given.object | .name // .prefix // .id])]}] as $rows
| {lines: ([
        "", ("━━ \(.name): \(.given.object | .name // .prefix // .type), \(.given.request) " | . + "━" * (100 - width)),
        (("field" | cell(30)) + ("given" | cell(24))
            + ([$to[] | "→ \(.recipient) \(.purpose) #\(.entry)" | cell($n) + " "] | join("")))]
        + [$to[] | select(.reason) | "   \(.recipient): \(.outcome), rule \(.rule): \(.reason)"]
        + [$rows[] | .head + .given + " " + ([.cells[].cell | cell($n) + " "] | join(""))]
        | map(sub(" +$"; ""))),
   given: ($rows | length),
   passed: ([$rows[].cells[] | select(.kind == "passed")] | length),
   withheld: ([$rows[].cells[] | select(.kind == "withheld")] | length),
   wrong: ([$rows[].cells[] | select(.kind == "wrong")] | length)}
