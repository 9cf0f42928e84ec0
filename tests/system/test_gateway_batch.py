"""Batches: many requests in a body, answered as they are worked out."""

import contextlib
import http.client
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

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


def leave(gateway, lines):
    """Send a batch, read the first answer, and hang up."""
    host, port = gateway.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 20) as connection:
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: {len(lines)}"
        connection.sendall(head.encode() + b"\r\n\r\n")
        threading.Thread(target=_send, args=(connection, lines), daemon=True).start()
        assert connection.recv(1 << 10)


def _send(connection, lines):
    with contextlib.suppress(OSError):  # hung up, as it is meant to be
        connection.sendall(lines)


def cpu_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_a_client_that_leaves_ends_the_work(gateway, stack):
    lines = b"".join(
        of({"seeds": {"positiveIds": [SMALL]}, "diversity": number / 10_000, "pageSize": 300}) + b"\n"
        for number in range(MOST_LINES)
    )
    recommender = stack.child("recommender")
    leave(gateway, lines)

    def idle():
        before = cpu_s(recommender)
        time.sleep(0.5)
        return cpu_s(recommender) - before < 0.1

    began = time.monotonic()
    assert eventually(idle, 20)
    assert time.monotonic() - began < 10  # all lines would have taken longer by far, see below
    before = cpu_s(recommender)
    assert len(post(gateway, b"".join(lines.splitlines(keepends=True)[-50:]))) == 50
    assert (cpu_s(recommender) - before) * MOST_LINES / 50 > 20
