// How long a decision can still be taken back. Counted from what the server said was left, so a
// wrong clock here changes nothing; the server decides when it comes to it.
import { controlOf, define } from "./commands.js";

const ends = new WeakMap();

function tick() {
  for (const held of document.querySelectorAll("[data-hold]")) {
    if (!ends.has(held)) ends.set(held, performance.now() + Number(held.dataset.hold) * 1000);
    if (!Number(held.dataset.hold)) continue;
    const left = Math.ceil((ends.get(held) - performance.now()) / 1000);
    const words = held.querySelector("[data-words]");
    const text = say(left);
    if (words.textContent !== text) words.textContent = text;
    if (left <= 0) end(held);
  }
}

function say(left) {
  if (left <= 0) return "Being carried out";
  return left >= 120 ? `Carried out in ${Math.floor(left / 60)} min` : `Carried out in ${left} s`;
}

// What can no longer be taken back offers no button, and the note about it goes.
function end(held) {
  held.dataset.hold = "0";
  held.closest("[data-held]")?.querySelector("[data-command=take-back]")?.setAttribute("disabled", "");
  const note = held.closest("#last");
  if (note)
    setTimeout(() => {
      if (note.contains(held)) note.replaceChildren();
    }, 2500);
}

// What was decided last: under the proposal if that is it, else in the note, else in the list.
define(
  "take-back",
  () => {
    const last = document.querySelector("#last [data-command=take-back]:not(:disabled)");
    const button =
      document.querySelector("#panel [data-command=take-back]:not(:disabled)") ??
      last ??
      document.querySelector("#recent [data-command=take-back]:not(:disabled)");
    button?.form.requestSubmit(button);
    return Boolean(button);
  },
  {
    when: () =>
      Boolean(controlOf("take-back") ?? document.querySelector("#recent [data-command=take-back]:not(:disabled)")),
  },
);

tick();
setInterval(tick, 250);
document.addEventListener("htmx:afterSettle", tick);
document.addEventListener("htmx:oobAfterSwap", tick);

// A note that offers nothing goes by itself.
const FADE = 6000; // ms
document.addEventListener("htmx:oobAfterSwap", () => {
  const note = document.querySelector("#last .note");
  if (note?.matches("[data-fades]")) setTimeout(() => note.remove(), FADE);
  else if (note?.querySelector("[data-fades]")) setTimeout(() => note.remove(), 2 * FADE);
});

// Whether the list of recent decisions is open is a habit of the person.
const KEY = "recent-open";
const recent = document.querySelector("details[data-recent]");
if (recent) {
  recent.open = localStorage.getItem(KEY) === "1";
  recent.addEventListener("toggle", () => localStorage.setItem(KEY, recent.open ? "1" : ""));
}
