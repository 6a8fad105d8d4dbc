// Runs in the page: writes down what a screen reader is told. A live region speaks what is added to it; a moved focus
// speaks the name, role and state of its element. It follows the rules of ARIA and is no screen reader; see README.md.
window.heard = [];
(() => {
  const LIVE = { log: "polite", status: "polite", alert: "assertive" };
  const flat = (text) => (text ?? "").replace(/\s+/g, " ").trim();

  function politeness(node) {
    for (let at = node; at; at = at.parentElement) {
      const live = at.getAttribute?.("aria-live") ?? LIVE[at.getAttribute?.("role")];
      if (live) return live;
    }
    return "off";
  }

  /** The text that is rendered, without what is marked as silent inside. */
  function spoken(node) {
    if (node.nodeType === Node.TEXT_NODE) return flat(node.data);
    if (!node.getClientRects || !node.getClientRects().length) return "";
    const silent = [...node.querySelectorAll('[aria-live="off"], [aria-hidden="true"]')].map((inner) => flat(inner.innerText)).filter(Boolean);
    return silent.reduce((text, inner) => text.replace(inner, "").trim(), flat(node.innerText));
  }

  function name(node) {
    const ids = node.getAttribute("aria-labelledby");
    return flat(node.getAttribute("aria-label") ?? (ids && node.getRootNode().getElementById(ids)?.innerText) ?? node.labels?.[0]?.innerText ?? node.innerText);
  }

  const ROLES = { BUTTON: "button", A: "link", TEXTAREA: "edit", H2: "heading", H3: "heading", SUMMARY: "disclosure", INPUT: "checkbox" };
  function state(node) {
    const parts = [];
    if (node.hasAttribute("aria-expanded")) parts.push(node.getAttribute("aria-expanded") === "true" ? "expanded" : "collapsed");
    if (node.type === "checkbox") parts.push(node.checked ? "checked" : "not checked");
    if (node.hasAttribute("aria-checked")) parts.push(node.getAttribute("aria-checked") === "true" ? "checked" : "not checked");
    if (node.hasAttribute("aria-invalid")) parts.push("invalid");
    return parts.map((part) => `, ${part}`).join("");
  }

  function watch(root) {
    new MutationObserver((changes) => {
      const added = changes.flatMap((change) => [...change.addedNodes]);
      for (const node of added) {
        if (!node.isConnected || added.some((other) => other !== node && other.contains(node))) continue;
        // A region that comes into the page with its content already inside has nothing added to it, unless it is an alert.
        if (node.getAttribute?.("role") === "log") continue;
        const live = politeness(node);
        const text = spoken(node);
        if (live !== "off" && text) window.heard.push(`${live}: ${text}`);
      }
    }).observe(root, { childList: true, subtree: true, characterData: true });
    root.addEventListener("focusin", ({ target }) => window.heard.push(`focus: ${name(target)}, ${target.getAttribute("role") ?? ROLES[target.tagName] ?? target.tagName.toLowerCase()}${state(target)}`));
  }

  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, options);
    watch(root);
    return root;
  };
})();
