import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { ALARM, answers, DESKTOP, focused, input, launcher, log, onlyMock, open, panel, PHONE, press, settled, setup, shot, tabTo, TOLD, toResult, withPage, write } from "./browser.mjs";

const world = setup();
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const GOLDEN = new URL("readout.golden.txt", import.meta.url);

// axe puts a style of its own into the page, which the policy rightly refuses: where it looks, that complaint is its own.
const WITH_AXE = ["csp", "console"];

async function noViolations(page, state) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const { violations, passes } = await page.evaluate(() => axe.run(document));
  assert.ok(passes.length > 5, "axe did not look");
  assert.deepEqual(violations.map(({ id, nodes }) => `${state}: ${id} ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join(" | ")}`), []);
}

/** Through the states of a talk; look(state) is called in each. */
async function everyState(page, look) {
  await launcher(page).waitFor();
  await look("closed");
  await open(page);
  await look("open");
  await write(page, TOLD);
  await look("question");
  const first = answers(page).getByRole("checkbox").first();
  await answers(page).getByRole("checkbox").nth(1).check();
  await answers(page).locator("details summary").first().click();
  await look("ticks");
  await answers(page).getByRole("checkbox").nth(1).uncheck();
  await page.locator("knee-guide .chip[aria-expanded]").first().click();
  await look("chip");
  await page.keyboard.press("Escape");
  await press(page, "Send what I ticked");
  await look("nothing ticked");
  assert.ok(await first.count());
  await input(page).fill("x".repeat(2500));
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await look("too long");
  await input(page).fill("");
  await press(page, "None of these");
  await look("place");
  await toResult(page);
  for (const details of await log(page).locator("details summary").all()) await details.click();
  await look("result");
  await page.getByRole("button", { name: "Delete my data" }).click();
  await look("asked whether to delete");
  await page.getByRole("button", { name: "Keep it" }).click();
  await page.route("**/api/message", (route) => route.fulfill({ status: 429, json: { error: "x" } }));
  await write(page, "and now?");
  await look("error");
  await page.unroute("**/api/message");
  await press(page, "Try again");
  await write(page, ALARM);
  await look("emergency");
}

for (const [name, options] of Object.entries({ light: {}, dark: { colorScheme: "dark" }, "on a phone": PHONE, "full page": { path: "/chat" } }))
  test(`axe finds nothing in any state, ${name}`, () =>
    withPage(world, { ...options, ignore: WITH_AXE }, async (page) => {
      if (options.path) {
        await settled(page);
        await noViolations(page, "open");
        await write(page, TOLD);
        await noViolations(page, "question");
        await toResult(page);
        await noViolations(page, "result");
        await write(page, ALARM);
        return noViolations(page, "emergency");
      }
      await everyState(page, async (state) => {
        await noViolations(page, state);
        if (["open", "question", "place", "result", "emergency", "error"].includes(state)) await shot(page, `${name.replaceAll(" ", "-")}-${state}`);
      });
    }));

test("axe would find a button without a name and grey on grey", () =>
  withPage(world, { ignore: WITH_AXE }, async (page) => {
    await open(page);
    await page.evaluate(() => {
      const root = document.querySelector("knee-guide").shadowRoot;
      root.querySelector(".send").removeAttribute("aria-label");
      root.querySelector(".head p").style.color = "#4488bb";
    });
    await assert.rejects(noViolations(page, "broken"), /button-name[^]*color-contrast|color-contrast[^]*button-name/);
  }));

test("what a screen reader is told is what the golden file says", onlyMock, () =>
  withPage(world, { script: readFileSync(new URL("listener.js", import.meta.url), "utf8") }, async (page) => {
    const lines = [];
    const step = async (what, done) => {
      await page.evaluate(() => (window.heard.length = 0));
      await done();
      await settled(page).catch(() => {});
      lines.push(`## ${what}`, ...(await page.evaluate(() => window.heard)), "");
    };
    const go = async (name, key = "Tab") => {
      await tabTo(page, name, key);
      await page.evaluate(() => window.heard.splice(0, window.heard.length - 1));
    };
    await tabTo(page, "Knee Guide");
    await step("opens the chat", () => page.keyboard.press("Enter"));
    await step("writes a sentence", async () => {
      await page.keyboard.type(TOLD);
      await page.keyboard.press("Enter");
    });
    await step("sends without a tick", async () => {
      await go("Send what I ticked", "Shift+Tab");
      await page.keyboard.press("Enter");
    });
    await step("goes to none of these and presses it", async () => {
      await go("None of these");
      await page.keyboard.press("Enter");
    });
    await step("goes to a place in the picture and chooses it", async () => {
      await go("In the calf");
      await page.keyboard.press("Space");
    });
    await step("sends it", async () => {
      await go("Send what I ticked");
      await page.keyboard.press("Enter");
    });
    await step("says yes and gets the result", async () => {
      await go("Yes");
      await page.keyboard.press("Enter");
    });
    await step("writes of chest pain", async () => {
      await go("Your message");
      await page.keyboard.type(ALARM);
      await page.keyboard.press("Enter");
    });
    await step("goes back to the conversation and says it again", async () => {
      await go("Back to the conversation");
      await page.keyboard.press("Enter");
      await page.keyboard.type(ALARM);
      await page.keyboard.press("Enter");
    });
    await step("reloads the page: nothing old is read again", async () => {
      await page.reload();
      await log(page).locator("li").first().waitFor();
    });
    await step("closes the chat", async () => {
      await input(page).focus();
      await page.keyboard.press("Escape");
      await page.waitForTimeout(100);
      await page.keyboard.press("Enter");
    });
    const heard = `${lines.join("\n").trim()}\n`;
    if (process.env.UPDATE_GOLDEN || !existsSync(GOLDEN)) writeFileSync(GOLDEN, heard);
    assert.equal(heard, readFileSync(GOLDEN, "utf8"));
    assert.equal(heard.match(/^assertive: .*Call 999 now/gm).length, 1, "the emergency is an alert once");
  }));

for (const [name, viewport] of Object.entries({ "320 px": { width: 320, height: 640 }, "400 % zoom": { width: 320, height: 256 }, "200 % zoom": { width: 640, height: 400 } }))
  test(`nothing is cut off or scrolls sideways at ${name}`, () =>
    withPage(world, { viewport, ignore: ["console"] }, async (page) => {
      await everyState(page, async (state) => {
        if (state === "closed") return;
        const wide = await page.evaluate(() => {
          const root = document.querySelector("knee-guide").shadowRoot;
          const over = (node) => node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).overflowX !== "visible";
          return [document.documentElement, root.querySelector(".panel"), root.querySelector(".scroll"), root.querySelector(".pin")].filter((node) => node && over(node)).map((node) => node.className || node.tagName);
        });
        assert.deepEqual(wide, [], state);
        await input(page).scrollIntoViewIfNeeded();
        const { x, width } = await input(page).boundingBox();
        assert.ok(x >= 0 && x + width <= viewport.width, `${state}: the input is not in sight`);
      });
      await write(page, "hello");
      await page.route("**/api/message", (route) => route.fulfill({ json: { messages: [{ text: "Call", custom: { kind: "card", level: "emergency_now", level_name: "Emergency", heading: "Call for help now", why: [], points: ["Now."], tel: "112" } }], id: "x" } }));
      await write(page, "help");
      const heading = await page.locator("knee-guide #emergency").boundingBox();
      assert.ok(heading.y >= 0 && heading.y + heading.height <= viewport.height, "a new emergency card comes into sight");
      await shot(page, `emergency-${viewport.width}x${viewport.height}`);
    }));

test("what can be pressed is at least 44 pixels high and wide, and the focus on it is seen", () =>
  withPage(world, { ignore: ["console"] }, async (page) => {
    await everyState(page, async (state) => {
      const small = await page.evaluate(() => {
        const root = document.querySelector("knee-guide").shadowRoot;
        return [...root.querySelectorAll("button, summary, label.tick, a.button, textarea, .place[role]")]
          .filter((node) => node.checkVisibility())
          .map((node) => [node.getAttribute("class") ?? node.tagName, node.getBoundingClientRect()])
          .filter(([, { width, height }]) => width < 43.5 || height < 43.5)
          .map(([what, { width, height }]) => `${what} ${Math.round(width)}x${Math.round(height)}`);
      });
      assert.deepEqual(small, [], state);
      if (!["question", "place", "result", "emergency"].includes(state)) return;
      await input(page).focus();
      for (let stops = 0; stops < 40; stops++) {
        await page.keyboard.press("Shift+Tab");
        const seen = await page.evaluate(() => {
          const root = document.querySelector("knee-guide").shadowRoot;
          const node = root.activeElement;
          if (!node) return null;
          const { left, top, width, height } = node.getBoundingClientRect();
          const style = getComputedStyle(node);
          const at = root.elementFromPoint(left + Math.min(width, 40) / 2, top + Math.min(height, 40) / 2);
          return { what: `${node.tagName} ${node.getAttribute("class") ?? ""}`, marked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, uncovered: Boolean(at && (node.contains(at) || at.contains(node) || at.closest("label") === node.closest("label"))) };
        });
        if (!seen) break;
        assert.ok(seen.marked, `${state}: no focus mark on ${seen.what}`);
        assert.ok(seen.uncovered, `${state}: ${seen.what} is covered`);
      }
    });
  }));

test("on a phone the window covers the page, and the page beneath takes no focus until it is closed", () =>
  withPage(world, PHONE, async (page) => {
    await open(page);
    assert.equal(await panel(page).getAttribute("aria-modal"), "true");
    assert.ok(await page.locator("main").evaluate((node) => node.inert));
    assert.notEqual((await focused(page)).tag, "TEXTAREA", "no keyboard springs up by itself");
    await page.getByRole("button", { name: "Close" }).click();
    assert.ok(!(await page.locator("main").evaluate((node) => node.inert)));
    assert.match((await focused(page)).class, /launch/);
  }));

test("on a wide screen the page beside the window stays in use", () =>
  withPage(world, DESKTOP, async (page) => {
    await open(page);
    assert.equal(await panel(page).getAttribute("aria-modal"), "false");
    await page.getByRole("link", { name: "a page of its own" }).focus();
    assert.equal((await focused(page)).tag, "A");
  }));

test("nothing moves for those who ask for less motion", () =>
  withPage(world, { reducedMotion: "reduce" }, async (page) => {
    await open(page);
    const moving = () => page.locator("knee-guide .dots i").first().evaluate((node) => getComputedStyle(node).animationName);
    assert.equal(await moving(), "none");
    await page.emulateMedia({ reducedMotion: "no-preference" });
    assert.equal(await moving(), "writing");
  }));

test("with forced colours, cards, answers and chosen places still have their edges", onlyMock, () =>
  withPage(world, { forcedColors: "active" }, async (page) => {
    await open(page);
    await write(page, TOLD);
    await press(page, "None of these");
    await page.locator("knee-guide .place[data-id=pain_location_front]").click();
    assert.notEqual(await answers(page).locator(".tick").first().evaluate((node) => getComputedStyle(node).borderTopStyle), "none");
    const fill = (id) => page.locator(`knee-guide .place[data-id=${id}]`).first().evaluate((node) => getComputedStyle(node).fill);
    assert.notEqual(await fill("pain_location_front"), await fill("pain_location_back"));
    await shot(page, "forced-colours");
  }));

test("every drawing has a title and a description, and every language has the same texts", async () => {
  const { readdirSync } = await import("node:fs");
  const drawings = new URL("../drawings/", import.meta.url);
  const names = readdirSync(drawings).filter((name) => name.endsWith(".svg"));
  assert.ok(names.length >= 12);
  for (const name of names) assert.match(readFileSync(new URL(name, drawings), "utf8"), /<title id="t">.+<\/title>\s+<desc id="d">.+<\/desc>/);
  const folder = new URL("../lang/", import.meta.url);
  const keys = (name) => Object.keys(JSON.parse(readFileSync(new URL(name, folder), "utf8"))).sort();
  for (const name of readdirSync(folder)) assert.deepEqual(keys(name), keys("en.json"), name);
});
