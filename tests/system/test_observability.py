"""What running services tell of themselves: metrics, one trace of one request, logs that name both."""

import json
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from support.otlp_receiver import collecting
from support.ports import free_port
from support.queries import dashboards, metrics_asked, rules
from support.scraping import scrape, series_names, value
from support.stack import Stack, eventually

ROOT = Path(__file__).resolve().parents[2]

SEED = "doi:10.1002/asi.4630240406"
REST = "POST /v1/papers:recommend"
ORDER = ("embedding", "features", "recommender", "feeds", "gateway")


@pytest.fixture(scope="module")
def collector():
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def told(demo_home, collector):
    """A demo that tells all; its stack and the addresses of its metrics by service."""
    port = free_port()
    home = demo_home.having(
        metrics_listen=f"127.0.0.1:{port}",
        traces_url=collector.url,
        traces_ratio="1",
        log_level="debug",
        log_format="json",
    )
    with Stack(home) as stack:
        yield stack, {name: f"127.0.0.1:{port + place}" for place, name in enumerate(ORDER)}


def ask(stack, body: dict, **headers: str) -> dict:
    request = urllib.request.Request(
        f"http://{stack.targets['gateway']}/v1/papers:recommend",
        json.dumps(body).encode(),
        {"content-type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def a_text(words: str) -> dict:
    return {"seeds": {"positiveIds": [SEED], "texts": [{"title": words}]}, "view": "PAPER_VIEW_FULL", "pageSize": 3}


def test_one_request_is_one_trace_through_all_that_answer_it(told, collector):
    stack, _ = told
    asked = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = ask(stack, a_text("mapping science by co-citation"), traceparent=f"00-{asked}-00f067aa0ba902b7-01")
    assert answer["results"] and "degraded" not in answer
    services = {f"cocite-{name}" for name in ("gateway", "recommender", "features", "embedding")}
    assert eventually(lambda: {span.service for span in collector.spans if span.trace == asked} == services)
    spans = {span.span: span for span in collector.spans if span.trace == asked}
    roots = [span for span in spans.values() if span.parent not in spans]
    assert [(span.service, span.name, span.parent) for span in roots] == [("cocite-gateway", REST, "00f067aa0ba902b7")]
    embed = next(span for span in spans.values() if span.name == "/cocite.v1.EmbeddingService/EmbedTexts")
    path = [embed]
    while path[-1].parent in spans:
        path.append(spans[path[-1].parent])
    assert [span.service.removeprefix("cocite-") for span in reversed(path)] == [
        "gateway",
        "gateway",
        "recommender",
        "recommender",
        "embedding",
    ]


def test_lines_of_the_log_name_request_and_trace_in_every_service(told):
    stack, _ = told
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "x-request-id": "a-request-of-mine"}
    ask(stack, a_text("ranking of journals"), **headers)
    logs = stack.home.of_demo().path / "logs"

    def named(service: str) -> bool:
        lines = (logs / f"{service}.log").read_text().splitlines()
        told = [json.loads(line) for line in lines if line.startswith("{") and trace in line]
        return any(line.get("request_id") == "a-request-of-mine" and line["trace_id"] == trace for line in told)

    for service in ("recommender", "features", "embedding"):
        assert eventually(lambda service=service: named(service)), service


def test_calls_hits_and_the_model_are_told(told):
    stack, metrics = told
    body = {"seeds": {"positiveIds": [SEED]}, "pageSize": 7}
    before = scrape(metrics["recommender"])
    method = "/cocite.v1.RecommenderService/RecommendPapers"
    for number in range(3):  # each by another body, which the gateway has no answer to; the recommender has
        ask(stack, {**body, "excludeIds": []} | ({} if number else {"pageToken": ""}), **{"cache-control": str(number)})
    after = scrape(metrics["recommender"])
    calls = [value(each, "cocite_rpc_calls_total", method=method, code="OK") for each in (before, after)]
    assert calls[1] > calls[0]
    version = ask(stack, body)["modelVersion"]
    assert value(after, "cocite_model_info", version=version) == 1.0
    assert value(after, "cocite_model_created_timestamp_seconds") > 1e9
    assert value(after, "cocite_ready") == 1.0
    gateway = scrape(metrics["gateway"])
    assert value(gateway, "cocite_http_requests_total", route="/v1/papers:recommend", status="200") >= 4
    assert value(gateway, "cocite_cache_reads_total", cache="responses", result="hit") >= 1


def test_paths_that_anybody_may_make_up_are_one_route(told):
    stack, metrics = told
    for name in ("/no/such/page", "/nor/this"):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://{stack.targets['gateway']}{name}", timeout=10)
    families = scrape(metrics["gateway"])
    routes = {sample.labels.get("route") for family in families.values() for sample in family.samples}
    assert "other" in routes and not {"/no/such/page", "/nor/this"} & routes


def test_what_the_embedding_service_did_is_told(told):
    stack, metrics = told
    before = scrape(metrics["embedding"])
    ask(stack, a_text("a text that nobody has asked for before, of bibliographic coupling"))
    after = scrape(metrics["embedding"])
    for name in ("cocite_embedding_batches_total", "cocite_embedding_texts_total", "cocite_embedding_tokens_total"):
        assert value(after, name) > value(before, name)
    assert value(after, "cocite_embedding_queue_tokens") == 0.0


def test_what_alerts_and_dashboards_ask_for_is_told_by_some_service(told):
    _, metrics = told
    exported = {name for address in metrics.values() for name in series_names(scrape(address).values())} | {"up"}
    asked = {name for query in [*rules(), *dashboards()] for name in metrics_asked(query)}
    assert len(asked) > 30
    assert asked - exported == set()
    assert metrics_asked('rate(cocite_no_such_total{job="x"}[5m])') - exported == {"cocite_no_such_total"}


def test_the_documentation_lists_what_is_told_and_nothing_else(told):
    _, metrics = told
    families = {family.name: family for address in metrics.values() for family in scrape(address).values()}
    kinds = {f"{name}_total" if family.type == "counter" else name: family.type for name, family in families.items()}
    documented = re.findall(r"^\| `(\w+)` \| (\w+)", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE)
    assert {name: kind for name, kind in kinds.items() if name.startswith("cocite_")} == dict(documented)
