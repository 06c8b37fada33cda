#!/bin/sh
# Searches one log for the same lists of indicators with midwatch, grep and ripgrep, where they are there.
#
#     scan-peers.sh MIDWATCH FOLDER
#
# FOLDER holds log.txt and list-*.txt, as `midwatch bench indicators --texts FOLDER` writes them. grep and ripgrep look for
# texts anywhere in a line, so that they match more than was meant; what is compared is time. Each run ends after 300 s.
set -u
midwatch=$1
cd "$2" || exit 2
now() { date +%s.%N; }
for list in list-*.txt; do
    "$midwatch" scan -q -i "$list" --save list.segment - </dev/null 2>/dev/null
    for tool in "$midwatch scan -q -i list.segment log.txt" "grep -c -F -f $list log.txt" "rg -c -F -f $list log.txt"; do
        name=${tool%% *}
        command -v "$name" >/dev/null || continue
        began=$(now)
        /usr/bin/env LC_ALL=C timeout 300 $tool >scan-peers.out 2>&1
        code=$?
        ended=$(now)
        awk -v l="$list" -v t="$(basename "$name")" -v b="$began" -v e="$ended" -v c="$code" -v s="$(wc -c <log.txt)" \
            'BEGIN { d = e - b; printf "%s %s: %s\n", l, t, c == 124 ? "not done in 300 s" : sprintf("%.1f s, %.0f MB/s", d, s / 1e6 / d) }'
    done
done
