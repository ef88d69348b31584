"""What holds for one route."""

import pytest

from headrace import Config, ConfigError
from headrace._settings import NEVER, ROUTE_SETTINGS, RouteSettings


@pytest.mark.parametrize("name", sorted(set(ROUTE_SETTINGS) - {"max_body"}))
def test_the_servers_setting_unless_the_route_has_its_own(name):
    config = Config()
    own = {"on_disconnect": "finish"}.get(name, 7)
    assert getattr(RouteSettings(config), name) == getattr(config, name)
    assert getattr(RouteSettings(config, own={name: None}), name) == getattr(config, name)
    assert getattr(RouteSettings(config, own={name: own}), name) == own


def test_settings_are_sorted():
    assert list(ROUTE_SETTINGS) == sorted(ROUTE_SETTINGS)


@pytest.mark.parametrize(
    ("own", "soonest"),
    [
        ({}, 30.0),
        ({"timeout": 5.0}, 5.0),
        ({"handler_timeout": 7.0, "timeout": 8.0}, 7.0),
        ({"body_timeout": 0, "handler_timeout": 0}, NEVER),
    ],
)
def test_soonest(own, soonest):
    assert RouteSettings(Config(), own=own).soonest == soonest


def test_an_unknown_setting():
    with pytest.raises(ConfigError, match=r"^no setting 'colour'; there are: body_timeout, "):
        RouteSettings(Config(), own={"colour": 1})
