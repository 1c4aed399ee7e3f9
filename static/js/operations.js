// Operations: the banner follows the kill switches, an execution that is open follows its events,
// and lists say that something has changed without moving a row.
import { EXECUTION, HAPPENED, SWITCH, send } from "./events.js";

const execution = () => document.getElementById("execution");
let wanted = 0;
let timer = 0;

document.addEventListener(HAPPENED, ({ detail: event }) => {
  if (event.subject.kind === "switch") send(SWITCH, null, document.body);
  for (const note of document.querySelectorAll("[data-fresh]")) {
    if (note.dataset.fresh.split(" ").includes(event.subject.kind)) note.hidden = false;
  }
  if (execution() && event.about.includes(execution().dataset.about)) {
    wanted = event.index;
    clearTimeout(timer);
    timer = setTimeout(follow, 150);
  }
});

// What somebody is writing, and a dry run they are reading, is not taken away.
function follow() {
  const now = execution();
  if (!now || Number(now.dataset.seen) >= wanted) return;
  if (now.querySelector(".drawer:not([hidden]), [data-dry-run]")) return;
  if (now.matches(".htmx-request, :has(.htmx-request)")) timer = setTimeout(follow, 400);
  else htmx.trigger(now, EXECUTION);
}

// The result of a dry run is read where it was asked for.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.elt.matches?.("[data-dry-run]")) detail.elt.focus({ preventScroll: true });
});

// "Repair" leads to the form of the page it opens.
if (location.hash === "#resubmit-form") {
  document.querySelector('[data-opens="resubmit-form"][aria-expanded="false"]')?.click();
}
