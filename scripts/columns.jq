# Text in columns of a terminal: East Asian wide characters take two.
def wide: . >= 4352 and (. <= 4447 or (. >= 11904 and . <= 42191)
    or (. >= 44032 and . <= 55203) or (. >= 63744 and . <= 64255)
    or (. >= 65072 and . <= 65135) or (. >= 65280 and . <= 65376)
    or (. >= 65504 and . <= 65510));
def width: reduce explode[] as $c (0; . + if ($c | wide) then 2 else 1 end);
def clip($n):
    if width <= $n then .
    else (reduce explode[] as $c ({out: [], at: 0};
        ($c | if wide then 2 else 1 end) as $w
        | if .at + $w < $n then .out += [$c] | .at += $w else .at = $n end)
        | .out | implode) + "…" end;
def cell($n): clip($n) | . + " " * ($n - width);

# A line as lines of at most $n columns, the later ones indented a little more.
def fold($n):
    if width <= $n then [.]
    else ((capture("^(?<i> *)").i + "    ")[:$n / 2]) as $indent
        | reduce explode[] as $c ({done: [], now: [], at: 0};
            ($c | if wide then 2 else 1 end) as $w
            | if .at + $w > $n
              then .done += [.now | implode]
                  | .now = ($indent | explode) + [$c]
                  | .at = ($indent | width) + $w
              else .now += [$c] | .at += $w end)
        | .done + [.now | implode] end;
