# Two frames side by side, from `diff -U` of them; long lines are folded.
# $width columns in all; $colour: for a terminal.
# The mark between them:  < cut   | replaced   > written by misu
include "columns";

def tag: capture("^ *(?<tag></?[^ />]+)").tag // "";

# What was cut and what came there: the same element is a replacement.
def pair($cut; $put):
    if $put == [] then [$cut[] | {left: ., mark: "<", right: ""}]
    else ($put[0] | tag) as $tag
        | ([range($cut | length) | select($cut[.] | tag == $tag)][0]) as $at
        | if $at == null
          then [{left: "", mark: ">", right: $put[0]}] + pair($cut; $put[1:])
          else [$cut[:$at][] | {left: ., mark: "<", right: ""}]
              + [{left: $cut[$at], mark: "|", right: $put[0]}]
              + pair($cut[$at + 1:]; $put[1:]) end end;

def rows: reduce .[] as $line ({rows: [], cut: [], put: []};
    $line[1:] as $text
    | if $line[:1] == "-" then .cut += [$text]
      elif $line[:1] == "+" then .put += [$text]
      else .rows += pair(.cut; .put) + [{left: $text, mark: " ", right: $text}]
          | .cut = [] | .put = [] end)
    | .rows + pair(.cut; .put);

def paint($code): if $colour and test("[^ ]") then "\u001b[\($code)m\(.)\u001b[0m" else . end;
def row($n; $left; $mark; $right):
    ($left | cell($n) | if $mark == " " then . else paint("31") end) + " \($mark) "
    + ($right | if $mark == " " then . else paint("32") end);

((($width - 3) / 2) | floor) as $n
| split("\n") | map(select(length > 0)) | .[3:] | rows[]
| . as $row | (.left | fold($n)) as $left | (.right | fold($n)) as $right
| range([$left, $right] | map(length) | max) as $i
| row($n; $left[$i] // ""; $row.mark; $right[$i] // "") | sub(" +$"; "")
