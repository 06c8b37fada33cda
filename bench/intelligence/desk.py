"""A demo of Midwatch in a folder of its own, spoken to as its lead by the API; for the scripts beside it."""
import os
import re
import subprocess
import threading

import requests

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Desk:
    """A running demo, spoken to as its lead."""

    def __init__(self, binary, folder):
        self.child = subprocess.Popen([binary, "demo", "--listen", "127.0.0.1:0", "--data", os.path.join(folder, "data")],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder)
        self.url = next(filter(None, (re.search(r"ready: (http\S+)", line) for line in self.child.stdout)))[1].rstrip("/")
        threading.Thread(target=lambda: [None for _ in self.child.stdout], daemon=True).start()
        self.session = requests.Session()
        self.session.headers["Origin"] = self.url
        self.session.post(self.url + "/login/demo", data={"login": "marit@kestrel.example"}).raise_for_status()

    def call(self, method, path, body=None):
        answer = self.session.request(method, self.url + "/api/v1" + path, json=body)
        if answer.status_code >= 400:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def feed(self, name, address, **more):
        body = {"name": name, "kind": "taxii", "url": address, "allow_private": True, "enabled": True,
                "every_minutes": 43_200, "on_hit": "nothing", "tlp": "GREEN", **more}
        self.call("POST", "/feeds", body)
        return next(f["id"] for f in self.call("GET", "/feeds")["items"] if f["name"] == name)

    def said(self, feed, live=None):
        """Every indicator of a feed, by its own list, page by page."""
        asked, after, found = f"/indicators?feed={feed}" + ("" if live is None else f"&live={str(live).lower()}"), "", []
        while after is not None:
            page = self.call("GET", f"{asked}&after={after}")
            found += page["items"]
            after = page["next"]
        return found

    def stop(self):
        self.child.terminate()
        self.child.wait()
