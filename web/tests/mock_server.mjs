// A stand-in for the server: the same addresses, headers and message shapes, and a short talk written down here.
// `node tests/mock_server.mjs [port]` serves the demo page without anything else installed.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { pathToFileURL } from "node:url";

const WEB = new URL("../", import.meta.url);
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'";
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml" };
const PAGES = { "/": "index.html", "/chat": "chat.html", "/widget.js": "widget.js" };
const ASSET = /^\/assets\/((?:chat|drawings|lang|page)\/[a-z0-9_]+\.(?:js|css|json|svg))$/;

// --- the talk ------------------------------------------------------------------------------------------

const button = (title, payload) => ({ title, payload });
const say = (text, custom = { kind: "say" }, buttons = []) => ({ text, buttons, custom });
const bullets = (lines) => lines.map((line) => `• ${line}`).join("\n");

const LABELS = {
  chest_pain_or_breathless: "Chest pain or trouble breathing", calf_swollen: "One calf is swollen and sore", fever: "Fever with a hot knee", cannot_walk: "I cannot take four steps",
  pain_location_front: "At the front, round the kneecap", pain_location_back: "At the back, in the bend", pain_location_inner: "On the inner side, facing the other knee", pain_location_outer: "On the outer side",
  pain_location_all_over: "All over, or deep inside", pain_location_calf: "In the calf", pain_above_kneecap: "Just above the kneecap", pain_below_kneecap: "Just below the kneecap",
  swelling: "Swelling", locking: "It locks", stairs: "It hurts more on stairs",
};
const DANGER = ["chest_pain_or_breathless", "calf_swollen", "fever", "cannot_walk"];
const PLACES = Object.keys(LABELS).filter((id) => /^pain_/.test(id));
const BUNDLES = { danger: ["Before anything else: is any of these true right now?", DANGER], place: ["Where does it hurt most?", PLACES] };
const EXTRA = button("Why do you ask?", "kg:c:why");

function question(stage) {
  if (stage === "stairs")
    return say("Does it hurt more on stairs?", { kind: "question", about: ["stairs"], multiple: false, options: [{ id: "stairs", label: LABELS.stairs }], why: ["It hurts more on stairs: Stairs load the kneecap."], progress: "One last question.", place: false },
      [button("Yes", "kg:a:stairs:p"), button("No", "kg:a:stairs:a"), button("Not sure", "kg:a:stairs:u"), EXTRA, button("See the result now", "kg:c:result")]);
  const [head, ids] = BUNDLES[stage];
  return say(`${head}\n${bullets(ids.map((id) => LABELS[id]))}`,
    { kind: "question", about: ids, multiple: true, options: ids.map((id) => ({ id, label: LABELS[id] })), why: ids.map((id) => `${LABELS[id]}: it points to some causes and away from others.`), progress: stage === "danger" ? "About 7 questions left." : "About 6 questions left.", place: stage === "place" },
    [...ids.map((id) => button(LABELS[id], `kg:a:${id}:p`)), button("None of these", "kg:n"), button("Not sure", "kg:u"), EXTRA]);
}

const EMERGENCY = say("EMERGENCY: Call 999 now\nWhy: It may mean a clot in the lung.\n• This could be an emergency. Please do not wait.\n• Do not drive yourself.",
  { kind: "card", level: "emergency_now", level_name: "Emergency", heading: "Call 999 now", why: ["It may mean a clot in the lung."], points: ["This could be an emergency. Please do not wait.", "Do not drive yourself."], tel: "999", red_flags: ["E01"] });

const understood = (case_) => {
  const items = Object.entries(case_).map(([id, answer]) => ({ id, label: (LABELS[id] ?? id).toLowerCase(), answer }));
  return say(`I understood: ${items.map((item) => `${item.answer === "present" ? "" : "no "}${item.label}`).join(", ")}.`, { kind: "understood", items });
};

const RESULT = () => [
  say("IN THE NEXT FEW DAYS: See a doctor or physiotherapist in the next few days\n• Phone for an appointment today or tomorrow.", { kind: "card", level: "see_clinician_days", level_name: "In the next few days", heading: "See a doctor or physiotherapist in the next few days", why: [], points: ["Phone for an appointment today or tomorrow.", "Go sooner if one of the signs below appears."], tel: null, red_flags: [] }),
  say("What fits what you told me: a torn meniscus (fits well), pain round the kneecap (fits partly).", { kind: "fits", conditions: [
    { id: "meniscus_tear", name: "Torn meniscus", band: "fits_well", reasons: ["because you said: swelling and it locks", "what would tell more: a twist at the start"] },
    { id: "patellofemoral", name: "Pain round the kneecap", band: "fits_partly", reasons: ["because you said: it hurts more on stairs"] }], not_ruled_out: ["Infected joint"] },
    [button("Torn meniscus", "kg:t:meniscus_tear:what_is"), button("Pain round the kneecap", "kg:t:patellofemoral:what_is")]),
  say("What you can do yourself:\n• Keep moving as far as it stays comfortable.", { kind: "self_care", heading: "What you can do yourself", points: ["Keep moving as far as it stays comfortable.", "Cool it for 10 minutes when it is swollen."], condition: "meniscus_tear" }, [button("Show me: Straight leg lift", "kg:e:straight_leg_lift")]),
  say("What to watch for:\n• A hot, red knee with fever.", { kind: "watch", heading: "What to watch for", points: ["Be seen the same day if the knee turns hot, red or very swollen.", "Call 999 for chest pain or trouble breathing."], course: ["Many settle within weeks."] }),
  say("Where this comes from:\n• Knee pain (Example Health Service, 2024); read: 2026-01-05 https://example.org/knee\nNot yet reviewed by a clinician. To be checked by 2027-01-01.", { kind: "sources", sources: [{ title: "Knee pain", publisher: "Example Health Service", year: 2024, url: "https://example.org/knee", read: "2026-01-05" }], general: 4 }),
];

const EXERCISE = say("Straight leg lift: lie on your back and lift the straight leg. Stop if you feel a sharp pain.", { kind: "exercise", id: "straight_leg_lift", name: "Straight leg lift", steps: ["Lie on your back. Bend one knee and keep the other leg straight.", "Tighten the thigh of the straight leg.", "Lift that leg until it is level with the other knee.", "Lower it slowly."], stop: ["Stop if you feel a sharp pain in the knee or back."], drawing: "straight_leg_lift" });
const SUMMARY = say("Summary for your doctor\nSwelling: yes", { kind: "summary", lines: ["Told: swelling, locking", "Told no: fever", "Level shown: within days"] });
const TEACHING = say("Torn meniscus:\nThe meniscus is a pad in the knee.\nIt can tear in a twist.", { kind: "teaching", topic: "meniscus_tear", aspect: "what_is" }, []);

/** One turn: the session changes, the messages come back. */
function turn(session, { message = "", payload = "" }) {
  const back = () => (session.asked ? [say("Back to my question."), question(session.asked)] : []);
  const next = (stage) => ((session.asked = stage), question(stage));
  const told = payload.startsWith("kg:m:") ? Object.fromEntries((BUNDLES[session.asked]?.[1] ?? []).map((id) => [id, payload.slice(5).split(",").includes(id) ? "present" : "absent"])) : {};
  const single = /^kg:a:([a-z_]+):([pau])$/.exec(payload);
  if (single) told[single[1]] = { p: "present", a: "absent", u: "unsure" }[single[2]];
  const words = message.toLowerCase();
  const red = words.includes("chest pain") || told.chest_pain_or_breathless === "present";
  for (const [id, answer] of Object.entries(told)) if (answer === "present" || single) session.case[id] = answer;

  if (red) return (session.asked = null), (session.emergency = EMERGENCY.custom), [EMERGENCY];
  if (payload.startsWith("kg:e:")) return [EXERCISE, ...back()];
  if (payload.startsWith("kg:t:") || words.includes("meniscus")) return [TEACHING, ...back()];
  if (words.includes("exercise")) return [EXERCISE, ...back()];
  if (words.includes("summary")) return [SUMMARY];
  if (words.includes("start over")) return Object.assign(session, { asked: null, case: {}, emergency: null }), [say("We start again. What is going on with your knee?", { kind: "restart" })];
  if (payload === "kg:c:why") return [say("I ask because it points to some causes.", { kind: "why" }), question(session.asked)];
  if (payload === "kg:c:result") return (session.asked = null), RESULT();
  if (single && single[1] !== "stairs") return [say("Noted. That changes what I go by.", understood(session.case).custom), ...(session.asked ? [question(session.asked)] : [])];
  if (session.asked === "danger") return [next("place")];
  if (session.asked === "place") return [next("stairs")];
  if (session.asked === "stairs") return (session.asked = null), RESULT();
  if (!words.trim()) return [];
  if (/knee|swollen|hurts/.test(words)) {
    Object.assign(session.case, { swelling: "present", locking: "present", fever: "absent" });
    return [understood(session.case), next("danger")];
  }
  return [say("Tell me in your own words what is wrong with the knee.")];
}

// --- the addresses -----------------------------------------------------------------------------------------

const fresh = () => ({ case: {}, asked: null, emergency: null, history: [], answered: new Map() });

export async function serve({ port = 0 } = {}) {
  const sessions = new Map();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://host");
    const send = (status, body, type = "application/json", headers = {}) =>
      response.writeHead(status, { "Content-Type": `${type}; charset=utf-8`, "Content-Security-Policy": CSP, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", ...headers }).end(typeof body === "object" && !Buffer.isBuffer(body) ? JSON.stringify(body) : body);
    const file = PAGES[pathname] ?? ASSET.exec(pathname)?.[1];
    if (file) return readFile(new URL(file, WEB)).then((bytes) => send(200, bytes, TYPES[extname(file)]), () => send(404, { error: "not found" }));
    if (!pathname.startsWith("/api/")) return send(404, { error: "not found" });

    let cookie = /kg=([0-9a-f]+)/.exec(request.headers.cookie ?? "")?.[1];
    const headers = {};
    if (!sessions.has(cookie)) {
      cookie = randomBytes(12).toString("hex");
      sessions.set(cookie, fresh());
      headers["Set-Cookie"] = `kg=${cookie}; HttpOnly; SameSite=Strict; Path=/`;
    }
    const session = sessions.get(cookie);
    const json = (status, body) => send(status, body, "application/json", headers);

    if (pathname === "/api/settings") return json(200, { number: "999", tel: "999", country: "GB" });
    if (pathname === "/api/history") return json(200, { messages: session.history, emergency: session.emergency });
    if (request.method !== "POST") return json(405, { error: "post" });
    let text = "";
    for await (const chunk of request) text += chunk;
    if (pathname === "/api/forget") return sessions.delete(cookie), json(200, { forgotten: true });
    let body;
    try { body = JSON.parse(text); } catch { return json(422, { error: "no JSON" }); }
    if ((body.message ?? "").length > 2000) return json(413, { error: "too long" });
    if (!body.id || !(body.message || body.payload)) return json(422, { error: "id and message" });
    if (!session.answered.has(body.id)) {
      const titles = session.history.flatMap((message) => message.buttons ?? []);
      const messages = turn(session, body);
      const spoken = body.message ?? titles.findLast((b) => b.payload === body.payload)?.title ?? body.payload.slice(5).split(",").map((id) => LABELS[id] ?? id).join("; ");
      session.history.push({ from: "person", text: spoken }, ...messages.map((message) => ({ from: "bot", ...message })));
      session.answered.set(body.id, messages);
    }
    json(200, { messages: session.answered.get(body.id), id: body.id });
  });
  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  const chosen = server.address().port;
  return {
    url: `http://127.0.0.1:${chosen}`,
    /** For the test of a restart: the sessions are on a disk, the process is not. */
    stop: () => new Promise((done) => (server.closeAllConnections(), server.close(done))),
    startAgain: () => new Promise((done) => server.listen(chosen, "127.0.0.1", done)),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) console.log((await serve({ port: Number(process.argv[2] ?? 8080) })).url);
