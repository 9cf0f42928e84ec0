// Sources as modules, for Node, which does not read TypeScript.

import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The exports of a source below src. */
export async function load(source) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../src/${source}`, import.meta.url))],
    bundle: true,
    format: "esm",
    write: false,
    define: { FIREFOX: "false" },
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}
