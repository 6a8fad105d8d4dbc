// A browser, a server, and a page that is watched: every page of every test fails on a request that leaves the host,
// on a break of the Content-Security-Policy, on an error in a script, and on a cookie or lasting storage set by a script.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before } from "node:test";
import { chromium } from "playwright-core";
import { serve } from "./mock_server.mjs";

export const real = process.env.KNEE_GUIDE_URL?.replace(/\/$/, "") ?? null;
export const onlyMock = real ? { skip: "needs the scripted talk of the mock server" } : {};
const SHOTS = new URL("shots/", import.meta.url);
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const DESKTOP = { viewport: { width: 1280, height: 850 } };
export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
export const TOLD = "My knee is swollen and it locks, no fever";
export const ALARM = "I have chest pain and I am short of breath";

/** The same browser and server for the tests of one file. */
export function setup() {
  const world = {};
  before(async () => {
    world.mock = real ? null : await serve();
    world.url = real ?? world.mock.url;
    world.browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  });
  after(async () => {
    await world.browser?.close();
    await world.mock?.stop();
  });
  return world;
}

/** Runs `test` with a watched page. ignore: kinds of complaint that the test itself provokes. */
export async function withPage(world, { path = "/", ignore = [], script = "", ...options }, test) {
  const context = await world.browser.newContext({ ...DESKTOP, ...options });
  const complaints = [];
  const complain = (kind, what) => ignore.includes(kind) || complaints.push(`${kind}: ${what}`);
  context.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== world.url) complain("outside", request.url());
  });
  await context.exposeFunction("complain", complain);
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => complain("csp", `${event.violatedDirective} ${event.blockedURI}`));
    const cookies = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
    Object.defineProperty(document, "cookie", { get: () => cookies.get.call(document), set: (text) => complain("cookie", text) });
    const keep = Storage.prototype.setItem;
    Storage.prototype.setItem = function (name, value) {
      if (this === localStorage) complain("storage", name);
      return keep.call(this, name, value);
    };
  });
  if (script) await context.addInitScript(script);
  const newPage = async () => {
    const page = await context.newPage();
    page.on("pageerror", (error) => complain("script", error.stack));
    page.on("console", (line) => line.type() === "error" && !/Failed to load resource/.test(line.text()) && complain("console", line.text()));
    return page;
  };
  const page = await newPage();
  if (path) await page.goto(world.url + path);
  try {
    await test(page, { context, newPage });
    await page.evaluate(() => new Promise((done) => setTimeout(done, 50)));
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

// --- what a person does --------------------------------------------------------------------------------

export const panel = (page) => page.locator("knee-guide .panel");
export const log = (page) => page.getByRole("log");
export const input = (page) => page.getByLabel(/Your message/);
export const answers = (page) => page.locator("knee-guide .answers");
export const launcher = (page) => page.locator("knee-guide .launch");

export async function open(page) {
  await launcher(page).click();
  await settled(page);
}

/** The answer is there and its buttons take a press of the mouse. */
export async function settled(page) {
  await log(page).locator("li").first().waitFor();
  await page.locator("knee-guide .typing").waitFor({ state: "hidden", timeout: 30000 });
  await page.waitForTimeout(450);
}

export async function write(page, text) {
  await input(page).fill(text);
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await settled(page);
}

export async function press(page, name) {
  await page.locator("knee-guide").getByRole("button", { name, exact: true }).last().click();
  await settled(page);
}

/** Goes on until the result stands in the log, saying no to what is asked. use(name) presses a button, say(text) writes. */
export async function toResult(page, { use = (name) => press(page, name), say = (text) => write(page, text) } = {}) {
  for (let turns = 0; turns < 25; turns++) {
    if (await log(page).locator(".kind-fits").count()) return;
    const names = await answers(page).getByRole("button").allInnerTexts();
    const name = ["None of these", "No", "Not sure"].find((wanted) => names.includes(wanted)) ?? names.find((other) => !/^(Why|See the result)/.test(other));
    if (name) await use(name);
    else await say("45");
  }
  assert.fail("no result after 25 turns");
}

/** What the server holds: the turns of the person. */
export async function told(page) {
  const response = await page.request.get(new URL("/api/history", page.url()).href);
  return (await response.json()).messages.filter(({ from }) => from === "person").map(({ text }) => text);
}

export const said = (page) => log(page).locator("li.person p").allInnerTexts();

/** The focused element, through the shadow root. */
export const focused = (page) =>
  page.evaluate(() => {
    let node = document.activeElement;
    while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
    return { tag: node.tagName, name: node.getAttribute("aria-label") ?? node.labels?.[0]?.innerText ?? node.innerText, class: node.getAttribute("class"), id: node.id, role: node.getAttribute("role") };
  });

/** Tab (or back) until something named so has the focus. */
export async function tabTo(page, name, key = "Tab") {
  for (let steps = 0; steps < 80; steps++) {
    const now = await focused(page);
    if (typeof name === "string" ? now.name?.trim() === name : name.test(now.name ?? "")) return now;
    await page.keyboard.press(key);
  }
  assert.fail(`the keyboard does not reach ${name}`);
}

export async function shot(page, name) {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: new URL(`${name}.png`, SHOTS).pathname });
}
