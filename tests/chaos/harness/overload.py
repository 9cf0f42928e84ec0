"""What is measured alike where more is asked than can be answered: goodput, and how the others are refused."""

import numpy as np
from google.rpc import error_details_pb2, status_pb2

from chaos.harness.load import OK, Call
from chaos.harness.trial import Part
from chaos.harness.verdict import Check

REFUSED = "RESOURCE_EXHAUSTED"
GOODPUT, GOODPUT_HARD = 0.95, 0.3
REFUSED_MS, REFUSED_HARD_MS = 10.0, 1000.0
# Every answer is computed, none remembered: what costs the server something, and whoever measures next to nothing. Also
# what can be answered right after a model is published, when nothing is remembered yet.
COMPUTED = {"wire_cache_shared": "false", "wire_cache_bytes": "0"}


def overload_checks(part: Part, peak: float) -> list[Check]:
    """The figures of a phase in which more was asked than the peak, in answers a second."""
    refused = [call for call in part.calls if call.status == REFUSED]
    latencies = [1e3 * call.latency_s for call in refused]
    neither = sum(call.status not in (OK, REFUSED) for call in part.calls)
    answered = len(part.calls) - part.failed
    return [
        Check("goodput / peak", answered / part.seconds / peak, GOODPUT, at_least=True, hard=GOODPUT_HARD),
        Check("wrong", part.wrong, 0),
        Check(
            f"p50 of {len(refused)} refusals",
            float(np.median(latencies)) if latencies else float("inf"),
            REFUSED_MS,
            "ms",
            hard=REFUSED_HARD_MS,
        ),
        Check("refusals without RetryInfo", sum(not retry_told(call) for call in refused), 0),
        Check(f"neither answered nor refused of {len(part.calls)}", neither / len(part.calls), 0.01, hard=1.0),
    ]


def retry_told(call: Call) -> bool:
    """Whether a refusal says when to come again."""
    status = status_pb2.Status.FromString(call.problem)
    return any(detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR) for detail in status.details)
