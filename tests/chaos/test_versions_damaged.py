"""Models that must not serve are put where the recommender takes them from, under load."""

from chaos.harness.damage import DAMAGES, damaged
from chaos.harness.home import settings_of
from chaos.harness.sabotage import sabotaged
from chaos.harness.trial import Trial
from chaos.harness.verdict import Check, Fault
from chaos.harness.versions import force
from chaos.harness.work import failed
from cocite.client import Client
from cocite.core.errors import CorruptData
from cocite.training.activation import activate

FAULT = Fault(
    what="model corrupt, truncated, with NaN, of wrong dimensions, too new",
    promise="0 failed; the old model serves on; each is refused and GetModel says why; `cocite model activate` "
    "takes none",
    guard="the look at all that is in a model before it serves",
)
EACH_S = 2.5


def measured(staged, versions, reference, folder, **settings) -> list[Check]:
    with staged(settings={"recommender": settings}) as stage, Trial(stage, reference) as trial:
        bundles = settings_of(stage.home).bundles
        trial.phase("baseline", 4)
        trial.phase("fault")
        activated = 0
        for bundle in damaged(versions[0], folder):
            name = force(stage.home, bundle)
            trial.phase("fault", EACH_S)
            activated += not refuses_to_activate(bundles, name)
        with Client(stage.targets["recommender"], timeout_s=10.0) as client:
            told = client.model().refused
        parts = trial.end()
    reasons = {refusal.model_version: refusal.detail for refusal in told}
    print(reasons)
    return [
        failed(parts["fault"]),
        Check("wrong, or of another model", parts["fault"].wrong, 0),
        Check("refused with a reason", sum(map(bool, reasons.values())), len(DAMAGES), at_least=True),
        Check("activated all the same", activated, 0),
    ]


def refuses_to_activate(bundles, version) -> bool:
    try:
        activate(bundles, version)
    except CorruptData:
        return True
    return False


def test_promise(record, staged, versions, reference, tmp_path_factory):
    record.promise(lambda: measured(staged, versions, reference, tmp_path_factory.mktemp("damaged")))


def test_without_the_guard(record, staged, versions, reference, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    record.control(
        lambda: measured(staged, versions, reference, folder, **sabotaged("unchecked_models")), breaks="wrong"
    )
