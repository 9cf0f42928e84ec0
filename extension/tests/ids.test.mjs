import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { load } from "./load.mjs";

const { idOfUrl, idOfValue } = await load("shared/ids.ts");
const { linkOf } = await load("../../web/shared/paper_links.ts");
const urls = JSON.parse(await readFile(new URL("urls.json", import.meta.url), "utf8"));

test("URLs mean what they mean to the server", () => {
  assert.ok(urls.length > 100);
  assert.deepEqual(
    urls.map(([url]) => [url, idOfUrl(url)]),
    urls,
  );
});

test("values of meta tags are read in the spellings that sites have", () => {
  for (const [scheme, value, id] of [
    ["doi", "10.1038/nature14539", "doi:10.1038/nature14539"],
    ["doi", "doi:10.1038/NATURE14539", "doi:10.1038/nature14539"],
    ["doi", "DOI: 10.1038/nature14539", "doi:10.1038/nature14539"],
    ["doi", "https://doi.org/10.1038/nature14539", "doi:10.1038/nature14539"],
    ["doi", "10.48550/arXiv.1706.03762", "arxiv:1706.03762"],
    ["doi", "S0303-2647(00)00001-2", null],
    ["doi", "https://example.org/", null],
    ["doi", "", null],
    ["arxiv", "1706.03762", "arxiv:1706.03762"],
    ["arxiv", "arXiv:1706.03762v2", "arxiv:1706.03762"],
    ["pmid", "26017442", "pmid:26017442"],
    ["pmid", "PMC26017442", null],
  ]) {
    assert.equal(idOfValue(scheme, value), id, value);
  }
});

test("an id leads to a page that has the same id", () => {
  const ids = new Set(urls.map(([, id]) => id).filter((id) => id !== null));
  for (const id of ids) assert.equal(idOfUrl(linkOf(id)), id);
  assert.equal(linkOf("local:a b"), undefined);
  assert.equal(linkOf("javascript:alert(1)"), undefined);
});
