// Bundles the picker into one ES module and one style sheet, which the Python package ships.
// The same sources and lock file give the same bytes on every machine.
import { readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const out = process.argv[2] ?? "../copilot_magics/display/picker/static";

await build({
  entryPoints: { picker: "src/index.js" },
  bundle: true,
  format: "esm",
  minify: true,
  charset: "utf8",
  target: ["chrome120", "firefox120", "safari17"],
  legalComments: "none",
  outdir: out,
  logLevel: "warning",
});

await build({
  entryPoints: { picker: "src/css/picker.css" },
  bundle: true,
  minify: true,
  charset: "utf8",
  target: ["chrome120", "firefox120", "safari17"],
  outdir: out,
  logLevel: "warning",
});

/** What the bundle holds of others, with the licence each asks to be kept. */
const parts = await Promise.all(
  ["ag-grid-community", "ag-stack"].map(async (name) => {
    const { version } = JSON.parse(await readFile(`node_modules/${name}/package.json`, "utf8"));
    const licence = await readFile(`node_modules/${name}/LICENSE.txt`, "utf8");
    return `${name} ${version}\n\n${licence.trim()}\n`;
  }),
);
await writeFile(`${out}/THIRD-PARTY.txt`, `picker.js contains:\n\n${parts.join("\n\n")}`);
