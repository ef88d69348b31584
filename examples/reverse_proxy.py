"""A reverse proxy: both bodies pass through as they come, at the pace of the slower side.

Needs httpx (``pip install headrace httpx``), of which the transport alone is used: a client would
keep cookies and follow redirects, which is not a proxy's business. httpx sends a request to its end
before it reads the answer, so an exchange that talks both ways at once does not pass::

    UPSTREAM=http://127.0.0.1:8001 headrace run reverse_proxy:app --app-dir examples
"""

import os
from collections.abc import Iterable

import httpx

from headrace import Headrace, Request, text
from headrace.response import HTTPResponse

UPSTREAM = httpx.URL(os.environ.get("UPSTREAM", "http://127.0.0.1:8001"))
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
TIMEOUT = {"timeout": {"connect": 5.0, "pool": 5.0}}

# What concerns one connection only (RFC 9110, 7.6.1), and what this server says for itself.
OWN = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding"}
OWN |= {"upgrade", "expect", "date"}

app = Headrace("reverse-proxy")


@app.listener("before_server_start")
async def connect(app: Headrace) -> None:
    app.ctx.upstream = httpx.AsyncHTTPTransport()


@app.listener("after_server_stop")
async def disconnect(app: Headrace) -> None:
    await app.ctx.upstream.aclose()


def passed_on(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out what concerns one connection; the Connection field may name more of that."""
    pairs = list(headers)
    listed = ",".join(value for name, value in pairs if name.lower() == "connection")
    dropped = OWN | {name.strip().lower() for name in listed.split(",")}
    return [pair for pair in pairs if pair[0].lower() not in dropped]


async def proxy(request: Request, rest: str = "") -> HTTPResponse | None:
    target = request.path + (f"?{request.query_string}" if request.query_string else "")
    has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
    outgoing = httpx.Request(
        request.method,
        UPSTREAM.copy_with(raw_path=target.encode()),
        headers=[*passed_on(request.headers.items()), ("via", f"{request.version} headrace")],
        content=request.stream if has_body else None,
        extensions=TIMEOUT,
    )
    try:
        answer = await app.ctx.upstream.handle_async_request(outgoing)
    except httpx.TransportError as error:
        return text(f"no answer from upstream: {error}\n", 502)
    try:
        headers = [*passed_on(answer.headers.multi_items()), ("via", "1.1 headrace")]
        response = await request.respond(answer.status_code, headers, content_type=None)
        async for chunk in answer.stream:
            await response.write(chunk)
    finally:
        await answer.aclose()
    return None


for uri in ("/", "/<rest:path>"):
    app.add_route(proxy, uri, methods=METHODS, stream=True, name=f"proxy {uri}")
