#!/usr/bin/env python3
"""Times the queue page while a list of indicators is taken over by a feed, against before; a Python with `requests` is enough.

    cargo build --release -p midwatch
    python3 bench/intelligence/million.py [--midwatch target/release/midwatch] [--indicators 1000000] [--before 30]

One client asks for the page of open tickets of a demo, one request after another with 20 ms between them.
"""
import argparse
import functools
import hashlib
import http.server
import os
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from desk import ROOT, Desk  # noqa: E402


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def value(i):
    """Six domains in ten, two URLs, an address and a hash; no two alike."""
    host = f"n{i}.bulk-{hashlib.md5(str(i // 50).encode()).hexdigest()[:9]}.com"
    if i % 10 < 6:
        return host
    if i % 10 < 8:
        return f"https://{host}/gate.php?id={i}"
    if i % 10 == 8:
        return f"{45 + i // 10 // 65_536}.{i // 10 // 256 % 256}.{i // 10 % 256}.77"
    return hashlib.sha256(host.encode()).hexdigest()


def memory(pid):
    return next(int(line.split()[1]) / 1024 for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS"))


def processor(pid):
    parts = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def times(desk, going_on):
    took = []
    while going_on():
        began = time.perf_counter()
        desk.session.get(desk.url + "/tickets").raise_for_status()
        took.append((time.perf_counter() - began) * 1000)
        time.sleep(0.02)
    took.sort()
    at = lambda share: took[min(int(len(took) * share), len(took) - 1)]  # noqa: E731
    return f"{len(took)} requests, p50 {at(.5):.1f} ms, p99 {at(.99):.1f} ms, max {took[-1]:.1f} ms"


def main():
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("--midwatch", default=os.path.join(ROOT, "target", "release", "midwatch"))
    wanted.add_argument("--indicators", type=int, default=1_000_000)
    wanted.add_argument("--before", type=int, default=30)
    args = wanted.parse_args()
    folder = tempfile.mkdtemp(prefix="midwatch-million-")
    os.mkdir(os.path.join(folder, "served"))
    with open(os.path.join(folder, "served", "list.txt"), "w", encoding="utf-8") as file:
        file.writelines(value(i) + "\n" for i in range(args.indicators))
    source = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=os.path.join(folder, "served")))
    threading.Thread(target=source.serve_forever, daemon=True).start()
    desk = Desk(os.path.abspath(args.midwatch), folder)
    try:
        pid = desk.child.pid
        print(f"load {os.getloadavg()[0]:.1f}, resident {memory(pid):.0f} MiB")
        until = time.monotonic() + args.before
        print("before:", times(desk, lambda: time.monotonic() < until), flush=True)
        began, used = time.monotonic(), processor(pid)
        feed = desk.feed("Bulk", f"http://127.0.0.1:{source.server_port}/list.txt", kind="list", on_hit="note")
        done, most = threading.Event(), [0.0]

        def watch():
            while not desk.call("GET", f"/feeds/{feed}")["health"]["checked_at"]:
                most[0] = max(most[0], memory(pid))
                time.sleep(0.5)
            done.set()
        threading.Thread(target=watch).start()
        print("during:", times(desk, lambda: not done.is_set()))
        health = desk.call("GET", f"/feeds/{feed}")["health"]
        last = health["last"] or {}
        size = sum(os.path.getsize(os.path.join(at, f)) for at, _, files in os.walk(os.path.join(folder, "data")) for f in files)
        print(f"import: {time.monotonic() - began:.0f} s, {processor(pid) - used:.0f} s of processor with the requests, "
              f"resident at most {most[0]:.0f} MiB, data folder {size / 1e6:.0f} MB, load {os.getloadavg()[0]:.1f}")
        print({k: last.get(k) for k in ("read", "added", "refused", "took_ms")}, health["total"], health["error"])
        until = time.monotonic() + args.before
        print("after: ", times(desk, lambda: time.monotonic() < until), flush=True)
    finally:
        desk.stop()
        source.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
