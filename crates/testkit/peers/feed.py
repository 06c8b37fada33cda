"""A server of feeds for tests. It says its port, then each request as a line of JSON, and answers as its settings tell: for
each path a list of answers, one after the other; the last one stays.

An answer: `body` (a text, or an object that is sent as JSON), `status`, `headers`, `etag` (a request that knows it gets 304),
`cut` (as many bytes are missing at the end). A path may end with `?` and the query that it needs.
"""
import asyncio
import json
import sys

settings = json.loads(sys.argv[1])
routes = {path: list(answers) for path, answers in settings.get("routes", {}).items()}


def say(what):
    print(json.dumps(what), flush=True)


def answer(path):
    for route in (path, path.split("?")[0]):
        if route in routes:
            answers = routes[route]
            return answers.pop(0) if len(answers) > 1 else answers[0]
    return {"status": 404, "body": "nothing here"}


async def serve(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            say({"method": method, "path": path, "headers": headers, "body": body.decode()})
            told = answer(path)
            text = told.get("body", "")
            data = (text if isinstance(text, str) else json.dumps(text)).encode()
            status = told.get("status", 200)
            more = dict(told.get("headers", {}))
            if "etag" in told:
                more["ETag"] = told["etag"]
                if headers.get("if-none-match") == told["etag"]:
                    status, data = 304, b""
            lines = "".join(f"{k}: {v}\r\n" for k, v in more.items())
            writer.write(f"HTTP/1.1 {status} Answer\r\nContent-Length: {len(data)}\r\n{lines}\r\n".encode())
            cut = told.get("cut", 0)
            writer.write(data[: len(data) - cut])
            await writer.drain()
            if cut:
                return
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    say(server.sockets[0].getsockname()[1])
    # Ends with whoever started it.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
