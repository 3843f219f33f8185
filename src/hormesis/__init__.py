"""Hormesis: chaos, load and stress testing with faults that go away and a green that is true.

This module imports nothing, so that a command line that only asks for help, or a pytest session
that uses no Hormesis fixture, pays nothing. The Python door is :mod:`hormesis.api`.
"""

__version__ = "0.1.0"
