/** The knee from four sides, as a picture to point at. The same places stand in a list of real form fields below it. */

import { el, svg } from "./text.js";

const LEG = "M27 0C25 38 30 66 33 86C29 98 29 112 33 126C36 136 33 150 34 166C36 188 42 206 45 224L75 224C78 206 84 188 86 166C87 150 84 136 87 126C91 112 91 98 87 86C90 66 95 38 93 0";
const SIDE = "M26 0C25 34 28 58 33 76C26 84 23 98 28 110C32 118 36 124 37 136C38 164 43 196 47 224L73 224C78 204 97 184 96 158C95 138 84 126 84 108C85 86 95 52 97 0";

// Each view: the leg, fine lines that help to recognise it, and its places. A place seen from several sides takes the
// keyboard only where it is seen best (`also` marks the others), so that nobody tabs through it twice.
const VIEWS = [
  {
    name: "front",
    leg: LEG,
    lines: ["M42 132C50 140 70 140 78 132", "M60 152L60 196"],
    places: [
      { id: "pain_above_kneecap", cx: 60, cy: 57, rx: 25, ry: 19 },
      { id: "pain_location_front", cx: 60, cy: 98, rx: 22, ry: 20 },
      { id: "pain_below_kneecap", cx: 60, cy: 139, rx: 21, ry: 19 },
    ],
  },
  {
    name: "back",
    leg: LEG,
    lines: ["M38 102C48 110 72 110 82 102", "M45 40C46 60 44 78 42 90", "M75 40C74 60 76 78 78 90"],
    places: [
      { id: "pain_location_back", cx: 60, cy: 100, rx: 25, ry: 22 },
      { id: "pain_location_calf", cx: 60, cy: 162, rx: 23, ry: 34 },
    ],
  },
  {
    name: "inner",
    leg: SIDE,
    lines: ["M30 84C38 90 38 106 32 114", "M84 108C76 112 72 116 70 122"],
    places: [
      { id: "pain_location_inner", cx: 60, cy: 100, rx: 20, ry: 24 },
      { id: "pain_location_calf", cx: 78, cy: 162, rx: 16, ry: 30, also: true },
    ],
  },
  {
    name: "outer",
    mirrored: true,
    leg: SIDE,
    lines: ["M30 84C38 90 38 106 32 114", "M84 108C76 112 72 116 70 122"],
    places: [
      { id: "pain_location_outer", cx: 60, cy: 100, rx: 20, ry: 24 },
      { id: "pain_location_calf", cx: 78, cy: 162, rx: 16, ry: 30, also: true },
    ],
  },
];

/** options: [{id, label}]. toggle(id) is told what was pointed at. The returned show(ids) marks what is chosen. */
export function kneePicture(options, toggle, t) {
  const labels = Object.fromEntries(options.map(({ id, label }) => [id, label]));
  const places = [];

  const draw = ({ id, also, ...shape }) => {
    if (!labels[id]) return null;
    const press = (event) => {
      if (event.type === "keydown" && event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      toggle(id);
    };
    const keys = also ? { "aria-hidden": "true" } : { role: "checkbox", tabindex: "0", "aria-checked": "false", "aria-label": labels[id], onkeydown: press };
    const place = svg("ellipse", { class: "place", "data-id": id, ...shape, ...keys, onclick: press }, svg("title", {}, labels[id]));
    places.push(place);
    return place;
  };

  const view = ({ name, leg, lines, mirrored, places }) =>
    el("figure", {},
      svg("svg", { viewBox: "14 24 92 182", role: "group", "aria-label": t(`view_${name}`) },
        svg("g", mirrored ? { transform: "translate(120 0) scale(-1 1)" } : {},
          svg("path", { class: "leg", d: leg }),
          lines.map((d) => svg("path", { class: "line", d })),
          places.map(draw))),
      el("figcaption", { "aria-hidden": "true" }, t(`view_${name}`)));

  const node = el("div", { class: "knee", role: "group", "aria-label": t("picture_name") },
    el("p", { class: "hint" }, t("picture")),
    el("div", { class: "views" }, VIEWS.map(view)));

  const show = (ids) => {
    for (const place of places) {
      const chosen = ids.includes(place.dataset.id);
      place.classList.toggle("chosen", chosen);
      if (place.hasAttribute("aria-checked")) place.setAttribute("aria-checked", String(chosen));
    }
  };
  return { node, show };
}
