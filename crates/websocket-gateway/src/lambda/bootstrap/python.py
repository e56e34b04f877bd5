"""Runs a function's handler as AWS Lambda's Python runtime does: loads it, then asks the Runtime API for one invocation after another.

Sources: AWS Lambda developer guide, "Define Lambda function handler in Python" and "Using the Lambda runtime API for custom runtimes";
names of errors as seen from AWS's own client, awslambdaric 4.2.
Not played: between two invocations Lambda freezes the process. Here its threads go on.
"""

import decimal
import importlib
import json
import logging
import os
import socket
import sys
import time
import traceback
from types import SimpleNamespace

TASK_ROOT = os.environ["LAMBDA_TASK_ROOT"]
RUNTIME_API = os.environ["AWS_LAMBDA_RUNTIME_API"]
connection = socket.create_connection(RUNTIME_API.split(":"))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
answers = connection.makefile("rb")
# The request id of the invocation in progress, for the log.
current = ""


def main():
    # Instead of this file's folder.
    sys.path[0] = TASK_ROOT
    for stream in sys.stdout, sys.stderr:
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    log_with_request_ids()
    lead_home(os.environ.get("WEBSOCKET_GATEWAY_HOSTS", ""))
    try:
        handler = load(os.environ["_HANDLER"])
    except Exception as error:
        post("init/error", to_json(report(error)))
        sys.exit(1)
    while True:
        serve_one(handler)


# --- Invocations


def serve_one(handler):
    global current
    try:
        headers, event = call("GET", "invocation/next")
    except OSError:
        # Without a Runtime API there is nothing left to do.
        sys.exit(1)
    current = headers["lambda-runtime-aws-request-id"]
    os.environ["_X_AMZN_TRACE_ID"] = headers.get("lambda-runtime-trace-id", "")
    try:
        outcome, body = "response", marshalled(handler(unmarshalled(event), Context(headers)))
    except Exception as error:
        outcome, body = "error", to_json(report(error))
    for stream in sys.stdout, sys.stderr:
        stream.flush()
    post(f"invocation/{current}/{outcome}", body, headers.get("lambda-runtime-invocation-id"))


class Context:
    """What a handler gets beside its event."""

    def __init__(self, headers):
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers["lambda-runtime-invoked-function-arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        # Only mobile apps have these two.
        self.client_context = None
        self.identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        self._deadline_ms = int(headers["lambda-runtime-deadline-ms"])

    def get_remaining_time_in_millis(self):
        return max(self._deadline_ms - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))


def unmarshalled(event):
    try:
        return json.loads(event)
    except ValueError as error:
        raise RuntimeFault("UnmarshalError", f"Unable to unmarshal input: {error}") from error


def marshalled(answer):
    if isinstance(answer, bytes):
        return answer
    try:
        return to_json(answer)
    except Exception as error:
        raise RuntimeFault("MarshalError", f"Unable to marshal response: {error}") from error


def to_json(value):
    return json.dumps(value, default=decimal_as_number).encode()


def decimal_as_number(value):
    """DynamoDB's numbers are decimals in boto3."""
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


# --- Errors


class RuntimeFault(Exception):
    """An error of the runtime, which Lambda names `Runtime.…`."""

    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.kind = f"Runtime.{kind}"
        self.trace = list(trace)


def report(error):
    """Logs an error, and returns what Lambda's callers see of it."""
    if isinstance(error, RuntimeFault):
        kind, trace = error.kind, error.trace
    else:
        frames = traceback.extract_tb(error.__traceback__)
        # The handler's own, without this file's.
        trace = traceback.format_list([tuple(frame) for frame in frames if frame.filename != __file__])
        kind = type(error).__name__
    print(f"[ERROR] {kind}: {error}\nTraceback (most recent call last):\n{''.join(trace)}".rstrip())
    explain_missing(error if error.__cause__ is None else error.__cause__)
    return {"errorMessage": str(error), "errorType": kind, "requestId": current, "stackTrace": trace}


def explain_missing(error):
    """Says how to get a package that is missing."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return
    package = error.name.split(".")[0]
    requirements = os.path.join(TASK_ROOT, "requirements.txt")
    if package in ("boto3", "botocore"):
        print(f"Lambda brings `{package}` along, this machine does not: run `{sys.executable} -m pip install boto3`")
    elif os.path.exists(requirements):
        print(f"`{package}` is not installed: run `{sys.executable} -m pip install -r {requirements}`")
    else:
        print(f"there is no `{package}` in {TASK_ROOT}: if it is a package, run `{sys.executable} -m pip install {package}`")


# --- The handler


def load(handler):
    """Finds the handler `module.name` or `folder/module.name`."""
    module_name, dot, name = handler.rpartition(".")
    if not dot:
        raise RuntimeFault("MalformedHandlerName", f"Bad handler '{handler}': it must be like 'app.handler'")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise RuntimeFault("ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise RuntimeFault("UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", trace) from error
    if not hasattr(module, name):
        raise RuntimeFault("HandlerNotFound", f"Handler '{name}' missing on module '{module_name}'")
    return getattr(module, name)


# --- The Runtime API


def post(path, body, delivery=None):
    """`delivery` says which delivery of the invocation this is about."""
    call("POST", path, body, "" if delivery is None else f"lambda-runtime-invocation-id: {delivery}\r\n")


def call(method, path, body=b"", headers=""):
    """One request. It knows as much of HTTP as this needs: `http.client` would take longer than all the rest of an invocation."""
    head = f"{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nhost: {RUNTIME_API}\r\n"
    connection.sendall(f"{head}content-length: {len(body)}\r\n{headers}\r\n".encode() + body)
    status = answers.readline().split()
    if not status:
        raise ConnectionError("the Runtime API has ended")
    found = {}
    while line := answers.readline().decode().strip():
        name, _, value = line.partition(": ")
        found[name] = value
    content = answers.read(int(found["content-length"]))
    if method == "GET" and status[1] != b"200":
        raise ConnectionError(f"the Runtime API answered {status[1].decode()}")
    return found, content


# --- The way home


def lead_home(homes):
    """Leads connections to some hosts elsewhere: code that builds its endpoint from the API's id would otherwise call AWS.

    `homes` is `host=address:port`, separated by commas. TLS stays as it is.
    """
    homes = dict(entry.split("=") for entry in homes.split(",") if entry)
    ask = socket.getaddrinfo

    def getaddrinfo(host, port, *others, **named):
        name = host.decode() if isinstance(host, bytes) else host or ""
        if name.lower() in homes:
            host, _, port = homes[name.lower()].rpartition(":")
            host = host.strip("[]")
        return ask(host, port, *others, **named)

    socket.getaddrinfo = getaddrinfo


# --- The log


def log_with_request_ids():
    def add_request_id(record):
        record.aws_request_id = current
        return True

    logging.Formatter.converter = time.gmtime
    format = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
    output = logging.StreamHandler(sys.stdout)
    output.setFormatter(logging.Formatter(format, "%Y-%m-%dT%H:%M:%S"))
    output.addFilter(add_request_id)
    logging.getLogger().addHandler(output)


main()
