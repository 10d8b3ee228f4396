// Bundles the page: script and style inlined into one HTML text, which C++ embeds and completes with data.
//
// usage: node build.mjs [FILE]      by default page.html beside this script, which is committed
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

async function bundle(entry, format) {
  const result = await build({
    entryPoints: [join(here, "src", entry)],
    absWorkingDir: here,
    bundle: true,
    minify: true,
    write: false,
    format,
    target: ["es2022"],
    charset: "ascii",
    legalComments: "none",
  });
  return result.outputFiles[0].text.trim();
}

// Neither text may end the element that it stands in.
const script = (await bundle("main.ts", "iife")).replaceAll("</script", "<\\/script");
const style = await bundle("style.css");
if (style.includes("</style")) throw new Error("the style would end its element");

// Functions, since "$&" and its like in the bundle are no patterns.
const page = readFileSync(join(here, "src", "page.html"), "utf8")
  .replace("/*STYLE*/", () => style)
  .replace("/*SCRIPT*/", () => script);
// Only this script may run, whatever else should get into the page.
const element = page.slice(page.lastIndexOf("<script>") + "<script>".length, page.lastIndexOf("</script>"));
const hash = createHash("sha256").update(element).digest("base64");
writeFileSync(
  process.argv[2] ?? join(here, "page.html"),
  page.replace("SCRIPT-HASH", () => `sha256-${hash}`),
);
