"""Blueprints, under the import path that ported code uses."""

from headrace_routing import Blueprint as Blueprint
from headrace_routing import BlueprintGroup as BlueprintGroup

__all__ = ["Blueprint", "BlueprintGroup"]
