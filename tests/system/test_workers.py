"""Several recommenders on one port: the load is spread, one that dies is replaced, all of them drain."""

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager

import grpc
import pytest

import cocite
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.recommender_service_pb2_grpc import RecommenderServiceStub
from support.stack import TIMEOUT_S, alive, command_line, connections, descendants, eventually

pytestmark = pytest.mark.timeout(240)
SMALL = "doi:10.1002/asi.4630240406"
REQUEST = pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=[SMALL]))


class Recommenders:
    """A running `cocite serve recommender --workers 2`."""

    def __init__(self, home):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cocite", "serve", "recommender", "--workers", "2"],
            env=home.environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        started = next(line for line in self.process.stderr if "workers started" in line)
        self.target = json.loads(started)["address"]
        self.port = int(self.target.rpartition(":")[2])

    def pids(self):
        return [pid for pid in descendants(self.process.pid) if "--worker-of" in command_line(pid)]

    def end(self):
        self.process.terminate()
        self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode


@pytest.fixture(params=["grpcio", "native"])
def recommenders(demo_home, request):
    home = demo_home.of_demo(transport=request.param, lame_duck_s="1", log_format="json")
    running = Recommenders(home)
    try:
        yield running
    finally:
        running.process.terminate()
        running.process.communicate(timeout=TIMEOUT_S)


@contextmanager
def calling(recommenders, count=16):
    """Stubs, each with a connection of its own that has carried a call."""
    with ExitStack() as channels:
        options = [("grpc.use_local_subchannel_pool", 1)]
        stubs = [
            RecommenderServiceStub(channels.enter_context(grpc.insecure_channel(recommenders.target, options)))
            for _ in range(count)
        ]
        for stub in stubs:
            assert stub.RecommendPapers(REQUEST, timeout=60, wait_for_ready=True).results
        yield stubs


def both_serve(recommenders):
    pids = recommenders.pids()
    if len(pids) != 2:
        return False
    with calling(recommenders):
        return all(connections(pid, recommenders.port) for pid in pids)


def test_calls_spread_a_dead_worker_comes_back_and_all_drain(recommenders):
    assert eventually(lambda: both_serve(recommenders), 60)
    killed, other = recommenders.pids()
    with cocite.Client(recommenders.target, timeout_s=20) as client:
        client.recommend(SMALL)
        os.kill(killed, signal.SIGKILL)
        for year in range(1970, 1990):  # each another query
            assert client.recommend(SMALL, min_year=year).results
    assert eventually(lambda: both_serve(recommenders), 60)
    assert other in recommenders.pids() and killed not in recommenders.pids()

    pids = recommenders.pids()
    with calling(recommenders) as stubs:
        begun = [stub.RecommendPapers.future(REQUEST, timeout=60) for stub in stubs]
        assert recommenders.end() == 0
        assert all(call.result().results for call in begun)
    assert not any(alive(pid) for pid in pids)


def test_workers_do_not_outlive_a_killed_parent(recommenders):
    assert eventually(lambda: both_serve(recommenders), 60)
    pids = recommenders.pids()
    recommenders.process.kill()
    assert eventually(lambda: not any(alive(pid) for pid in pids))


def test_a_port_that_others_share_is_still_taken(recommenders, demo_home):
    home = demo_home.of_demo(recommender_listen=recommenders.target)
    assert eventually(lambda: both_serve(recommenders), 60)
    done = home.run("serve", "recommender", "--workers", "2")
    assert done.returncode == 1
    assert f"cannot listen on {recommenders.target}" in done.stderr
    assert "Traceback" not in done.stderr
