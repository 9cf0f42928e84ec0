"""The pure parts of the latency bench."""

import json
import math
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from cocite.bench.latency import Measured
from cocite.bench.latency_goals import GOALS, Goal, Reached, goals_of, reached
from cocite.bench.latency_picture import latency_pictures
from cocite.bench.latency_rows import BASES, ROWS, chosen_rows, known_names
from cocite.bench.latency_windows import Row, Sample, Tail, median_of, ratio_of, take
from cocite.core.errors import InvalidArgument, Unavailable
from cocite.load.paired import Ratio
from cocite.load.session import LoadSession
from support.load_server import call, load_server

CALM = Sample(p25_us=100.0, p50_us=110.0, p99_us=200.0, rps=8000.0, cpu_us=90.0, behind_cpu_us=0.0)
SLOW = replace(CALM, p25_us=300.0, rps=2000.0, cpu_us=180.0, behind_cpu_us=20.0)
KEYS = {
    *("cpu_us", "p25_us", "p50_us", "p99_us", "rps"),
    *("cpu_vs_echo", "p25_vs_echo", "cpu_vs_echo_grpcio", "p25_vs_echo_grpcio", "rps_vs_echo_grpcio"),
}


def measured() -> Measured:
    """Three windows of each row; the machine is twice as slow in the second."""
    slower = [1.0, 2.0, 1.0]
    samples = {
        name: [replace(sample, p25_us=sample.p25_us * k, cpu_us=sample.cpu_us * k, rps=sample.rps / k) for k in slower]
        for name, sample in {"echo_grpcio": CALM, "echo": CALM, "wire_hit": SLOW}.items()
    }
    return Measured(1000, 3, "grpcio", samples, Tail(500.0, [300.0, math.nan, 600.0], [200.0, 200.0, 300.0]))


def test_the_json_has_the_shape_that_was_asked_for():
    told = json.loads(json.dumps(measured().as_json(), allow_nan=False))
    assert (told["papers"], told["windows"]) == (1000, 3)
    assert told["rows"].keys() == {"echo_grpcio", "echo", "wire_hit"}
    assert all(row.keys() >= KEYS for row in told["rows"].values())
    ratios = {"cpu": 2.0, "p25": 3.0, "rps": 0.25}
    assert told["rows"]["wire_hit"] | {"quartiles": None} == {
        **{"cpu_us": 180.0, "behind_cpu_us": 20.0, "p25_us": 300.0, "p50_us": 110.0, "p99_us": 200.0, "rps": 2000.0},
        **{f"{figure}_vs_{base}": ratio for base in BASES for figure, ratio in ratios.items()},
        "quartiles": None,
    }
    assert told["rows"]["wire_hit"]["quartiles"]["p25_vs_echo"] == [3.0, 3.0]  # the slow window cancels
    assert told["p99_at_half_load"]["ratio"] == 1.75
    assert told["p99_at_half_load"]["windows"] == 2


def test_a_row_without_an_answer_in_any_window_has_no_figure():
    found = measured()
    found.samples["wire_hit"][:] = [replace(SLOW, p25_us=math.nan)] * 3
    row = json.loads(json.dumps(found.as_json(), allow_nan=False))["rows"]["wire_hit"]
    assert row["p25_us"] is row["p25_vs_echo"] is row["quartiles"]["p25_vs_echo"] is None
    assert row["cpu_vs_echo"] == 2.0


def test_windows_are_compared_side_by_side_where_both_have_a_figure():
    ours = [replace(CALM, p25_us=value) for value in (200.0, math.nan, 900.0)]
    theirs = [replace(CALM, p25_us=value) for value in (100.0, 100.0, 300.0)]
    assert ratio_of(ours, theirs, "p25_us") == Ratio(2.5, 2.25, 2.75, 2)
    assert ratio_of(ours[1:2], theirs[:1], "p25_us") is None
    assert median_of(ours, "p25_us") == 550.0
    assert math.isnan(median_of(ours[1:2], "p25_us"))


@pytest.mark.parametrize(
    ("goal", "median", "met"),
    [
        (Goal("a", "cpu_us", "b", 1.1), 1.1, True),
        (Goal("a", "cpu_us", "b", 1.1), 1.11, False),
        (Goal("a", "rps", "b", 6.0, at_least=True), 6.0, True),
        (Goal("a", "rps", "b", 6.0, at_least=True), 5.9, False),
    ],
)
def test_goals_are_met_by_the_median(goal, median, met):
    assert Reached(goal, Ratio(median, 0.0, 100.0, 12)).met is met


def test_goals_are_told_of_rows_that_were_measured():
    found = {str(each.goal): each.met for each in measured().all_goals()}
    assert found == {
        "cpu_us of wire_hit / echo <= 1.1": False,
        "p25_us of wire_hit / echo <= 1.1": False,
        "p99 at half of saturation of wire_hit / echo <= 1.5": False,
    }
    assert reached({}) == []


def test_every_goal_is_of_rows_that_there_are():
    assert {name for goal in GOALS for name in (goal.row, goal.base)} <= set(known_names())
    native = [goal for goal in goals_of("native") if goal.row == "redis_hit"]
    assert native == [Goal("redis_hit", "p25_us", "echo_grpcio", 1.0)]
    assert not [goal for goal in goals_of("native") if goal.row.endswith("_native")]
    assert Goal("wire_hit", "rps", "echo_grpcio", 5.0, at_least=True) in goals_of("native")


def test_rows_are_chosen_by_name_and_echoes_come_along():
    assert known_names(chosen_rows([], "grpcio", lambda: True)) == [kind.name for kind in ROWS]
    assert known_names(chosen_rows(["naive", "wire_hit"], "grpcio", lambda: False)) == [*BASES, "wire_hit", "naive"]
    for transport, native in (("grpcio", False), ("native", True)):
        names = known_names(chosen_rows([], transport, lambda installed=native: installed))
        assert not [name for name in names if name.endswith("_native")]
        with pytest.raises(InvalidArgument, match="pygrpc-native"):
            chosen_rows(["wire_hit_native"], transport, lambda installed=native: installed)
    with pytest.raises(InvalidArgument, match="'wirehit' is no row; choose of echo_grpcio, echo, wire_hit"):
        chosen_rows(["wirehit"], "grpcio", lambda: True)


def test_pictures_have_a_point_a_row():
    pictures = latency_pictures(measured())
    assert pictures.keys() == {"latency-p25.svg", "latency-cpu.svg"}
    root = ElementTree.fromstring(pictures["latency-p25.svg"])
    circles = root.findall("{http://www.w3.org/2000/svg}circle")
    places = [float(circle.get("cx", "0")) for circle in circles]
    assert len(places) == 3
    assert places[0] == places[1] < places[2]


def test_a_call_that_fails_ends_the_run_and_names_its_row():
    with load_server() as server, LoadSession("127.0.0.1", server.port, [call("fail:INTERNAL:out of order")]) as load:
        row = Row(ROWS[2], 1, (), load, load)
        with pytest.raises(Unavailable, match=r"row wire_hit: .* calls failed, INTERNAL: out of order"):
            take(row, 0.05)
