"""AWS for tests: `ministack`, which checks signatures and policies, or `moto` with the Security Hub of securityhub.py.

It says its port. Then it takes calls as lines of JSON, `{"client", "call", "args", "keys"}`, makes them with boto3, which
knows the shapes of every service, and says `{"answer"}` or `{"error", "message"}`. It ends with its input.
"""
import json
import os
import socket
import sys
import threading
import time

settings = json.loads(sys.argv[1])
# Servers talk to standard output; ours belongs to the test.
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def say(what):
    print(json.dumps(what, default=str), file=out, flush=True)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port):
    while True:
        with socket.socket() as caller:
            if caller.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)


def converse(port):
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    wait_for(port)
    say(port)
    for line in sys.stdin:
        ask = json.loads(line)
        key, secret = ask.get("keys") or ("test", "test")
        client = boto3.client(
            ask["client"], region_name="eu-west-1", endpoint_url=f"http://127.0.0.1:{port}",
            aws_access_key_id=key, aws_secret_access_key=secret, config=Config(retries={"total_max_attempts": 1}))
        try:
            answer = getattr(client, ask["call"])(**ask["args"])
            answer.pop("ResponseMetadata", None)
            say({"answer": answer})
        except ClientError as error:
            say({"error": error.response["Error"]["Code"], "message": str(error)})
        except BotoCoreError as error:
            say({"error": type(error).__name__, "message": str(error)})
    os._exit(0)


port = free_port()
os.environ.update({
    "AUTH": "true", "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "LOG_LEVEL": "ERROR", "IOT_MTLS_PORT": str(free_port()),
    "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-west-1",
})
threading.Thread(target=converse, args=(port,), daemon=True).start()
sys.argv = sys.argv[:1]
if settings["peer"] == "ministack":
    from ministack.app import main

    main()
else:
    import logging

    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import securityhub
    from moto.server import main

    securityhub.install(settings)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    main(["-H", "127.0.0.1", "-p", str(port)])
