"""Batches: many requests in a body, answered as they are worked out."""

import contextlib
import http.client
import json
import socket
import time
import urllib.error
import urllib.request

import pytest

from cocite.gateway.batch import MOST_LINES, PATH
from support.stack import eventually

SMALL = "doi:10.1002/asi.4630240406"
ASKED = {"seeds": {"positiveIds": [SMALL]}, "pageSize": 3}


@pytest.fixture(scope="module")
def gateway(stack):
    return stack.targets["gateway"]


def post(gateway, body, media_type="application/x-ndjson", **headers):
    request = urllib.request.Request(f"http://{gateway}{PATH}", body, {"content-type": media_type, **headers})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return [json.loads(line) for line in answer.read().splitlines()]


def of(*values):
    return b"\n".join(value if isinstance(value, bytes) else json.dumps(value).encode() for value in values)


def test_each_line_has_its_answer_in_the_order_asked(gateway):
    sizes = [*range(1, 30)]
    answers = post(gateway, of(*({**ASKED, "pageSize": size} for size in sizes)))
    assert [each["index"] for each in answers] == list(range(len(sizes)))
    assert [len(each["response"]["results"]) for each in answers] == sizes
    assert {each["status"] for each in answers} == {200}


def test_a_line_at_fault_does_not_end_the_others(gateway):
    wrong = [b"{", b"[]", {"nothing": 1}, {"seeds": {"positiveIds": ["no id"]}}, {**ASKED, "pageSize": 1000}]
    answers = post(gateway, of(ASKED, *wrong, b"", b"  ", ASKED) + b"\r\n")
    assert [each["status"] for each in answers] == [200, *[400] * len(wrong), 200]
    for answer in answers[1:-1]:
        assert answer["error"]["status"] == "INVALID_ARGUMENT"
        assert "response" not in answer
    assert answers[4]["error"]["details"][1]["fieldViolations"][0]["field"] == "seeds.positive_ids[0]"
    assert answers[0]["response"] == answers[-1]["response"]


def test_answers_come_while_requests_are_still_sent(gateway):
    connection = http.client.HTTPConnection(gateway, timeout=20)
    connection.putrequest("POST", PATH)
    connection.putheader("content-type", "application/x-ndjson")
    connection.putheader("transfer-encoding", "chunked")
    connection.putheader("accept-encoding", "gzip")
    connection.endheaders()
    line = of(ASKED) + b"\n"
    connection.send(b"%x\r\n%s\r\n" % (len(line), line))
    answer = connection.getresponse()
    assert json.loads(answer.readline())["index"] == 0
    connection.send(b"%x\r\n%s\r\n" % (len(line), line))
    assert json.loads(answer.readline())["index"] == 1
    connection.send(b"0\r\n\r\n")
    assert answer.read() == b""
    connection.close()


def test_lines_and_bytes_are_bounded(gateway):
    answers = post(gateway, b"[]\n" * (MOST_LINES + 5))
    assert len(answers) == MOST_LINES + 1
    assert answers[-1]["error"]["message"].startswith("request: has more than")
    first, second = post(gateway, of(ASKED, b"x" * (5 << 20), ASKED))
    assert (first["status"], second["status"]) == (200, 413)


def test_it_takes_lines_of_json_alone(gateway):
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(gateway, of(ASKED), "application/json")
    assert refused.value.code == 415
    assert post(gateway, b"") == []


def test_each_line_has_the_time_that_the_client_gives_it(gateway):
    hard = {"seeds": {"texts": [{"title": f"a text that nobody asked for {time.time_ns()}"}]}}
    (answer,) = post(gateway, of(hard), **{"request-timeout-ms": "0"})
    assert answer["status"] == 504
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(gateway, of(ASKED), **{"request-timeout-ms": "soon"})
    assert refused.value.code == 400


def test_clients_that_leave_hold_no_places(gateway):
    """More of them, each for itself, than one caller may have batches at a time: see docs/gateway.md."""
    host, port = gateway.rsplit(":", 1)
    line = of(ASKED) + b"\n"
    head = f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-ndjson\r\nContent-Length: 9999\r\n\r\n"

    def begun():
        connection = stack.enter_context(socket.create_connection((host, int(port)), 20))
        connection.sendall(head.encode() + line)
        return connection.recv(1 << 16).startswith(b"HTTP/1.1 200 ")

    with contextlib.ExitStack() as stack:
        assert [begun() for _ in range(5)] == [True] * 4 + [False]
    with contextlib.ExitStack() as stack:
        assert eventually(begun, 20)
