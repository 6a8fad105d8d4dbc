/* Knee Guide: the one line for a page. Puts a button on it and loads the chat only when the button is pressed.
   <script src="https://clinic.example/widget.js" defer></script>   Attributes: see README.md. */
(() => {
  if (customElements.get("knee-guide")) return;
  const script = document.currentScript;
  const given = script.dataset;
  const base = new URL(given.server ? given.server.replace(/\/?$/, "/") : ".", script.src).href;
  const wasOpen = () => {
    try { return sessionStorage.getItem("knee-guide:open"); } catch { return null; }
  };

  // A constructed sheet, because a strict Content-Security-Policy forbids <style> and a linked file would delay the button.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial; }
    .launch { position: fixed; z-index: var(--kg-layer, 2147483000); right: var(--kg-right, 1.25em); bottom: var(--kg-bottom, 1.25em);
      display: inline-flex; align-items: center; gap: .6em; min-height: 3.25em; padding: .5em 1.25em .5em 1em;
      font: 600 medium/1.5 var(--kg-font, system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif); color: var(--kg-on-brand, #fff); background: var(--kg-brand, #005eb8);
      border: 2px solid transparent; border-radius: 2em; cursor: pointer; box-shadow: 0 2px 10px rgb(0 0 0 / .3); }
    .launch:focus-visible { outline: 3px solid #ffb81c; outline-offset: 0; box-shadow: 0 0 0 6px #212b32; }
    .launch[hidden] { display: none; }
    .launch svg { width: 1.75em; height: 1.75em; fill: none; stroke: currentColor; stroke-width: 2.2; stroke-linecap: round; stroke-linejoin: round; }
    .failed { position: fixed; z-index: var(--kg-layer, 2147483000); right: var(--kg-right, 1.25em); bottom: 5.5em; max-width: min(20em, 80vw);
      margin: 0; padding: .9em 1em; font: medium/1.5 var(--kg-font, system-ui, sans-serif); color: #212b32; background: #fff; border: 2px solid #d5281b; border-radius: .5em; }
    @media print { :host(:not([full], [printing])) { display: none; } }
  `);

  const svg = (name, attributes, ...children) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };

  class KneeGuide extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      for (const name of ["lang", "country", "label", "offline", "timeout", "theme"]) this.dataset[name] ??= given[name] ?? "";
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
      if (this.hasAttribute("full")) return void this.load();
      this.button = document.createElement("button");
      this.button.type = "button";
      this.button.className = "launch";
      this.button.setAttribute("aria-haspopup", "dialog");
      this.button.setAttribute("aria-expanded", "false");
      this.button.append(
        svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: "M4 4h16v12H11l-5 4v-4H4z" }), svg("path", { d: "M8.5 8.5h7M8.5 12h4" })),
        this.dataset.label || "Knee Guide",
      );
      this.button.addEventListener("click", () => this.open());
      this.shadowRoot.append(this.button);
      if (wasOpen()) this.open({ quietly: true });
    }

    async open(how) {
      const chat = await this.load();
      chat?.open(how);
    }

    /** The chat, loaded once. A failed load may be tried again by pressing the button again. */
    load() {
      this.loading ??= import(`${base}assets/chat/chat.js`)
        .then(({ Chat }) => Chat.start(this, base))
        .catch(() => {
          this.loading = null;
          this.say(this.dataset.offline || "The chat cannot be reached right now. In an emergency, call your local emergency number.");
        });
      this.shadowRoot.querySelector(".failed")?.remove();
      return this.loading;
    }

    say(sentence) {
      const note = document.createElement("p");
      note.className = "failed";
      note.setAttribute("role", "alert");
      note.textContent = sentence;
      this.shadowRoot.append(note);
    }
  }

  customElements.define("knee-guide", KneeGuide);
  // A page that places the element itself (the full-page chat does) gets no second one.
  const place = () => document.querySelector("knee-guide") ?? document.body.append(document.createElement("knee-guide"));
  document.body ? place() : addEventListener("DOMContentLoaded", place);
})();
