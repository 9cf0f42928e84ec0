// Builds the page into a directory: assets with the hash of their content in their names, and index.html naming them.
// Usage: node build.mjs [DIRECTORY], by default where the gateway serves from.

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const MOST_BYTES = 250_000; // of everything, gzipped

const root = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
const out = resolve(process.argv[2] ?? join(root, "../services/cocite/gateway/static"));
await rm(out, { recursive: true, force: true });
await mkdir(join(out, "assets"), { recursive: true });

const built = await build({
  absWorkingDir: root,
  entryPoints: ["src/main.ts", "src/style.css", "src/icon.svg"],
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome120", "firefox121", "safari17.4"],
  loader: { ".svg": "copy" },
  entryNames: "[name]-[hash]",
  outdir: join(out, "assets"),
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

let page = await readFile(join(root, "src/index.html"), "utf8");
for (const [path, { entryPoint }] of Object.entries(built.metafile.outputs)) {
  if (!entryPoint) continue;
  page = page.replaceAll(`"${basename(entryPoint).replace(/\.ts$/, ".js")}"`, `"assets/${basename(path)}"`);
}
await writeFile(join(out, "index.html"), page);

let bytes = gzipSync(page).length;
for (const path of Object.keys(built.metafile.outputs)) {
  bytes += gzipSync(await readFile(resolve(root, path))).length;
}
console.log(`${(bytes / 1000).toFixed(1)} kB gzipped in ${out}`);
if (bytes > MOST_BYTES) {
  console.error(`the page is larger than ${MOST_BYTES / 1000} kB`);
  process.exit(1);
}
