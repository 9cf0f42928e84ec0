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
  target: ["chrome123", "firefox121", "safari17.5"],
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

await writeFile(join(out, "third-party.txt"), await notices(Object.keys(built.metafile.inputs)));

let bytes = gzipSync(page).length;
for (const path of Object.keys(built.metafile.outputs)) {
  bytes += gzipSync(await readFile(resolve(root, path))).length;
}

/** The packages that went into the page, with their licences. */
async function notices(inputs) {
  const packages = new Set(inputs.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter(Boolean));
  const told = [...packages].sort().map(async (name) => {
    const place = join(root, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(place, "package.json"), "utf8"));
    const text = await readFile(join(place, "LICENSE"), "utf8").catch(() => "");
    return `${name} ${version}: ${license}\n\n${text}`.trim();
  });
  return `Parts of the page come from these packages.\n\n${(await Promise.all(told)).join("\n\n---\n\n")}\n`;
}

console.log(`${(bytes / 1000).toFixed(1)} kB gzipped in ${out}`);
if (bytes > MOST_BYTES) {
  console.error(`the page is larger than ${MOST_BYTES / 1000} kB`);
  process.exit(1);
}
