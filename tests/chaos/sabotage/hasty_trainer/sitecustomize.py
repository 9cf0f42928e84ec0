"""A training run names its model as serving before it is written."""

from cocite.training import publish

_write_bundle = publish.write_bundle


def _hasty(directory, model):
    publish.point_to(directory.parent, directory.name.lstrip("."))
    return _write_bundle(directory, model)


publish.write_bundle = _hasty
