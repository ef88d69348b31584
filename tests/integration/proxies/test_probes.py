"""What the server sends to see whether a client is still there: no proxy reads anything into it."""

import hashlib
import json

from tests.peers import Origin, pattern_digest

CHUNKED = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n"
    b"connection: close\r\n\r\n"
)
COUNTED = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"
ZEROS = [b"0"] * 8

SIZE = 4 << 20
PROBED = 0.3


def of(data):
    return len(data), hashlib.sha256(data).hexdigest()


def test_zeros_before_a_chunks_size(through, client, aside):
    pieces = [CHUNKED, *ZEROS, b"5\r\nhello\r\n", *ZEROS, b"6\r\n world\r\n", *ZEROS, b"0\r\n\r\n"]
    with Origin(aside, pieces) as origin:
        assert client.download(through(origin.port).url + "/") == of(b"hello world")


def test_a_status_line_byte_by_byte(through, client, aside):
    pieces = [COUNTED[at : at + 1] for at in range(9)] + [COUNTED[9:]]
    with Origin(aside, pieces) as origin:
        assert client.download(through(origin.port).url + "/") == of(b"hello")


def test_an_upload_that_is_probed_before_it_is_read(proxy, client, monkeypatch):
    monkeypatch.setattr("headrace._probe.PATIENCE", 0.05)
    status, text = client.upload(f"{proxy.url}/sum/{PROBED}", SIZE, chunked=False)
    assert status == 200
    assert json.loads(text) == {"size": SIZE, "sha256": pattern_digest(SIZE)}
