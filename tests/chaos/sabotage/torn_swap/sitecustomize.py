"""Whoever writes answers keeps the version that was there first, while the ranking is that of the newest."""

from dataclasses import replace

from cocite.recommender.reload import Model

_of = Model.of
_first = []


def _torn(bundle, engine, name):
    model = _of(bundle, engine, name)
    _first.append(model)
    return replace(model, assembler=_first[0].assembler, one_paper=_first[0].one_paper)


Model.of = _torn
