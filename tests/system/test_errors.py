"""What is missing is said in one line with what to do, and the exit status is 1."""

import socket

import pytest

from cocite.catalogue.store import Catalogue
from support.stack import Home


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def one_line(done):
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr.startswith("cocite: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.strip()


def test_an_empty_catalogue(home):
    for command in ("up", "train"):
        assert "there is no catalogue at" in one_line(home.run(command))
    assert list(home.path.iterdir()) == []  # asking for one makes none
    Catalogue.open(f"sqlite:///{home.path}/catalogue.db").close()
    assert "is empty; bring papers in with `cocite ingest`" in one_line(home.run("up"))
    assert one_line(home.run("train"))


def test_the_password_of_the_catalogue_is_not_shown(home):
    done = home.run("up", "--catalogue", "postgresql://someone:geheim@127.0.0.1:1/x")
    assert "geheim" not in one_line(done)


def one_line_at_the_end(done):
    """The last line, where notes on what was done so far come first."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("cocite: ")
    return last


@pytest.fixture
def own_papers(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    lines = [f'{{"id": "p{i}", "title": "Paper {i} about maps", "year": {1990 + i}}}' for i in range(8)]
    (folder / "papers.jsonl").write_text("\n".join([*lines, "not json", '{"title": "no id"}']) + "\n")
    pairs = [f"local:p{i}\tlocal:p{j}" for i in range(8) for j in range(i)]
    (folder / "citations.tsv").write_text("citing_id\tcited_id\n" + "\n".join(pairs) + "\n")
    return folder


def test_no_model_yet_then_one(home, own_papers):
    done = home.run("ingest", "jsonl", str(own_papers), "--scheme", "local", "--rejects", str(home.path / "bad"))
    assert done.returncode == 0, done.stderr
    assert "rejected 2" in done.stdout
    assert len((home.path / "bad").read_text().splitlines()) == 2
    assert "no model is published" in one_line(home.run("up"))
    trained = home.run("train")
    assert trained.returncode == 0, trained.stderr
    assert "8 papers, 28 citations" in trained.stdout
    assert home.run("up", "--once").returncode == 0


def test_files_that_are_not_what_they_claim(home, tmp_path):
    pdf = tmp_path / "papers.jsonl"
    pdf.write_bytes(b"%PDF-1.7 something")
    assert "is a PDF" in one_line(home.run("ingest", "jsonl", str(pdf)))
    assert "does not exist" in one_line(home.run("ingest", "bibtex", str(tmp_path / "none.bib")))


@pytest.mark.parametrize(
    ("content", "said"), [('{"title": "no id"}\n', "every record was rejected"), ("", "no records")]
)
def test_nothing_usable_is_exit_1(home, tmp_path, content, said):
    bad = tmp_path / "papers.jsonl"
    bad.write_text(content)
    for options in ([], ["--json"]):
        assert said in one_line(home.run("ingest", "jsonl", str(bad), *options))


def test_an_ingest_says_what_there_is_now_and_what_may_be_meant(home, tmp_path):
    papers = tmp_path / "papers.jsonl"
    papers.write_text('{"id": "10.1000/a", "title": "A"}\n{"id": "17", "title": "B"}\n')
    done = home.run("ingest", "jsonl", str(papers), check=True)
    assert "the catalogue holds 1 papers, 0 citations" in done.stdout
    assert "--scheme local" in done.stderr
    done = home.run("ingest", "jsonl", str(papers), "--scheme", "local", check=True)
    assert "the catalogue holds 2 papers, 0 citations" in done.stdout
    assert "--scheme local" not in done.stderr


def test_missing_model_files(tmp_path, own_papers):
    home = Home(tmp_path, encoder="minilm", models_dir=str(tmp_path / "nothing"))
    home.run("ingest", "jsonl", str(own_papers), "--scheme", "local", check=True)
    for command in (["train"], ["serve", "embedding"]):
        assert "cocite model pull" in one_line(home.run(*command))


@pytest.mark.parametrize(
    "arguments", [["ingest", "openalex", "--filter", "a.b:c"], ["model", "activate", "x"], ["up", "--demo"]]
)
def test_a_home_that_is_no_folder(tmp_path, arguments):
    home = Home(tmp_path, home="/dev/null")
    assert "/dev/null" in one_line_at_the_end(home.run(*arguments))


def test_models_that_are_not_there(home):
    assert "there is no model 'nothing'" in one_line(home.run("model", "activate", "nothing"))
    assert "no earlier model" in one_line(home.run("model", "rollback"))
    listed = home.run("model", "list")
    assert (listed.returncode, listed.stdout) == (0, "")
    assert "cocite train" in listed.stderr


def test_an_address_that_is_taken(tmp_path, own_papers):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        home = Home(tmp_path, features_listen=address)
        home.run("ingest", "jsonl", str(own_papers), "--scheme", "local", check=True)
        home.run("train", "--no-learn", check=True)
        assert f"{address} is taken; choose another COCITE_FEATURES_LISTEN" in one_line(home.run("up", "--once"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["up", "--topic", "maps"],
        ["up", "--demo", "--catalogue", "sqlite:///x.db"],
        ["ingest", "jsonl"],
        ["ingest", "jsonl", "--filter", "default.search:x"],
        ["ingest", "papyrus", "x"],
        ["ingest", "openalex", "x", "--refresh"],
        ["up", "--demo", "--refresh"],
        ["serve", "tea"],
        ["model"],
        [],
    ],
)
def test_wrong_usage_is_exit_2(home, arguments):
    done = home.run(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
