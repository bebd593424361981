// Make shared/web/assets from the packages of package-lock.json: `npm ci && npm run build`.
// Tabler's style sheet is cut down to what the templates use; icons become one sprite.
import { readFileSync, writeFileSync, mkdirSync, rmSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { PurgeCSS } from "purgecss";

const ASSETS = "shared/web/assets";
const SOURCES = ["shared/web", "services"];
const ICONS = "node_modules/@tabler/icons/icons/outline";
const BUNDLED = ["charts", "decoder"]; // shared/web/scripts: each with what it needs of a package, and nothing more
const COPIED = { "htmx.js": "node_modules/htmx.org/dist/htmx.min.js" };

function filesUnder(folder, ending) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !path.startsWith(ASSETS));
}

const templates = SOURCES.flatMap((folder) => filesUnder(folder, /\.(html|js|py)$/));

async function style() {
  const [{ css }] = await new PurgeCSS().purge({
    content: templates.filter((path) => !path.endsWith("build.js")),
    css: ["node_modules/@tabler/core/dist/css/tabler.min.css"],
    safelist: { standard: [":root"], deep: [/data-bs-theme/] },
    variables: true,
    keyframes: true,
    fontFace: true,
  });
  return css.replace(/\/\*#.*?\*\//g, "");
}

// A template names an icon as {{ icon("name") }}, a script as icons.svg#name.
function sprite() {
  const names = new Set();
  for (const path of templates) {
    const text = readFileSync(path, "utf8");
    for (const match of text.matchAll(/\bicon(?:=|\(|s\.svg#)"?([a-z0-9-]+)"?/g)) names.add(match[1]);
  }
  const symbols = [...names].sort().flatMap((name) => {
    const path = join(ICONS, `${name}.svg`);
    if (!statSync(path, { throwIfNoEntry: false })) return [];
    const shapes = readFileSync(path, "utf8").replace(/<!--.*?-->/gs, "").match(/<svg[^>]*>(.*)<\/svg>/s)[1];
    return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s*\n\s*/g, "").replace(/<path stroke="none"[^>]*>/, "")}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`;
}

rmSync(ASSETS, { recursive: true, force: true });
mkdirSync(ASSETS, { recursive: true });
for (const [name, path] of Object.entries(COPIED)) {
  writeFileSync(join(ASSETS, name), readFileSync(path, "utf8").replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"));
}
buildSync({
  entryPoints: BUNDLED.map((name) => `shared/web/scripts/${name}.js`),
  outdir: ASSETS,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  legalComments: "none",
  logLevel: "warning",
});
writeFileSync(join(ASSETS, "tabler.css"), await style());
writeFileSync(join(ASSETS, "icons.svg"), sprite());
