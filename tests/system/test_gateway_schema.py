"""The running gateway, asked with requests that schemathesis makes up from its OpenAPI document, good and bad."""

from pathlib import Path

import orjson
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cocite.gateway import openapi

TIMEOUT = "Request-Timeout-Ms"
EXAMPLES = 40  # an operation, beside the fixed ones of the coverage phase


schema = schemathesis.openapi.from_path(Path(openapi.__file__).with_name("openapi.json"))


@schemathesis.serializer("application/x-ndjson")
def as_lines(context, value):
    return value.encode(errors="surrogatepass") if isinstance(value, str) else orjson.dumps(value)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,  # the same requests in every run
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_described(case, stack):
    if case.headers.get(TIMEOUT, "").isdigit():
        case.headers[TIMEOUT] = "20000"  # otherwise it would be no fault of the server not to answer in time
    case.call_and_validate(
        base_url=f"http://{stack.targets['gateway']}",
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ],
        timeout=30,
    )
