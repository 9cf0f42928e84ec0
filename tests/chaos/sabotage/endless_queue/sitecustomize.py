"""Servers take whatever comes, however many calls wait already."""

from cocite.serving.pools import BoundedPool

BoundedPool.full = property(lambda self: False)
