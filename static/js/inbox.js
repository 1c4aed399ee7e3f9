// The list and the proposal beside it, kept true by the trace without anything moving.
const list = () => document.getElementById("list");
const panel = () => document.getElementById("panel");
const rowOf = (id) => list()?.querySelector(`[data-proposal="${CSS.escape(id)}"]`);
const arrived = new Set();

document.addEventListener("aios:event", ({ detail: event }) => {
  if (event.inbox) {
    document.body.dispatchEvent(new CustomEvent("aios:inbox"));
    note(event.subject.id, event.inbox);
  }
  const about = panel()?.dataset.about?.split(" ") ?? [];
  if (!event.about.some((id) => about.includes(id))) return;
  wanted = event.index;
  refreshSoon();
});

function note(id, effect) {
  const row = rowOf(id);
  if (effect === "left") {
    arrived.delete(id);
    row?.setAttribute("data-gone", "");
  } else if (!row || row.hasAttribute("data-gone")) {
    arrived.add(id);
  }
  showNews();
}

function showNews() {
  const button = list()?.querySelector("[data-news]");
  if (!button) return;
  button.hidden = arrived.size === 0;
  button.textContent = `${arrived.size} new, show`;
}

// -- the proposal --------------------------------------------------------------------------
// The newest event about what is shown; the panel says in `data-seen` how far it has seen.
let wanted = 0;
let timer = 0;

function refreshSoon(delay = 120) {
  clearTimeout(timer);
  timer = setTimeout(() => refresh(delay), delay);
}

// Asks until the panel has seen the event: htmx does not hear while it swaps.
function refresh(delay) {
  const now = panel();
  if (!now || Number(now.dataset.seen) >= wanted) return;
  if (isTyping(now)) {
    now.querySelector("[data-changed]").hidden = false;
    return;
  }
  if (!isBusy(now)) look(now);
  refreshSoon(Math.min(delay * 2, 5000));
}

function isBusy(now) {
  const states = ["htmx-request", "htmx-added", "htmx-settling", "htmx-swapping"];
  return states.some((name) => now.classList.contains(name)) || now.querySelector(".htmx-request");
}

function look(now) {
  htmx.trigger(now, "aios:refresh");
}

// After a refusal the form holds what was typed as its own values: open is typing then.
function isTyping(now) {
  const forms = [...now.querySelectorAll(".drawer:not([hidden]), .resolve")];
  if (now.querySelector("[data-mishap]") && forms.length) return true;
  return forms.some((form) =>
    [...form.elements].some((field) => isChanged(field)));
}

function isChanged(field) {
  if (field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.tagName === "SELECT") return [...field.options].some((o) => o.selected !== o.defaultSelected);
  if (field.tagName === "TEXTAREA" || (field.tagName === "INPUT" && field.type !== "hidden")) {
    return field.value !== field.defaultValue;
  }
  return false;
}

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-look]")) look(panel());
  if (target.closest("[data-news]")) reloadList();
});

function reloadList() {
  const url = `${list().dataset.url}?selected=${panel()?.dataset.proposal ?? ""}`;
  arrived.clear();
  htmx.ajax("GET", url, { target: "#list", swap: "outerHTML" });
}

// -- after a swap --------------------------------------------------------------------------
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target?.id === "count") follow(detail.target);
  const now = panel();
  if (!now || detail.target?.id !== "panel") return;
  mark(now);
  const source = detail.requestConfig?.elt;
  if (!source || source.id === "panel") return;
  if (source.matches("form")) focusAfterDecision(now);
  else openAtTop(now);
});

// The number above the list is the number in the navigation, also while rows stay in place.
function follow(count) {
  const listed = list()?.querySelector("[data-listed]");
  if (listed) listed.textContent = String(Number.parseInt(count.textContent, 10) || 0);
}

// The row of what is shown is current; the row of what no longer waits says so.
function mark(now) {
  const id = now.dataset.proposal;
  list()?.querySelectorAll('[aria-current="true"]').forEach((row) => {
    if (row.dataset.proposal !== id) row.removeAttribute("aria-current");
  });
  const row = rowOf(id);
  row?.setAttribute("aria-current", "true");
  if (!["waiting", "needs_person"].includes(now.dataset.state)) row?.setAttribute("data-gone", "");
}

function focusAfterDecision(now) {
  const goal = now.querySelector("[data-mishap]") ?? now.querySelector('[data-key="n"]');
  (goal ?? now.querySelector("h1"))?.focus({ preventScroll: !goal?.matches("[data-mishap]") });
}

function openAtTop(now) {
  document.getElementById("stage")?.scrollTo(0, 0);
  if (matchMedia("(max-width: 860px)").matches) scrollTo(0, 0);
  now.querySelector("h1")?.focus({ preventScroll: true });
}
