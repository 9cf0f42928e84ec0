// Pages in the shape of the sites that the extension knows, by https, and a recorder between extension and gateway.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const meta = (name, content) => `<meta name="${name}" content="${content.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}">`;

/** What the server knows of its demo, and pages that mean it. sent: what the panel says it sends; seed: the server's title. */
const HIRSCH = "An index to quantify an individual's scientific research valid across disciplines";
const SMALL = "Co‐citation in the scientific literature: A new measure of the relationship between two documents";
export const PAGES = [
  {
    site: "arXiv",
    url: "https://arxiv.org/abs/physics/0509048v2",
    head: meta("citation_title", "An index to quantify an individual's scientific research output") + meta("citation_arxiv_id", "physics/0509048"),
    sent: ["arxiv:physics/0509048"],
    seed: HIRSCH,
  },
  {
    site: "Hugging Face papers",
    url: "https://huggingface.co/papers/1812.07851",
    head: "<meta property='og:title' content='Paper page'>",
    sent: ["arxiv:1812.07851"],
    seed: "Gender differences in research productivity: A bibliometric analysis of the Italian academic system",
  },
  {
    site: "a publisher",
    url: "https://www.sciencedirect.com/science/article/abs/pii/S0306457305000439",
    head: meta("citation_title", "The effect of use and access on citations") + meta("citation_doi", "10.1016/j.ipm.2005.03.010"),
    sent: ["doi:10.1016/j.ipm.2005.03.010"],
    seed: "The effect of use and access on citations",
  },
  {
    site: "a publisher with the DOI in its address",
    url: "https://asistdl.onlinelibrary.wiley.com/doi/10.1002/asi.4630240406",
    head: "",
    sent: ["doi:10.1002/asi.4630240406"],
    seed: SMALL,
  },
  {
    site: "OpenReview",
    url: "https://openreview.net/forum?id=rJl-b3RcF7",
    head: meta("citation_title", SMALL) + meta("citation_author", "Henry Small"),
    sent: [`the title “${SMALL}”`],
    seed: SMALL,
  },
  {
    site: "ACL Anthology",
    url: "https://aclanthology.org/P19-1001/",
    head: meta("citation_title", SMALL) + meta("citation_doi", "10.1002/asi.4630240406"),
    sent: ["acl:P19-1001", "doi:10.1002/asi.4630240406"],
    seed: SMALL,
  },
  {
    site: "PubMed",
    url: "https://pubmed.ncbi.nlm.nih.gov/16275915/",
    head: meta("citation_title", "An index to quantify") + meta("citation_doi", "10.1007/s11192-006-0090-4") + meta("citation_pmid", "16275915"),
    sent: ["pmid:16275915", "doi:10.1007/s11192-006-0090-4"],
    seed: HIRSCH,
  },
  {
    site: "Semantic Scholar",
    url: "https://www.semanticscholar.org/paper/Co-citation-Small/204e3073870fae3d05bcbc2f6a8e263d9b72e776",
    head: meta("citation_title", SMALL) + meta("citation_doi", "10.1002/asi.4630240406"),
    sent: ["s2:204e3073870fae3d05bcbc2f6a8e263d9b72e776", "doi:10.1002/asi.4630240406"],
    seed: SMALL,
  },
];
const [UNKNOWN_TITLE, UNKNOWN_DOI] = ["Mapping the structure of science by co-citation", "10.1101/2020.03.03.972133"];
/** Papers that the server does not know: bioRxiv's and medRxiv's. */
export const UNKNOWN = ["biorxiv", "medrxiv"].map((site) => ({
  site,
  url: `https://www.${site}.org/content/${UNKNOWN_DOI}v1.full`,
  head: meta("citation_title", UNKNOWN_TITLE) + meta("citation_doi", UNKNOWN_DOI),
  sent: [`doi:${UNKNOWN_DOI}`],
  title: UNKNOWN_TITLE,
}));
/** A page about no paper, and one of a site with rules against foreign scripts and styles about a paper of any id. */
export const NO_PAPER = { url: "https://arxiv.org/list/cs.DL/recent", head: "" };
export const strictPage = (id) => ({ url: `https://strict.example/${id}`, head: meta("citation_doi", id.replace("doi:", "")), csp: "default-src 'none'" });

/** The hosts of pages. */
export const hostsOf = (pages) => [...new Set(pages.map((page) => new URL(page.url).host))];

/** Key and certificate, made for this run. */
export function certificate() {
  const directory = mkdtempSync(join(tmpdir(), "cocite-certificate-"));
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(directory, name));
  const made = spawnSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", cert]);
  if (made.status !== 0) throw new Error(`openssl: ${made.error ?? made.stderr}`);
  const read = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(directory, { recursive: true });
  return read;
}

/** Serve the pages; to be ended by end(). */
export async function serveSites(pages, secrets) {
  const server = createSecureServer(secrets, (asked, answer) => {
    const page = pages.find(({ url }) => url === `https://${asked.headers.host}${asked.url}`);
    answer.writeHead(page ? 200 : 404, {
      "content-type": "text/html; charset=utf-8",
      ...(page?.csp && { "content-security-policy": page.csp }),
    });
    answer.end(`<!doctype html><html lang="en"><title>A page</title>${page?.head ?? ""}<h1>${asked.headers.host}</h1>`);
  });
  return listening(server);
}

/** A proxy for https that leads to one port of this machine, whatever is wanted: for Firefox, which maps hosts, not ports. */
export async function proxyTo(port) {
  const server = createServer().on("connect", (_, client) => {
    const site = connect(port, "127.0.0.1", () => client.write("HTTP/1.1 200 OK\r\n\r\n"));
    site.pipe(client).pipe(site);
    for (const [one, other] of [[site, client], [client, site]]) one.on("error", () => other.destroy()).on("close", () => other.destroy());
  });
  return listening(server);
}

/**
 * Between extension and gateway: keeps what is asked, and hands it on. asked: a list of { path, headers, body };
 * failing: an answer to give instead, { status, headers, body }.
 */
export async function recorder(gateway, secrets) {
  const record = { asked: [], failing: undefined };
  const handle = async (asked, answer) => {
    const parts = [];
    for await (const part of asked) parts.push(part);
    const body = Buffer.concat(parts);
    record.asked.push({ path: asked.url, headers: asked.headers, body: body.length ? JSON.parse(body) : undefined });
    if (record.failing) {
      answer.writeHead(record.failing.status, record.failing.headers);
      answer.end(record.failing.body);
      return;
    }
    const onward = request(gateway + asked.url, { method: asked.method, headers: { ...asked.headers, host: new URL(gateway).host } }, (given) => {
      answer.writeHead(given.statusCode, given.headers);
      given.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    onward.end(body);
  };
  const server = secrets ? createSecureServer(secrets, handle) : createServer(handle);
  return Object.assign(record, await listening(server));
}

async function listening(server) {
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    end: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
