"""A receiver of messages for tests. It says its port, then each request as a line of JSON, and answers as it is told: by the
plan in its settings, one answer after the other, then "200".

Answers: a status; "stall" says nothing; "cut" breaks off after it has taken the body; "slow" waits a little; "429 3" asks to
be left alone for three seconds. With `key`, signatures are verified, by the standard library and not by ours.
"""
import asyncio
import hashlib
import hmac
import json
import sys

settings = json.loads(sys.argv[1])
plan = list(settings.get("plan", []))


def say(what):
    print(json.dumps(what), flush=True)


def signed(headers, body):
    key = settings.get("key")
    if key is None:
        return None
    told = headers.get("midwatch-timestamp", "")
    expected = hmac.new(key.encode(), told.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(headers.get("midwatch-signature", ""), "v1=" + expected)


async def serve(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            answer = str(plan.pop(0)) if plan else "200"
            say({"method": method, "path": path, "headers": headers, "body": body.decode(), "answer": answer,
                 "signed": signed(headers, body)})
            if answer == "stall":
                await asyncio.Event().wait()
            if answer == "cut":
                writer.transport.abort()
                return
            if answer == "slow":
                await asyncio.sleep(0.2)
                answer = "200"
            status, *wait = answer.split(" ")
            more = f"Retry-After: {wait[0]}\r\n" if wait else ""
            writer.write(f"HTTP/1.1 {status} Answer\r\nContent-Length: 2\r\n{more}\r\nok".encode())
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    say(server.sockets[0].getsockname()[1])
    # It ends when nobody holds the other end of its input any more.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
