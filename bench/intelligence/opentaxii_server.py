"""Starts OpenTAXII 0.9.3 with one collection over SQLite, for peers.py: opentaxii_server.py FOLDER PORT OBJECTS.json

OpenTAXII cannot write its own ids as JSON over SQLite and answers 500 where it lists collections, so `json.dumps` falls back to
`str` here. The first objects go straight into its tables, since it takes half a minute to be told a thousand by TAXII; what comes
later is sent to it as TAXII. Everything else is as it is installed.
"""
import datetime
import functools
import json
import sys

json.dumps = functools.partial(json.dumps, default=str)

from opentaxii.config import ServerConfig  # noqa: E402
from opentaxii.middleware import create_app  # noqa: E402
from opentaxii.persistence.sqldb import taxii2models  # noqa: E402
from opentaxii.server import TAXIIServer  # noqa: E402


def main():
    folder, port, objects = sys.argv[1], int(sys.argv[2]), json.load(open(sys.argv[3], encoding="utf-8"))
    database = {"db_connection": f"sqlite:///{folder}/opentaxii.db", "create_tables": True}
    server = TAXIIServer(ServerConfig(extra_configs=[{
        "domain": f"127.0.0.1:{port}",
        "auth_api": {"class": "opentaxii.auth.sqldb.SQLDatabaseAPI", "parameters": {**database, "secret": "only for this run"}},
        "taxii1": None,
        "taxii2": {
            "title": "OpenTAXII", "description": "A peer", "contact": "nobody", "max_content_length": 9_765_625,
            "public_discovery": True, "allow_custom_properties": True,
            "persistence_api": {"class": "opentaxii.persistence.sqldb.Taxii2SQLDatabaseAPI", "parameters": database},
        },
    }]))
    app = create_app(server)
    with app.app_context():
        store = server.servers.taxii2.persistence.api
        root = store.add_api_root(title="Peer", default=True, is_public=True)
        collection = store.add_collection(root.id, "Shared", alias="shared", is_public=True, is_public_write=True)
        now = datetime.datetime.now(datetime.timezone.utc)
        for i, thing in enumerate(objects):
            version = datetime.datetime.fromisoformat(thing["modified"].replace("Z", "+00:00"))
            store.db.session.add(taxii2models.STIXObject(
                id=thing["id"], collection_id=collection.id, type=thing["type"], spec_version="2.1", version=version,
                # Three at a time were added in the same moment, so that a page can end between them.
                date_added=now - datetime.timedelta(milliseconds=len(objects) - i // 3 * 3),
                serialized_data={k: v for k, v in thing.items() if k not in ("id", "type", "spec_version")}))
        store.db.session.commit()
    app.run(host="127.0.0.1", port=port, threaded=False)


if __name__ == "__main__":
    main()
