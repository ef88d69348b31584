"""httptools and uvloop and nothing else: what a Python server could reach at most.

Nothing is checked and nothing is decided, each variant answers one workload with bytes made before.
"""

import asyncio
import os
import socket
import sys

import bodies
import httptools
import uvloop

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
PLAIN = HEAD + b"content-length: 13\r\n\r\n" + bodies.HELLO
MARK = 512 * 1024
BUFFER = 64 * 1024


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Constant(asyncio.Protocol):
    """Writes the same bytes after each request."""

    answer = PLAIN

    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data):
        self.parser.feed_data(data)

    def on_message_complete(self):
        self.transport.write(self.answer)


class Chunks(Constant):
    """Writes all chunks at once."""

    answer = CHUNKED + chunk(bodies.CHUNK) * bodies.CHUNKS + b"0\r\n\r\n"


class WithHeaders(Constant):
    """Takes note of target and headers as well, as any server has to."""

    def on_message_begin(self):
        self.headers = []

    def on_url(self, url):
        self.url = url

    def on_header(self, name, value):
        self.headers.append((name, value))


class Download(Constant):
    """Writes built blocks up to a high mark."""

    block = chunk(bodies.BLOCK)

    def connection_made(self, transport):
        super().connection_made(transport)
        transport.set_write_buffer_limits(MARK)
        self.left = 0
        self.paused = False

    def on_message_complete(self):
        self.transport.write(CHUNKED)
        self.left = bodies.BLOCKS
        self.fill()

    def fill(self):
        while self.left and not self.paused:
            self.left -= 1
            self.transport.write(self.block)
            if not self.left:
                self.transport.write(b"0\r\n\r\n")

    def pause_writing(self):
        self.paused = True

    def resume_writing(self):
        self.paused = False
        # Later: uvloop leaves what is written within this callback lying until something happens.
        asyncio.get_running_loop().call_soon(self.fill)


class Upload(asyncio.BufferedProtocol):
    """Counts a body of known length in one buffer; the head is taken with a look for its end."""

    buffer = memoryview(bytearray(BUFFER))

    def connection_made(self, transport):
        self.transport = transport
        self.left = 0

    def get_buffer(self, hint):
        return self.buffer

    def buffer_updated(self, size):
        if not self.left and self.buffer[:4] == b"GET ":
            return self.transport.write(PLAIN)  # whether it has started
        if not self.left:
            size -= bytes(self.buffer[:size]).index(b"\r\n\r\n") + 4
            self.left = bodies.TRANSFER
        self.left -= size
        if not self.left:
            count = b"%d" % bodies.TRANSFER
            self.transport.write(HEAD + b"content-length: %d\r\n\r\n%b" % (len(count), count))
        return None


VARIANTS = {
    "constant": Constant,
    "headers": WithHeaders,
    "chunks": Chunks,
    "download": Download,
    "upload": Upload,
}


async def main(port: int, variant: str) -> None:
    listener = socket.create_server(("127.0.0.1", port), backlog=2048)
    server = await asyncio.get_running_loop().create_server(VARIANTS[variant], sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), os.environ.get("BENCH_VARIANT", "constant")))
