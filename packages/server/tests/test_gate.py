import pytest

from headrace._gate import BODY, QUEUE, ReadGate


class Transport:
    def __init__(self):
        self.calls = []
        self.closing = False

    def pause_reading(self):
        self.calls.append("pause")

    def resume_reading(self):
        self.calls.append("resume")

    def is_closing(self):
        return self.closing


@pytest.mark.parametrize(
    ("steps", "calls"),
    [
        pytest.param([("stop", BODY)], ["pause"], id="one"),
        pytest.param([("stop", BODY), ("stop", BODY)], ["pause"], id="twice"),
        pytest.param([("stop", BODY), ("stop", QUEUE)], ["pause"], id="two"),
        pytest.param([("stop", BODY), ("stop", QUEUE), ("resume", BODY)], ["pause"], id="one-left"),
        pytest.param([("stop", BODY), ("resume", BODY)], ["pause", "resume"], id="resumed"),
        pytest.param(
            [("stop", BODY), ("stop", QUEUE), ("resume", BODY | QUEUE)],
            ["pause", "resume"],
            id="all-at-once",
        ),
        pytest.param([("resume", BODY)], [], id="nothing-to-resume"),
        pytest.param([("stop", BODY), ("resume", QUEUE)], ["pause"], id="another-reason"),
    ],
)
def test_the_transport_is_told_once_per_change(steps, calls):
    transport = Transport()
    gate = ReadGate(transport)
    for name, reason in steps:
        getattr(gate, name)(reason)
    assert transport.calls == calls


def test_nothing_is_told_when_reading_is_over():
    transport = Transport()
    gate = ReadGate(transport)
    gate.over = True
    gate.stop(BODY)
    gate.resume(BODY)
    assert transport.calls == []


def test_a_transport_that_closes_is_not_resumed():
    transport = Transport()
    gate = ReadGate(transport)
    gate.stop(BODY)
    transport.closing = True
    gate.resume(BODY)
    assert transport.calls == ["pause"]


def test_stops_are_counted():
    gate = ReadGate(Transport())
    gate.stop(BODY)
    gate.stop(QUEUE)
    gate.resume(BODY | QUEUE)
    gate.stop(QUEUE)
    assert gate.stops == 2
