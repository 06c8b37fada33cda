#!/usr/bin/env python3
"""Holds Midwatch against other people's TAXII servers, TAXII client and STIX libraries, over real sockets on this machine.

    python3 -m venv peers
    peers/bin/pip install medallion==3.0.0 opentaxii==0.9.3 taxii2-client==2.3.0 stix2==3.0.2 stix2-patterns==2.1.2
    cargo build -p midwatch
    peers/bin/python bench/intelligence/peers.py [--midwatch target/debug/midwatch]

It starts a demo in a folder of its own, and the two servers; each check prints a line, and one that fails makes the run fail.
All objects are written by the library stix2 in its strict mode; hosts, addresses and hashes are made up.
"""
import argparse
import datetime
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import requests
import stix2
import stix2patterns.v21.pattern
import taxii2client.v21 as taxii

from desk import ROOT, Desk

HERE = os.path.dirname(os.path.abspath(__file__))
MEDALLION_PAGE = 60
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
wrong = []


def check(what, seen, wanted):
    """Prints what was seen, and remembers it if it is not what is wanted."""
    fine = seen == wanted
    shown = f"{len(seen)} of them" if fine and isinstance(seen, list) and len(str(seen)) > 60 else seen
    print(f"  {'ok   ' if fine else 'WRONG'} {what}: {shown}" + ("" if fine else f", expected {wanted}"), flush=True)
    if not fine:
        wrong.append(what)


def until(what, ready, seconds=240):
    """Waits for a condition that another program brings about."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = ready()
        if found:
            return found
        time.sleep(0.2)
    raise SystemExit(f"{what}: not within {seconds} s")


def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def polled(desk, feed):
    """Has a feed asked, and waits until that is done."""
    before = desk.call("GET", f"/feeds/{feed}")["health"]["checked_at"]
    desk.call("POST", f"/feeds/{feed}/poll", {})

    def done():
        health = desk.call("GET", f"/feeds/{feed}")["health"]
        return health if health["checked_at"] != before else None
    health = until("the poll", done)
    check("the feed is well", health["error"], "")
    return health


def indicator(who, i, **more):
    """The i-th indicator of a peer: a host, an address, a URL or a hash."""
    host = f"h{i}.{who}-c2.com"
    pattern = [f"[domain-name:value = '{host}']", f"[ipv4-addr:value = '45.{83 + len(who)}.{i // 250}.{i % 250 + 1}']",
               f"[url:value = 'https://{host}/gate?id={i}']",
               f"[file:hashes.'SHA-256' = '{hashlib.sha256(host.encode()).hexdigest()}']"][i % 4]
    number = hashlib.sha256(f"{who} {i}".encode()).hexdigest()
    made = {"id": f"indicator--{number[:8]}-{number[8:12]}-4{number[13:16]}-8{number[17:20]}-{number[20:32]}", "name": f"{who} {i}",
            "created": NOW - 30 * DAY, "modified": NOW - 30 * DAY, "valid_from": NOW - 30 * DAY, "valid_until": NOW + 300 * DAY,
            "indicator_types": ["malicious-activity"], "pattern": pattern, "pattern_type": "stix", "confidence": 70, **more}
    return stix2.v21.Indicator(**made)


def served(who, count):
    """What a peer holds: every 15th revoked, every 15th run out, and one malware that ten of them indicate."""
    all_of_them = []
    for i in range(count):
        more = {"revoked": True} if i % 15 == 5 else {"valid_until": NOW - DAY} if i % 15 == 9 else {}
        all_of_them.append(indicator(who, i, **more))
    malware = stix2.v21.Malware(name=f"Loader of {who}", is_family=True, created=NOW - 30 * DAY, modified=NOW - 30 * DAY)
    ties = [stix2.v21.Relationship(all_of_them[i], "indicates", malware, created=NOW - 30 * DAY, modified=NOW - 30 * DAY)
            for i in range(10)]
    return [json.loads(thing.serialize()) for thing in [*all_of_them, malware, *ties]]


def changes(who, count):
    """What is sent to a peer later: five more, three of the first revoked, three that now end, one of them within seconds."""
    soon = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(seconds=90)
    revoked = [indicator(who, i, modified=NOW, revoked=True) for i in (0, 1, 2)]
    ended = [indicator(who, i, modified=NOW, valid_until=NOW - DAY / 24) for i in (3, 4)]
    ending = indicator(who, 6, modified=NOW, valid_until=soon)
    new = [indicator(who, count + i) for i in range(5)]
    return soon, {"objects": [json.loads(thing.serialize()) for thing in [*revoked, *ended, ending, *new]]}


def reads_from(desk, who, count, address, collection, feed_more, asked):
    """A peer as a feed: all of it once, then only what was added, revoked and ended."""
    feed = desk.feed(f"Peer {who}", address, **feed_more)
    if feed_more.get("auth"):
        desk.call("PUT", f"/feeds/{feed}/secret", {"secret": "Password0"})
    last = polled(desk, feed)["last"]
    dead = sum(1 for i in range(count) if i % 15 in (5, 9))
    check("read, refused", (last["read"], last["refused"]), (count + 11, 0))
    check("malware, relations", (last["objects"], last["relations"]), (1, 10))
    values = [(i["kind"], i["value"]) for i in desk.said(feed)]
    check("indicators, each once", (len(values), len(set(values))), (count, count))
    check("of them live", len(desk.said(feed, live=True)), count - dead)
    pages = [line for line in asked() if "/objects/" in line]
    check("pages asked", len(pages), -(-(count + 11) // asked.page))

    soon, more = changes(who, count)
    collection.add_objects(more, wait_for_completion=False)
    last = polled(desk, feed)["last"]
    pages = [line for line in asked() if "/objects/" in line][len(pages):]
    after = [line for line in pages if "added_after=" in line]
    check("second look: requests, of them with added_after", (len(pages), len(after)), (1, 1))
    check("second look: read, added, revoked", (last["read"], last["added"], last["revoked"]), (11, 5, 3))
    check("indicators, each once", (len(desk.said(feed)), len({(i["kind"], i["value"]) for i in desk.said(feed)})), (count + 5,) * 2)
    alive = {i["value"] for i in desk.said(feed, live=True)}
    check("live after revocation and expiry", len(alive), count - dead + 5 - 5)
    ending = f"https://h6.{who}-c2.com/gate?id=6"
    check("one that ends soon is live", ending in alive, True)
    wait = (soon - datetime.datetime.now(datetime.timezone.utc)).total_seconds() + 2
    time.sleep(max(wait, 0))
    check("and not once its end has passed", ending in {i["value"] for i in desk.said(feed, live=True)}, False)
    last = polled(desk, feed)["last"]
    check("third look: read, added, changed", (last["read"], last["added"], last["changed"]), (0, 0, 0))


class Peer:
    """A server of somebody else in a process of its own, with the requests that it wrote into its log."""

    def __init__(self, folder, name, command):
        self.log = os.path.join(folder, f"{name}.log")
        self.child = subprocess.Popen(command, stdout=open(self.log, "w"), stderr=subprocess.STDOUT, cwd=folder)

    def asked(self, page):
        def lines():
            return [line for line in open(self.log, encoding="utf-8") if '"GET ' in line]
        lines.page = page
        return lines

    def stop(self):
        self.child.terminate()
        self.child.wait()


def answers(address, **more):
    """Waits until a server lists its collection, by the library that others read TAXII with, and gives it."""
    def ready():
        try:
            return taxii.Server(address, **more).default.collections[0]
        except requests.ConnectionError:
            return None
    return until(address, ready)


def medallion(desk, folder):
    print("medallion 3.0.0 as a feed, with a password")
    count, at, one = 150, port(), "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
    things, base = served("medallion", count), f"http://127.0.0.1:{at}"
    manifest = [{"date_added": (NOW - DAY + datetime.timedelta(seconds=i // 3)).strftime("%Y-%m-%dT%H:%M:%S.000000Z"), "id": t["id"],
                 "media_type": "application/stix+json;version=2.1", "version": t["modified"]} for i, t in enumerate(things)]
    data = {
        "/discovery": {"title": "Peer", "default": f"{base}/root/", "api_roots": [f"{base}/root/"]},
        "root": {"information": {"title": "Peer", "versions": ["application/taxii+json;version=2.1"], "max_content_length": 9_765_625},
                 "status": [],
                 "collections": [{"id": one, "title": "Shared", "can_read": True, "can_write": True,
                                  "media_types": ["application/stix+json;version=2.1"], "objects": things, "manifest": manifest}]}}
    write(folder, "medallion-data.json", data)
    config = write(folder, "medallion.json", {
        "backend": {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend",
                    "filename": os.path.join(folder, "medallion-data.json")},
        "users": {"ada": "Password0"}, "taxii": {"max_page_size": MEDALLION_PAGE}})
    peer = Peer(folder, "medallion", [os.path.join(os.path.dirname(sys.executable), "medallion"), "--port", str(at), config])
    try:
        collection = answers(f"{base}/taxii2/", user="ada", password="Password0")
        more = {"auth": {"kind": "basic", "user": "ada"}, "collection": "Shared"}
        reads_from(desk, "medallion", count, f"{base}/taxii2/", collection, more, peer.asked(MEDALLION_PAGE))
    finally:
        peer.stop()


def opentaxii(desk, folder):
    print("OpenTAXII 0.9.3 as a feed, a public collection of an API root with a relative address")
    count, at = 1050, port()
    things = write(folder, "opentaxii.json", served("opentaxii", count))
    peer = Peer(folder, "opentaxii", [sys.executable, os.path.join(HERE, "opentaxii_server.py"), folder, str(at), things])
    try:
        collection = answers(f"http://127.0.0.1:{at}/taxii2/")
        reads_from(desk, "opentaxii", count, f"http://127.0.0.1:{at}/taxii2/", collection, {}, peer.asked(1000))
    finally:
        peer.stop()


def write(folder, name, what):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(what, file)
    return path


OURS = [
    ("domain", "a.peer-c2.com"), ("domain", "xn--bcher-kva.com"), ("ipv4", "45.90.1.2"), ("ipv6", "2a0e:1:2::3"), ("cidr", "45.91.0.0/24"),
    ("url", "https://a.peer-c2.com/it's?q=%27a%5C\\b"), ("email", "o'neil@peer-c2.com"), ("sha256", hashlib.sha256(b"a").hexdigest()),
    ("sha1", hashlib.sha1(b"a").hexdigest()), ("md5", hashlib.md5(b"a").hexdigest()), ("filename", "it's an invoice.exe"),
    ("filepath", "C:\\Users\\Public\\it's.dll"), ("regkey", "HKLM\\Software\\It's\\Run"), ("mutex", "Global\\it's-a-lock"),
    ("asn", "AS64500"), ("mac", "00:1b:44:11:3a:b7"), ("user_agent", "It's/1.0 (a \\ b)"),
]


def strict(thing):
    """Reads an object as the library does that others read STIX with, nothing let through, and its pattern."""
    read = stix2.parse(thing, allow_custom=False, version="2.1")
    if thing["type"] == "indicator":
        stix2patterns.v21.pattern.Pattern(thing["pattern"])
    return read


def client(desk):
    print("taxii2-client 2.3.0 reads /taxii2/")
    tickets, confirmed, unfit = {}, {}, []
    for tlp in ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"):
        tickets[tlp] = desk.call("POST", "/tickets", {"title": f"Peers, {tlp}", "tlp": tlp, "observables": []})["ticket"]
        ours = [(kind, value) for kind, value in OURS] if tlp == "GREEN" else [("domain", f"{tlp[0].lower()}{len(tlp)}.peer-c2.com")]
        for kind, value in ours:
            named = desk.session.post(f"{desk.url}/api/v1/tickets/{tickets[tlp]}/observe",
                                      json={"observables": [{"kind": kind, "value": value}]})
            if named.status_code >= 400:
                unfit.append(f"{kind} {value}: {named.json()['detail']}")
                continue
            desk.call("POST", f"/tickets/{tickets[tlp]}/confirm_indicator",
                      {"kind": kind, "value": value, "confidence": 80, "why": "Seen in a trial."})
            confirmed.setdefault(tlp, []).append((kind, value))
    check("values that could not be confirmed", unfit, [])
    token = desk.call("POST", "/me/tokens", {"name": "taxii", "scopes": ["read"], "days": 1})["secret"]
    server = taxii.Server(f"{desk.url}/taxii2/", user="anybody", password=token)
    check("API roots", (len(server.api_roots), server.default.versions), (1, ["application/taxii+json;version=2.1"]))
    held = {c.custom_properties.get("alias") or c.alias: c for c in server.default.collections}
    check("collections", sorted(held), ["amber", "clear", "green"])

    def paged(collection, size, **filters):
        pages = list(taxii.as_pages(collection.get_objects, per_request=size, **filters))
        return len(pages), [thing for page in pages for thing in page.get("objects", [])]
    kinds = {}
    for name, wanted in (("clear", 1), ("green", 2), ("amber", 3)):
        pages, things = paged(held[name], 4)
        whole = held[name].get_objects().get("objects", [])
        check(f"{name}: the same in pages of 4 ({pages}) as at once", [t["id"] for t in things], [t["id"] for t in whole])
        check(f"{name}: each once", len({t["id"] for t in things}), len(things))
        for thing in things:
            strict(thing)
        texts = json.dumps(things)
        check(f"{name}: markings that go in", [t for t in tickets if f"{t[0].lower()}{len(t)}.peer-c2.com" in texts or t == "GREEN" and
              "a.peer-c2.com" in texts], list(tickets)[:wanted])
        manifest = held[name].get_manifest().get("objects", [])
        check(f"{name}: the manifest names the same", [m["id"] for m in manifest], [t["id"] for t in whole])
        one = held[name].get_object(whole[-1]["id"])["objects"]
        check(f"{name}: one by its id", one, [whole[-1]])
        kinds[name] = len(things)
    print(f"  {sum(kinds.values())} objects parsed strictly, their patterns too: {kinds}")
    check("every kind of value has a pattern", kinds["green"], len(confirmed["CLEAR"] + confirmed["GREEN"]) + 1)

    last = max(m["date_added"] for m in held["green"].get_manifest()["objects"])
    check("nothing after the last", paged(held["green"], 4, added_after=last)[1], [])
    kind, value = confirmed["GREEN"][0]
    desk.call("POST", f"/tickets/{tickets['GREEN']}/revoke_indicator", {"kind": kind, "value": value, "why": "It was a trial."})
    extra = ("domain", "later.peer-c2.com")
    desk.call("POST", f"/tickets/{tickets['GREEN']}/observe", {"observables": [{"kind": extra[0], "value": extra[1]}]})
    desk.call("POST", f"/tickets/{tickets['GREEN']}/confirm_indicator",
              {"kind": extra[0], "value": extra[1], "confidence": 60, "why": "Seen later."})
    time.sleep(0.01)
    things = paged(held["green"], 1, added_after=last)[1]
    for thing in things:
        strict(thing)
    check("after it: what was revoked and what is new", [(t.get("revoked", False), t["pattern"]) for t in things],
          [(True, f"[domain-name:value = '{value}']"), (False, f"[domain-name:value = '{extra[1]}']")])
    versions = held["green"].get_object(things[0]["id"], version="all")["objects"]
    check("both versions of it, when asked for", [v.get("revoked", False) for v in versions], [False, True])
    try:
        taxii.Server(f"{desk.url}/taxii2/", user="anybody", password="mwt_wrong").default
        check("a wrong token", "let in", "refused")
    except requests.HTTPError as refused:
        check("a wrong token", refused.response.status_code, 401)


def extract(binary, folder):
    print("stix2 3.0.2 reads what `midwatch extract --format stix` writes")
    fixtures = os.path.join(ROOT, "fixtures", "indicators")
    odd = os.path.join(folder, "odd.txt")
    with open(odd, "w", encoding="utf-8") as file:
        file.write("\n".join(f"{kind}: {value}" for kind, value in OURS))
    for path in [*(os.path.join(fixtures, f) for f in ("report.md", "report-later.md", "mail.eml")), odd]:
        out = subprocess.run([binary, "extract", "--format", "stix", path], capture_output=True, text=True, check=True)
        raw = json.loads(out.stdout)
        try:
            bundle = stix2.parse(raw, allow_custom=False, version="2.1")
            seen = sorted({thing["type"] for thing in bundle.objects})
            # Without an id, the library makes the one that the standard derives from what the object says.
            ids = [strict({k: v for k, v in thing.items() if k != "id"})["id"] for thing in raw["objects"]]
            check(f"{os.path.basename(path)}: {len(ids)} objects of {', '.join(seen)}; ids that stix2 makes too",
                  sum(a == b["id"] for a, b in zip(ids, raw["objects"])), len(ids))
        except Exception as error:  # noqa: BLE001: whatever it is, it is what others would see
            check(os.path.basename(path), f"{type(error).__name__}: {error}", "parsed")


def main():
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("--midwatch", default=os.path.join(ROOT, "target", "debug", "midwatch"))
    wanted.add_argument("--only", choices=["medallion", "opentaxii", "client", "extract"], action="append")
    args = wanted.parse_args()
    binary, folder = os.path.abspath(args.midwatch), tempfile.mkdtemp(prefix="midwatch-peers-")
    parts = args.only or ["medallion", "opentaxii", "client", "extract"]
    desk = Desk(binary, folder) if parts != ["extract"] else None
    try:
        for part in parts:
            began = time.monotonic()
            {"medallion": lambda: medallion(desk, folder), "opentaxii": lambda: opentaxii(desk, folder),
             "client": lambda: client(desk), "extract": lambda: extract(binary, folder)}[part]()
            print(f"  {time.monotonic() - began:.0f} s", flush=True)
    finally:
        if desk:
            desk.stop()
        shutil.rmtree(folder, ignore_errors=True)
    if wrong:
        raise SystemExit(f"{len(wrong)} checks failed: {'; '.join(wrong)}")
    print("All held.")


if __name__ == "__main__":
    main()
