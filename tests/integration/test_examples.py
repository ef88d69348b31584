"""The one-file examples, started with the command that each of them prints, and asked over HTTP."""

from __future__ import annotations

import ast
import http.client
import importlib.util
import os
import re
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from headrace import Headrace, json, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from headrace import HTTPResponse

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py"))
PATIENCE = 10.0


@pytest.fixture
def loop() -> str:
    """What an example shows does not depend on the loop: one of the two will do."""
    return "asyncio"


@pytest.fixture
def example(serve, monkeypatch) -> Iterator[Callable[..., httpx.Client]]:
    """Serve an example; return a client of it."""
    clients: list[httpx.Client] = []

    def start(name: str, **environment: str) -> httpx.Client:
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        url = serve(module.app).url
        clients.append(httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False))
        return clients[-1]

    yield start
    for client in clients:
        client.close()


def eventually(holds: Callable[[], bool]) -> bool:
    """Wait until something holds; tell whether it did."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize("name", NAMES)
def test_an_example_starts_with_the_command_it_prints(name, spawn):
    said = ast.get_docstring(ast.parse((EXAMPLES / f"{name}.py").read_text()))
    assert said is not None
    found = re.search(r"^ +(?:[A-Z]+=\S+ )?headrace (run .*)$", said, re.M)
    assert found is not None
    assert found[1] == f"run {name}:app --app-dir examples"
    arguments = found[1].replace("examples", str(EXAMPLES)).split()
    process = spawn("-m", "headrace", *arguments, "--port", "0")
    assert process.ask(b"!\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert process.end(signal.SIGTERM) == 0
    assert "Traceback" not in process.log


def test_hello(example):
    client = example("hello")
    assert client.get("/").text == "Hello, world!\n"
    assert client.get("/Åsa").text == "Hello, Åsa!\n"


def test_csv_from_cursor(example):
    answer = example("csv_from_cursor").get("/squares/10000")
    lines = answer.text.split("\r\n")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert lines[:3] == ["number,square", "1,1", "2,4"]
    assert lines[-2:] == ["10000,100000000", ""]
    assert len(lines) == 10_002


def test_tokens_come_one_by_one(example):
    client = example("sse_tokens")
    with client.stream("GET", "/tokens", params={"prompt": "Where to?"}) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        chunks = list(answer.iter_raw())
    body = b"".join(chunks).decode()
    tokens = re.findall(r'^event: token\ndata: \{"text": "(.*)"\}\n\n', body, re.M)
    assert " ".join(tokens) == "You asked: Where to? Let us follow the stream and see."
    assert body.endswith('event: end\ndata: {"why": "complete"}\n\n')
    assert len(chunks) >= len(tokens), "tokens were held back"


def test_an_upload_appears_when_it_is_complete(example, tmp_path):
    client = example("upload_to_disk", UPLOADS=str(tmp_path))
    data = os.urandom(3_000_000)
    answer = client.put("/files/noise", content=data)
    assert (answer.status_code, answer.json()) == (201, {"name": "noise", "bytes": len(data)})
    assert [path.name for path in tmp_path.iterdir()] == ["noise"]
    assert (tmp_path / "noise").read_bytes() == data


def test_an_upload_that_is_cut_leaves_nothing(example, tmp_path):
    client = example("upload_to_disk", UPLOADS=str(tmp_path))

    def half() -> Iterator[bytes]:
        yield b"a" * 100_000
        assert eventually(lambda: any(p.stat().st_size == 100_000 for p in tmp_path.iterdir()))
        raise ConnectionError("the client gives up")

    with pytest.raises(ConnectionError):
        client.put("/files/half", content=half())
    assert eventually(lambda: not list(tmp_path.iterdir()))


def test_an_upload_over_the_limit_is_refused_at_its_announcement(example, tmp_path):
    client = example("upload_to_disk", UPLOADS=str(tmp_path))
    connection = http.client.HTTPConnection("127.0.0.1", client.base_url.port, PATIENCE)
    connection.putrequest("PUT", "/files/much")
    connection.putheader("Content-Length", str(2**30 + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    assert list(tmp_path.iterdir()) == []


class TestReverseProxy:
    @pytest.fixture
    def proxied(self, serve, example: Callable[..., httpx.Client]) -> httpx.Client:
        upstream = Headrace("upstream")

        @upstream.route("/echo/<rest:path>", methods=["GET", "POST"], stream=True)
        async def echo(request, rest) -> None:
            response = await request.respond(201, [("x-a", "1"), ("x-a", "2")])
            async for chunk in request.stream:
                await response.write(chunk.upper())

        @upstream.get("/told")
        async def told(request) -> HTTPResponse:
            return json([request.query_string, list(request.headers.items())])

        @upstream.get("/login")
        async def login(request) -> HTTPResponse:
            cookie = request.headers.get("cookie", "no cookie")
            return text(cookie, headers={"set-cookie": "session=ada"})

        return example("reverse_proxy", UPSTREAM=serve(upstream).url)

    def test_both_bodies_pass_through(self, proxied):
        pieces = [os.urandom(1000).hex().encode() for _ in range(50)]
        answer = proxied.post("/echo/a/b", content=iter(pieces))
        assert (answer.status_code, answer.content) == (201, b"".join(pieces).upper())
        assert answer.headers.get_list("x-a") == ["1", "2"]
        assert answer.headers["via"] == "1.1 headrace"
        assert len(answer.headers.get_list("date")) == 1

    def test_what_concerns_one_connection_stays_there(self, proxied):
        sent = {"connection": "keep-alive, x-mine", "x-mine": "1", "x-theirs": "2", "te": "gzip"}
        query, headers = proxied.get("/told?a=%20b", headers=sent).json()
        got = {name.lower(): value for name, value in headers}
        assert query == "a=%20b"
        assert got["x-theirs"] == "2"
        assert got["via"] == "1.1 headrace"
        assert not got.keys() & {"x-mine", "te", "transfer-encoding", "content-length"}

    def test_it_keeps_nobodys_cookies(self, proxied):
        assert proxied.get("/login").cookies["session"] == "ada"
        proxied.cookies.clear()
        assert proxied.get("/login").text == "no cookie"

    def test_a_head_keeps_the_announced_length(self, proxied):
        answer = proxied.head("/login")
        assert answer.status_code == 200
        assert answer.headers["content-length"] == str(len("no cookie"))


def test_no_upstream_is_a_502(example):
    answer = example("reverse_proxy", UPSTREAM="http://127.0.0.1:1").get("/")
    assert answer.status_code == 502
    assert answer.text.startswith("no answer from upstream")
