// What happens while somebody looks: the proposal follows its events, unless its reader is typing
// or has paused live updates; then it says that something has happened.

import { define } from "./commands.js";
import { FOLLOWED, HAPPENED, LISTED, SHOWN, send } from "./events.js";
import { panel, refresh } from "./panel_loader.js";
import { isBusy, reasonOf } from "./request_queue.js";

// What others do with a claim is told by the strip above the proposal (claim.js).
const QUIET = new Set(["proposal.claimed", "proposal.released", "proposal.viewed"]);
const held = [];
const newest = new Map(); // the number of the last event about each id, the latest ones
const MOST = 500;
let timer = 0;
let paused = sessionStorage.getItem("paused") === "1";

document.addEventListener(HAPPENED, ({ detail: event }) => {
  if (paused) held.push(event);
  else follow(event);
  label();
});

function follow(event) {
  send(FOLLOWED, event);
  if (QUIET.has(event.kind)) return;
  for (const id of event.about) {
    newest.delete(id);
    newest.set(id, event.index);
  }
  for (const id of newest.keys()) {
    if (newest.size <= MOST) break;
    newest.delete(id);
  }
  if (isBehind(panel())) soon();
}

// Whether something has happened to the proposal since the server made this panel.
function isBehind(now) {
  const about = now?.dataset.about?.split(" ") ?? [];
  return about.some((id) => newest.get(id) > Number(now.dataset.seen));
}

function soon(delay = 120) {
  clearTimeout(timer);
  timer = setTimeout(() => look(delay), delay);
}

// Asks until the panel has seen the event: htmx does not hear while it swaps.
function look(delay) {
  const now = panel();
  if (paused || !isBehind(now)) return;
  if (isTyping(now)) tell(now);
  else if (!isBusy()) refresh();
  soon(Math.min(delay * 2, 5000));
}

// That what is on the screen is not how it stands, beside what is being typed.
export function tell(now) {
  const note = now.querySelector("[data-changed]");
  if (note) note.hidden = false;
}

// A refresh that was asked for before somebody began to type, or pressed the pointer on a button,
// would take it from under their hands when it comes.
let pressed = false;
let missed = false;
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const why = reasonOf(detail);
  if (why?.how !== "refreshed" || why.wished || !(pressed || isTyping(panel()))) return;
  detail.shouldSwap = false;
  if (pressed) missed = true;
  else tell(panel());
});
addEventListener("pointerdown", ({ target }) => {
  pressed = Boolean(target.closest?.("#panel"));
});
for (const kind of ["pointerup", "pointercancel"]) {
  addEventListener(kind, () => {
    if (missed) setTimeout(refresh); // the click comes first
    pressed = false;
    missed = false;
  });
}

// A field that has the focus is typed into next: its letters are no commands. After a refusal the
// form holds what was typed as its own values: open is typing then.
export function isTyping(now) {
  const forms = [...now.querySelectorAll(".drawer:not([hidden]), .resolve")];
  if (now.querySelector("[data-form-error]") && forms.length) return true;
  const amount = now.querySelector("[name=typed_amount]");
  const at = document.activeElement;
  const isField = at === amount || forms.some((form) => form.contains(at));
  if (isField && at.matches("input, select, textarea, [data-digit]")) return true;
  return forms.some((form) => [...form.elements].some(isChanged)) || Boolean(amount?.value);
}

export function isChanged(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.tagName === "SELECT") return [...field.options].some((o) => o.selected !== o.defaultSelected);
  if (field.tagName === "TEXTAREA" || (field.tagName === "INPUT" && field.type !== "hidden")) {
    return field.value !== field.defaultValue;
  }
  return false;
}

document.addEventListener(SHOWN, ({ detail: { panel: now } }) => {
  clearTimeout(timer);
  if (isBehind(now)) soon();
});
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-look]")) refresh({ wished: true });
  if (target.closest("[data-still]")) toggle();
});
define("pause", toggle, { when: () => Boolean(button()) });

function button() {
  return document.querySelector("[data-still]");
}

function toggle() {
  paused = !paused;
  sessionStorage.setItem("paused", paused ? "1" : "");
  if (!paused) held.splice(0).forEach(follow);
  label();
}

function label() {
  const still = button();
  if (!still) return;
  still.setAttribute("aria-pressed", String(paused));
  const count = held.length ? ` (${held.length})` : "";
  still.querySelector("[data-text]").textContent = paused ? `Paused${count}` : "Live";
}
label();
document.addEventListener(LISTED, label);
