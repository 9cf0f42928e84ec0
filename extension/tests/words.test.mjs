import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { load } from "./load.mjs";

const { bibtex } = await load("../../web/shared/bibtex.ts");
const { degradedInWords } = await load("../../web/shared/shortcomings.ts");
const { paperOfPage } = await load("shared/page_paper.ts");
const { reasonsInWords } = await load("shared/reasons.ts");
const { graphLink } = await load("shared/graph_link.ts");
const { shortNameOf } = await load("../../web/shared/words.ts");
const { secondsToWait } = await load("worker/server.ts");
const { serverOf } = await load("shared/settings.ts");

test("BibTeX keeps what TeX would read as its own", () => {
  const paper = { id: "doi:10.1234/a_b", title: "100 % of {x} & $y_1$: ~\\^", authors: ["José Ñandú", "B. C"], year: 1973, venue: "J & K" };
  assert.equal(
    bibtex([paper]),
    `@article{nandu1973,
  title = {{100 \\% of \\{x\\} \\& \\$y\\_1\\$: \\textasciitilde{}\\textbackslash{}\\textasciicircum{}}},
  author = {José Ñandú and B. C},
  year = {1973},
  journal = {J \\& K},
  doi = {10.1234/a\\_b}
}
`,
  );
  assert.equal(bibtex([{ id: "arxiv:1706.03762", title: "", authors: [], venue: "" }]), "@misc{paper,\n  eprint = {1706.03762},\n  archiveprefix = {arXiv}\n}\n");
  assert.match(bibtex([{ ...paper, id: "pmid:1" }]), /\n {2}url = \{https:\/\/pubmed\.ncbi\.nlm\.nih\.gov\/1\/\}\n/);
});

test("entries of BibTeX have keys of their own, by the family name", () => {
  const paper = { id: "doi:10.1/x", title: "Co-citation", authors: ["Small, Henry"], year: 1973, venue: "" };
  const keys = bibtex([paper, paper, paper]).matchAll(/^@misc\{(.*),$/gm);
  assert.deepEqual([...keys].map(([, key]) => key), ["small1973cocitation", "small1973cocitation-2", "small1973cocitation-3"]);
});

test("what degrades an answer has words, each cause by the name it has in the protos", async () => {
  const proto = await readFile(new URL("../../protos/cocite/v1/degradation.proto", import.meta.url), "utf8");
  const causes = [...proto.matchAll(/^ {2}DEGRADED_CAUSE_(\w+) = [1-9]/gm)].map(([, cause]) => cause);
  assert.ok(causes.length > 5);
  const untold = causes.filter((cause) => !degradedInWords([cause]).length);
  assert.deepEqual(untold, ["CACHE_UNAVAILABLE"]); // answers are whole without it
});

test("a page's paper: its address first, then what its meta tags say", () => {
  const metas = [
    ["citation_doi", "10.1000/OTHER"],
    ["citation_pmid", "none"],
    ["citation_title", "  "],
    ["dc.title", "A title "],
    ["dc.identifier", "doi:10.1000/other"],
    ["constructor", "x"],
  ];
  assert.deepEqual(paperOfPage({ url: "https://arxiv.org/abs/1706.03762v2", metas }), {
    ids: ["arxiv:1706.03762", "doi:10.1000/other"],
    title: "A title",
  });
  assert.deepEqual(paperOfPage({ url: "https://openreview.net/forum?id=x", metas: [["citation_title", "T"]] }), { ids: [], title: "T" });
  assert.equal(paperOfPage({ url: "https://openreview.net/group?id=x", metas: [["citation_doi", "nonsense"]] }), null);
});

test("reasons in words, one of each kind and seed, unknown kinds left out", () => {
  const reasons = [
    { seed: "a", coCitation: { count: 1 } },
    { seed: "a", coCitation: { count: 2 } },
    { seed: "a", telepathy: {} },
    { seed: "a", directCitation: { seedCitesResult: true } },
    { seed: "b", directCitation: {} },
    { seed: "b", textLikeness: { cosine: 0.5 } },
  ];
  const upper = (seed) => seed.toUpperCase();
  assert.deepEqual(reasonsInWords(reasons, upper, () => true), ["cited together with A by 1 paper", "cited by A", "cites B"]);
  assert.deepEqual(reasonsInWords([{ popularity: { citationCount: 1234 } }], () => "", () => true), ["much cited: by 1,234 papers"]);
  for (const none of [undefined, "x", [null, 1, "x", {}]]) assert.deepEqual(reasonsInWords(none, String, () => true), []);
  const hasAbstract = (seed) => seed === "b";
  const alike = ["a", "b"].map((seed) => ({ seed, textLikeness: { sharedTerms: ["maps"] } }));
  assert.deepEqual(reasonsInWords(alike, upper, hasAbstract), ["title like that of A: maps", "text like that of B: maps"]);
});

test("short names", () => {
  assert.equal(shortNameOf({ authors: ["Henry Small"], title: "Co-citation", year: 1973 }, "doi:10.1/x"), "Small 1973");
  assert.equal(shortNameOf({ authors: ["Small, Henry"], title: "Co-citation" }, "doi:10.1/x"), "Small");
  assert.equal(shortNameOf({ authors: [], title: "The structure of scientific literatures" }, "doi:10.1/x"), "The structure of");
  assert.equal(shortNameOf({ authors: [], title: "" }, "doi:10.1/x"), "doi:10.1/x");
});

test("the graph's link", () => {
  const seeds = [{ kind: "paper", id: "doi:10.1/a&b", title: "" }, { kind: "text", title: "a b" }];
  assert.equal(graphLink("http://localhost:8080", seeds), "http://localhost:8080/#like=doi%3A10.1%2Fa%26b&text=a+b&view=graph");
});

test("Retry-After as seconds and as a date", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assert.equal(secondsToWait("30", now), 30);
  assert.equal(secondsToWait("Thu, 01 Jan 2026 00:01:00 GMT", now), 60);
  for (const none of [null, "", "soon", "-5", "Thu, 01 Jan 2015 00:00:00 GMT"]) assert.equal(secondsToWait(none, now), 0);
});

test("addresses of servers", () => {
  assert.equal(serverOf(" http://localhost:8080/ "), "http://localhost:8080");
  assert.equal(serverOf("cocite.example.org"), "https://cocite.example.org");
  assert.equal(serverOf("localhost:8080"), "http://localhost:8080");
  assert.equal(serverOf("127.0.0.1:8080/"), "http://127.0.0.1:8080");
  assert.throws(() => serverOf("cocite.example.org/page"), /Leave out what follows https:\/\/cocite\.example\.org/);
  assert.throws(() => serverOf("ftp://localhost"), /not over ftp/);
  for (const bad of ["localhost.evil.org:8080:1", "http://cocite.example.org", "https://a:b@c.org", "javascript:alert(1)", "https://", "http://localhost.evil.org"]) {
    assert.throws(() => serverOf(bad), /./, bad);
  }
});
