/** The only file that knows how the server is reached. Another transport offers the same four methods and throws Trouble. */

export const LIMIT = 2000;
export const PATIENCE = 12000;
const PAUSES = [500, 1000, 2000, 3000];

/** kind: unreachable, timeout, busy, refused. */
export class Trouble extends Error {
  constructor(kind) {
    super(kind);
    this.kind = kind;
  }
}

// crypto.randomUUID exists only on https pages; this works on a plain clinic intranet too.
export const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export class HttpTransport {
  constructor(base, { country = "", patience = PATIENCE } = {}) {
    Object.assign(this, { base, country, patience });
  }

  /** item: {id, message} or {id, payload}. The id stays the same in every try, so the server answers it once. */
  async send({ id, message, payload }) {
    const body = { id, ...(payload ? { payload } : { message }), ...(this.country && { country: this.country }) };
    const reply = await this.#ask("api/message", body);
    return Array.isArray(reply.messages) ? reply : { ...reply, messages: [] };
  }

  async history() {
    const { messages = [], emergency = null } = await this.#ask("api/history");
    return { messages, emergency };
  }

  forget() {
    return this.#ask("api/forget", {});
  }

  settings() {
    return this.#ask(`api/settings${this.country ? `?country=${encodeURIComponent(this.country)}` : ""}`);
  }

  /** Tries again while the server cannot be reached (it may be restarting), until patience ends. */
  async #ask(path, body) {
    const until = Date.now() + this.patience;
    for (let tries = 0; ; tries++) {
      try {
        return await this.#once(path, body, until - Date.now());
      } catch (trouble) {
        const pause = PAUSES[Math.min(tries, PAUSES.length - 1)];
        const hopeless = trouble.kind !== "unreachable" || navigator.onLine === false || Date.now() + pause >= until;
        if (hopeless) throw trouble;
        await new Promise((done) => setTimeout(done, pause));
      }
    }
  }

  async #once(path, body, time) {
    const signal = AbortSignal.timeout(Math.max(1, time));
    try {
      const response = await fetch(this.base + path, {
        method: body ? "POST" : "GET",
        headers: body ? { "Content-Type": "application/json" } : {},
        body: body && JSON.stringify(body),
        credentials: new URL(this.base).origin === location.origin ? "same-origin" : "include",
        cache: "no-store",
        signal,
      });
      if (!response.ok) throw new Trouble(kindOf(response.status));
      return await response.json();
    } catch (error) {
      if (error instanceof Trouble) throw error;
      throw new Trouble(signal.aborted ? "timeout" : "unreachable");
    }
  }
}

function kindOf(status) {
  if (status === 429) return "busy";
  return status >= 400 && status < 500 ? "refused" : "unreachable";
}
