"""cocite doctor, for a running stack, and for one that has lost something."""

import json

import pytest

from cocite.cli.addresses import SERVICES
from support.ports import free_port

pytestmark = pytest.mark.timeout(240)  # the first to run trains a model


def examined(stack, *options, **settings):
    """Exit status, and what was found: (what, state) with what is said and what to do."""
    targets = {f"{name}_target": stack.targets[name] for name in SERVICES}
    done = stack.home.of_demo(**targets | settings).run("doctor", "--json", *options)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert all(each["do"] for each in found if each["state"] != "good")
    return done.returncode, found


def said(found, what, state):
    return [each["said"] for each in found if (each["what"], each["state"]) == (what, state)]


def test_of_a_running_stack_all_is_well(stack):
    status, found = examined(stack)
    assert status == 0, found
    assert not [each for each in found if each["state"] == "wrong"]
    for service in ("embedding", "features", "recommender", "feeds"):
        assert said(found, f"{service} service", "good") == [f"SERVING at {stack.targets[service]}"]
    assert "612 papers" in said(found, "model", "good")[0]
    assert said(found, "encoder", "good")
    assert said(found, "bundle", "good")
    assert len(said(found, "catalogue", "good")) == 2
    assert said(found, "clocks", "good")


def test_a_service_that_is_not_there_is_wrong_and_the_rest_is_told(stack):
    status, found = examined(stack, features_target=f"127.0.0.1:{free_port()}")
    assert status == 1
    assert [each["what"] for each in found if each["state"] == "wrong"] == ["features service"]
    assert "COCITE_FEATURES_TARGET" in next(each["do"] for each in found if each["state"] == "wrong")


def test_what_is_better_mended_counts_with_strict_alone(stack):
    weak = {"gateway_anonymous_rate": "0"}
    assert examined(stack, **weak)[0] == 0
    status, found = examined(stack, "--strict", **weak)
    assert status == 1
    assert said(found, "keys", "notice") == ["nobody may ask: there are no keys, and none may go without"]


def test_a_person_gets_a_table(stack):
    targets = {f"{name}_target": stack.targets[name] for name in SERVICES}
    done = stack.home.of_demo(**targets, smtp_url=f"smtp://127.0.0.1:{free_port()}", mail_from="a@b.example").run(
        "doctor"
    )
    assert done.returncode == 1
    assert "→ " in done.stdout
    assert "1 thing is wrong" in done.stderr
