"""A mail server for tests: aiosmtpd, which misbehaves as it is told. Says its port, then each letter as a line of JSON.

Settings come as one JSON object: `answers` to DATA one after the other, such as "451 later" (then "250 taken"); `user` and
`password`; `tls` ("starttls" or "tls") with a certificate made for localhost in `folder`; `hang` answers nothing at all;
`cut` takes a letter and breaks off before it says so.
"""
import asyncio
import json
import ssl
import subprocess
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

settings = json.loads(sys.argv[1])


def say(what):
    print(json.dumps(what), flush=True)


class Handler:
    def __init__(self):
        self.answers = list(settings.get("answers", []))

    async def handle_DATA(self, server, session, envelope):
        answer = self.answers.pop(0) if self.answers else "250 taken"
        say({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "text": envelope.content.decode("utf-8", "surrogateescape"),
            "answer": answer,
            "tls": session.ssl is not None or settings.get("tls") == "tls",
            "hello": session.host_name,
        })
        if answer == "cut":
            server.transport.abort()
            return "421 gone"
        return answer


def allow(server, session, envelope, mechanism, data):
    fits = isinstance(data, LoginPassword) and (
        data.login.decode() == settings["user"] and data.password.decode() == settings["password"]
    )
    return AuthResult(success=fits, handled=False)


def certificate():
    key, chain = settings["folder"] + "/key.pem", settings["folder"] + "/chain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-keyout", key, "-out", chain, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-addext", "basicConstraints=critical,CA:FALSE"],
        check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


async def main():
    loop = asyncio.get_running_loop()
    handler = Handler()
    tls = settings.get("tls")
    context = certificate() if tls else None
    wants = {}
    if settings.get("user"):
        wants = {"authenticator": allow, "auth_required": True, "auth_require_tls": tls == "starttls"}
    starttls = {"tls_context": context, "require_starttls": True} if tls == "starttls" else {}

    def protocol():
        if settings.get("hang"):
            return asyncio.Protocol()
        return SMTP(handler, hostname="localhost", loop=loop, **starttls, **wants)

    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if tls == "tls" else None)
    say(server.sockets[0].getsockname()[1])
    # It ends when nobody holds the other end of its input any more.
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
