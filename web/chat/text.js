/** Text from anywhere becomes text on the page: never markup, never an attribute that runs, never a link that was not checked. */

// Direction overrides and isolates can make a sentence read as another one; control characters have no place in one.
const HARMFUL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/g;

export const clean = (value) => String(value ?? "").replace(HARMFUL, "");

/** The address when it is safe to follow, else null. */
export function safeLink(address) {
  try {
    const url = new URL(String(address));
    return ["https:", "http:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export const safeTel = (number) => (/^\+?[0-9*#]{2,15}$/.test(String(number ?? "")) ? `tel:${number}` : null);

/** el("p", {class: "x", onclick: f}, "text", node). A child that is no node becomes a text node. */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, clean(value));
  }
  node.append(...children.flat().filter((child) => child != null && child !== false).map((child) => (child instanceof Node ? child : clean(child))));
  return node;
}

/** The sentences of the interface: t("call", {number: "999"}). */
export function texts(file) {
  return (name, values = {}) => {
    const text = file[name] ?? name;
    return typeof text === "string" ? text.replace(/\{(\w+)\}/g, (gap, key) => clean(values[key] ?? gap)) : text;
  };
}
