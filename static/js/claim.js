// One person decides at a time. Who opens a proposal holds it, keeps it while they are at it, and
// lets go on leaving. Others read, and are told when it is free.
import { CONNECTION, DECIDED, FOLLOWED, SHOWN } from "./events.js";
import { isTyping, tell } from "./live.js";
import { bar, panel, refresh } from "./panel_loader.js";

const BEAT = 40_000; // ms between two signs of life; the lease is three times as long
const LEASE = 120_000;
const WARN = 60_000; // ms before it lapses
const DECIDING = 1000; // ms in which the answer to one's own decision arrives
const TWICE = 5000; // ms: refused again so soon, what the page shows does not help
const REFUSED = 409;
const AWAY = 10 * 60_000; // ms without a key or a pointer: nobody is there
let mine = null; // {claim, keep, release, until}
let asked = null; // the claim that is on its way
let refusedAt = -TWICE;
let active = performance.now();
let title = "";

const strip = () => document.getElementById("claim");
const token = () => bar()?.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";

document.addEventListener(SHOWN, ({ detail: { panel: now } }) => begin(now));
document.addEventListener(FOLLOWED, ({ detail: event }) => {
  const about = ["proposal.claimed", "proposal.released"].includes(event.kind);
  if (!about || event.subject.id !== panel()?.dataset.proposal || asked) return; // the answer tells
  const held = mine;
  if (event.kind === "proposal.released" && held) {
    setTimeout(() => {
      if (mine === held) claim();
    }, DECIDING);
  } else if (held && performance.now() - held.since > DECIDING) {
    claim(); // it is somebody else's, then
  } else if (event.kind === "proposal.released" || (event.kind === "proposal.claimed" && !mine)) {
    // who could only read has not sent what they typed: it is put back (drafts.js)
    const isFreed = event.kind === "proposal.released" && strip()?.dataset.state === "other";
    if (isFreed || !isTyping(panel())) refresh({ wished: isFreed });
  }
});

function begin(now) {
  const { claim: address = "", keep, release } = bar()?.dataset ?? {};
  if (mine && mine.claim !== address) letGo();
  if (!address || !now.checkVisibility()) return;
  if (mine?.claim === address) say("mine");
  else if (strip()?.dataset.state !== "other" && asked?.claim !== address) {
    claim({ claim: address, keep, release });
  }
}

async function claim(wanted = mine) {
  if (!wanted || document.hidden) return;
  asked = wanted;
  const answer = await send(wanted.claim);
  if (asked === wanted) asked = null;
  if (bar()?.dataset.claim !== wanted.claim) {
    // something else is shown by now
    if (answer?.ok) send(wanted.release, { keepalive: true });
  } else if (answer?.ok) {
    const now = performance.now();
    mine = { since: now, ...wanted, until: now + LEASE };
    say("mine");
  } else if (answer?.status === REFUSED) {
    mine = null;
    const again = performance.now() - refusedAt < TWICE;
    refusedAt = performance.now();
    if (isTyping(panel())) tell(panel());
    else if (!again && strip()?.dataset.state !== "other") refresh();
  }
}

function letGo() {
  if (mine) send(mine.release, { keepalive: true });
  mine = null;
  say("");
}

function send(url, options = {}) {
  const body = new URLSearchParams({ csrfmiddlewaretoken: token() });
  return fetch(url, { method: "POST", body, headers: { "HX-Request": "true" }, ...options }).catch(() => null);
}

async function beat() {
  if (!mine || document.hidden || performance.now() - active > AWAY) return;
  const held = mine;
  const answer = await send(held.keep);
  if (mine !== held) return;
  if (answer?.status === 204) held.until = performance.now() + LEASE;
  else if (answer) claim(held);
}
setInterval(beat, BEAT);

// A decision ends the claim on the server.
document.addEventListener(DECIDED, ({ detail: { proposal } }) => {
  if (mine?.claim.includes(proposal)) mine = null;
});

// -- a lease that is about to lapse ----------------------------------------------------------
setInterval(() => {
  const left = mine ? Math.ceil((mine.until - performance.now()) / 1000) : Infinity;
  if (left * 1000 > WARN) return;
  if (left > 0) say("ending", left);
  else say("lapsed");
}, 1000);

for (const kind of ["keydown", "pointerdown", "pointermove", "wheel"]) {
  addEventListener(
    kind,
    () => {
      const back = performance.now() - active > AWAY;
      active = performance.now();
      if (back) beat();
    },
    { passive: true },
  );
}
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) resume();
});
addEventListener("online", () => resume());
document.addEventListener(CONNECTION, ({ detail: state }) => {
  if (state === "live" && !mine && panel()) begin(panel());
});
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-keep]")) resume();
});

function resume() {
  active = performance.now();
  if (mine) claim();
  else if (panel()) begin(panel()); // opened in a tab that nobody looked at, or while offline
}

// Leaving the page lets go; coming back to it (from the browser's cache) takes it again.
addEventListener("pagehide", () => {
  const { release } = mine ?? asked ?? {};
  if (release) navigator.sendBeacon(release, new URLSearchParams({ csrfmiddlewaretoken: token() }));
});
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) resume();
});

// The words of each state stand in the page; while nobody looks, the title of the tab tells.
function say(state, left = 0) {
  const line = strip();
  const warns = state === "ending" || state === "lapsed";
  if (warns && document.hidden) {
    title ||= document.title;
    document.title = state === "ending" ? `${left} s left: ${title}` : `Let go: ${title}`;
  } else if (title) {
    document.title = title;
    title = "";
  }
  if (!line || line.dataset.state === "other") return;
  if (line.dataset.state !== state) line.dataset.state = state;
  const seconds = line.querySelector("[data-left]");
  if (seconds) seconds.textContent = String(left);
}

if (panel()) begin(panel());
