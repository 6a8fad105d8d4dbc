/** The chat window: what is shown, sent and kept. How the server is reached is in transport.js, how a message looks in messages.js. */

import { answers, card, draw, freezeChips, isEmergency, isResult, kindOf } from "./messages.js";
import { el, svg, texts } from "./text.js";
import { HttpTransport, LIMIT, newId } from "./transport.js";

const KEEP = "knee-guide:";
const PATIENT_FOR = 4000; // then a sentence says that it takes longer
const TOO_QUICK = 400; // nobody reads new buttons in this time: such a press is the second half of a double click
const ICONS = { close: "M5 5l14 14M19 5L5 19", send: "M4 12h15M13 5l7 7-7 7" };

// This tab only, and gone with it. A browser that forbids storage still chats; only a reload loses what was not sent.
const kept = {
  get: (name) => {
    try { return JSON.parse(sessionStorage.getItem(KEEP + name)); } catch { return null; }
  },
  set: (name, value) => {
    try { value == null ? sessionStorage.removeItem(KEEP + name) : sessionStorage.setItem(KEEP + name, JSON.stringify(value)); } catch { /* see above */ }
  },
};

export class Chat {
  /** host: the <knee-guide> element. base: where the server is, ending in "/". */
  static async start(host, base, transport) {
    const language = /^[a-z]{2,3}$/i.test(host.dataset.lang) ? host.dataset.lang.toLowerCase() : "en";
    const [file] = await Promise.all([loadTexts(base, language), loadStyle(host.shadowRoot, base)]);
    const chat = new Chat(host, base, file, transport);
    if (host.hasAttribute("full")) await chat.open({ quietly: true });
    return chat;
  }

  constructor(host, base, { file, language }, transport) {
    Object.assign(this, { count: 0, host, base, language, root: host.shadowRoot, t: texts(file), full: host.hasAttribute("full") });
    const patience = Number(host.dataset.timeout) || undefined;
    this.transport = transport ?? new HttpTransport(base, { country: host.dataset.country, patience });
    this.number = this.t("number_unknown");
    this.queue = kept.get("queue") ?? [];
    if (host.dataset.theme) host.setAttribute("theme", host.dataset.theme);
    this.build();
  }

  get ctx() {
    return { t: this.t, base: this.base, act: (payload, title) => this.act(payload, title), ticked: (ids) => kept.set("ticked", ids) };
  }

  // --- the window -----------------------------------------------------------------------------------

  build() {
    const { t } = this;
    const button = (style, name, onclick) => el("button", { type: "button", class: style, onclick }, t(name));
    this.title = el("h2", { id: "title", tabindex: "-1" }, t("name"));
    const close = !this.full && el("button", { type: "button", class: "icon", "aria-label": t("close"), onclick: () => this.close() }, icon("close"));
    this.pin = el("section", { class: "pin", "aria-label": t("emergency_region"), hidden: true });
    this.answers = el("div", { class: "answers", role: "group", "aria-label": t("answers"), tabindex: "-1", hidden: true });
    this.typing = el("div", { class: "typing", hidden: true }, el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")), el("span", {}, t("writing")));
    this.status = el("p", { class: "status", role: "status" });
    this.scroller = el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": t("messages") }, this.newLog(), this.answers, this.typing);
    this.input = el("textarea", { id: "message", rows: "1", placeholder: t("message_hint"), autocomplete: "off", "aria-describedby": "fault length", enterkeyhint: "send" });
    this.fault = el("p", { class: "fault", id: "fault", role: "alert" });
    this.length = el("p", { class: "length", id: "length" });
    this.form = el("form", { novalidate: true },
      el("label", { for: "message" }, t("message_label")),
      this.fault,
      el("div", { class: "row" }, this.input, el("button", { type: "submit", class: "send", "aria-label": t("send") }, icon("send"))),
      this.length);
    this.printer = button("link", "print", () => this.print());
    this.printer.hidden = true;
    this.dialog = this.forgetDialog();
    this.panel = el("div", { class: `panel${this.full ? " full" : ""}`, lang: this.language, "aria-labelledby": "title", role: this.full ? "region" : "dialog", hidden: true },
      el("div", { class: "head" }, el("div", {}, this.title, el("p", {}, t("about"))), close),
      el("p", { class: "print-note" }),
      this.pin, this.scroller, this.status, this.form,
      el("div", { class: "foot" }, this.printer, button("link", "forget", () => this.dialog.showModal())),
      this.dialog);
    this.root.append(this.panel);
    this.listen();
    this.input.value = kept.get("draft") ?? "";
    this.measure();
  }

  newLog() {
    this.list = el("ol");
    this.log = el("div", { class: "log", role: "log", "aria-label": this.t("conversation") }, this.list);
    return this.log;
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.input.addEventListener("keydown", (event) => {
      // On a phone the Enter key makes a line; there the button sends. While a word is being composed, Enter ends the word.
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !isTouch()) {
        event.preventDefault();
        this.submit();
      }
    });
    this.input.addEventListener("input", () => this.measure());
    this.panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.full && !this.dialog.open) {
        event.stopPropagation();
        this.close();
      }
    });
    this.scroller.addEventListener("click", (event) => {
      // A press of the keyboard has no detail: there the new button had to be reached first.
      if (!event.detail || performance.now() - this.offered > TOO_QUICK) return;
      event.preventDefault();
      event.stopPropagation();
    }, { capture: true });
    addEventListener("online", () => (this.begun || this.panel.hidden || this.busy ? this.pump() : this.beginAgain()));
    // Another tab of the same person has talked: the server keeps one history for both.
    this.tabs = new BroadcastChannel("knee-guide");
    this.tabs.onmessage = () => this.refresh();
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.refresh());
    addEventListener("beforeprint", () => this.beforePrint());
    addEventListener("afterprint", () => this.afterPrint());
    this.wide = matchMedia("(min-width: 40.01rem) and (min-height: 34.01rem)");
    this.wide.addEventListener("change", () => this.cover());
  }

  async open({ quietly = false } = {}) {
    const { button } = this.host;
    this.panel.hidden = false;
    if (button) {
      button.hidden = true;
      button.setAttribute("aria-expanded", "true");
      kept.set("open", true);
    }
    this.cover();
    if (!quietly) (isTouch() ? this.title : this.input).focus();
    await (this.begun ??= this.begin());
    this.toEnd();
  }

  close() {
    const { button } = this.host;
    this.panel.hidden = true;
    kept.set("open", null);
    button.hidden = false;
    button.setAttribute("aria-expanded", "false");
    this.cover();
    button.focus();
  }

  /** Where the window covers the page (phones, strong zoom), what lies beneath must not take the focus. */
  cover() {
    if (this.full) return;
    const covers = !this.panel.hidden && !this.wide.matches;
    this.panel.setAttribute("aria-modal", String(covers));
    for (const other of document.body.children) {
      if (other === this.host) continue;
      if (covers && !other.inert) {
        other.inert = true;
        other.dataset.kneeGuideInert = "";
      } else if (!covers && "kneeGuideInert" in other.dataset) {
        other.inert = false;
        delete other.dataset.kneeGuideInert;
      }
    }
  }

  // --- beginning, and beginning again after a reload ------------------------------------------------------

  async begin() {
    this.wait(true);
    try {
      await this.learnNumber();
      // What was on its way when the page was left goes first, under its old id; the history then holds it once.
      while (this.queue.length) {
        await this.transport.send(this.queue[0]).catch((trouble) => {
          if (trouble.kind !== "refused") throw trouble;
        });
        this.dequeue();
      }
      const history = await this.transport.history();
      this.count = history.messages.length;
      this.wait(false);
      history.messages.length ? this.rebuild(history) : this.greet();
    } catch (trouble) {
      this.wait(false);
      this.begun = null;
      for (const item of this.queue) this.showPerson(item);
      this.trouble(trouble, () => this.beginAgain());
    }
  }

  beginAgain() {
    this.newStart();
    this.begun = this.begin();
  }

  newStart() {
    this.log.replaceWith(this.newLog());
    this.showAnswers(null);
  }

  async learnNumber() {
    const { number } = await this.transport.settings();
    if (number) this.number = number;
  }

  greet() {
    this.put(el("div", { class: "bubble" }, el("p", {}, this.t("greeting", { number: this.number }))));
    this.showAnswers(this.sayings(this.t("starters")));
  }

  /** The history in one piece, so that nothing old is read out again. */
  rebuild({ messages, emergency }) {
    this.newLogInPlace(() => {
      const lastWord = messages.findLastIndex(({ from }) => from === "person");
      for (const [index, message] of messages.entries()) {
        if (message.from === "person") this.showPerson({ title: message.text });
        else this.showBot(message, index > lastWord);
      }
      this.offer(messages.slice(lastWord + 1), kept.get("ticked") ?? []);
    });
    this.showPin(emergency ? (emergency.custom ?? emergency) : null, { fresh: false });
    this.toEnd();
  }

  newLogInPlace(build) {
    const old = this.log;
    this.newLog();
    build();
    old.replaceWith(this.log);
  }

  async refresh() {
    if (this.busy || this.queue.length || this.panel.hidden || !this.begun) return;
    try {
      const history = await this.transport.history();
      if (history.messages.length === this.count || this.busy) return;
      this.count = history.messages.length;
      history.messages.length ? this.rebuild(history) : (this.newStart(), this.showPin(null), this.greet());
    } catch {
      // the next message will tell
    }
  }

  // --- sending ------------------------------------------------------------------------------------------------

  submit() {
    const text = this.input.value.trim();
    if (!text) return this.input.focus();
    if (text.length > LIMIT) {
      this.input.setAttribute("aria-invalid", "true");
      this.fault.textContent = this.t("too_long", { count: text.length, limit: LIMIT });
      return this.input.focus();
    }
    this.input.value = "";
    this.measure();
    this.enqueue({ id: newId(), message: text, title: text });
  }

  /** A button. While an answer is awaited a second press is a slip, not a second answer. */
  act(payload, title) {
    if (this.busy) return;
    this.enqueue({ id: newId(), payload, title });
  }

  enqueue(item) {
    kept.set("ticked", null);
    this.queue.push(item);
    kept.set("queue", this.queue);
    this.showPerson(item);
    this.toEnd();
    this.pump();
  }

  dequeue() {
    this.queue.shift();
    kept.set("queue", this.queue.length ? this.queue : null);
  }

  /** One at a time, in order. What cannot be sent stays at the head and keeps its id. */
  async pump() {
    if (this.busy || !this.queue.length) return;
    this.wait(true);
    try {
      while (this.queue.length) {
        const { messages } = await this.transport.send(this.queue[0]);
        this.dequeue();
        this.clearTrouble();
        this.count += 1 + messages.length;
        if (messages.length) this.speak(messages);
        else this.trouble({ kind: "empty" });
        this.tabs.postMessage("said");
      }
    } catch (trouble) {
      if (trouble.kind === "refused") this.giveBack();
      this.trouble(trouble, this.queue.length ? () => this.pump() : null);
    } finally {
      this.wait(false);
    }
  }

  /** A message the server will never take goes back where it can be changed. */
  giveBack() {
    const { message } = this.queue[0];
    this.dequeue();
    this.list.querySelector("li.unsent")?.remove();
    if (message && !this.input.value) this.input.value = message;
    this.measure();
  }

  wait(busy) {
    this.busy = busy;
    this.typing.hidden = !busy;
    this.answers.toggleAttribute("data-busy", busy);
    for (const button of this.answers.querySelectorAll("button")) busy ? button.setAttribute("aria-disabled", "true") : button.removeAttribute("aria-disabled");
    clearTimeout(this.longer);
    this.status.textContent = "";
    if (busy) this.longer = setTimeout(() => (this.status.textContent = this.t("still_trying")), PATIENT_FOR);
    if (busy) this.toEnd();
  }

  // --- showing ------------------------------------------------------------------------------------------------

  put(node, { from = "bot", style = from, silent = false, language } = {}) {
    const item = el("li", { class: style, lang: language, "aria-live": silent ? "off" : null }, el("span", { class: "hidden" }, `${this.t(from === "bot" ? "bot" : "you")} `), node);
    // A live region reads all of what is added at once, so what should not be read is put in afterwards, where it is off.
    for (const quiet of this.log.isConnected ? item.querySelectorAll('[aria-live="off"]') : []) {
      const inside = [...quiet.childNodes];
      quiet.replaceChildren();
      setTimeout(() => quiet.append(...inside), 100);
    }
    this.list.append(item);
    return item;
  }

  showPerson({ id, title }) {
    // dir=auto: words in a right-to-left language stand as they were written
    const item = this.put(el("p", { class: "bubble", dir: "auto" }, title), { from: "person", style: id ? "person unsent" : "person" });
    if (id) item.dataset.id = id;
  }

  showBot(message, newest = true) {
    if (["restart", "forgotten"].includes(kindOf(message))) this.showPin(null);
    if (kindOf(message) === "understood") freezeChips(this.list);
    // The alert reads a new emergency card; one that is pinned already is only in the log, so the log reads it.
    const silent = isEmergency(message) && JSON.stringify(message.custom) !== this.pinned;
    const item = this.put(draw(message, this.ctx), { silent, language: message.lang ?? "en", style: `bot kind-${kindOf(message).replace(/\W/g, "")}` });
    if (!newest && kindOf(message) === "understood") freezeChips(this.list);
    if (isResult(message)) this.printer.hidden = false;
    return item;
  }

  /** A reply, finished: each message enters the log once. */
  speak(messages) {
    const hadFocus = this.holdsFocus(this.answers) || this.holdsFocus(this.list);
    const first = messages.map((message) => this.showBot(message))[0];
    this.offer(messages);
    const emergency = messages.findLast(isEmergency);
    if (emergency) this.showPin(emergency.custom, { fresh: true });
    else if (messages.some((message) => kindOf(message) === "card")) this.showPin(null);
    if (!emergency && hadFocus) (this.answers.hidden ? this.scroller : this.answers).focus({ preventScroll: true });
    // On a very low screen the pinned card scrolls too: there it stays in sight until the reader moves on.
    if (!(emergency && this.moving === this.panel)) this.toStartOf(first);
  }

  holdsFocus(node) {
    return node.contains(this.root.activeElement);
  }

  offer(messages, ticked = []) {
    const last = messages.findLast((message) => answers(message, this.ctx));
    const extra = messages.some((message) => kindOf(message) === "fits") ? this.afterResult() : null;
    this.showAnswers([...((last && answers(last, this.ctx, ticked)) ?? []), ...(extra ?? [])]);
  }

  afterResult() {
    return [el("div", { class: "buttons" }, el("button", { type: "button", class: "button first", onclick: () => this.print() }, this.t("print"))), ...this.sayings(this.t("after_result"))];
  }

  /** Buttons that say a sentence, for those who would rather not type it. */
  sayings(list) {
    if (!Array.isArray(list) || !list.length) return [];
    const one = ({ title, say }) => el("button", { type: "button", class: "button second", onclick: () => !this.busy && this.enqueue({ id: newId(), message: say, title: say }) }, title);
    return [el("div", { class: "buttons" }, list.map(one))];
  }

  showAnswers(nodes) {
    this.answers.replaceChildren(...(nodes ?? []));
    this.offered = performance.now();
    this.answers.hidden = !nodes?.length;
  }

  // --- the emergency card ------------------------------------------------------------------------------------------

  /** fresh: a new one is an alert, once, and takes the focus. After a reload it is simply there. */
  showPin(custom, { fresh = false } = {}) {
    const key = custom && JSON.stringify(custom);
    if (key && key === this.pinned) return;
    this.pinned = key;
    this.pin.hidden = !custom;
    if (!custom) return void this.pin.replaceChildren();
    fresh ? this.pin.setAttribute("role", "alert") : this.pin.removeAttribute("role");
    const back = el("button", { type: "button", class: "link", onclick: () => this.input.focus() }, this.t("back_to_conversation"));
    this.pin.replaceChildren(card(custom, this.ctx, { id: "emergency" }));
    this.pin.querySelector(".card-body").append(back);
    this.pin.scrollTop = 0;
    if (fresh) this.pin.querySelector("h3").focus();
  }

  // --- when it goes wrong ----------------------------------------------------------------------------------------

  trouble({ kind }, again) {
    const known = ["unreachable", "timeout", "busy", "refused", "empty"].includes(kind) ? kind : "unreachable";
    const hadFocus = this.holdsFocus(this.answers);
    this.clearTrouble({ keepMarks: true });
    this.put(el("div", { class: "bubble trouble" }, el("p", {}, this.t(known, { number: this.number }))), { style: "bot notice" });
    if (again) {
      for (const { id } of this.queue) this.markUnsent(id);
      this.showAnswers([el("div", { class: "buttons" }, el("button", { type: "button", class: "button first", onclick: () => !this.busy && again() }, this.t("retry")))]);
      if (hadFocus) this.answers.querySelector("button").focus();
    }
    this.toEnd();
  }

  markUnsent(id) {
    const item = this.list.querySelector(`li[data-id="${id}"]`);
    if (item && !item.querySelector(".mark")) item.append(el("span", { class: "mark", "aria-live": "off" }, this.t("not_sent")));
  }

  clearTrouble({ keepMarks = false } = {}) {
    for (const old of this.list.querySelectorAll("li.notice")) old.remove();
    if (keepMarks) return;
    const waiting = new Set(this.queue.map(({ id }) => id));
    for (const item of this.list.querySelectorAll("li.unsent")) {
      if (waiting.has(item.dataset.id)) continue;
      item.classList.remove("unsent");
      item.querySelector(".mark")?.remove();
    }
  }

  // --- deleting ---------------------------------------------------------------------------------------------------

  forgetDialog() {
    const { t } = this;
    const dialog = el("dialog", { "aria-labelledby": "forget", "aria-describedby": "forget-detail" },
      el("h3", { id: "forget" }, t("forget_question")),
      el("p", { id: "forget-detail" }, t("forget_detail")),
      el("div", { class: "buttons" },
        el("button", { type: "button", class: "button first danger", onclick: () => (dialog.close(), this.forget()) }, t("forget_yes")),
        el("button", { type: "button", class: "button second", onclick: () => dialog.close() }, t("forget_no"))));
    return dialog;
  }

  async forget() {
    this.wait(true);
    try {
      await this.transport.forget();
      for (const name of ["queue", "draft", "ticked"]) kept.set(name, null);
      this.queue = [];
      this.input.value = "";
      this.measure();
      this.printer.hidden = true;
      this.count = 0;
      this.newStart();
      this.showPin(null);
      this.tabs.postMessage("forgotten");
      this.wait(false);
      this.put(el("div", { class: "bubble" }, el("p", {}, this.t("forgotten"))));
      this.showAnswers(this.sayings(this.t("starters")));
      this.input.focus();
    } catch {
      this.wait(false);
      this.put(el("div", { class: "bubble trouble" }, el("p", {}, this.t("forget_failed"))), { style: "bot notice" });
      this.toEnd();
    }
  }

  // --- paper -------------------------------------------------------------------------------------------------------

  print() {
    this.printing = true;
    print();
  }

  beforePrint() {
    if (!this.full && !this.printing) return;
    const date = new Date().toLocaleDateString(this.language, { dateStyle: "long" });
    this.panel.querySelector(".print-note").textContent = this.t("print_note", { date, number: this.number });
    this.folded ??= [...this.log.querySelectorAll("details:not([open])")];
    for (const details of this.folded) details.open = true;
    this.host.setAttribute("printing", "");
    if (!this.full) document.adoptedStyleSheets = [...document.adoptedStyleSheets, onlyUs()];
  }

  afterPrint() {
    for (const details of this.folded ?? []) details.open = false;
    this.folded = null;
    this.printing = false;
    this.host.removeAttribute("printing");
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== onlyUs());
  }

  // --- small things --------------------------------------------------------------------------------------------------

  measure() {
    const { length } = this.input.value.trim();
    kept.set("draft", this.input.value || null);
    this.length.textContent = length > LIMIT * 0.9 ? this.t("length", { count: length, limit: LIMIT }) : "";
    if (length <= LIMIT) {
      this.input.removeAttribute("aria-invalid");
      this.fault.textContent = "";
    }
    this.input.rows = Math.min(5, Math.max(1, this.input.value.split("\n").length, Math.ceil(this.input.value.length / 38)));
  }

  /** What scrolls: the messages, or on a very low screen the whole window. */
  get moving() {
    return getComputedStyle(this.scroller).overflowY === "visible" ? this.panel : this.scroller;
  }

  toEnd() {
    this.moving.scrollTop = this.moving.scrollHeight;
  }

  /** A long reply is read from its beginning. */
  toStartOf(item) {
    if (item) this.moving.scrollTop += item.getBoundingClientRect().top - this.moving.getBoundingClientRect().top - 12;
  }
}

let onlyUsSheet;
/** While the chat is printed from another page, that page steps back. */
function onlyUs() {
  if (!onlyUsSheet) {
    onlyUsSheet = new CSSStyleSheet();
    onlyUsSheet.replaceSync("@media print { body > :not(knee-guide) { display: none !important; } }");
  }
  return onlyUsSheet;
}

const isTouch = () => matchMedia("(pointer: coarse)").matches;
const icon = (name) => svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));

async function loadTexts(base, language) {
  const get = async (code) => {
    const response = await fetch(`${base}assets/lang/${code}.json`, { credentials: "omit" });
    if (!response.ok) throw new Error(`no texts for ${code}`);
    return { file: await response.json(), language: code };
  };
  return language === "en" ? get("en") : get(language).catch(() => get("en"));
}

function loadStyle(root, base) {
  return new Promise((done, failed) => root.prepend(el("link", { rel: "stylesheet", href: `${base}assets/chat/chat.css`, onload: done, onerror: failed })));
}
