"""Where the workers of one service tell their metrics, and where the parent tells them together."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def merged_metrics(address: str, count: int) -> Iterator[Sequence[str]]:
    """Addresses for so many workers, "" where no metrics are wanted; meanwhile theirs are told at address.

    Raises as listening() does.
    """
    if not address:
        yield [""] * count
        return
    from cocite.serving.metrics_listener import listening
    from cocite.serving.metrics_merged import MergedMetrics

    with tempfile.TemporaryDirectory(prefix="cocite-") as directory:
        paths = {str(number): str(Path(directory) / f"worker-{number}") for number in range(count)}
        with listening(address, [MergedMetrics(paths)], of_process=False):
            yield [f"unix:{path}" for path in paths.values()]
