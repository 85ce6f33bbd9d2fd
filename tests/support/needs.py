"""What a test may need beyond the lock file of the tests, each with the line that installs it. Used in every folder."""

import sys

import pytest

from boards.simulated.process import interpreter

micropython = pytest.mark.skipif(
    interpreter() != "micropython", reason="no MicroPython; install it: pip install -r requirements-node.lock"
)
file_modes = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no file modes: there the folder's own rights decide who reads"
)


def ptys() -> None:
    """For the top of a module: skip whoever imports it where there are no pseudo-terminals."""
    if sys.platform == "win32":
        pytest.skip("Windows has no pseudo-terminals, nothing installs them", allow_module_level=True)
