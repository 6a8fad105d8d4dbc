// What a page loads, in bytes as they are and after gzip. `node size.mjs --check` fails when it is more than is promised.
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const PROMISED = 150 * 1024;
const here = new URL(".", import.meta.url);
const files = (folder, end) => readdirSync(new URL(folder, here)).filter((name) => name.endsWith(end)).map((name) => folder + name);
const parts = {
  "before the button is pressed": ["widget.js"],
  "when the button is pressed": [...files("chat/", ".js"), "chat/chat.css", "lang/en.json"],
  "exercise drawings, each when shown": files("drawings/", ".svg"),
};

let all = 0;
for (const [part, names] of Object.entries(parts)) {
  let plain = 0, small = 0;
  for (const name of names) {
    const bytes = readFileSync(new URL(name, here));
    plain += bytes.length;
    small += gzipSync(bytes, { level: 9 }).length;
  }
  all += small;
  console.log(`${part}: ${names.length} files, ${plain} bytes, ${small} gzip`);
}
console.log(`everything: ${all} gzip of ${PROMISED} promised`);
if (process.argv.includes("--check") && all > PROMISED) process.exit(1);
