# Who got what, over the whole ledger: `misuctl log --json`, slurped.
include "columns";

def passes: . == "forward" or . == "replace" or . == "generalise";
def sum(f): map(f) | add // 0;

(reduce (.[] | select(.type == "outcome")) as $o ({};
    .["\($o.entry)"] = $o.word)) as $ends
| [.[] | select(.type == "disclosure")
    | {to: .recipient, by: .channel, held: (.outcome[0]? == "hold"),
       refused: (.outcome[0]? == "refuse"),
       sent: (.payload != null), end: ($ends["\(.index)"] // "open"),
       fields: [.fields[][] | .[0]]}]
| group_by([.to, .by])
| (["recipient 提供先", "channel 経路", "entries 記録", "sent 送信", "held 保留",
    "refused 拒否", "fields 項目", "withheld 除外"],
   (.[] | [.[0].to, .[0].by // "", length,
        ([.[] | select(.sent)] | length), ([.[] | select(.held)] | length),
        ([.[] | select(.refused or (.sent and .end == "refused"))] | length),
        ([.[] | select(.sent) | .fields[] | select(passes)] | length),
        ([.[] | if .sent then .fields[] | select(passes | not) else .fields[] end] | length)]))
| . as $row | [22, 13, 13, 10, 10, 13, 12, 13] as $n
| [range(8) | . as $i | $row[$i] | tostring | cell($n[$i])] | join(" ")
| sub(" +$"; "")
