// The panel takes one thing at a time. What is on its way out, because another proposal was opened
// or a decision is on its way, takes nothing more; a refresh gives way to both. What is opened while
// a decision is on its way is shown after it, unless the answer is that nothing happened.
import { ANSWERED, LOAD, send } from "./events.js";

const panel = () => document.getElementById("panel");

let deciding = null; // the request of the decision that is on its way
let coming = null; // why a panel is being loaded: {url, how, ...}
let wanted = null; // what was opened while a decision was on its way: {url, how}
let focused = null; // where the focus was in what is on its way out

const isOpening = () => Boolean(coming) && coming.how !== "refreshed";
export const isBusy = () => Boolean(deciding || coming);
export const isTaken = () => Boolean(deciding) || isOpening();
export const headedFor = () => wanted?.url ?? (isOpening() ? coming.url : "");

export function isDecision({ requestConfig }) {
  return requestConfig?.verb === "post" && requestConfig.target?.id === "panel";
}

// Why a panel was asked for travels with its request: the event that is said to have caused it.
export function reasonOf({ requestConfig }) {
  const cause = requestConfig?.triggeringEvent;
  return cause?.type === LOAD ? cause.detail : null;
}

// Whether it may be opened now; if not, it is once the decision is answered.
export function mayOpen(wish) {
  if (!deciding) return true;
  wanted = wish;
  return false;
}

// What was wanted meanwhile comes before the next of the queue.
export function takeWish(otherwise) {
  const wish = wanted ?? otherwise;
  wanted = null;
  return wish;
}

export function load(why) {
  const before = coming;
  coming = why;
  if (before) htmx.trigger("#stage", "htmx:abort"); // nothing waits in line: the last wish counts
  if (isOpening()) close();
  const event = new CustomEvent(LOAD, { detail: why });
  // overtaken by another request, or told of by errors.js
  htmx.ajax("GET", why.url, { target: "#panel", swap: "outerHTML", source: "#stage", event }).catch(() => {});
}

export function stopLoading() {
  if (coming) htmx.trigger("#stage", "htmx:abort");
}

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const why = reasonOf(detail);
  if (!why || why !== coming) return;
  coming = null;
  if (!deciding) reopen();
});

// Only what is on the screen is decided, and once.
document.addEventListener("htmx:beforeRequest", (event) => {
  const { detail } = event;
  if (!isDecision(detail)) return;
  if (deciding || detail.elt.closest("[inert]")) {
    event.preventDefault();
    return;
  }
  stopLoading();
  deciding = detail.xhr;
  close();
  // heard whatever becomes of the form, after htmx has done with the answer
  detail.xhr.addEventListener("loadend", () => answered(detail.xhr));
});

function answered({ status }) {
  deciding = null;
  const wish = takeWish(null);
  const isDone = status >= 200 && status < 400;
  if (!isOpening()) reopen();
  if (wish) send(ANSWERED, { wish, isDone });
}

// The answer to a decision brings the next of the queue: not where another is wanted.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (wanted && isDecision(detail) && detail.xhr.status < 400) detail.swapOverride = "none";
});

function close() {
  focused = panel()?.contains(document.activeElement) ? document.activeElement : null;
  if (panel()) panel().inert = true;
}

function reopen() {
  if (!panel()?.inert) return;
  panel().inert = false;
  if (document.activeElement === document.body) focused?.focus({ preventScroll: true });
}
