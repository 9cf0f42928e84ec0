"""The commands that ask a recommender, in this process, against a real server that answers as scripted."""

import io
import json
import os
import signal
import subprocess
import sys

import pytest

from cocite.cli.app import run
from cocite.core import errors
from cocite.v1 import recommender_service_pb2 as pb

SEED = "doi:10.1002/asi.4630240406"


@pytest.fixture
def cocite(recommender, monkeypatch, capsys):
    monkeypatch.setenv("COCITE_RECOMMENDER_TARGET", recommender.target)
    monkeypatch.setenv("COLUMNS", "300")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["cocite", *arguments])
        with pytest.raises(SystemExit) as ended:
            run()
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return call


def two_results(request):
    answer = pb.RecommendPapersResponse(model_version="m1", next_page_token="t2")
    first = answer.results.add(rank=1, score=0.5)
    first.paper.paper_id, first.paper.title, first.paper.year = "pmid:1", "Maps of [bold]science[/bold]\x1b[31m", 1979
    first.paper.venue = "A Journal"
    first.reasons.add(seed=SEED).co_citation.count = 1234
    first.reasons.add(seed=SEED).direct_citation.seed_cites_result = False
    second = answer.results.add(rank=2, score=0.4)
    second.paper.paper_id = "pmid:2"
    second.reasons.add(seed=SEED).shared_references.count = 1
    second.reasons.add(seed=SEED).text_likeness.cosine = 0.712
    second.reasons.add(seed=SEED).direct_citation.seed_cites_result = True
    return answer


def test_a_table_with_reasons_in_words(recommender, cocite):
    recommender.servicer.answer = two_results
    code, out, err = cocite("recommend", SEED)
    assert code == 0
    assert "cited together by 1,234 papers, cites the seed" in out
    assert "shares 1 reference, text alike (0.71), cited by the seed" in out
    assert "1979" in out
    assert "A Journal" in out
    assert "pmid:2" in out  # stands in for a title that is not known
    assert "Maps of [bold]science[/bold]" in out  # titles are text, neither markup
    assert "\x1b" not in out  # nor commands to the terminal
    assert "--page-token t2" in err
    assert [line for line in out.splitlines() if line != line.rstrip()] == []
    assert out.count("pmid:1") == out.count("pmid:2") == 1


def test_with_several_seeds_each_reason_names_its_own(recommender, cocite):
    recommender.servicer.answer = two_results
    _, out, _ = cocite("recommend", SEED, "--text", "a title")
    assert "cites the seed [1]" in out
    assert out.splitlines()[-1] == f"[1] {SEED}"


def test_with_several_seeds_their_shares_are_told(recommender, cocite, monkeypatch):
    def answer(request):
        answer = two_results(request)
        answer.results[0].contributions.add(seed=SEED, share=0.25)
        answer.results[0].contributions.add(seed="text:0", share=0.75)
        return answer

    recommender.servicer.answer = answer
    monkeypatch.setenv("COLUMNS", "500")
    _, out, _ = cocite("recommend", SEED, "--text", "a title")
    assert "; 75 % [2], 25 % [1]" in out
    assert out.splitlines()[-1] == f"[1] {SEED}  [2] text:0"
    answer = json.loads(cocite("recommend", SEED, "--text", "a title", "--json")[1])
    assert answer["results"][0]["contributions"][1] == {"seed": "text:0", "share": 0.75}
    assert answer["results"][1]["contributions"] == []


def test_of_several_seeds_only_one_that_was_used_needs_no_name(recommender, cocite):
    def answer(request):
        answer = two_results(request)
        answer.unresolved_seeds.add(id="pmid:9", cause=pb.UNRESOLVED_CAUSE_UNKNOWN)
        return answer

    recommender.servicer.answer = answer
    _, out, _ = cocite("recommend", SEED, "pmid:9")
    assert "cites the seed" in out
    assert "[1]" not in out


LONG = "doi:10.1002/(sici)1097-4571(1998)49:4<1::aid>3"


@pytest.mark.parametrize("columns", ["80", "100", "200"])
def test_ids_are_whole_and_lines_fit(recommender, cocite, monkeypatch, columns):
    def answer(request):
        answer = two_results(request)
        answer.results[0].paper.paper_id = LONG
        answer.results[0].paper.title = "Visualizing a discipline: an author co-citation analysis, " * 3
        return answer

    recommender.servicer.answer = answer
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = cocite("recommend", SEED)
    assert (LONG in out) is (columns != "80")  # there it takes two lines
    assert "pmid:2" in out
    assert ("A Journal" in out) is (columns != "80")
    assert max(map(len, out.splitlines())) <= int(columns)


def test_json_is_whole_and_says_the_kind_of_each_reason(recommender, cocite):
    recommender.servicer.answer = two_results
    code, out, _ = cocite("recommend", SEED, "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["results"][0]["paper"]["paper_id"] == "pmid:1"
    assert answer["results"][0]["reasons"][0] == {
        "kind": "co_citation",
        "seed": SEED,
        "count": 1234,
        "paper_ids": [],
    }
    assert (answer["model_version"], answer["next_page_token"]) == ("m1", "t2")


def test_every_option_reaches_the_server(recommender, cocite):
    options = [
        "--not",
        "pmid:3",
        "--text",
        "T1",
        "--text",
        "T2",
        "--abstract",
        "A",
        "--exclude",
        "pmid:4",
        "--min-year",
        "1990",
        "--max-year",
        "2000",
        "--not-text",
        "N",
        "--field",
        "Physics",
        "--recency",
        "0.5",
        "--diversity",
        "0.25",
    ]
    cocite("recommend", SEED, *options, *["--venue", "V", "--page-size", "5", "--page-token", "t"])
    (request,) = recommender.servicer.requests
    assert list(request.seeds.positive_ids) == [SEED]
    assert list(request.seeds.negative_ids) == ["pmid:3"]
    assert [(t.title, t.abstract) for t in request.seeds.texts] == [("T1", ""), ("T2", "A")]
    assert [t.title for t in request.seeds.negative_texts] == ["N"]
    assert (request.recency, request.diversity, list(request.filter.fields)) == (0.5, 0.25, ["Physics"])
    assert list(request.exclude_ids) == ["pmid:4"]
    f = request.filter
    assert (f.min_year, f.max_year, list(f.venues)) == (1990, 2000, ["V"])
    assert (request.page_size, request.page_token) == (5, "t")


def test_an_abstract_alone_is_a_text(recommender, cocite):
    cocite("recommend", "--abstract", "about maps")
    assert recommender.servicer.requests[0].seeds.texts[0].abstract == "about maps"


def references_in(request):
    """An answer that finds the first two entries and none of the others."""
    answer = two_results(request)
    for i, entry in enumerate(request.seeds.reference_text.splitlines()):
        if i < 2:
            answer.resolved_references.add(entry=entry, paper_id=f"pmid:{i}")
        else:
            where = f"seeds.reference_text[{i}]"
            answer.unresolved_seeds.add(id=entry, cause=pb.UNRESOLVED_CAUSE_UNKNOWN, field=where)
    return answer


def test_a_reference_list_and_a_library_are_files(recommender, cocite, tmp_path):
    recommender.servicer.answer = references_in
    draft, kept = tmp_path / "refs.txt", tmp_path / "kept.txt"
    draft.write_text("\ufeff" + "\n".join(f"Reference {i}" for i in range(9)), encoding="utf-8")
    kept.write_text("# papers that I keep\npmid:3\n\n 10.1000/a \n")
    code, _, err = cocite("recommend", "--references", str(draft), "--library", str(kept))
    assert code == 0
    (request,) = recommender.servicer.requests
    assert request.seeds.reference_text.startswith("Reference 0\n")
    assert list(request.seeds.library_ids) == ["pmid:3", "10.1000/a"]
    assert "2 of 9 references were found" in err
    assert err.count("no paper of the catalogue has its id or title") == 5
    assert "left out Reference 6" in err and "left out Reference 7" not in err
    assert "and 2 more" in err


def test_references_come_from_stdin(recommender, cocite, monkeypatch):
    recommender.servicer.answer = references_in
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("Größe".encode())))
    code, _, err = cocite("recommend", "--references", "-")
    assert (code, recommender.servicer.requests[0].seeds.reference_text) == (0, "Größe")
    assert "1 of 1 reference was found" in err


def test_references_of_which_none_is_found_are_an_error(recommender, cocite, tmp_path):
    def nothing(request):
        answer = two_results(request)
        answer.unresolved_seeds.add(id="A", cause=pb.UNRESOLVED_CAUSE_UNKNOWN, field="seeds.reference_text[0]")
        return answer

    recommender.servicer.answer = nothing
    draft = tmp_path / "refs.txt"
    draft.write_text("A")
    code, out, err = cocite("recommend", "--references", str(draft))
    assert (code, out) == (1, "")
    assert "0 of 1 reference was found" in err


def test_files_that_are_none_are_wrong_usage(recommender, cocite, tmp_path):
    binary, huge, empty = tmp_path / "binary", tmp_path / "huge", tmp_path / "empty"
    empty.write_text(" \n")
    wrong = tmp_path / "wrong"
    wrong.write_text("# mine\npmid:3\n10.9/none\n")
    binary.write_bytes(b"\xff\xfe")
    huge.write_bytes(b"a" * ((1 << 20) + 1))
    for option, path, said in (
        ("--references", tmp_path / "absent", "No such file"),
        ("--library", tmp_path, "directory"),
        ("--library", binary, "not UTF-8"),
        ("--references", huge, "1048576 bytes"),
        ("--references", empty, "is empty"),
        ("--library", empty, "is empty"),
        ("--library", wrong, "line 3"),
    ):
        code, out, err = cocite("recommend", SEED, option, str(path))
        assert (code, out) == (2, "")
        told = "".join(err.replace("│", " ").split())
        assert f"'{option}'" in told and "".join(said.split()) in told
    assert cocite("recommend", "--library", "-", "--references", "-")[0] == 2
    assert recommender.servicer.requests == []


def test_shortcomings_are_told_in_words(recommender, cocite):
    def answer(request):
        answer = two_results(request)
        answer.unresolved_seeds.add(id="pmid:9", cause=pb.UNRESOLVED_CAUSE_UNKNOWN)
        answer.degraded.add(cause="DEGRADED_CAUSE_EMBEDDING_SLOW")
        answer.fallback = pb.FALLBACK_POPULARITY
        return answer

    recommender.servicer.answer = answer
    code, out, err = cocite("recommend", SEED, "pmid:9")
    assert code == 0
    assert "left out pmid:9: no paper of the catalogue has this id" in err
    assert "the embedding service was too slow: texts count by their words alone" in err
    assert "these are the most cited papers" in err
    assert "left out" not in out
    assert "1979" in out  # and here they are


def all_unknown(request):
    answer = two_results(request)
    for seed in request.seeds.positive_ids:
        answer.unresolved_seeds.add(id=seed, cause=pb.UNRESOLVED_CAUSE_UNKNOWN)
    return answer


def test_only_unknown_seeds_is_an_error(recommender, cocite):
    recommender.servicer.answer = all_unknown
    code, out, err = cocite("recommend", "pmid:8", "pmid:9")
    assert (code, out) == (1, "")
    assert "left out pmid:8: no paper of the catalogue has this id" in err
    assert "check the id" in err
    assert "most cited" not in err  # none are printed
    code, out, _ = cocite("recommend", "pmid:8", "--json")
    assert (code, json.loads(out)["unresolved"][0]["id"]) == (1, "pmid:8")
    code, _, _ = cocite("recommend", "pmid:8", "--text", "but a text is there")
    assert code == 0


def test_an_unknown_seed_in_two_spellings_is_one(recommender, cocite):
    def first_unknown(request):  # as the server has it: a seed once, in its first spelling
        answer = two_results(request)
        answer.unresolved_seeds.add(id=request.seeds.positive_ids[0], cause=pb.UNRESOLVED_CAUSE_UNKNOWN)
        return answer

    recommender.servicer.answer = first_unknown
    code, out, _ = cocite("recommend", "10.1000/none", "doi:10.1000/NONE")
    assert (code, out) == (1, "")


def test_an_empty_page_is_said_to_be_one(cocite):
    code, out, err = cocite("recommend", SEED, "--min-year", "9999")
    assert (code, out, err) == (0, "", "no paper is left after filters and exclusions\n")


def test_an_error_is_one_line_and_exit_1(recommender, cocite):
    def refuse(request):
        raise errors.NotReady("no model is published", hint="run `cocite train`")

    recommender.servicer.answer = refuse
    code, out, err = cocite("recommend", SEED)
    assert (code, out, err) == (1, "", "cocite: no model is published; run `cocite train`\n")


def test_wrong_usage_is_exit_2(cocite):
    for arguments in (
        ["recommend", SEED, "--min-year", "soon"],
        ["recommend", "--no-such"],
        ["reccomend"],
        ["resolve"],
    ):
        code, out, err = cocite(*arguments)
        assert (code, out) == (2, "")
        assert "Error" in err


WRONG = [
    (["recommend"], "'SEED': give at least one, or --text"),
    (["recommend", SEED, "--timeout", "0"], "'--timeout'"),
    (["recommend", SEED, "--timeout", "nan"], "'--timeout'"),
    (["recommend", SEED, "--page-size", "0"], "'--page-size'"),
    (["recommend", SEED, "--page-size", "301"], "'--page-size'"),
    (["recommend", SEED, "--min-year", "2010", "--max-year", "2005"], "'--min-year': 2010 is after --max-year 2005"),
    (["recommend", "--text", ""], "'--text': title or abstract must hold some text"),
    (["recommend", *["pmid:1"] * 101], "'SEED': must contain no more than 100 item(s)"),
    (["recommend", SEED, *["--not", "pmid:1"] * 101], "'--not'"),
    (["recommend", SEED, "--exclude", ""], "'--exclude'"),
    (["recommend", SEED, "--recency", "1.5"], "'--recency'"),
    (["recommend", SEED, "--diversity", "nan"], "'--diversity'"),
    (["recommend", SEED, "--field", ""], "'--field'"),
    (["recommend", SEED, "--not-text", ""], "'--not-text'"),
    (["recommend", SEED, "--target", " "], "'--target': must be an address"),
    (["resolve", ""], "'ID'"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=lambda value: f"{value!r:.50}")
def test_wrong_usage_speaks_of_options_and_sends_nothing(recommender, cocite, arguments, said):
    code, out, err = cocite(*arguments)
    assert (code, out) == (2, "")
    assert said in " ".join(err.replace("│", " ").split())
    assert not any(field in err for field in ("seeds.", "exclude_ids", "page_size", "timeout_s", "queries", "min_year"))
    assert recommender.servicer.requests == []


def test_a_setting_that_is_none_is_named(cocite, monkeypatch):
    monkeypatch.setenv("COCITE_RECOMENDER_TARGET", "x")
    code, _, err = cocite("recommend", SEED)
    assert (code, err) == (1, "cocite: COCITE_RECOMENDER_TARGET is not a setting; docs/settings.md lists them all\n")


def test_resolve_prints_what_ids_mean(recommender, cocite):
    def answer(request):
        answer = pb.ResolvePapersResponse()
        for query in request.queries:
            found = query != "nonsense"
            status = pb.RESOLVE_STATUS_FOUND if found else pb.RESOLVE_STATUS_MALFORMED
            result = answer.results.add(query=query, status=status, in_model=found)
            if found:
                result.paper.paper_id, result.paper.title = SEED, "Co-citation"
        return answer

    recommender.servicer.answer = answer
    code, out, _ = cocite("resolve", "10.1002/ASI.4630240406", "nonsense")
    assert code == 0
    assert SEED in out
    assert "malformed" in out
    code, out, _ = cocite("resolve", "nonsense", "--json")
    assert (code, json.loads(out)["results"][0]["status"]) == (1, "malformed")


def test_many_ids_are_resolved_in_batches(recommender, cocite):
    def answer(request):
        answer = pb.ResolvePapersResponse()
        for query in request.queries:
            answer.results.add(query=query, status=pb.RESOLVE_STATUS_UNKNOWN)
        return answer

    recommender.servicer.answer = answer
    code, out, _ = cocite("resolve", "--json", *[f"pmid:{i}" for i in range(150)])
    assert (code, len(json.loads(out)["results"])) == (1, 150)


def test_nothing_at_the_target_says_how_to_give_another(recommender, cocite):
    recommender.server.stop(lame_duck_s=0)
    code, out, err = cocite("recommend", SEED)
    assert (code, out) == (1, "")
    assert f"nothing answers at {recommender.target}" in err
    assert "--target" in err
    assert "COCITE_RECOMMENDER_TARGET" in err


@pytest.mark.parametrize("form", [["--json"], []])
def test_a_reader_that_stops_reading_is_no_error(recommender, form):
    recommender.servicer.answer = two_results
    command = [sys.executable, "-m", "cocite", "recommend", SEED, "--target", recommender.target, *form]
    read, write = os.pipe()
    os.close(read)  # nobody reads, from the start
    with subprocess.Popen(command, stdout=write, stderr=subprocess.PIPE, text=True) as running:
        os.close(write)
        _, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (0, "" if form else "more with --page-token t2\n")


def test_ctrl_c_is_exit_130_without_a_traceback(recommender, monkeypatch):
    def interrupt(request):
        waiting.send_signal(signal.SIGINT)
        return two_results(request)

    recommender.servicer.answer = interrupt
    command = [sys.executable, "-m", "cocite", "recommend", SEED, "--target", recommender.target]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as waiting:
        _, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 130
    assert "Traceback" not in err


def test_version_and_help():
    done = subprocess.run([sys.executable, "-m", "cocite", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip()[0].isdigit()


@pytest.mark.parametrize("arguments", [["--help"], ["recommend", "--help"], ["--version"], ["model", "list"]])
def test_what_computes_nothing_loads_nothing_heavy(arguments, tmp_path):
    script = """
import sys
from cocite.cli.app import run
sys.argv = ["cocite", *sys.argv[1:]]
try:
    run()
except SystemExit:
    heavy = {"grpc", "numpy", "sqlalchemy", "onnxruntime", "implicit", "scipy", "google.protobuf", "numba"}
    print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=os.environ | {"COCITE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines()[-1] == "[]"
