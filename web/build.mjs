// Builds the pages into a directory: assets with the hash of their content in their names, and pages naming them.
// Usage: node build.mjs [DIRECTORY], by default where the gateway serves from.

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const MOST_BYTES = 250_000; // of everything, gzipped

// In the order of the navigation. file: what the gateway serves; feed: that the page is a view of, if any.
const PAGES = [
  {
    name: "search",
    file: "index",
    words: "Search",
    title: "cocite: related papers, with reasons",
    description: "Related papers by citations and texts, each with its reasons",
  },
  {
    name: "today",
    words: "Today",
    title: "New papers · cocite",
    description: "The new papers of each day, most upvoted first",
    feed: { name: "new", title: "New papers" },
  },
  {
    name: "trending",
    words: "Trending",
    title: "Trending papers · cocite",
    description: "What readers turn to these days",
    feed: { name: "trending", title: "Trending this week" },
  },
  { name: "library", words: "Library", title: "My library · cocite", description: "Your feed and the papers you saved" },
  { name: "subscribe", words: "Subscribe", title: "Subscribe · cocite", description: "New papers by e-mail, daily or weekly" },
];
const FEEDS = { atom: "application/atom+xml", rss: "application/rss+xml", json: "application/feed+json" };

const root = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
const out = resolve(process.argv[2] ?? join(root, "../services/cocite/gateway/static"));
await rm(out, { recursive: true, force: true });
await mkdir(join(out, "assets"), { recursive: true });

const built = await build({
  absWorkingDir: root,
  entryPoints: [...PAGES.map(({ name }) => `src/${name}.ts`), "src/style.css", "src/icon.svg"],
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  target: ["chrome123", "firefox121", "safari17.5"],
  loader: { ".svg": "copy" },
  entryNames: "[name]-[hash]",
  chunkNames: "shared-[hash]",
  outdir: join(out, "assets"),
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

let bytes = 0;
for (const page of PAGES) {
  const html = withAssets(await written(page));
  await writeFile(join(out, `${page.file ?? page.name}.html`), html);
  bytes += gzipSync(html).length;
}
for (const path of Object.keys(built.metafile.outputs)) {
  bytes += gzipSync(await readFile(resolve(root, path))).length;
}
await writeFile(join(out, "third-party.txt"), await notices(Object.keys(built.metafile.inputs)));

/** A page within what all have in common. */
async function written({ name, title, description, feed }) {
  const [layout, main] = await Promise.all(["src/layout.html", `src/pages/${name}.html`].map((path) => readFile(join(root, path), "utf8")));
  const links = PAGES.map((page) => {
    const current = page.name === name ? ' aria-current="page"' : "";
    return `<a href="${page.file ? "./" : page.name}"${current}>${page.words}</a>`;
  });
  const alternates = Object.entries(feed ? FEEDS : {}).map(
    ([form, type]) => `<link rel="alternate" type="${type}" title="${feed.title}" href="feeds/${feed.name}.${form}">\n`,
  );
  const parts = { name, title, description, main: main.trimEnd(), navigation: links.join("\n    "), alternates: alternates.join("") };
  return Object.entries(parts).reduce((page, [part, text]) => page.replaceAll(`{{${part}}}`, () => text), layout);
}

/** The page with assets by the names that they have now. What all pages share is fetched along with each. */
function withAssets(page) {
  for (const [path, { entryPoint }] of Object.entries(built.metafile.outputs)) {
    if (entryPoint) page = page.replaceAll(`"${basename(entryPoint).replace(/\.ts$/, ".js")}"`, `"assets/${basename(path)}"`);
  }
  return page.replace("{{preloads}}", () => preloadsOf(page));
}

function preloadsOf(page) {
  const outputs = Object.entries(built.metafile.outputs);
  const [, entry] = outputs.find(([path, { entryPoint }]) => entryPoint?.endsWith(".ts") && page.includes(basename(path)));
  return entry.imports.map(({ path }) => `<link rel="modulepreload" href="assets/${basename(path)}">\n`).join("");
}

/** The packages that went into the pages, with their licences. */
async function notices(inputs) {
  const packages = new Set(inputs.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter(Boolean));
  const told = [...packages].sort().map(async (name) => {
    const place = join(root, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(place, "package.json"), "utf8"));
    const text = await readFile(join(place, "LICENSE"), "utf8").catch(() => "");
    return `${name} ${version}: ${license}\n\n${text}`.trim();
  });
  return `Parts of the pages come from these packages.\n\n${(await Promise.all(told)).join("\n\n---\n\n")}\n`;
}

console.log(`${(bytes / 1000).toFixed(1)} kB gzipped in ${out}`);
if (bytes > MOST_BYTES) {
  console.error(`the pages are larger than ${MOST_BYTES / 1000} kB`);
  process.exit(1);
}
