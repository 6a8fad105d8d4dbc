import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

test("all that the widget can ever load is under the promised size", () => {
  const out = execFileSync(process.execPath, [new URL("../size.mjs", import.meta.url).pathname, "--check"], { encoding: "utf8" });
  assert.match(out, /everything: \d+ gzip/);
});
