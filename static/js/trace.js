// Pages with a trace: new rows as they happen, a model's words as it says them, a pause button,
// and never more rows than a page can bear. The filters are the server's; rows that arrive are
// held against them here.
import { CONNECTION, HAPPENED, RUN, send, TOKENS } from "./events.js";
import { foldSpeech, keepSpeech, makeRow, makeSpeech, scaleBars } from "./trace_rows.js";

const MOST = 500; // rows in a list
const MOST_HELD = 2000; // messages kept while paused
const REFRESH_MS = 1500; // the head of a run is asked for again no more often
const CHANGES_RUN = /^(run\.|proposal\.(submitted|approved|denied|rejected|returned|expired|settled)|model\.)/;

const region = () => document.querySelector("[data-stream]");
const pause = document.querySelector("[data-pause]");
const held = [];
const recent = []; // of the newest events, for a list that came without them
let lost = 0;
let paused = false;

document.addEventListener(HAPPENED, ({ detail: event }) => {
  if (!region()) return;
  recent.push(event);
  if (recent.length > MOST) recent.shift();
  take({ event });
});
document.addEventListener(TOKENS, ({ detail: tokens }) => {
  if (region()) take({ tokens });
});

function take(message) {
  if (!paused) show(message);
  else if (held.push(message) > MOST_HELD && held.shift().event) lost += 1;
  label();
}

function show({ event, tokens }) {
  if (tokens) speak(tokens);
  else add(event);
}

function add(event, now = region()) {
  if (event.call) said.delete(event.subject.id);
  const speaking = event.call && now.querySelector(`[data-speaking="${CSS.escape(event.subject.id)}"]`);
  if (fits(event, now)) {
    const item = makeRow(now, event);
    item.classList.add("fresh");
    if (speaking) keepSpeech(speaking, item);
    else place(item, listOf(now, event.stage));
    if (event.call) scaleSoon();
  } else speaking?.remove();
  if (event.run && event.run === document.getElementById("run")?.dataset.run) refreshRun(event.kind);
}

// Once for all the calls that come together: it looks at every bar there is.
let scaling = 0;

function scaleSoon() {
  if (scaling) return;
  scaling = requestAnimationFrame(() => {
    scaling = 0;
    if (region()) scaleBars(region());
  });
}

// In a run the stages tell its story in order, who still speaks last; in the trace of everything
// the newest is on top.
function place(item, list) {
  if (list.dataset.list) {
    list.insertBefore(item, item.dataset.speaking ? null : list.querySelector("[data-speaking]"));
    while (list.children.length > MOST) list.firstElementChild.remove();
  } else {
    list.prepend(item);
    while (list.children.length > MOST) list.lastElementChild.remove();
  }
}

function listOf(now, stage) {
  return now.querySelector(`[data-list="${CSS.escape(stage)}"]`) ?? now.querySelector("[data-list]");
}

function fits(event, { dataset: { stage, kind, text } }) {
  if (stage && event.stage !== stage) return false;
  if (kind && (kind === "errors" ? !event.error : event.group !== kind)) return false;
  return !text || `${event.who} ${event.words}`.toLowerCase().includes(text.toLowerCase());
}

// -- the words of a model ------------------------------------------------------------------
// In the page's reckoning a place is a character, as in the broker's; not a unit of UTF-16.
const said = new Map(); // call -> what is known of its words, while it speaks

function speak({ call, at, text, done }) {
  const now = region();
  if (now.querySelector(`[data-call="${CSS.escape(call)}"]`)) return; // it is finished
  const before = said.get(call) ?? { text: "", end: 0 };
  const gap = at > before.end ? "… " : ""; // some of it was lost on the way, or said before
  said.set(call, { text: before.text + gap + text, end: at + [...text].length });
  if (said.size > 20) said.delete(said.keys().next().value);
  write(call, done);
}

function write(call, done) {
  const now = region();
  if (!fits({ stage: "plan", group: "model", who: "The model", words: said.get(call).text }, now)) return;
  let item = now.querySelector(`[data-speaking="${CSS.escape(call)}"]`);
  if (!item) {
    foldSpeech(now);
    item = makeSpeech(now, call);
    place(item, listOf(now, "plan"));
  }
  const words = item.querySelector("pre");
  const atEnd = words.scrollTop + words.clientHeight >= words.scrollHeight - 8;
  words.textContent = said.get(call).text.trimStart();
  if (atEnd) words.scrollTop = words.scrollHeight;
  if (done) item.classList.remove("speaking");
}

// -- pause ---------------------------------------------------------------------------------
pause?.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  document.body.toggleAttribute("data-paused", paused);
  if (!paused) {
    if (lost) location.reload();
    held.splice(0).forEach(show);
    refreshRun("run.");
  }
  label();
});

function label() {
  if (!pause) return;
  const news = held.filter(({ event }) => event && fits(event, region())).length + lost;
  pause.querySelector("[data-text]").textContent = paused ? `Resume${news ? ` (${news} new)` : ""}` : "Pause";
}

// -- the head of the run, asked for again when it may have changed ---------------------------
let timer = 0;
let asked = 0;

function refreshRun(kind) {
  if (!CHANGES_RUN.test(kind) || paused || timer || !document.getElementById("run")) return;
  const wait = Math.max(300, asked + REFRESH_MS * (1 + Math.random()) - Date.now());
  timer = setTimeout(() => {
    timer = 0;
    asked = Date.now();
    if (!paused) send(RUN, null, document.body);
  }, wait);
}

// -- a list filtered anew: what happened while it came, and who is speaking, are put back ------
document.addEventListener("htmx:afterSwap", ({ target }) => {
  const now = region();
  if (target.id !== "trace" || !now) return;
  const seen = Number(now.dataset.after);
  const waiting = new Set(held.map(({ event }) => event?.index));
  recent
    .filter(({ index }) => index > seen && !waiting.has(index))
    .forEach((event) => {
      if (fits(event, now)) place(makeRow(now, event), listOf(now, event.stage));
    });
  for (const call of said.keys()) {
    if (!recent.some((event) => event.call && event.subject.id === call)) write(call, false);
  }
  label();
  const note = document.getElementById("announce");
  const count = now.querySelectorAll("[data-index]").length;
  if (note) note.textContent = `${count} ${count === 1 ? "event" : "events"} shown`;
});

document.addEventListener(CONNECTION, ({ detail: state }) => {
  const live = document.querySelector("[data-live]");
  if (!live) return;
  live.dataset.state = state;
  live.textContent = state === "live" ? "Live" : "Reconnecting";
});
