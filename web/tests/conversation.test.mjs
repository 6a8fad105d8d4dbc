import assert from "node:assert/strict";
import { test } from "node:test";
import { ALARM, answers, DESKTOP, focused, input, launcher, log, onlyMock, open, PHONE, press, said, settled, setup, shot, tabTo, TOLD, told, toResult, withPage, write } from "./browser.mjs";

const world = setup();

for (const [size, options] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
  test(`from the first sentence to the result with the mouse or a finger, ${size}`, () =>
    withPage(world, options, async (page) => {
      await open(page);
      await write(page, TOLD);
      await log(page).locator(".kind-understood").waitFor();
      await answers(page).getByRole("checkbox").first().waitFor();
      await shot(page, `question-${size}`);
      await toResult(page);
      assert.match(await log(page).locator(".kind-card .card").last().getAttribute("data-level"), /^(self_care|see_clinician|same_day)/);
      assert.ok((await log(page).locator(".kind-fits li").count()) > 0);
      await shot(page, `result-${size}`);
      assert.equal((await told(page)).length, (await said(page)).length);
    }));
}

test("from the first sentence to the result with the keyboard alone", () =>
  withPage(world, {}, async (page) => {
    const use = async (name) => {
      const { tag } = await focused(page);
      if (tag === "TEXTAREA") await tabTo(page, name, "Shift+Tab");
      else await tabTo(page, name);
      await page.keyboard.press("Enter");
      await settled(page);
    };
    const say = async (text) => {
      await tabTo(page, "Your message");
      await page.keyboard.type(text);
      await page.keyboard.press("Enter");
      await settled(page);
    };
    await tabTo(page, "Knee Guide");
    await page.keyboard.press("Enter");
    await settled(page);
    assert.equal((await focused(page)).tag, "TEXTAREA");
    await page.keyboard.type(TOLD);
    await page.keyboard.press("Enter");
    await settled(page);
    assert.equal((await focused(page)).tag, "TEXTAREA", "who types goes on typing");
    await toResult(page, { use, say });
    await page.keyboard.press("Escape");
    assert.match((await focused(page)).class, /launch/);
    assert.equal(await launcher(page).getAttribute("aria-expanded"), "false");
  }));

test("after a pressed answer the focus stands before the new answers", () =>
  withPage(world, {}, async (page) => {
    await open(page);
    await write(page, TOLD);
    await answers(page).getByRole("button", { name: "None of these" }).focus();
    await page.keyboard.press("Enter");
    await settled(page);
    assert.match((await focused(page)).class, /answers/);
  }));

test("several findings are ticked at once; nothing ticked is asked about, not sent", () =>
  withPage(world, {}, async (page) => {
    await open(page);
    await write(page, TOLD);
    await press(page, "Send what I ticked");
    await page.getByRole("alert").getByText("or press “None of these”").waitFor();
    assert.equal((await told(page)).length, 1);
    const sent = page.waitForRequest("**/api/message");
    const boxes = answers(page).getByRole("checkbox");
    await boxes.nth(1).check();
    await boxes.nth(2).check();
    await press(page, "Send what I ticked");
    assert.match((await sent).postDataJSON().payload, /^kg:m:[a-z_]+,[a-z_]+$/);
  }));

test("the knee is pointed at in the picture or ticked in the list, and both show it", onlyMock, () =>
  withPage(world, {}, async (page) => {
    await open(page);
    await write(page, TOLD);
    await press(page, "None of these");
    const inner = page.locator("knee-guide .place[data-id=pain_location_inner]");
    await inner.click();
    assert.equal(await inner.getAttribute("aria-checked"), "true");
    assert.ok(await answers(page).locator("input[value=pain_location_inner]").isChecked());
    await answers(page).locator("input[value=pain_location_calf]").check();
    assert.equal(await page.locator("knee-guide .place.chosen").count(), 4, "the calf is marked on each side where it is seen");
    await page.locator("knee-guide .place[data-id=pain_below_kneecap]").focus();
    await page.keyboard.press("Space");
    assert.ok(await answers(page).locator("input[value=pain_below_kneecap]").isChecked());
    await answers(page).locator(".knee").scrollIntoViewIfNeeded();
    await shot(page, "knee-map");
    const places = await page.locator("knee-guide .place[role]").evaluateAll((nodes) => nodes.map((node) => node.dataset.id));
    const boxes = await answers(page).locator("input").evaluateAll((nodes) => nodes.map((node) => node.value));
    assert.deepEqual(places.filter((id) => !boxes.includes(id)), []);
    assert.equal(new Set(places).size, places.length, "each place is one stop for the keyboard");
    const sent = page.waitForRequest("**/api/message");
    await press(page, "Send what I ticked");
    assert.equal((await sent).postDataJSON().payload, "kg:m:pain_location_inner,pain_location_calf,pain_below_kneecap");
  }));

test("an emergency is pinned with a link to call, and the input stays open", () =>
  withPage(world, {}, async (page) => {
    await open(page);
    await write(page, ALARM);
    const pin = page.getByRole("alert").filter({ has: page.getByRole("heading") });
    assert.ok(await pin.isVisible());
    const number = (await (await page.request.get(`${world.url}/api/settings`)).json()).tel;
    if (number) assert.equal(await pin.getByRole("link").getAttribute("href"), `tel:${number}`);
    assert.equal((await focused(page)).id, "emergency");
    await shot(page, "emergency");
    await write(page, "what is a meniscus tear?");
    assert.ok(await page.locator("knee-guide .pin .card").isVisible(), "still pinned");
    await page.reload();
    await page.locator("knee-guide .pin .card").waitFor();
    assert.equal(await page.locator("knee-guide .pin").getAttribute("role"), null, "not an alert again");
  }));

test("what was understood can be changed by its chip", onlyMock, () =>
  withPage(world, {}, async (page) => {
    await open(page);
    await write(page, TOLD);
    const chip = page.getByRole("button", { name: /^swelling: Yes/ });
    await chip.click();
    await page.keyboard.press("Escape");
    assert.equal(await chip.getAttribute("aria-expanded"), "false");
    assert.match((await focused(page)).name, /swelling/, "the first Escape shuts the choice, not the window");
    await chip.click();
    const sent = page.waitForRequest("**/api/message");
    await page.getByRole("group", { name: /swelling/ }).getByRole("button", { name: "No", exact: true }).click();
    assert.equal((await sent).postDataJSON().payload, "kg:a:swelling:a");
    await settled(page);
    assert.equal(await page.getByRole("button", { name: /^swelling: No/ }).count(), 1);
    assert.equal(await page.getByRole("button", { name: /^swelling: Yes/ }).count(), 0, "old chips are gone");
  }));

test("reasons, sources and why it is asked open on demand", onlyMock, () =>
  withPage(world, {}, async (page) => {
    await open(page);
    await write(page, TOLD);
    const why = answers(page).locator("details.why");
    assert.equal(await why.getAttribute("open"), null);
    await why.locator("summary").click();
    assert.match(await why.innerText(), /points to some causes/);
    await toResult(page);
    const reason = log(page).locator(".kind-fits details").first();
    await reason.locator("summary").click();
    assert.match(await reason.innerText(), /because you said/);
    const sources = log(page).locator("details.sources");
    await sources.locator("summary").click();
    const link = sources.getByRole("link", { name: /Knee pain/ });
    assert.equal(await link.getAttribute("rel"), "noopener noreferrer");
    assert.match(await sources.innerText(), /Not yet reviewed by a clinician/);
  }));

test("an exercise has its drawing, steps and stop signs", () =>
  withPage(world, {}, async (page) => {
    await open(page);
    await write(page, TOLD);
    await toResult(page);
    const show = log(page).getByRole("button", { name: /^Show me/ }).first();
    if (!(await show.count())) return;
    await show.click();
    await settled(page);
    const exercise = log(page).locator(".kind-exercise");
    const drawing = exercise.getByRole("img", { name: /^Drawing/ });
    assert.ok(await drawing.evaluate((image) => image.complete && image.naturalWidth > 0));
    assert.ok((await exercise.locator("ol li").count()) > 1);
    await shot(page, "exercise");
  }));

test("the result is printed whole and without controls", () =>
  withPage(world, { path: "/chat" }, async (page) => {
    await settled(page);
    await write(page, TOLD);
    await toResult(page);
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    await page.emulateMedia({ media: "print" });
    for (const kind of ["card", "fits", "watch", "sources"]) assert.ok(await log(page).locator(`.kind-${kind}`).last().isVisible(), kind);
    assert.ok(await log(page).locator(".kind-sources a").first().isVisible(), "folded parts are open on paper");
    for (const gone of ["form", ".foot", ".answers", ".kind-question", "li.person"]) assert.ok(!(await page.locator(`knee-guide ${gone}`).first().isVisible()), gone);
    assert.match(await page.locator("knee-guide .print-note").innerText(), /does not diagnose/);
    await shot(page, "print");
    const paper = await page.pdf({ format: "A4" });
    assert.ok(paper.length > 5000);
    await page.evaluate(() => dispatchEvent(new Event("afterprint")));
    assert.equal(await log(page).locator("details[open]").count(), 0, "folded again");
  }));

test("printed from another page, that page steps back and comes again", () =>
  withPage(world, {}, async (page) => {
    await open(page);
    await write(page, TOLD);
    await toResult(page);
    await page.emulateMedia({ media: "print" });
    await page.evaluate(() => {
      window.print = () => {
        dispatchEvent(new Event("beforeprint"));
        window.seen = [getComputedStyle(document.querySelector("main")).display, getComputedStyle(document.querySelector("knee-guide")).display];
        dispatchEvent(new Event("afterprint"));
      };
      document.querySelector("knee-guide").shadowRoot.querySelectorAll(".foot button")[0].click();
    });
    assert.deepEqual(await page.evaluate(() => window.seen), ["none", "block"]);
    assert.equal(await page.locator("main").evaluate((node) => getComputedStyle(node).display), "block");
    assert.ok(!(await page.locator("knee-guide .panel").isVisible()), "a print of the page itself leaves the chat out");
  }));
