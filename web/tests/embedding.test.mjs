import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { input, launcher, log, open, panel, press, setup, TOLD, toResult, withPage, write } from "./browser.mjs";

const world = setup();

test("one script line puts the button on a page and loads the chat only when it is pressed", () =>
  withPage(world, { path: null }, async (page) => {
    const asked = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(world.url);
    await launcher(page).waitFor();
    assert.deepEqual(asked.filter((path) => /chat|lang|api/.test(path)), []);
    await open(page);
    assert.ok(asked.includes("/assets/chat/chat.js"));
    assert.match(await log(page).innerText(), /What is going on with your knee/);
  }));

test("the full-page chat is open at once", () =>
  withPage(world, { path: "/chat" }, async (page) => {
    await log(page).getByText("What is going on").waitFor();
    assert.equal(await launcher(page).count(), 0);
    assert.equal(await page.getByRole("button", { name: "Close" }).count(), 0);
  }));

test("the pages come with a policy that forbids inline code, and the talk keeps to it", () =>
  withPage(world, {}, async (page) => {
    const policy = (await page.request.get(world.url)).headers()["content-security-policy"];
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    await open(page);
    await write(page, TOLD);
    await toResult(page);
  }));

test("a request to another host, inline code, a script's cookie and lasting storage are each noticed", async () => {
  for (const [kind, provoke] of Object.entries({
    outside: () => new Image().src = "https://elsewhere.example/pixel.png",
    csp: () => document.body.setAttribute("style", "color: red"),
    cookie: () => (document.cookie = "a=b"),
    storage: () => localStorage.setItem("a", "b"),
  }))
    await assert.rejects(withPage(world, {}, (page) => page.evaluate(provoke)), new RegExp(kind));
});

test("only this tab's storage is used, and no cookie can be read by a script", () =>
  withPage(world, {}, async (page, { context }) => {
    await open(page);
    await write(page, TOLD);
    const left = await page.evaluate(() => ({ cookie: document.cookie, local: localStorage.length, session: Object.keys(sessionStorage) }));
    assert.equal(left.cookie, "");
    assert.equal(left.local, 0);
    assert.ok(left.session.every((name) => name.startsWith("knee-guide:")), left.session.join());
    for (const cookie of await context.cookies()) assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.expires], [true, "Strict", -1]);
  }));

test("everything that a page loads for a whole talk stays under 150 KB gzip", () =>
  withPage(world, { path: null }, async (page) => {
    const sizes = new Map();
    page.on("response", async (response) => {
      const { pathname } = new URL(response.url());
      if (response.ok() && !pathname.startsWith("/api")) sizes.set(pathname, gzipSync(await response.body().catch(() => "")).length);
    });
    await page.goto(world.url);
    await open(page);
    await write(page, TOLD);
    await toResult(page);
    const all = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    assert.ok(sizes.size > 6 && all > 5000, "the sizes were not seen");
    assert.ok(all < 150 * 1024, `${all} bytes`);
  }));

test("a page changes the colours by CSS variables", () =>
  withPage(world, {}, async (page) => {
    await page.evaluate(() => document.documentElement.style.setProperty("--kg-brand", "rgb(106, 27, 154)"));
    await open(page);
    assert.equal(await panel(page).locator(".head").evaluate((node) => getComputedStyle(node).backgroundColor), "rgb(106, 27, 154)");
  }));

test("the rules of the page do not reach into the widget", () =>
  withPage(world, {}, async (page) => {
    await page.evaluate(() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync("* { font-size: 40px !important } button { display: none !important } p { color: pink !important }");
      document.adoptedStyleSheets.push(sheet);
    });
    await open(page);
    assert.equal(await input(page).evaluate((node) => getComputedStyle(node).fontSize), "16px");
  }));

test("another language comes from its one file, and what the bot says keeps its own language", () =>
  withPage(world, { path: null }, async (page) => {
    await page.route("**/", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replace('src="widget.js"', 'src="widget.js" data-lang="de"') });
    });
    await page.goto(world.url);
    await launcher(page).click();
    await page.getByLabel("Ihre Nachricht").fill(TOLD);
    await page.getByRole("button", { name: "Senden" }).click();
    await log(page).locator("li.kind-question").waitFor();
    assert.equal(await panel(page).getAttribute("lang"), "de");
    assert.equal(await log(page).locator("li.kind-question").getAttribute("lang"), "en");
  }));

test("when the chat cannot be loaded the page says so, and the next press tries again", () =>
  withPage(world, { ignore: ["console"] }, async (page) => {
    await page.route("**/assets/lang/en.json", (route) => route.abort());
    await launcher(page).click();
    await page.getByRole("alert").getByText("call your local emergency number").waitFor();
    await page.unroute("**/assets/lang/en.json");
    await open(page);
    assert.equal(await page.locator(".failed").count(), 0);
  }));

test("delete my data deletes it on the server too, after asking once", () =>
  withPage(world, {}, async (page) => {
    await open(page);
    await write(page, TOLD);
    await page.getByRole("button", { name: "Delete my data" }).click();
    await page.getByRole("button", { name: "Keep it" }).click();
    assert.match(await log(page).innerText(), /swollen/);
    await page.getByRole("button", { name: "Delete my data" }).click();
    await page.getByRole("button", { name: "Delete it" }).click();
    await log(page).getByText("Deleted, here and on the server").waitFor();
    assert.doesNotMatch(await log(page).innerText(), /swollen/);
    const history = await (await page.request.get(`${world.url}/api/history`)).json();
    assert.deepEqual([history.messages, history.emergency], [[], null]);
    await page.reload();
    await log(page).getByText("What is going on").waitFor();
    await press(page, "Check my knee");
  }));
