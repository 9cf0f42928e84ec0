"""Windows of load as the generator tells them."""

import numpy as np

from cocite.load.result import Load, Result


def result(answered_in_all: int) -> Result:
    """That many calls answered within a second, each after a microsecond."""
    return Result(
        load=Load(1, concurrency=1),
        seconds=1.0,
        sent=answered_in_all,
        answered_in_all=answered_in_all,
        failures={},
        messages={},
        answer_octets=0,
        resent=0,
        late=0,
        unsent=0,
        late_share=0.0,
        interrupted=False,
        lost="",
        cpu_us=0.0,
        latencies_us=np.ones(answered_in_all),
    )
