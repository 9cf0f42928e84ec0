"""Origins that browsers let read answers, as a browser would ask: with preflights, and each header by itself."""

import pytest

from cocite.core.errors import InvalidArgument
from cocite.core.settings import Settings
from cocite.gateway.cors import with_cors
from cocite.gateway.response_cache import ResponseCache
from cocite.serving.answer_memory import AnswerMemory
from support.gateway_server import READ, gateway_server, saying_ok

PAGE = "https://page.example"
CHROME = "chrome-extension://" + "abcdefghijklmnop" * 2
FIREFOX = "moz-extension://0f3e1c2a-1111-4222-8333-444455556666"
STRANGERS = (
    "https://stranger.example",
    "http://page.example",
    "https://page.example:8443",
    "https://page.example.stranger.example",
    "https://sub.page.example",
    "https://PAGE.example",
    "https://page.example/",
    "null",
    "*",
    "chrome-extension://" + "a" * 32,
)


@pytest.fixture
def gateway(tmp_path):
    settings = Settings(home=tmp_path, gateway_origins=f"{PAGE}, {CHROME},{FIREFOX}", gateway_anonymous_rate=40)
    with gateway_server(settings) as server:
        yield server


def preflight(gateway, origin, method="POST", headers="content-type,authorization", **more):
    told = {"origin": origin, "access_control_request_method": method, "access_control_request_headers": headers}
    return gateway.ask(READ, "OPTIONS", **told, **more)


def varies_by(answer) -> set[str]:
    return {name.strip().lower() for name in answer.headers["vary"].split(",")}


@pytest.mark.parametrize("origin", [PAGE, CHROME, FIREFOX])
def test_an_origin_of_the_list_may_read(gateway, origin):
    answer = gateway.ask(READ, origin=origin)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == origin
    assert varies_by(answer) >= {"origin"}
    assert "access-control-allow-credentials" not in answer.headers
    shown = {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert shown >= {"etag", "ratelimit", "ratelimit-policy", "retry-after", "grpc-status", "grpc-message"}
    assert shown >= {"x-request-id", "connect-content-encoding"}


@pytest.mark.parametrize("origin", STRANGERS)
def test_no_other_may(gateway, origin):
    answer = gateway.ask(READ, origin=origin)
    assert "access-control-allow-origin" not in answer.headers
    assert varies_by(answer) >= {"origin"}
    asked = preflight(gateway, origin)
    assert (asked.status, "access-control-allow-origin" in asked.headers) == (403, False)
    assert "COCITE_GATEWAY_ORIGINS" in asked.json["error"]["message"]
    assert varies_by(asked) >= {"origin"}


def test_an_answer_to_nobodys_page_varies_too(gateway):
    """Else a cache gives a page the answer that says nothing of it."""
    assert varies_by(gateway.ask(READ)) >= {"origin"}


def test_an_answer_to_one_key_is_none_to_another(gateway):
    """Else a browser takes what it was told with a good key, or without any, for the answer to a wrong one."""
    assert varies_by(gateway.ask(READ)) >= {"authorization", "x-api-key"}


def test_preflights_are_answered_for_a_while_and_cost_no_quota(gateway):
    for _ in range(50):
        answer = preflight(gateway, PAGE, headers="authorization,x-api-key,connect-protocol-version,x-grpc-web")
        assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert int(answer.headers["access-control-max-age"]) >= 600
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert varies_by(answer) >= {"origin"}
    assert gateway.ask(READ).status == 200
    assert preflight(gateway, PAGE, method="DELETE").status == 400
    assert preflight(gateway, PAGE, headers="cookie").status == 400


def test_a_public_page_of_the_list_may_ask_a_gateway_on_this_machine(gateway):
    answer = preflight(gateway, PAGE, access_control_request_private_network="true")
    assert answer.headers["access-control-allow-private-network"] == "true"


def test_a_page_can_read_why_it_is_refused(gateway):
    answers = [gateway.ask(READ, origin=PAGE) for _ in range(41)]
    assert answers[-1].status == 429
    assert answers[-1].headers["access-control-allow-origin"] == PAGE
    assert "retry-after" in answers[-1].headers
    wrong = gateway.ask(READ, origin=PAGE, x_api_key="wrong")
    assert (wrong.status, wrong.headers["access-control-allow-origin"]) == (401, PAGE)


def test_an_answer_that_was_kept_says_nothing_of_the_page_that_asked_before(tmp_path):
    async def public(scope, receive, send):
        headers = [(b"cache-control", b"public, max-age=60"), (b"content-length", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"%d" % len(asked)})
        asked.append(scope)

    asked = []
    memory = AnswerMemory(1 << 20, 60)
    memory.serve("model")
    kept = ResponseCache(public, memory, frozenset({READ}), 1 << 20)
    with gateway_server(Settings(home=tmp_path, gateway_origins=f"{PAGE},{CHROME}"), kept) as gateway:
        answers = [gateway.ask(READ, origin=origin) for origin in (PAGE, CHROME, "https://stranger.example")]
    assert [answer.body for answer in answers] == [b"0"] * 3
    assert [answer.headers.get("access-control-allow-origin") for answer in answers] == [PAGE, CHROME, None]
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=599", "r=598", "r=597"]


def test_without_a_list_no_origin_may(tmp_path):
    with gateway_server(Settings(home=tmp_path)) as gateway:
        answer = gateway.ask(READ, origin=PAGE)
        assert answer.status == 200
        asked = preflight(gateway, PAGE)
        assert (asked.status, asked.json["error"]["status"]) == (403, "PERMISSION_DENIED")
        assert PAGE in asked.json["error"]["message"]
        assert "COCITE_GATEWAY_ORIGINS" in asked.json["error"]["message"]
        for each in (answer, asked):
            assert not [name for name in each.headers if name.startswith("access-control")]
        bare = gateway.ask(READ, "OPTIONS", origin=PAGE)  # asks for no page
        assert bare.status != 403


@pytest.mark.parametrize(
    "origin", ["*", "null", "page.example", "https://page.example/", "https://*.page.example", "file://", CHROME[:-1]]
)
def test_what_is_no_origin_is_refused_at_the_start(origin):
    with pytest.raises(InvalidArgument, match="COCITE_GATEWAY_ORIGINS"):
        with_cors(saying_ok, f"{PAGE},{origin}", "COCITE_GATEWAY_ORIGINS")
