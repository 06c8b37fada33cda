#!/usr/bin/env python3
"""Plants indicators in a large log, lets `midwatch scan` find them, and compares with its own list of what it planted.

    planted.py MIDWATCH FOLDER [MEGABYTES] [INDICATORS]

The list of what was planted is kept while the log is written and shares nothing with the scanner. Exit code 0 when the
matches are exactly those. With MIDWATCH_SERVER and MIDWATCH_TOKEN in the environment the matches are brought to that server as well,
twice: the first time must open exactly one ticket and keep every match, the second must keep nothing and tell no ticket.
"""

import collections
import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

NEIGHBOURS = [
    ("", ""), (" ", " "), ('"', '"'), ("(", ")"), ("=", ";"), (",", ","), ("<", ">"), ("'", "'"), ("\t", " "), ("see ", ". Then"),
    ("a=1&b=", "&c"), ("\\n", "\\n"), ("|", "|"),
]


def noise(rng, lines):
    out = []
    for _ in range(lines):
        address = ".".join(str(rng.randrange(256)) for _ in range(4))
        kind = rng.randrange(3)
        if kind == 0:
            out.append(f'{address} - - [12/Jan/2026:10:22:33 +0000] "GET /page/{rng.randrange(999)}.html HTTP/1.1" 200 {rng.randrange(99999)} '
                       f'"https://www.site{rng.randrange(99999)}.example/" "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/120.0"')
        elif kind == 1:
            out.append(f"Jan 12 10:22:33 host sshd[{rng.randrange(99999)}]: Failed password for root from {address} port {rng.randrange(65536)} ssh2")
        else:
            out.append(json.dumps({"query": f"cdn{rng.randrange(999)}.shop{rng.randrange(99999)}.example", "sha256": f"{rng.getrandbits(256):064x}"}))
    return ("\n".join(out) + "\n").encode()


def indicator(rng, index):
    """A value as it stands in the list, and a way it may stand in a log."""
    n = rng.getrandbits(64)
    kind = index % 8
    if kind == 0:
        value = f"p{n:x}.planted{index}.example"
        return value, rng.choice([value, value.upper(), "www." + value, f"https://{value}/x"])
    if kind == 1:
        value = f"203.0.{113 + index % 7}.{index // 8 % 250 + 1}"
        return value, rng.choice([value, f"{value}:443", f"http://{value}/"])
    if kind == 2:
        value = f"http://planted{index}.example/{n:x}/gate.php"
        return value, rng.choice([value, value + "?id=5"])
    if kind == 3:
        value = f"{rng.getrandbits(256):064x}"
        return value, rng.choice([value, value.upper()])
    if kind == 4:
        value = f"{rng.getrandbits(128):032x}"
        return value, value
    if kind == 5:
        value = f"user{n:x}@planted{index}.example"
        return value, value
    if kind == 6:
        value = f"2001:db8::{n & 0xffff | 1:x}:{index & 0xffff | 1:x}"
        return value, value
    value = f"d{n:x}.planted{index}.example"
    return value, value.replace(".", rng.choice(["[.]", "(.)", "[dot]"]))


def main():
    midwatch, folder = sys.argv[1], Path(sys.argv[2])
    megabytes = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 1_000_000
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(20260112)
    indicators = [indicator(rng, index) for index in range(4000)]
    with open(folder / "list.txt", "w") as out:
        out.writelines(value + "\n" for value, _ in indicators)
        # The others are there to be looked through and stand nowhere in the log.
        out.writelines(f"x{index:x}.absent{index}.example\n" for index in range(count - len(indicators)))
    blocks = [noise(rng, 5000) for _ in range(24)]
    planted, line, written = set(), 1, 0
    with open(folder / "big.log", "wb") as log:
        while written < megabytes * 1_000_000:
            block = rng.choice(blocks)
            log.write(block)
            line += block.count(b"\n")
            written += len(block)
            for _ in range(rng.randrange(1, 6)):
                value, form = rng.choice(indicators)
                before, behind = rng.choice(NEIGHBOURS)
                text = f"planted {before}{form}{behind} here\n".encode()
                log.write(text)
                planted.add((line, value))
                line += 1
                written += len(text)
    print(f"{written / 1e6:.0f} MB, {line - 1} lines, {len(planted)} planted, {count} indicators", flush=True)
    segment = folder / "list.segment"
    began = time.time()
    subprocess.run([midwatch, "scan", "-i", folder / "list.txt", "--save", segment, "-q", "-"], stdin=subprocess.DEVNULL, check=False)
    print(f"list read and saved in {time.time() - began:.1f} s", flush=True)
    began = time.time()
    run = subprocess.run([midwatch, "scan", "-i", segment, "--format", "jsonl", folder / "big.log"], stdout=subprocess.PIPE, check=False)
    took = time.time() - began
    found = {(match["line"], match["value"]) for match in map(json.loads, run.stdout.splitlines())}
    missed, extra = planted - found, found - planted
    print(f"{written / 1e6 / took:.0f} MB/s by the clock, start to end; {len(found)} found, {len(missed)} missed, {len(extra)} not planted")
    for name, some in (("missed", missed), ("not planted", extra)):
        for entry in sorted(some)[:10]:
            print(f"  {name}: line {entry[0]}: {entry[1]}")
    well = run.returncode == 0 and not missed and not extra
    if "MIDWATCH_SERVER" in os.environ:
        well &= opened(midwatch, folder, planted)
    return 0 if well else 1


def opened(midwatch, folder, planted):
    """Brings the matches twice; whether one ticket came of it. Of each value at most twenty lines are brought."""
    expected = sum(min(count, 20) for count in collections.Counter(value for _, value in planted).values())
    said = []
    for _ in range(2):
        began = time.time()
        command = [midwatch, "scan", "--open", "--source", "planted", "-q", "-i", folder / "list.segment", folder / "big.log"]
        run = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
        said.append(run.stderr.splitlines()[-1])
        print(f"brought in {time.time() - began:.1f} s: {said[-1]}", flush=True)
    first = re.search(r"(\d+) matches kept", said[0])
    kept = first is not None and int(first[1]) == expected
    print(f"{expected} lines expected to be brought: {'all kept' if kept else 'NOT all kept'}")
    return kept and len(re.findall(r"opened MW-", said[0])) == 1 and f"0 matches kept, {expected} known before" in said[1] and "MW-" not in said[1]


if __name__ == "__main__":
    sys.exit(main())
