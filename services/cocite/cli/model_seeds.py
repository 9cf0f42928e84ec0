"""Papers to ask for in a measurement."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cocite.core.settings import Settings

_STRIDE = 7919  # a prime, so that ids are spread over the model, and every row comes before any comes again


def seeds_of_model(settings: "Settings", count: int) -> list[str]:
    """Ids of count papers of the model that serves, or of all when it has fewer. Raises NotReady when there is none."""
    from cocite.core.errors import NotReady
    from cocite.recommender.bundle import Bundle
    from cocite.recommender.bundle_files import read_current

    version = read_current(settings.bundles)
    if version is None:
        raise NotReady(
            f"no model is published in {settings.bundles} to take papers from",
            hint="give --id or --ids FILE, set COCITE_HOME, or run `cocite train`",
        )
    bundle = Bundle.load(settings.bundles / version, verify=False)
    papers = bundle.paper_count
    stride = _STRIDE if papers % _STRIDE else 1
    return [bundle.paper_id(i * stride % papers) for i in range(min(count, papers))]
