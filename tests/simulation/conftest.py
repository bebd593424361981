"""A running installation, as in the tests of imports."""

from tests.importing.conftest import installation

__all__ = ["installation"]
