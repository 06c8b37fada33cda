#!/usr/bin/env python3
"""Scores what an extractor found over the labelled cases of fixtures/indicators.

    score.py [--part dev|held] [--routable] found.jsonl

Each line of the input is {"id": case, "hits": [{"type": ..., "value": ...}]}, or the case's text is asked for with
`score.py --texts`. Values are compared leniently, so that notation decides nothing: letter case, a slash at the end,
defanging left in place, names in Unicode.
"""
import argparse
import glob
import json
import os
import re
from collections import defaultdict

CASES = os.path.join(os.path.dirname(__file__), "..", "..", "fixtures", "indicators", "cases")
CORE = ["ipv4", "ipv6", "domain", "url", "email", "md5", "sha1", "sha256"]
# Reserved names and networks, which some extractors drop on purpose, and ones of the same shape that they take.
ROUTABLE = [("2001:db8", "2a0e:b88"), ("2001:DB8", "2A0E:B88"), ("203.0.113", "185.220.113"),
            ("198.51.100", "91.219.100"), ("192.0.2", "45.77.2")]
KEPT = re.compile(r"[A-Za-z0-9+/]{44,}|=\?utf-8|&#|\u00ad|[。．]\d")


def routable(text):
    """The text with values that look as if they led somewhere."""
    for ours, theirs in ROUTABLE:
        marks = r"(\W{1,5}(?:(?i:dot)\W{1,2})?)"
        pattern = marks.join(re.escape(piece) for piece in ours.split(".")) if "." in ours else re.escape(ours)
        pieces = theirs.split(".")
        fill = "".join(piece + (rf"\{index + 1}" if index + 1 < len(pieces) else "") for index, piece in enumerate(pieces))
        text = re.sub(r"(?<!\d)" + pattern + r"(?!\d)", fill.replace("\\1", r"\g<1>").replace("\\2", r"\g<2>"), text)
    return re.sub(r"(?<![A-Za-z])example(?![A-Za-z])", "com", text)


def cases(part="", swap=False):
    """Every case, of one part if named, with routable-looking values if asked for."""
    for path in sorted(glob.glob(os.path.join(CASES, f"{part}*.jsonl"))):
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                case = json.loads(line)
                # What is encoded, or masked beyond what is exchanged here, stays as it is; so does the whole case.
                if swap and not KEPT.search(case["text"]):
                    case["text"] = routable(case["text"])
                    for label in case["expect"] + case.get("optional", []):
                        label["value"] = routable(label["value"])
                yield case


def even(kind, value):
    """The value without what is a matter of notation."""
    value = value.strip().strip("<>\"'").replace("[.]", ".").replace("[:]", ":").replace("[@]", "@")
    value = re.sub(r"^(h(?:xx|tx|XX)p)(s?)(?=:)", r"http\2", value, flags=re.I)
    if kind in ("domain", "email", "url"):
        head, at, host = value.rpartition("@") if kind == "email" else ("", "", value)
        try:
            if not host.isascii():
                host = re.sub(r"[^\x00-\x7f./:]*[^/:.]*[^\x00-\x7f][^/:.]*", lambda m: m[0].encode("idna").decode(), host)
        except UnicodeError:
            pass
        value = (head + at + host).rstrip("/.")
    return kind, value if kind in ("btc", "xmr") else value.lower()


def hosts(case):
    """Hosts of the URLs and addresses that are expected: right to name, and right not to."""
    for label in case["expect"] + case.get("optional", []):
        if label["type"] in ("url", "email"):
            host = re.split(r"[/?#]", re.sub(r"^\w+://", "", label["value"]))[0].rpartition("@")[2]
            host = host if host.startswith("[") else host.partition(":")[0]
            yield even("domain", host)
            yield even("ipv4", host)
            yield even("ipv6", host.strip("[]").split("]")[0])


def score(found, part="", swap=False, kinds=None):
    """Counts of right, wrong and missed by kind, and how many cases were right as a whole."""
    counts = defaultdict(lambda: [0, 0, 0])
    whole = total = 0
    for case in cases(part, swap):
        take = lambda labels: {even(l["type"], l["value"]) for l in labels if not kinds or l["type"] in kinds}
        expected, optional = take(case["expect"]), take(case.get("optional", [])) | set(hosts(case))
        hits = take(found.get(case["id"], []))
        wrong, missed = hits - expected - optional, expected - hits
        for kind, _ in hits & expected:
            counts[kind][0] += 1
        for kind, _ in wrong:
            counts[kind][1] += 1
        for kind, _ in missed:
            counts[kind][2] += 1
        total += 1
        whole += not wrong and not missed
    return counts, whole, total


def ratio(counts):
    """Precision and recall."""
    right, wrong, missed = counts
    return right / max(1, right + wrong), right / max(1, right + missed)


def summed(counts):
    """All kinds together."""
    return [sum(count[index] for count in counts.values()) for index in range(3)]


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--part", default="", choices=["", "dev", "held"])
    words.add_argument("--routable", action="store_true", help="values that look as if they led somewhere")
    words.add_argument("--texts", action="store_true", help="print id and text of every case and stop")
    words.add_argument("found", nargs="?")
    asked = words.parse_args()
    if asked.texts:
        for case in cases(asked.part, asked.routable):
            print(json.dumps({"id": case["id"], "text": case["text"]}, ensure_ascii=False))
        return
    if not asked.found:
        words.error("name a file of hits, or --texts")
    with open(asked.found, encoding="utf-8") as lines:
        found = {line["id"]: line["hits"] for line in map(json.loads, lines)}
    counts, whole, total = score(found, asked.part, asked.routable)
    print("| type | right | wrong | missed | precision | recall |\n|---|---|---|---|---|---|")
    for kind, count in sorted(counts.items()) + [("all", summed(counts))]:
        precision, recall = ratio(count)
        print(f"| {kind} | {count[0]} | {count[1]} | {count[2]} | {precision:.3f} | {recall:.3f} |")
    print(f"\n{whole} of {total} cases wholly right")


if __name__ == "__main__":
    main()
