/** One message of the server → what stands in the log, and what can be pressed below it. */

import { kneePicture } from "./knee.js";
import { clean, el, safeLink, safeTel, svg } from "./text.js";

const URGENT = "emergency_now";
const WHY = "kg:c:why";
const NONE = "kg:n";
const SPOKEN_OF = { p: "yes", a: "no", u: "not_sure", present: "yes", absent: "no", unsure: "not_sure" };

export const kindOf = (message) => String(message.custom?.kind ?? "");
export const isEmergency = (message) => kindOf(message) === "card" && message.custom.level === URGENT;
export const isResult = (message) => ["fits", "summary"].includes(kindOf(message));

const list = (value) => (Array.isArray(value) ? value : []);
const bullets = (items, tag = "ul") => (list(items).length ? el(tag, {}, items.map((item) => el("li", {}, item))) : null);
const paragraphs = (text) => clean(text).split("\n").filter(Boolean);

// --- care cards -----------------------------------------------------------------------------------

// A shape for each level, so that no card is told apart by colour alone.
const SIGNS = {
  emergency_now: ["M12 2L23 21H1Z", "M12 9v5M12 17.5v.1"],
  same_day: ["M12 2a10 10 0 1 0 .01 0Z", "M12 6.5V12l4 2.5"],
  see_clinician_days: ["M3 5h18v16H3Z", "M3 10h18M8 2v5M16 2v5"],
  see_clinician_weeks: ["M3 5h18v16H3Z", "M3 10h18M8 2v5M16 2v5M8 15h8"],
  self_care: ["M2 11L12 3l10 8", "M5 9.5V21h14V9.5"],
};

export function card({ level, level_name, heading, why, points, tel }, ctx, { id } = {}) {
  const known = SIGNS[level] ? level : "see_clinician_days";
  const link = safeTel(tel);
  return el("section", { class: `card ${known}`, "data-level": known },
    el("div", { class: "card-head" },
      svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", class: "sign" }, SIGNS[known].map((d) => svg("path", { d }))),
      el("div", {},
        el("p", { class: "level" }, `${clean(level_name)}:`),
        el("h3", { id, tabindex: id ? "-1" : null }, heading))),
    el("div", { class: "card-body" },
      link && el("a", { class: "button call", href: link }, ctx.t("call", { number: tel })),
      list(why).map((reason) => el("p", {}, el("span", { class: "strong" }, `${ctx.t("why")}: `), reason)),
      bullets(points)));
}

const plainCard = (heading, ...body) => el("section", { class: "card plain" }, el("div", { class: "card-body" }, el("h3", {}, heading), ...body));

// --- each kind in the log -----------------------------------------------------------------------------

const kinds = {
  card: (message, ctx) => card(message.custom, ctx),

  question({ text, custom, buttons }, ctx) {
    // The options stand below as real fields; read aloud, their number is enough.
    const head = list(custom.options).length > 1 ? paragraphs(text).filter((line) => !line.startsWith("•")) : paragraphs(text);
    const count = list(custom.options).length > 1 ? custom.options.length : list(buttons).filter(isAnswer).length;
    return el("div", { class: "bubble" },
      custom.progress ? el("p", { class: "progress" }, custom.progress) : null,
      head.map((line) => el("p", { class: "ask" }, line)),
      count > 1 ? el("p", { class: "spoken" }, ctx.t(ticksFit({ custom, buttons }) ? "ticks" : "choices", { count })) : null);
  },

  understood({ text, custom }, ctx) {
    return el("div", { class: "bubble" }, paragraphs(text).map((line) => el("p", {}, line)), chips(list(custom.items), ctx));
  },

  fits({ custom, buttons }, ctx) {
    const more = (name) => list(buttons).find((button) => clean(button.title) === clean(name));
    const row = ({ name, band, reasons }) =>
      el("li", {},
        el("p", {}, el("span", { class: "strong" }, name), " ", el("span", { class: `band ${clean(band).replace(/\W/g, "")}` }, ctx.t(clean(band)))),
        list(reasons).length ? el("details", {}, el("summary", {}, ctx.t("fits_why"), el("span", { class: "hidden" }, ` ${clean(name)}`)), bullets(reasons)) : null,
        more(name) ? el("div", { "aria-live": "off" }, press(more(name), ctx, "small", ctx.t("fits_more", { name }))) : null);
    const conditions = list(custom.conditions);
    return plainCard(ctx.t(conditions.length ? "fits_heading" : "fits_none"),
      conditions.length ? el("ol", { class: "fits" }, conditions.map(row)) : null,
      list(custom.not_ruled_out).length ? [el("p", { class: "strong" }, `${ctx.t("not_ruled_out")}:`), bullets(custom.not_ruled_out)] : null,
      el("p", { class: "quiet" }, ctx.t("examined")));
  },

  self_care: ({ custom, buttons }, ctx) => plainCard(custom.heading, bullets(custom.points), offers(buttons, ctx)),

  watch: ({ custom }, ctx) => plainCard(custom.heading, bullets(custom.points), list(custom.course).length ? [el("h4", {}, ctx.t("course")), bullets(custom.course)] : null),

  sources({ text, custom }, ctx) {
    const rows = list(custom.sources);
    if (!rows.length && !custom.general) return said({ text });
    const source = ({ title, publisher, year, url, read }) => {
      const link = safeLink(url);
      const named = link ? el("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, title, el("span", { class: "hidden" }, ` ${ctx.t("new_window")}`)) : title;
      const where = [publisher, year, read && ctx.t("source_read", { read })].filter(Boolean).map(clean).join(", ");
      return el("li", {}, named, where ? ` (${where})` : null);
    };
    // The note on the review is the last line of the text and has no field of its own.
    const review = paragraphs(text).slice(1).filter((line) => !line.startsWith("•")).pop();
    return el("details", { class: "card plain sources" },
      el("summary", {}, ctx.t("source_count", { count: rows.length })),
      el("div", { class: "card-body" }, el("ul", {}, rows.map(source)), custom.general ? el("p", { class: "quiet" }, ctx.t("general", { count: custom.general })) : null, review ? el("p", { class: "quiet" }, review) : null));
  },

  exercise({ custom, buttons }, ctx) {
    const name = clean(custom.name);
    const drawing = /^[a-z0-9_]+$/.test(custom.drawing ?? "") && el("img", { class: "drawing", src: `${ctx.base}assets/drawings/${custom.drawing}.svg`, alt: ctx.t("drawing", { name }), width: "320", height: "200" });
    return plainCard(name, drawing, el("h4", {}, ctx.t("steps")), bullets(custom.steps, "ol"), list(custom.stop).length ? [el("h4", {}, ctx.t("stop")), bullets(custom.stop)] : null, offers(buttons, ctx));
  },

  summary: ({ text, custom }, ctx) => plainCard(ctx.t("summary"), bullets(custom.lines) ?? paragraphs(text).map((line) => el("p", {}, line))),

  teaching: ({ text, buttons }, ctx) => el("div", { class: "bubble" }, lines(text), offers(buttons, ctx)),
};

/** Any other kind, and whatever of the above came without what it needs: its text, complete by itself. */
const said = ({ text }) => el("div", { class: "bubble" }, lines(text));

function lines(text) {
  const out = [];
  for (const line of paragraphs(text)) {
    if (!line.startsWith("•")) out.push(el("p", {}, line));
    else {
      if (out.at(-1)?.tagName !== "UL") out.push(el("ul"));
      out.at(-1).append(el("li", {}, line.slice(1).trim()));
    }
  }
  return out;
}

export function draw(message, ctx) {
  try {
    const kind = kinds[kindOf(message)];
    if (kind && Object.hasOwn(kinds, kindOf(message))) return kind(message, ctx);
  } catch {
    // a kind without its fields: below, as text
  }
  return said(message);
}

// --- what was understood, as chips ------------------------------------------------------------------------

const SHOWN_AT_ONCE = 6;

function chips(items, ctx) {
  if (!items.length) return null;
  // Not live: the sentence above has just said what is new, and the list holds everything.
  const box = el("div", { class: "chips", role: "group", "aria-label": ctx.t("understood"), "aria-live": "off" });
  const nodes = items.map((item) => chip(item, ctx, box));
  box.append(...nodes.slice(0, SHOWN_AT_ONCE));
  if (nodes.length > SHOWN_AT_ONCE) box.append(el("details", {}, el("summary", {}, ctx.t("show_all", { count: nodes.length })), el("div", { class: "chips" }, nodes.slice(SHOWN_AT_ONCE))));
  return box;
}

function chip({ id, label, answer }, ctx, box) {
  const word = SPOKEN_OF[answer] ? ctx.t(SPOKEN_OF[answer]) : answer;
  const text = word ? ctx.t("chip", { label, answer: word }) : label;
  if (!SPOKEN_OF[answer]) return el("span", { class: "chip fixed" }, text);
  const toggle = el("button", { type: "button", class: `chip ${SPOKEN_OF[answer]}`, "aria-expanded": "false", onclick: open }, text, el("span", { class: "change" }, ctx.t("chip_change")));
  let choice = null;

  function shut({ focus = true } = {}) {
    choice?.remove();
    choice = null;
    toggle.setAttribute("aria-expanded", "false");
    if (focus) toggle.focus();
  }
  function open() {
    if (choice) return shut();
    box.dispatchEvent(new CustomEvent("shut"));
    const option = (letter) => el("button", { type: "button", class: "button second", onclick: () => ctx.act(`kg:a:${id}:${letter}`, ctx.t("chip", { label, answer: ctx.t(SPOKEN_OF[letter]) })) }, ctx.t(SPOKEN_OF[letter]));
    choice = el("div", { class: "choice", role: "group", "aria-label": ctx.t("chip_question", { label }), onkeydown: (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      shut();
    } }, ["p", "a", "u"].map(option));
    toggle.after(choice);
    toggle.setAttribute("aria-expanded", "true");
    choice.firstChild.focus();
  }
  box.addEventListener("shut", () => choice && shut({ focus: false }));
  return toggle;
}

/** Only the newest chips can be changed: an older list would show answers that no longer hold. */
export function freezeChips(log) {
  for (const box of log.querySelectorAll("li > .bubble > .chips")) box.remove();
}

// --- what can be pressed ------------------------------------------------------------------------------------

const isAnswer = ({ payload }) => !String(payload ?? "").startsWith("kg:c:");
const IN_THE_LOG = ["fits", "self_care", "teaching", "exercise"];

const press = ({ title, payload }, ctx, style = "second", label = title) =>
  el("button", { type: "button", class: `button ${style}`, onclick: () => ctx.act(clean(payload), clean(title)) }, label);

function offers(buttons, ctx) {
  return list(buttons).length ? el("div", { class: "buttons", "aria-live": "off" }, buttons.map((button) => press(button, ctx))) : null;
}

/** Ticks can be sent only where "none of these" is offered too; elsewhere each option is a button. */
const ticksFit = ({ custom, buttons }) => Boolean(custom?.multiple && list(custom.options).length > 1 && list(buttons).some(({ payload }) => payload === NONE));

/** The answers to the newest message, as one group below the log; null when there is nothing to press. */
export function answers(message, ctx, ticked = []) {
  if (IN_THE_LOG.includes(kindOf(message))) return null;
  const custom = message.custom ?? {};
  const reasons = kindOf(message) === "question" ? list(custom.why) : [];
  const buttons = list(message.buttons).filter(({ payload }) => !(payload === WHY && reasons.length));
  const parts = [];
  if (ticksFit(message)) parts.push(ticks(message, ctx, ticked, buttons.filter(({ payload }) => !custom.options.some(({ id }) => payload === `kg:a:${id}:p`))));
  else if (buttons.length) parts.push(el("div", { class: "buttons" }, buttons.map((button) => press(button, ctx, isAnswer(button) ? "second" : "small"))));
  if (reasons.length) parts.push(el("details", { class: "why" }, el("summary", {}, ctx.t("why_ask")), reasons.length > 1 ? bullets(reasons) : el("p", {}, reasons[0])));
  return parts.length ? parts : null;
}

function ticks({ custom, buttons }, ctx, ticked, rest) {
  const boxes = new Map();
  const chosen = () => [...boxes].filter(([, box]) => box.checked).map(([id]) => id);
  const changed = () => {
    picture?.show(chosen());
    fault.textContent = "";
    ctx.ticked(chosen());
  };
  const option = ({ id, label }) => {
    const box = el("input", { type: "checkbox", value: id, onchange: changed });
    box.checked = ticked.includes(id);
    boxes.set(id, box);
    return el("label", { class: "tick" }, box, el("span", {}, label));
  };
  const point = (id) => {
    boxes.get(id).checked = !boxes.get(id).checked;
    changed();
  };
  const picture = custom.place ? kneePicture(custom.options, point, ctx.t) : null;
  const none = buttons.find(({ payload }) => payload === NONE);
  const fault = el("p", { class: "fault", role: "alert" });
  const label = (ids) => custom.options.filter(({ id }) => ids.includes(id)).map((each) => clean(each.label)).join("; ");
  const send = () => {
    const ids = chosen();
    if (ids.length) ctx.act(`kg:m:${ids.join(",")}`, label(ids));
    else fault.textContent = ctx.t("tick_or_none", { none: none?.title ?? ctx.t("none") });
  };
  const form = el("div", { class: "ticks" },
    picture?.node,
    el("fieldset", {}, el("legend", {}, ctx.t("tick_all")), custom.options.map(option)),
    fault,
    el("div", { class: "buttons" }, el("button", { type: "button", class: "button first", onclick: send }, ctx.t("send_ticks")), rest.map((button) => press(button, ctx, isAnswer(button) ? "second" : "small"))));
  picture?.show(ticked);
  return form;
}
