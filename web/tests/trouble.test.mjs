import assert from "node:assert/strict";
import { test } from "node:test";
import { LIMIT, PATIENCE } from "../chat/transport.js";
import { answers, input, log, onlyMock, open, press, said, settled, setup, shot, TOLD, told, withPage, write } from "./browser.mjs";

const world = setup();
const MESSAGE = "**/api/message";
const offered = { ignore: ["console"] };

const numberOf = async (page) => (await (await page.request.get(`${world.url}/api/settings`)).json()).number;
const trouble = (page) => log(page).locator("li.notice");
const impatient = (page) =>
  page.route("**/", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replace('src="widget.js"', 'src="widget.js" data-timeout="1500"') });
  });

test("a server that does not answer: typing is shown, then the number, and trying again sends it once", () =>
  withPage(world, { path: null, ...offered }, async (page) => {
    assert.equal(PATIENCE, 12000);
    await impatient(page);
    await page.goto(world.url);
    await open(page);
    await page.route(MESSAGE, () => {});
    await input(page).fill(TOLD);
    await page.keyboard.press("Enter");
    assert.ok(await page.locator("knee-guide .typing").isVisible());
    await trouble(page).waitFor();
    assert.match(await trouble(page).innerText(), /too long/);
    assert.ok((await trouble(page).innerText()).includes(await numberOf(page)));
    await shot(page, "time-out");
    await page.unroute(MESSAGE);
    await page.waitForTimeout(450);
    await press(page, "Try again");
    await answers(page).getByRole("checkbox").first().waitFor();
    assert.equal(await trouble(page).count(), 0);
    assert.deepEqual(await said(page), [TOLD]);
    assert.equal((await told(page)).length, 1);
  }));

test("an answer that is lost on its way is fetched again under the same id", () =>
  withPage(world, offered, async (page) => {
    await open(page);
    const ids = [];
    await page.route(MESSAGE, async (route) => {
      ids.push(route.request().postDataJSON().id);
      if (ids.length > 1) return route.continue();
      await route.fetch();
      await route.abort();
    });
    await write(page, TOLD);
    assert.equal(ids.length, 2);
    assert.equal(new Set(ids).size, 1);
    assert.equal((await told(page)).length, 1);
    assert.equal(await log(page).locator(".kind-question").count(), 1);
  }));

test("offline: the sentence with the number, the words kept, and sent by itself when the line is back", () =>
  withPage(world, offered, async (page, { context }) => {
    await open(page);
    await context.setOffline(true);
    await input(page).fill(TOLD);
    await page.keyboard.press("Enter");
    await trouble(page).waitFor();
    assert.match(await trouble(page).innerText(), /cannot reach/);
    assert.deepEqual(await said(page), [TOLD]);
    assert.match(await log(page).locator("li.unsent").innerText(), /Not sent yet/);
    await shot(page, "offline");
    await context.setOffline(false);
    await answers(page).getByRole("checkbox").first().waitFor();
    assert.equal(await log(page).locator(".mark").count(), 0);
    assert.equal((await told(page)).length, 1);
  }));

test("a server that restarts is waited for", onlyMock, () =>
  withPage(world, offered, async (page) => {
    await open(page);
    await write(page, TOLD);
    await world.mock.stop();
    await answers(page).getByRole("button", { name: "None of these" }).click();
    await page.waitForTimeout(700);
    await world.mock.startAgain();
    await log(page).getByText("Where does it hurt").waitFor();
    assert.equal((await told(page)).length, 2);
  }));

test("an empty answer is not silence", () =>
  withPage(world, {}, async (page) => {
    await open(page);
    await page.route(MESSAGE, (route) => route.fulfill({ json: { messages: [], id: "x" } }));
    await write(page, TOLD);
    assert.ok((await trouble(page).innerText()).includes(await numberOf(page)));
  }));

test("too many messages, and a message that is refused, are told apart", () =>
  withPage(world, offered, async (page) => {
    await open(page);
    await page.route(MESSAGE, (route) => route.fulfill({ status: 429, json: { error: "slow down" } }));
    await write(page, TOLD);
    assert.match(await trouble(page).innerText(), /too many messages/);
    await page.unroute(MESSAGE);
    await press(page, "Try again");
    await page.route(MESSAGE, (route) => route.fulfill({ status: 422, json: { error: "no" } }));
    await write(page, "refused words");
    assert.match(await trouble(page).innerText(), /cannot take this message/);
    assert.equal(await input(page).inputValue(), "refused words", "given back");
    assert.ok(!(await said(page)).includes("refused words"));
  }));

test("a double click on a slow server answers once", () =>
  withPage(world, {}, async (page) => {
    await open(page);
    await write(page, TOLD);
    await page.route(MESSAGE, async (route) => {
      await new Promise((done) => setTimeout(done, 500));
      await route.continue();
    });
    await answers(page).getByRole("button", { name: "None of these" }).evaluate((button) => (button.click(), button.click()));
    await settled(page);
    await settled(page);
    assert.equal((await told(page)).length, 2);
    assert.equal((await said(page)).length, 2);
  }));

test("a second click that meets the next question's new buttons answers nothing", () =>
  withPage(world, {}, async (page) => {
    await open(page);
    await write(page, TOLD);
    // The first click by hand, the second in the very moment in which the new buttons stand there.
    await page.evaluate(() => {
      const root = document.querySelector("knee-guide").shadowRoot;
      const box = root.querySelector(".answers");
      const click = () => [...box.querySelectorAll("button")].find((button) => /^(None of these|No|Not sure)$/.test(button.innerText)).dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, composed: true, detail: 1 }));
      new MutationObserver((changes, observer) => (observer.disconnect(), setTimeout(click, 50))).observe(box, { childList: true });
      click();
    });
    await log(page).locator("li.person").nth(1).waitFor();
    await settled(page);
    assert.equal((await told(page)).length, 2);
  }));

test("when it takes longer a sentence says so", () =>
  withPage(world, {}, async (page) => {
    await open(page);
    await page.route(MESSAGE, () => {});
    await input(page).fill(TOLD);
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("Still trying").waitFor({ timeout: 8000 });
  }));

test("words written while an answer is awaited are sent after it", () =>
  withPage(world, {}, async (page) => {
    await open(page);
    await page.route(MESSAGE, async (route) => {
      await new Promise((done) => setTimeout(done, 600));
      await route.continue();
    });
    await input(page).fill(TOLD);
    await page.keyboard.press("Enter");
    await input(page).fill("It also hurts on stairs");
    await page.keyboard.press("Enter");
    await page.waitForTimeout(1500);
    await settled(page);
    assert.deepEqual(await told(page), [TOLD, "It also hurts on stairs"]);
  }));

test("a reload in the middle of a question keeps the question, the ticks and the words not yet sent", () =>
  withPage(world, {}, async (page) => {
    await open(page);
    await write(page, TOLD);
    await answers(page).getByRole("checkbox").nth(1).check();
    await input(page).fill("and another thing");
    const before = await log(page).innerText();
    await page.reload();
    await answers(page).getByRole("checkbox").first().waitFor();
    assert.equal(await log(page).innerText(), before.replace(/^[^]*?(?=You:|My knee)/, ""), "all but the greeting, which was never a message");
    assert.ok(await answers(page).getByRole("checkbox").nth(1).isChecked());
    assert.equal(await input(page).inputValue(), "and another thing");
    assert.equal((await told(page)).length, 1);
  }));

for (const [where, arrives] of Object.entries({ "after": true, "before": false }))
  test(`a reload ${where} the server got the message neither loses nor doubles it`, () =>
    withPage(world, offered, async (page) => {
      await open(page);
      await page.route(MESSAGE, async (route) => {
        if (arrives) await route.fetch();
      });
      await input(page).fill(TOLD);
      await page.keyboard.press("Enter");
      await page.waitForTimeout(400);
      await page.reload();
      await page.unroute(MESSAGE); // lets through what is held back, so not before the page is left
      await answers(page).getByRole("checkbox").first().waitFor();
      assert.deepEqual(await said(page), [TOLD]);
      assert.equal((await told(page)).length, 1);
    }));

test("a page opened while the server is down says so and begins when asked again", () =>
  withPage(world, { path: null, ...offered }, async (page) => {
    await impatient(page);
    await page.route("**/api/**", (route) => route.abort());
    await page.goto(world.url);
    await open(page);
    assert.match(await trouble(page).innerText(), /your local emergency number/);
    await page.unroute("**/api/**");
    await press(page, "Try again");
    await log(page).getByText("What is going on").waitFor();
  }));

test("two tabs show one conversation", () =>
  withPage(world, {}, async (page, { newPage }) => {
    await open(page);
    const other = await newPage();
    await other.goto(world.url);
    await open(other);
    await write(page, TOLD);
    await answers(other).getByRole("checkbox").first().waitFor();
    await settled(other);
    await press(other, "None of these");
    await log(page).locator("li.person").nth(1).waitFor();
    assert.deepEqual(await said(page), await said(other));
    assert.equal((await told(page)).length, 2);
    assert.equal(await log(page).locator(".kind-question").count(), await log(other).locator(".kind-question").count());
  }));

// --- hostile text ------------------------------------------------------------------------------------------

test("what a person writes is shown as text", () =>
  withPage(world, {}, async (page) => {
    await open(page);
    for (const text of ['<img src=x onerror="document.title=1">', "<script>document.title=1</script>", "[a](javascript:document.title=1)", "{{7*7}} ${7*7} &lt;b&gt;"]) {
      await write(page, text);
      assert.equal((await said(page)).at(-1), text);
    }
    assert.equal(await log(page).locator("img, script, a, b").count(), 0);
    assert.notEqual(await page.title(), "1");
    await write(page, "knee\u202Eecneucelf\u2066 \u0007hurts");
    assert.equal((await said(page)).at(-1), "kneeecneucelf hurts");
  }));

test("10,000 characters are refused kindly before they are sent, and stay where they are", () =>
  withPage(world, {}, async (page) => {
    await open(page);
    let sent = 0;
    page.on("request", (request) => request.url().endsWith("/api/message") && sent++);
    const text = "ouch ".repeat(2000).trim();
    await input(page).fill(text);
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText(`up to ${LIMIT}`).waitFor();
    assert.equal(await input(page).inputValue(), text);
    assert.equal(await input(page).getAttribute("aria-invalid"), "true");
    assert.equal(sent, 0);
    await input(page).fill("ouch");
    assert.equal(await input(page).getAttribute("aria-invalid"), null);
  }));

test("nothing that the server says becomes markup, a script or an unchecked link", () =>
  withPage(world, {}, async (page) => {
    const bad = '<img src=x onerror="document.title=1">\u202Ebad';
    const link = "javascript:document.title=1";
    const kinds = [
      { kind: "card", level: '"><script>', level_name: bad, heading: bad, why: [bad], points: [bad], tel: link },
      { kind: "card", level: "emergency_now", level_name: bad, heading: bad, why: [bad], points: [bad], tel: link },
      { kind: "understood", items: [{ id: bad, label: bad, answer: "present" }, { id: "age", label: bad, answer: bad }] },
      { kind: "fits", conditions: [{ id: bad, name: bad, band: bad, reasons: [bad] }], not_ruled_out: [bad] },
      { kind: "self_care", heading: bad, points: [bad] }, { kind: "watch", heading: bad, points: [bad], course: [bad] },
      { kind: "sources", sources: [{ title: bad, publisher: bad, year: bad, url: link, read: bad }, { title: bad, url: "data:text/html,x" }], general: bad },
      { kind: "exercise", id: bad, name: bad, steps: [bad], stop: [bad], drawing: "../../x" }, { kind: "summary", lines: [bad] },
      { kind: "constructor" }, { kind: "__proto__" }, { kind: "card" }, { kind: "fits", conditions: "no list" }, { kind: 7 }, null,
      { kind: "question", about: [bad], multiple: true, options: [{ id: bad, label: bad }, { id: "b", label: bad }], why: [bad], progress: bad, place: true },
    ];
    const messages = kinds.map((custom) => ({ text: bad, custom, buttons: [{ title: bad, payload: "kg:n" }, { title: bad, payload: bad }] }));
    await open(page);
    await page.route(MESSAGE, (route) => route.fulfill({ json: { messages, id: "x" } }));
    await write(page, TOLD);
    assert.equal(await log(page).locator("li.bot").count(), kinds.length + 1);
    assert.equal(await page.locator("knee-guide").locator("img, script, iframe, a[href^=javascript], a[href^=data]").count(), 0);
    assert.equal(await page.locator("knee-guide .pin a").count(), 0);
    assert.notEqual(await page.title(), "1");
    assert.doesNotMatch(await page.evaluate(() => document.querySelector("knee-guide").shadowRoot.textContent), /\u202E/);
  }));

test("a kind that is not known, or none, is shown by its text", () =>
  withPage(world, {}, async (page) => {
    await open(page);
    await page.route(MESSAGE, (route) => route.fulfill({ json: { messages: [{ text: "Line one\n• a point", custom: { kind: "hologram" } }, { text: "bare" }], id: "x" } }));
    await write(page, TOLD);
    assert.match(await log(page).innerText(), /Line one\s+a point[^]*bare/);
  }));
