"""The last question before publishing: is the new model good enough to take the place of the one that serves?"""

from collections.abc import Mapping
from pathlib import Path

from cocite.core.errors import CociteError
from cocite.recommender.bundle_files import read_current, read_manifest
from cocite.training.metrics import lower_end, upper_end

SERVED = "model"  # the ranking as it serves, among the metrics of a manifest
LEAST_SHARE = 0.95  # of the serving model's recall


class ModelRefused(CociteError):
    """The model is worse than the one that serves and was not published."""

    reason = "MODEL_REFUSED"


def check_not_worse(bundles_dir: Path, metrics: Mapping[str, float], *, metric: str = f"{SERVED}.recall@20") -> None:
    """Raise ModelRefused when the metric is under LEAST_SHARE of that of the model serving from bundles_dir, and by
    more than chance: their 95 % intervals are apart too, so that a small corpus may grow.

    Both are as measured when each was trained, on references hidden from it. Where either was not measured, or the
    serving model cannot be read, there is nothing to compare and the new one passes.
    """  # fmt: skip
    serving = _metrics_of_serving(bundles_dir)
    served, found = serving.get(metric), metrics.get(metric)
    if served is None or found is None or found >= LEAST_SHARE * served:
        return
    if metrics.get(upper_end(metric), found) >= serving.get(lower_end(metric), served):
        return
    raise ModelRefused(
        f"the new model is not published: its {metric} is {found:.3f}, that of the serving model {served:.3f}",
        hint="look for what changed in the catalogue; cocite train --force publishes it all the same",
    )


def _metrics_of_serving(bundles_dir: Path) -> Mapping[str, float]:
    try:
        current = read_current(bundles_dir)
        return read_manifest(bundles_dir / current).metrics if current else {}
    except CociteError:
        return {}
