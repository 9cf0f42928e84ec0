// Builds the extension for each browser into dist/extension/BROWSER and packs it for its store.
// The same sources give the same packages, byte by byte.

import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { zipSync } from "fflate";
import { manifest, UNPACKED_KEY } from "./manifest.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const OUT = join(HERE, "..", "dist");
const MOST_BYTES = 150_000;

const { version } = JSON.parse(await readFile(join(HERE, "package.json"), "utf8"));

for (const browser of ["chrome", "firefox"]) {
  const directory = join(OUT, "extension", browser);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await build({
    absWorkingDir: HERE,
    entryPoints: {
      worker: "src/worker/main.ts",
      panel: "src/panel/beside.ts",
      in_page: "src/panel/in_page.ts",
      options: "src/options/options.ts",
    },
    outdir: directory,
    bundle: true,
    format: "iife",
    target: ["chrome116", "firefox140"],
    charset: "utf8",
    define: { FIREFOX: String(browser === "firefox") },
    loader: { ".css": "text" },
    logLevel: "warning",
  });
  for (const source of ["panel/panel.html", "panel/panel.css", "options/options.html", "options/options.css"]) {
    await cp(join(HERE, "src", source), join(directory, source.split("/")[1]));
  }
  for (const name of await readdir(join(HERE, "src/icons"))) {
    if (name.endsWith(".png")) await cp(join(HERE, "src/icons", name), join(directory, name));
  }
  await writeManifest(directory, manifest(browser, version));
  await pack(directory, join(OUT, `cocite-${browser}-${version}.zip`));
  if (browser === "chrome") await writeManifest(directory, { ...manifest(browser, version), key: UNPACKED_KEY });
}

async function writeManifest(directory, content) {
  await writeFile(join(directory, "manifest.json"), JSON.stringify(content, null, 2) + "\n");
}

/** A directory as a zip, with sorted names and one time for all. */
async function pack(directory, file) {
  const names = (await readdir(directory)).sort();
  const files = {};
  for (const name of names) files[name] = [new Uint8Array(await readFile(join(directory, name))), {}];
  const bytes = Object.values(files).reduce((sum, [content]) => sum + content.length, 0);
  if (bytes > MOST_BYTES) throw new Error(`${directory} holds ${bytes} bytes, more than ${MOST_BYTES}`);
  const zip = zipSync(files, { mtime: new Date(1980, 0, 1), level: 9 }); // zips know local times alone
  await writeFile(file, zip);
  console.log(`${file}: ${zip.length} bytes, ${bytes} unpacked`);
}
