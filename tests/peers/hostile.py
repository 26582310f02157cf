"""A server that keeps to the protocol until a tool is called: `python tests/peers/hostile.py SEED [PORT]`.

`tests/peers/soak.py` starts it, over stdio or with a port over HTTP. It knows nothing of any SDK: its frames are bytes
of its own, on both wires. What it does with a call is drawn from `MISCHIEF`: from what is merely wrong to floods and to
endless silence.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
Sent = bytes | float | None
"""A frame; seconds to wait; None to hang up."""

META = "io.modelcontextprotocol/"
VALUES: list[Any] = [
    *(None, True, 0, -1, 2**63, 1e308, float("nan"), float("inf"), "", "\ud800", "\x00\x1b[2J", "\u202e\u2066", [], {}),
    *([[]], {"": {}}, "x" * 70_000, "<script>alert(1)</script>", "a\nb\r\n\r\nc", [None] * 3_000, 10**400),
]


def frame(message: Any) -> bytes:
    """`message` as one line of JSON; NaN, lone surrogates and all."""
    return json.dumps(message).encode()


def result(asked: Any, wire: str, text: str = "done") -> Json:
    body: Json = {"content": [{"type": "text", "text": text}], "isError": False}
    return {"jsonrpc": "2.0", "id": asked, "result": body | ({"resultType": "complete"} if wire == "new" else {})}


def sampling(rng: random.Random) -> Json:
    """The params of a request for a sample, of which one part in three is spoiled."""
    params: Json = {
        "messages": [
            {"role": "user", "content": {"type": "text", "text": "hello"}} for _ in range(rng.choice((1, 1, 400)))
        ],
        "maxTokens": 20,
        "systemPrompt": "be brief",
        "includeContext": "allServers",
        "modelPreferences": {"hints": [{"name": "x"}], "costPriority": 0.5},
        "stopSequences": ["."],
        "metadata": {"a": 1},
    }
    return spoiled(params, rng) if rng.random() < 0.4 else params


def spoiled(value: Any, rng: random.Random) -> Any:
    """`value` with one of its parts, at any depth, lost or replaced."""
    inside: list[Any] = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    if not inside or rng.random() < 0.25:
        return rng.choice(VALUES)
    key, copy = rng.choice(inside), value.copy()
    if rng.random() < 0.2:
        del copy[key]
    else:
        copy[key] = spoiled(copy[key], rng)
    return copy


def honest(call: Json, wire: str, rng: random.Random) -> Iterator[Sent]:
    yield frame(result(call["id"], wire))


def one_sample(call: Json, wire: str, rng: random.Random) -> Iterator[Sent]:
    yield from many_samples(call, wire, rng, 1)


def many_samples(call: Json, wire: str, rng: random.Random, count: int = 40) -> Iterator[Sent]:
    if wire == "old":
        for number in range(count):
            yield frame({"jsonrpc": "2.0", "id": number, "method": "sampling/createMessage", "params": sampling(rng)})
        yield 0.2
        yield from honest(call, wire, rng)
    elif "inputResponses" in call["params"] and rng.random() < 0.7:
        yield from honest(call, wire, rng)
    else:
        asked = {f"q{n}": {"method": "sampling/createMessage", "params": sampling(rng)} for n in range(count)}
        body = {"resultType": "input_required", "inputRequests": asked, "requestState": "s"}
        yield frame({"jsonrpc": "2.0", "id": call["id"], "result": body})


def spoiled_result(call: Json, wire: str, rng: random.Random) -> Iterator[Sent]:
    yield frame(spoiled(result(call["id"], wire), rng))


def spoiled_error(call: Json, wire: str, rng: random.Random) -> Iterator[Sent]:
    error = {"code": -32603, "message": "no", "data": {"a": [1]}}
    yield frame(spoiled({"jsonrpc": "2.0", "id": call["id"], "error": error}, rng))


def huge(call: Json, wire: str, rng: random.Random) -> Iterator[Sent]:
    size = rng.choice((10**5, 10**6, 10**7))
    if rng.random() < 0.5:
        yield frame(result(call["id"], wire, "x" * size))
    else:
        yield frame({"jsonrpc": "2.0", "id": call["id"], "error": {"code": 1, "message": "y " * (size // 2)}})


def unreadable(call: Json, wire: str, rng: random.Random) -> Iterator[Sent]:
    good = frame(result(call["id"], wire))
    yield rng.choice(
        [
            good.replace(b"done", b"d\xe9\xff"),
            good.replace(b"done", b"\\ud800"),
            good.replace(b'"done"', b"[" * 300 + b"]" * 300),
            good.replace(b'"done"', b"[" * 100_000 + b"]" * 100_000),
            good[:-4],
            good + good,
            b"\x00" * 100,
            bytes(rng.randrange(256) for _ in range(200)).replace(b"\n", b""),
            b"[" + good + b"," + good + b"]",
            good.replace(b'"done"', b"1" * 5_000),
        ]
    )
    if rng.random() < 0.5:
        yield good


def other_ids(call: Json, wire: str, rng: random.Random) -> Iterator[Sent]:
    for wrong in (None, "", 0, -1, 1.5, True, [], {}, str(call["id"]), 10**30, call["id"] + 1, "x" * 100_000):
        yield frame(result(wrong, wire))
    for _ in range(3):
        yield frame(result(call["id"], wire))


def flood(call: Json, wire: str, rng: random.Random) -> Iterator[Sent]:
    """Notifications, many and large, in part for longer than the call is given."""
    size, seconds = rng.choice((0, 10, 10_000, 10**6)), rng.choice((0.5, 1.0, 4.0))
    params = [
        ("notifications/message", {"level": "info", "data": "z" * size}),
        ("notifications/progress", {"progressToken": call["id"], "progress": 1, "message": "z" * size}),
        ("notifications/tools/list_changed", {}),
        ("notifications/" + "q" * 50, {"a": "z" * size}),
    ]
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        method, values = rng.choice(params)
        yield frame({"jsonrpc": "2.0", "method": method, "params": values})
    yield from honest(call, wire, rng)


def questions(call: Json, wire: str, rng: random.Random) -> Iterator[Sent]:
    """Requests for what the client never offered, and for what does not exist."""
    for number, method in enumerate(
        ("ping", "roots/list", "elicitation/create", "sampling/createMessage", "x/y", "") * 30
    ):
        yield frame({"jsonrpc": "2.0", "id": f"q{number}", "method": method, "params": rng.choice(VALUES)})
    yield from honest(call, wire, rng)


def taken_back(call: Json, wire: str, rng: random.Random) -> Iterator[Sent]:
    yield frame({"jsonrpc": "2.0", "id": 7, "method": "sampling/createMessage", "params": sampling(rng)})
    for asked in (7, call["id"], None, "?"):
        yield frame({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": asked}})
    if rng.random() < 0.5:
        yield from honest(call, wire, rng)


def silence(call: Json, wire: str, rng: random.Random) -> Iterator[Sent]:
    yield rng.choice((0.1, 6.0))


def hang_up(call: Json, wire: str, rng: random.Random) -> Iterator[Sent]:
    if rng.random() < 0.5:
        yield frame({"jsonrpc": "2.0", "id": 7, "method": "sampling/createMessage", "params": sampling(rng)})
    yield None


def endless_rounds(call: Json, wire: str, rng: random.Random) -> Iterator[Sent]:
    if wire == "old":
        while True:
            yield frame(
                {"jsonrpc": "2.0", "id": rng.random(), "method": "sampling/createMessage", "params": sampling(rng)}
            )
            yield 0.001
    asked = {"q": {"method": "sampling/createMessage", "params": sampling(rng)}}
    body = {"resultType": "input_required", "inputRequests": asked, "requestState": "s" * rng.choice((1, 100_000))}
    yield frame({"jsonrpc": "2.0", "id": call["id"], "result": body})


MISCHIEF: list[Callable[[Json, str, random.Random], Iterator[Sent]]] = [
    *(honest, one_sample, many_samples, spoiled_result, spoiled_error, huge, unreadable, other_ids, flood, questions),
    *(taken_back, silence, hang_up, endless_rounds),
]


def chosen(seed: int) -> str:
    """The name of what a server of this seed does with calls."""
    return MISCHIEF[seed % len(MISCHIEF)].__name__


def answers(message: Json, seed: int, rng: random.Random) -> Iterator[Sent]:
    """What is sent for one message of the client."""
    asked, method = message.get("id"), message.get("method")
    if asked is None or method is None:
        return
    about: Json = {"name": "hostile\n\u202e<b>" if rng.random() < 0.5 else "hostile", "version": "1"}
    if method == "initialize":
        known = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}, "logging": {}}, "serverInfo": about}
        yield frame({"jsonrpc": "2.0", "id": asked, "result": known})
    elif method == "server/discover":
        offered = {"resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}
        more = {"cacheScope": "private", "ttlMs": 0, "_meta": {META + "serverInfo": about}}
        yield frame({"jsonrpc": "2.0", "id": asked, "result": offered | more})
    elif method == "tools/list":
        tools = [
            {"name": "t", "description": "d", "inputSchema": {"type": "object"}} for _ in range(rng.choice((1, 1, 500)))
        ]
        listed = {"tools": tools, "resultType": "complete", "cacheScope": "private", "ttlMs": 0}
        yield frame({"jsonrpc": "2.0", "id": asked, "result": listed})
    elif method == "tools/call":
        wire = "new" if META + "protocolVersion" in message["params"].get("_meta", {}) else "old"
        yield from MISCHIEF[seed % len(MISCHIEF)](message, wire, rng)
    else:
        yield frame({"jsonrpc": "2.0", "id": asked, "result": {}})


def over_stdio(seed: int, rng: random.Random) -> None:
    for line in sys.stdin.buffer:
        for sent in answers(json.loads(line), seed, rng):
            if sent is None:
                return
            if not isinstance(sent, bytes):
                time.sleep(sent)
            else:
                sys.stdout.buffer.write(sent + b"\n")
                sys.stdout.buffer.flush()


def over_http(seed: int, rng: random.Random, port: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message: Json = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            self.send_response(200 if "id" in message and "method" in message else 202)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            try:
                for sent in answers(message, seed, rng):
                    if sent is None:
                        return
                    if not isinstance(sent, bytes):
                        time.sleep(sent)
                    else:
                        self.wfile.write(b"event: message\ndata: " + sent + b"\n\n")
            except OSError:
                return  # the client has had enough

        def do_GET(self) -> None:
            self.send_error(405)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the class above
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    chance = random.Random(int(sys.argv[1]))
    if len(sys.argv) > 2:
        over_http(int(sys.argv[1]), chance, int(sys.argv[2]))
    else:
        over_stdio(int(sys.argv[1]), chance)
