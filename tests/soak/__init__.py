"""An hour of good and bad clients against a real server; nothing may be left over at the end.

``nox -s soak -- --seconds 3600`` runs it; ``tests/integration/test_soak.py`` runs seconds of it.
"""

from ._process import Served as Served
from ._process import State as State
from ._run import Report as Report
from ._run import soak as soak

__all__ = ["Report", "Served", "State", "soak"]
