"""The commands of the OpenAPI document, which the page and docs/gateway.md show, typed into a shell."""

import json
import re
import secrets
import subprocess
import urllib.request
from pathlib import Path

import pytest

from cocite.gateway import openapi

DOCUMENT = json.loads(Path(openapi.__file__).with_name("openapi.json").read_text())
CURLS = {
    each["operationId"]: each["x-codeSamples"][0]["source"]
    for verbs in DOCUMENT["paths"].values()
    for each in verbs.values()
}
OF_MAILS = {"Confirm", "ConfirmSubscription", "Unsubscribe", "UnsubscribeByMail"}  # with a token that no mail has
LAST = {"RotateFeedToken", "DeleteReader"}  # after which the address of the feed is another, or none


@pytest.fixture(scope="module")
def shell(stack):
    """Runs a command against the stack, for a reader of its own; the HTTP status and what was answered."""
    base = f"http://{stack.targets['gateway']}"
    with urllib.request.urlopen(f"{base}/v1/models", timeout=20) as answer:
        model = json.load(answer)["data"][0]["id"]
    variables = {"SESSION": secrets.token_hex(16), "TOKEN": secrets.token_hex(16), "PATH": "/usr/bin:/bin"}

    def run(command: str) -> tuple[int, str]:
        here = command.replace("http://localhost:8080", base).replace("all-MiniLM-L6-v2", model)
        script = f"curl() {{ command curl -s -m 30 -w '\\n%{{http_code}}' \"$@\"; }}\n{here}"
        done = subprocess.run(["bash", "-c", script], env=variables, capture_output=True, text=True, check=True)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    run(CURLS["RecordEvents"])  # without which nothing is held of the reader
    status, body = run(CURLS["GetReader"])
    assert status == 200, body
    variables["FEED_TOKEN"] = json.loads(body)["feedToken"]
    return run


@pytest.mark.parametrize("name", sorted(CURLS, key=lambda name: name in LAST))
def test_what_is_shown_is_answered(shell, name):
    status, body = shell(CURLS[name])
    assert status == (404 if name in OF_MAILS else 200), body
    assert body


def test_a_command_that_is_wrong_would_be_noticed(shell):
    assert shell(re.sub(r"queries=", "ids=", CURLS["ResolvePapersByGet"]))[0] == 400
