"""Who takes trailers, and the digest that is one."""

import base64
import hashlib

import pytest

from headrace import ConfigError
from headrace._trailers import Digest, accepts_trailers
from headrace_http_parser import Headers


@pytest.mark.parametrize(
    ("values", "accepted"),
    [
        ([], False),
        (["trailers"], True),
        (["Trailers"], True),
        (["gzip;q=0.5, trailers"], True),
        (["gzip", "trailers"], True),
        (["trailers;q=1"], True),
        (["trailers;q=0.5"], True),
        (["trailers; q=0"], False),
        (["trailers;q=0.000, gzip"], False),
        (["gzip"], False),
        (["x-trailers"], False),
        ([""], False),
    ],
)
def test_accepts_trailers(values, accepted):
    assert accepts_trailers(Headers([("TE", value) for value in values])) is accepted


@pytest.mark.parametrize("algorithm", ["sha-256", "sha-512"])
def test_a_digest_of_what_passed(algorithm):
    sent = []
    digest = Digest(algorithm)
    send = digest.through(lambda *arguments: sent.append(arguments))
    send([b"ab", b"c"], 3, False)
    digest.update([b"d"])
    assert sent == [([b"ab", b"c"], 3, False)]
    expected = hashlib.new(algorithm.replace("-", ""), b"abcd").digest()
    value = base64.b64encode(expected).decode()
    assert digest.field() == ("content-digest", f"{algorithm}=:{value}:")


def test_an_unknown_algorithm():
    with pytest.raises(ConfigError, match=r"^there is no digest 'md5'; there are: sha-256, sha-5"):
        Digest("md5")
