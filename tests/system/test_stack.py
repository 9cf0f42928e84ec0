"""The services together, as `cocite up --demo` runs them."""

import json
import os
import signal
import threading

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

import cocite
from cocite.core import errors
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.recommender_service_pb2_grpc import RecommenderServiceStub
from support.stack import SERVICES, command_line, descendants, eventually

SMALL = "doi:10.1002/asi.4630240406"
SERVICE_NAMES = {
    "embedding": "cocite.v1.EmbeddingService",
    "features": "cocite.v1.FeatureService",
    "recommender": "cocite.v1.RecommenderService",
    "feeds": "cocite.v1.FeedService",
}


@pytest.fixture(scope="module")
def client(stack):
    with cocite.Client(stack.targets["recommender"], timeout_s=20) as client:
        yield client


def test_the_demo_prints_related_papers_and_where_the_services_are(stack):
    assert "related to Small (1973)" in stack.printed
    assert "cited together by" in stack.printed
    assert stack.printed.count("Journal") >= 3


def test_an_answer_keeps_the_contract(client):
    results = list(client.recommend_all(SMALL, page_size=50))
    ids = [r.paper.paper_id for r in results]
    assert len(set(ids)) == len(ids) > 300  # nearly all of the corpus hangs together
    assert SMALL not in ids
    assert [r.rank for r in results] == list(range(1, len(results) + 1))
    assert all(r.reasons for r in results[:20])
    assert sum(bool(r.paper.title) for r in results) > len(results) * 0.9  # a few works came without
    first = client.recommend(SMALL)
    assert (first.degraded, first.unresolved, first.fallback) == ((), (), "")
    assert client.recommend("https://doi.org/10.1002/ASI.4630240406").results == first.results


def test_filters_and_exclusions_hold(client):
    best = client.recommend(SMALL).results[0].paper.paper_id
    page = client.recommend(SMALL, min_year=1980, max_year=1990, exclude=[best])
    assert page.results
    assert all(1980 <= r.paper.year <= 1990 and r.paper.paper_id != best for r in page)


def test_a_text_goes_through_the_embedding_service(client, stack):
    page = client.recommend(texts="mapping the structure of science")
    assert page.results
    assert page.degraded == ()
    assert page.results[0].reasons[0].seed == "text:0"
    with cocite.EmbeddingClient(stack.targets["embedding"]) as embedding:
        assert embedding.embed(["a", "b"]).vectors.shape[0] == 2


def test_unknown_seeds_get_a_stated_fallback(client):
    page = client.recommend("doi:10.9999/nobody.knows")
    assert page.fallback == "popularity"
    assert [(seed.id, seed.cause) for seed in page.unresolved] == [("doi:10.9999/nobody.knows", "unknown")]
    assert page.results


def test_bad_requests_are_refused_by_name_on_the_server_too(stack):
    bad = {
        "seeds": pb.RecommendPapersRequest(seeds=pb.Seeds()),
        "seeds.positive_ids": pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=[SMALL] * 500)),
        "seeds.positive_ids[1]": pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=[SMALL, "nonsense"])),
        "seeds.texts[0].abstract": pb.RecommendPapersRequest(
            seeds=pb.Seeds(texts=[pb.TextSeed(abstract="x" * 10_000_000)])
        ),
        "page_token": pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=[SMALL]), page_token="forged"),
    }
    with grpc.insecure_channel(stack.targets["recommender"]) as channel:
        stub = RecommenderServiceStub(channel)
        for field, request in bad.items():
            with pytest.raises(grpc.RpcError) as caught:
                stub.RecommendPapers(request, timeout=20)
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT, field
            assert field.encode() in dict(caught.value.trailing_metadata())["grpc-status-details-bin"]


def test_a_page_token_of_another_query_is_refused(client):
    token = client.recommend(SMALL, page_size=5).next_page_token
    assert client.recommend(SMALL, page_size=5, page_token=token).results[0].rank == 6
    with pytest.raises(errors.InvalidArgument) as caught:
        client.recommend(SMALL, min_year=1980, page_token=token)
    assert caught.value.field == "page_token"


@pytest.mark.parametrize("service", SERVICES)
def test_every_server_offers_health(stack, service):
    with grpc.insecure_channel(stack.targets[service]) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for name in ("", SERVICE_NAMES[service]):
            answer = stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=10)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as caught:
            stub.Check(health_pb2.HealthCheckRequest(service="cocite.v1.NoService"), timeout=10)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("service", SERVICES)
def test_every_server_describes_itself(stack, service):
    with grpc.insecure_channel(stack.targets[service]) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert SERVICE_NAMES[service] in database.get_services()
        described = DescriptorPool(database).FindServiceByName(SERVICE_NAMES[service])
        assert described.methods


def test_a_call_made_from_reflection_alone(stack):
    """What grpcurl does: no generated code, the messages come from the server."""
    with grpc.insecure_channel(stack.targets["recommender"]) as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        method = pool.FindServiceByName("cocite.v1.RecommenderService").FindMethodByName("RecommendPapers")
        request = GetMessageClass(method.input_type)()
        request.seeds.positive_ids.append(SMALL)
        call = channel.unary_unary(
            "/cocite.v1.RecommenderService/RecommendPapers",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        assert len(call(request, timeout=20).results) == 20


def test_the_command_line_asks_the_running_services(stack):
    target = stack.targets["recommender"]
    done = stack.home.run("recommend", SMALL, "--target", target, "--page-size", "3", "--json")
    assert len(json.loads(done.stdout)["results"]) == 3
    done = stack.home.run("recommend", "doi:10.9999/nobody.knows", "--target", target)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no paper of the catalogue has this id" in done.stderr
    done = stack.home.run("recommend", "nonsense", "--target", target)
    assert done.returncode == 1
    assert done.stderr.startswith("cocite: 'nonsense' is not a paper id")
    assert done.stderr.count("\n") == 1
    done = stack.home.run("resolve", "https://doi.org/10.1002/asi.4630240406", "nonsense", "--target", target)
    assert (done.returncode, SMALL in done.stdout, "malformed" in done.stdout) == (0, True, True)


def test_a_frozen_or_killed_redis_costs_no_answer(stack, client):
    def valkey():
        features = stack.child("features")
        return next(pid for pid in descendants(features) if "valkey-server" in command_line(pid).split(" ")[0])

    whole = client.recommend(SMALL)
    frozen = valkey()
    os.kill(frozen, signal.SIGSTOP)
    try:
        without = client.recommend([SMALL] * 2)  # the same paper in other words, for which no answer is kept
    finally:
        os.kill(frozen, signal.SIGCONT)
    assert without.results == whole.results  # titles and all, from the catalogue
    os.kill(frozen, signal.SIGKILL)
    assert client.recommend([SMALL] * 3).results == whole.results
    assert eventually(lambda: client.recommend([SMALL] * 4).degraded == ())  # it was started again


def test_a_new_model_takes_over_without_a_lost_call(stack, client):
    home = stack.home.of_demo()
    before = client.model().model_version
    stop, answers, failures = threading.Event(), [], []

    def ask():
        while not stop.is_set():
            try:
                page = client.recommend(SMALL)
                answers.append((page.model_version, len(page)))
            except errors.CociteError as error:
                failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        done = home.run("train", "--seed", "7", "--json", check=True)
        trained = json.loads(done.stdout)
        assert eventually(lambda: client.model().model_version == trained["model_version"])
    finally:
        stop.set()
        asking.join()
    assert failures == []
    assert {size for _, size in answers} == {20}
    assert before in {version for version, _ in answers}
    assert trained["texts_encoded"] == 0  # the vectors of the first training are reused
    assert json.loads(home.run("model", "list", "--json").stdout)[-1]["current"]

    assert home.run("model", "rollback", check=True).stdout.strip() == before
    assert eventually(lambda: client.model().model_version == before)
    home.run("model", "activate", trained["model_version"], check=True)
    assert eventually(lambda: client.model().model_version == trained["model_version"])


def test_a_corrupt_model_is_refused_and_the_old_one_serves_on(stack, client):
    bundles = stack.home.of_demo().path / "bundles"
    before = client.model().model_version
    broken = bundles / "broken"
    broken.mkdir()
    (broken / "manifest.json").write_text("{}")
    (bundles / "CURRENT").write_text("broken\n")
    try:
        assert eventually(lambda: "broken" in [refused.model_version for refused in client.model().refused])
        assert client.recommend(SMALL).model_version == before
    finally:
        (bundles / "CURRENT").write_text(before + "\n")
        (broken / "manifest.json").unlink()
        broken.rmdir()
