#!/usr/bin/env python3
"""Scores extractors from PyPI beside ours over the labelled cases of fixtures/indicators.

    python3 -m venv peers && peers/bin/pip install ioc-finder iocextract requests msticpy
    cargo build --release -p midwatch-indicators --example score_cases
    peers/bin/python bench/indicators/compare.py [--seconds 300] [--part held] [--ours PATH]

Each runs in a process of its own with a time limit and sees the same texts, in which reserved names and networks are
exchanged for ones of the same shape that all of them take. Only types that a peer has a name for count for it; the
columns *core* are the eight that all of them claim, so they may be compared; `iocextract` has no type for domains by design.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(__file__))
import score  # noqa: E402

PEERS = ["ioc-finder", "iocextract", "msticpy"]


def typed(names, value):
    """Hits of a peer's names for types that we have one for."""
    return [{"type": ours, "value": str(found)} for theirs, ours in names.items() for found in value(theirs)]


def ioc_finder():
    """All of its types that have one of ours beside them."""
    import ioc_finder as peer
    names = {"ipv4s": "ipv4", "ipv6s": "ipv6", "ipv4_cidrs": "cidr", "domains": "domain", "urls": "url",
             "email_addresses": "email", "md5s": "md5", "sha1s": "sha1", "sha256s": "sha256", "sha512s": "sha512",
             "ssdeeps": "ssdeep", "imphashes": "imphash", "cves": "cve", "asns": "asn", "mac_addresses": "mac",
             "registry_key_paths": "regkey", "file_paths": "filepath", "user_agents": "user_agent",
             "phone_numbers": "phone", "bitcoin_addresses": "btc", "monero_addresses": "xmr"}

    def find(text):
        try:
            found = peer.find_iocs(text, included_ioc_types=list(names))
        except TypeError:
            found = peer.find_iocs(text)
        hits = typed(names, lambda theirs: found.get(theirs, []))
        attack = found.get("attack_techniques", {})
        for group in attack.values() if isinstance(attack, dict) else [attack]:
            hits += [{"type": "attack", "value": value} for value in group]
        return hits
    return set(names.values()), find


def iocextract():
    """Refanged; its URLs include addresses with a scheme made up, as it does."""
    import iocextract as peer
    calls = {"ipv4": peer.extract_ipv4s, "ipv6": peer.extract_ipv6s, "url": peer.extract_urls,
             "email": peer.extract_emails, "md5": peer.extract_md5_hashes, "sha1": peer.extract_sha1_hashes,
             "sha256": peer.extract_sha256_hashes, "sha512": peer.extract_sha512_hashes}

    def find(text):
        return [{"type": kind, "value": value} for kind, call in calls.items()
                for value in (call(text, refang=True) if kind in ("ipv4", "url", "email") else call(text))]
    return set(calls), find


def msticpy():
    """Its answers are left defanged, which the scoring forgives."""
    from msticpy.transform import IoCExtract
    peer = IoCExtract()
    names = {"ipv4": "ipv4", "ipv6": "ipv6", "dns": "domain", "url": "url", "email": "email", "md5_hash": "md5",
             "sha1_hash": "sha1", "sha256_hash": "sha256", "windows_path": "filepath", "linux_path": "filepath"}

    def find(text):
        found = peer.extract(src=text, include_paths=True)
        return typed(names, lambda theirs: found.get(theirs, []))
    return set(names.values()), find


def run_peer(name):
    """In the process of the peer: cases from the standard input, hits to the standard output as they come."""
    kinds, find = {"ioc-finder": ioc_finder, "iocextract": iocextract, "msticpy": msticpy}[name]()
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print(json.dumps(sorted(kinds)), file=out, flush=True)
    for line in sys.stdin:
        case = json.loads(line)
        try:
            hits = find(case["text"])
        except Exception as fault:  # a peer that fails on a case has found nothing in it
            print(f"{name}: {case['id']}: {fault!r}", file=sys.stderr)
            hits = []
        print(json.dumps({"id": case["id"], "hits": hits}), file=out, flush=True)


def measured(command, texts, seconds):
    """The lines an extractor wrote, how long it took, and whether it came to an end."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as source, tempfile.TemporaryFile("w+", encoding="utf-8") as sink:
        source.write(texts)
        source.seek(0)
        begun = time.monotonic()
        try:
            done = subprocess.run(command, stdin=source, stdout=sink, stderr=subprocess.DEVNULL, timeout=seconds,
                                  check=False).returncode == 0
        except subprocess.TimeoutExpired:
            done = False
        spent = time.monotonic() - begun
        sink.seek(0)
        return [line for line in sink.read().splitlines() if line.endswith(("}", "]"))], spent, done


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--seconds", type=float, default=300)
    words.add_argument("--part", default="", choices=["", "dev", "held"])
    words.add_argument("--ours", default="target/release/examples/score_cases")
    words.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.peer:
        run_peer(asked.peer)
        return
    texts = "".join(json.dumps({"id": case["id"], "text": case["text"]}) + "\n" for case in score.cases(asked.part, True))
    rows = {"midwatch": [asked.ours]}
    rows |= {peer: [sys.executable, os.path.abspath(__file__), "--peer", peer] for peer in PEERS}
    print("| extractor | core P | core R | own types P | own types R | "
          + " | ".join(score.CORE) + " | seconds |\n|" + "---|" * (6 + len(score.CORE)))
    for name, command in rows.items():
        lines, spent, done = measured(command, texts, asked.seconds)
        if not lines:
            print(f"| {name} | did not run |")
            continue
        kinds = None
        if lines[0].startswith("["):
            kinds = set(json.loads(lines.pop(0))) | ({"attack"} if name == "ioc-finder" else set())
        found = {line["id"]: line["hits"] for line in map(json.loads, lines)}
        core, _, _ = score.score(found, asked.part, True, set(score.CORE))
        own, _, _ = score.score(found, asked.part, True, kinds)
        ratios = [f"{value:.3f}" for value in score.ratio(score.summed(core)) + score.ratio(score.summed(own))]
        cells = ["/".join(map(str, core[kind])) if not kinds or kind in kinds else "none" for kind in score.CORE]
        print(f"| {name} | " + " | ".join(ratios + cells) + f" | {spent:.1f}{'' if done else ', cut short'} |", flush=True)


if __name__ == "__main__":
    main()
