// The next proposal, fetched while this one is read. It is shown only if nothing has happened to it
// since: an event about it throws it away, and after a decision the server says if it is current.
import { CONNECTION, HAPPENED, SHOWN } from "./events.js";

const FRESH = 60_000; // ms
const WAIT = 250; // ms after something was shown: first what is on the screen, then this
let kept = null;
let timer = 0;

export function take(url) {
  const found = kept?.url === url && performance.now() - kept.at < FRESH ? kept : null;
  kept = null;
  return found;
}

document.addEventListener(SHOWN, () => {
  clearTimeout(timer);
  const url = document.getElementById("decide")?.dataset.next;
  if (url && kept?.url !== url) timer = setTimeout(() => look(url), WAIT);
});
document.addEventListener(HAPPENED, ({ detail: event }) => {
  if (kept && event.about.includes(kept.proposal)) {
    const { url } = kept;
    kept = null;
    clearTimeout(timer);
    timer = setTimeout(() => look(url), 4 * WAIT);
  }
});
document.addEventListener(CONNECTION, ({ detail: state }) => {
  if (state !== "live") kept = null;
});

async function look(url) {
  const headers = { "HX-Request": "true", "HX-Target": "panel" };
  const answer = await fetch(url, { headers }).catch(() => null);
  if (!answer?.ok || !answer.headers.get("X-Part")) return;
  const html = await answer.text();
  const part = new DOMParser().parseFromString(html, "text/html");
  const { proposal, seen } = part.getElementById("panel")?.dataset ?? {};
  const { binding } = part.getElementById("decide")?.dataset ?? {};
  const isNext = document.getElementById("decide")?.dataset.next === url; // one has moved on, else
  if (proposal && isNext) kept = { url, html, proposal, seen, binding: binding ?? "", at: performance.now() };
}

// A decision tells the server what is kept here.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (!kept || detail.verb !== "post" || performance.now() - kept.at > FRESH) return;
  if (!detail.elt.matches("#panel form")) return;
  Object.assign(detail.parameters, {
    ready: kept.proposal,
    ready_seen: kept.seen,
    ready_binding: kept.binding,
  });
});
