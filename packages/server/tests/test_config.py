from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from headrace import Config, ConfigError
from headrace._config import override

FIELDS = dataclasses.fields(Config)
BOUNDED = [
    (field.name, side, field.metadata[side])
    for field in FIELDS
    for side in ("low", "high")
    if field.metadata[side] is not None
]


def test_the_defaults_are_valid_and_private_to_this_machine() -> None:
    config = Config()
    assert (config.host, config.port, config.loop) == ("127.0.0.1", 8000, "auto")


def test_names_of_the_settings() -> None:
    assert [field.name for field in FIELDS] == [
        "host",
        "port",
        "backlog",
        "loop",
        "debug",
        "access_log",
        "max_connections",
        "keep_alive_requests",
        "pipelined_requests",
        "max_request_line",
        "max_header_bytes",
        "max_header_count",
        "max_body",
        "max_stream_body",
        "request_buffer",
        "response_buffer",
        "write_cap",
        "memory_budget",
        "head_timeout",
        "keep_alive_timeout",
        "body_timeout",
        "min_rate",
        "handler_timeout",
        "write_timeout",
        "min_write_rate",
        "timeout",
        "on_disconnect",
        "half_close_grace",
        "linger_timeout",
        "linger_bytes",
        "drain_timeout",
    ]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_setting_has_a_sentence_of_help(field: dataclasses.Field[Any]) -> None:
    assert field.metadata["help"].endswith(".")


def test_every_number_has_a_lower_bound() -> None:
    numbers = {field.name for field in FIELDS if type(field.default) in (int, float)}
    assert numbers == {name for name, side, _ in BOUNDED if side == "low"}


@pytest.mark.parametrize(("name", "side", "bound"), BOUNDED, ids=lambda value: str(value))
def test_a_bound_itself_is_allowed(name: str, side: str, bound: float) -> None:
    settings: dict[str, Any] = {name: bound}
    assert getattr(Config(**settings), name) == bound


@pytest.mark.parametrize(("name", "side", "bound"), BOUNDED, ids=lambda value: str(value))
def test_beyond_a_bound(name: str, side: str, bound: float) -> None:
    beyond = bound - 1 if side == "low" else bound + 1
    word = "at least" if side == "low" else "at most"
    settings: dict[str, Any] = {name: beyond}
    with pytest.raises(ConfigError) as caught:
        Config(**settings)
    assert str(caught.value) == f"{name} must be {word} {bound}, not {beyond!r}"


WRONG = [
    pytest.param({"port": "8000"}, "port must be int, not str ('8000')", id="str-for-int"),
    pytest.param({"port": True}, "port must be int, not bool (True)", id="bool-for-int"),
    pytest.param({"max_body": 1e6}, "max_body must be int, not float (1000000.0)", id="float"),
    pytest.param({"debug": 1}, "debug must be bool, not int (1)", id="int-for-bool"),
    pytest.param({"host": None}, "host must be str, not NoneType (None)", id="None"),
    pytest.param({"host": b"::1"}, "host must be str, not bytes (b'::1')", id="bytes-for-str"),
    pytest.param(
        {"head_timeout": False}, "head_timeout must be float, not bool (False)", id="bool-for-float"
    ),
    pytest.param(
        {"head_timeout": float("nan")}, "head_timeout must be at least 0.001, not nan", id="nan"
    ),
    pytest.param(
        {"loop": "trio"}, "loop must be one of 'auto', 'asyncio', 'uvloop', not 'trio'", id="choice"
    ),
    pytest.param(
        {"loop": ["auto"]},
        "loop must be one of 'auto', 'asyncio', 'uvloop', not ['auto']",
        id="choice-unhashable",
    ),
]


@pytest.mark.parametrize(("settings", "message"), WRONG)
def test_wrong_values(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config(**settings)
    assert str(caught.value) == message


@pytest.mark.parametrize("kind", ["auto", "asyncio", "uvloop"])
def test_loops(kind: Any) -> None:
    assert Config(loop=kind).loop == kind


def test_whole_seconds_may_be_integers() -> None:
    assert Config(body_timeout=5).body_timeout == 5


def test_a_config_is_frozen() -> None:
    config: Any = Config()
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.port = 1


def test_settings_have_names() -> None:
    config: Any = Config
    with pytest.raises(TypeError):
        config("0.0.0.0")


def test_override_keeps_the_rest_and_the_original() -> None:
    config = Config(port=1, debug=True)
    assert override(config, port=2) == Config(port=2, debug=True)
    assert config.port == 1


def test_override_with_nothing() -> None:
    assert override(Config(port=1)) == Config(port=1)


def test_override_checks_values() -> None:
    with pytest.raises(ConfigError, match=r"^port must be at most 65535, not 65536$"):
        override(Config(), port=65536)


def test_override_with_an_unknown_name() -> None:
    with pytest.raises(ConfigError) as caught:
        override(Config(), workers=2)
    assert str(caught.value) == (
        "there is no setting 'workers'; there are: access_log, backlog, body_timeout, debug, "
        "drain_timeout, half_close_grace, handler_timeout, head_timeout, host, "
        "keep_alive_requests, keep_alive_timeout, linger_bytes, linger_timeout, loop, max_body, "
        "max_connections, max_header_bytes, max_header_count, max_request_line, "
        "max_stream_body, memory_budget, min_rate, min_write_rate, on_disconnect, "
        "pipelined_requests, port, request_buffer, response_buffer, timeout, write_cap, "
        "write_timeout"
    )
