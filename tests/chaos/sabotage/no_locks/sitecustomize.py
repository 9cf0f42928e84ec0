"""Locks between processes keep nobody out."""

from contextlib import contextmanager

from cocite.core import locks


@contextmanager
def _open(path, what, wait_s=0.0):
    yield


locks.exclusive = _open
