"""Both directions at once."""

import pytest

LINES = [b"one\n", b"two\n", b"three\n"]


@pytest.mark.parametrize("client", ["http.client", "aiohttp", "fetch", "node"], indirect=True)
def test_each_line_is_sent_after_the_answer_to_the_one_before(client, server):
    answers = client.converse(server.url + "/upper", LINES)
    assert answers == [b"ONE\n", b"TWO\n", b"THREE\n"]


@pytest.mark.parametrize("client", ["curl"], indirect=True)
def test_answers_come_while_the_upload_goes_on(client, server):
    before, after = client.duplex(server.url + "/upper", b"line\n")
    assert before.startswith(b"LINE\n")
    lines = (before + after).splitlines()
    assert lines == [b"LINE"] * len(lines)
