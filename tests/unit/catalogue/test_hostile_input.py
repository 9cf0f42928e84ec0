"""Files and answers that are made to harm whoever reads them: bombs, links, depth. Each comes with one that is well."""

import gzip
import io
import json
import lzma
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import zstandard

from cocite.catalogue.follow.arxiv_atom import read_page
from cocite.catalogue.follow.arxiv_source import ARXIV, ArxivSource
from cocite.catalogue.ingest import latex
from cocite.catalogue.ingest.bibtex import parse as parse_bibtex
from cocite.catalogue.ingest.files import expand
from cocite.catalogue.ingest.run import ingest
from cocite.catalogue.ingest.source import open_source
from cocite.catalogue.packed_body import Damaged, unpacked_body
from cocite.catalogue.polite_http import Answer, PoliteClient, TryAgain, Validators
from cocite.catalogue.store import Catalogue
from cocite.core.errors import InvalidArgument, Unavailable
from support.openalex import StandIn

Write = Callable[[str, bytes | str], Path]
PAPER = json.dumps({"id": "doi:10.1000/1", "title": "A title"})
BILLION = (
    b'<!DOCTYPE feed [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%b">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b']><feed xmlns="http://www.w3.org/2005/Atom"><entry><title>&j;</title></entry></feed>'
)
EXTERNAL = (
    b'<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>&x;</title></entry></feed>'
)


@cache
def zstd_bomb() -> bytes:
    packed = io.BytesIO()
    with zstandard.ZstdCompressor(level=3).stream_writer(packed, closefd=False) as writer:
        for _ in range(400):
            writer.write(b" " * (1 << 20))
    return packed.getvalue()


@cache
def gzip_bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(b" " * (1 << 20)) for _ in range(400)) + packer.flush()


READ = """
import sys
from pathlib import Path
from cocite.catalogue.ingest.source import open_source
from cocite.core.errors import InvalidArgument
try:
    with open_source(Path(sys.argv[1])) as source:
        for line in source.lines():
            pass
    print("read")
except InvalidArgument as refused:
    print("refused")
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is read from /proc")
@pytest.mark.parametrize("bomb", [gzip_bomb, zstd_bomb])
def test_a_bomb_is_refused_before_it_takes_memory(write: Write, bomb: Callable[[], bytes]) -> None:
    """400 MiB out of less than one: the process that reads it stays below half of that, and does not end by it."""
    packed = bomb()
    assert len(packed) < 1 << 20

    def read(path: Path) -> tuple[str, int]:
        done = subprocess.run(
            [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, timeout=100, check=True
        )
        said, kib = done.stdout.split()
        return said, int(kib) << 10

    said, least = read(write("well.jsonl.gz", gzip.compress(PAPER.encode())))
    assert said == "read"
    said, most = read(write("bomb.jsonl", packed))
    assert said == "refused"
    assert most - least < 200 << 20


@pytest.mark.parametrize("pack", [lzma.compress, lambda data: gzip.compress(tarred(data))], ids=["xz", "tar.gz"])
def test_what_is_packed_otherwise_is_not_unpacked(write: Write, pack: Callable[[bytes], bytes]) -> None:
    """So no name within an archive can lead anywhere: no archive is ever opened."""
    with pytest.raises(InvalidArgument, match=r"xz|binary"), open_source(write("a.jsonl", pack(PAPER.encode()))):
        pass


def tarred(data: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("../../etc/cron.d/evil")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def test_links_in_a_folder_do_not_lead_out_of_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "papers.jsonl").write_text(PAPER)
    folder = tmp_path / "folder"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "papers-2.jsonl").write_text(PAPER)
    (folder / "papers-inside.jsonl").symlink_to(folder / "below" / "papers-2.jsonl")
    (folder / "papers-out.jsonl").symlink_to(outside / "papers.jsonl")
    (folder / "papers-lost.jsonl").symlink_to(tmp_path / "nowhere")
    (folder / "elsewhere").symlink_to(outside)
    found = {file.relative_to(folder).as_posix() for file in expand("jsonl", [folder])}
    assert found == {"below/papers-2.jsonl", "papers-inside.jsonl"}
    assert expand("jsonl", [folder / "papers-out.jsonl"])  # who names it means it


def test_a_folder_that_is_a_link_itself_is_read(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "papers.jsonl").write_text(PAPER)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert len(expand("jsonl", [tmp_path / "link"])) == 1


@pytest.mark.parametrize("depth", [100, 500, 1000, 1020, 1024, 100_000])
def test_json_of_any_depth_is_a_record_or_rejected(catalogue: Catalogue, write: Write, depth: int) -> None:
    deep = "[" * depth + "]" * depth
    path = write("works.json", '{"results": [{"id": "W7"}]}\n{"results": [{"title": "x", "a": ' + deep + "}]}\n")
    summary = ingest(catalogue, "openalex", [path], rejects_path=path.with_name("rejects"))
    assert summary.rejected_total == 1
    assert (summary.read, summary.stored) == (2, 1)
    assert json.loads(path.with_name("rejects").read_text())["line"] == 2


@pytest.mark.parametrize("body", [BILLION, EXTERNAL], ids=["entities", "external"])
def test_entities_are_not_expanded(body: bytes) -> None:
    with pytest.raises(TryAgain):
        read_page(Answer(200, body, Validators()))
    without = body[body.index(b"]>") + 2 :].replace(b"&j;", b"t").replace(b"&x;", b"t")
    total = b'<t xmlns="http://a9.com/-/spec/opensearch/1.1/">1</t></feed>'.replace(b"<t ", b"<totalResults ")
    total = total.replace(b"</t>", b"</totalResults>")
    assert len(read_page(Answer(200, without.replace(b"</feed>", total), Validators())).entries) == 1


def test_no_more_of_a_text_is_read_as_tex_than_an_abstract_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latex, "MOST", 100)
    entry = b"@misc{a, doi={10.1000/1}, title={%s}}" % (b"{a} " * 400)
    record = parse_bibtex((b"", entry), default_scheme=None)
    assert record.ids == ("doi:10.1000/1",)
    assert len(record.fields.title) <= 100


@pytest.fixture
def standin() -> Iterator[StandIn]:
    server = StandIn(0)
    yield server
    server.close()


def asked(standin: StandIn) -> bytes | None:
    with PoliteClient(ARXIV, standin.url, sleep=lambda _: None) as client:
        return client.ask("/works", {"cursor": "*"}, lambda answer: answer.body)


def test_an_answer_that_is_a_bomb_is_refused(standin: StandIn) -> None:
    standin.planned = [(200, {"Content-Encoding": "gzip"}, gzip.compress(b"well"))]
    assert asked(standin) == b"well"
    standin.planned = [(200, {"Content-Encoding": "gzip"}, gzip_bomb())]
    with pytest.raises(Unavailable, match="answers more than"):
        asked(standin)


@pytest.mark.parametrize("encoding", ["zstd", "br", "deflate", "gzip, gzip"])
def test_answers_packed_by_what_was_not_asked_for_are_not_unpacked(standin: StandIn, encoding: str) -> None:
    standin.planned = [(200, {"Content-Encoding": encoding}, b"x" * 99)] * 9
    with pytest.raises(Unavailable, match="is packed by"):
        asked(standin)


def test_a_step_of_unpacking_gives_a_mebibyte_at_most() -> None:
    pieces = list(unpacked_body("gzip", [gzip_bomb()]))
    assert max(map(len, pieces)) <= 1 << 20
    assert sum(map(len, pieces)) == 400 << 20
    for broken in (gzip.compress(b"a")[:-5], b"no gzip", gzip.compress(b"a") + gzip.compress(b"b")):
        with pytest.raises(Damaged):
            list(unpacked_body("gzip", [broken]))


def test_a_redirect_of_an_api_is_not_followed(standin: StandIn) -> None:
    standin.planned = [(302, {"Location": "/works?cursor=*"}, b"")]
    with pytest.raises(Unavailable, match="HTTP 302"):
        asked(standin)
    assert len(standin.asked) == 1


def test_nothing_within_a_record_is_fetched(standin: StandIn) -> None:
    """Addresses in records are ids, or text: none is ever asked."""
    url = standin.url
    entry = f"@misc{{a, doi={{10.1000/1}}, url={{{url}}}, title={{see {url}}}}}".encode()
    assert parse_bibtex((b"", entry), default_scheme=None).ids == ("doi:10.1000/1",)
    with PoliteClient(ARXIV, standin.url, sleep=lambda _: None) as client:
        source = ArxivSource(client, ["cs.DL"])
        source.parse({"id": "1706.03762", "title": f"see {url}", "journal-ref": url, "doi": url})
    assert standin.asked == []
