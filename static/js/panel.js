// What a person reads of one proposal: differences this way or that, jumps between a text and what
// it was made from, and where the eye goes once the facts are shown.
import { SHOWN } from "./events.js";

const MODE = "aios:differences";
const root = document.documentElement;

function remembered() {
  try {
    return localStorage.getItem(MODE);
  } catch {
    return null; // storage may be forbidden
  }
}

function remember(mode) {
  try {
    localStorage.setItem(MODE, mode);
  } catch {
    // then it lasts until the page is left
  }
}

function show(mode) {
  root.dataset.differences = mode;
  const side = mode === "side";
  document.querySelectorAll("[data-diff]").forEach((button) => {
    button.hidden = false;
    button.setAttribute("aria-pressed", String(side));
  });
}

function toggle() {
  const mode = root.dataset.differences === "side" ? "inline" : "side";
  remember(mode);
  show(mode);
}

// A jump inside the proposal: what it leads to is shown, focused, and marked until the next one.
function jump(link) {
  const goal = document.getElementById(link.hash.slice(1));
  if (!goal) return;
  for (let fold = goal.closest("details:not([open])"); fold; fold = fold.parentElement.closest("details:not([open])")) {
    fold.open = true;
  }
  for (const row of document.querySelectorAll("[data-jumped]")) row.removeAttribute("data-jumped");
  goal.setAttribute("data-jumped", "");
  goal.scrollIntoView({ block: "center" });
  (goal.tabIndex === -1 && goal.hasAttribute("tabindex") ? goal : goal.querySelector("[tabindex]"))?.focus({
    preventScroll: true,
  });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-jump]");
  if (event.target.closest("[data-diff]")) toggle();
  if (!link) return;
  event.preventDefault();
  jump(link);
});

document.addEventListener(SHOWN, () => show(root.dataset.differences));

// The facts were asked for: they are read next.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (!detail.requestConfig?.elt.closest("#facts-form")) return;
  const title = document.getElementById("evidence-title");
  title?.scrollIntoView({ block: "start" });
  title?.focus({ preventScroll: true });
});

show(remembered() === "side" ? "side" : "inline");
