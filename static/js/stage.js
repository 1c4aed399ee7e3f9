// The one proposal on the stage: opening another, going back, and what is done once it is shown.
// Everybody who cares listens for `aios:shown`, whose detail is {panel, how}; `how` is opened,
// decided (the next after a decision), refreshed or restored (Back, Forward).
import { define } from "./commands.js";
import { take } from "./ahead.js";

export const panel = () => document.getElementById("panel");
export const bar = () => document.getElementById("decide");

let shownPanel = panel();
let shownAt = 0;
export const lastShown = () => shownAt;

export function openPanel(url, how = "opened") {
  htmx.trigger("#stage", "htmx:abort"); // a refresh that is under way is of something else
  const kept = take(url);
  if (kept) put(kept.html, how);
  else load(url, { how });
}

export function refresh() {
  const focused = document.activeElement?.closest("#panel [id]");
  const focus = focused?.id ?? (panel()?.contains(document.activeElement) ? "panel-title" : "");
  const url = new URL(bar()?.dataset.address ?? "", location.href);
  if (panel() && !("chosen" in panel().dataset)) url.searchParams.set("chosen", "0");
  load(url.pathname + url.search, { how: "refreshed", focus });
}

export function put(html, how) {
  htmx.swap("#panel", html, { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 },
    { afterSettleCallback: () => shown({ how }) });
}

// Why a panel was asked for travels with its request: two may be under way, one of them settling.
function load(url, why) {
  const event = new CustomEvent("aios:load", { detail: why });
  // overtaken by another request, or told of by errors.js
  htmx.ajax("GET", url, { target: "#panel", swap: "outerHTML", source: "#stage", event }).catch(() => {});
}

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target?.id !== "panel") return;
  const { triggeringEvent: cause, elt } = detail.requestConfig ?? {};
  const isAnswer = elt?.matches?.("form"); // to a decision, of here or of what was decided last
  shown(cause?.type === "aios:load" ? cause.detail : { how: isAnswer ? "decided" : "refreshed" });
});
// The server found that the proposal which is kept ready here is the next one, and still as it was.
document.addEventListener("aios:advance", ({ detail }) => openPanel(detail.address, "decided"));

function shown({ how, focus = "" }) {
  const now = panel();
  if (!now || now === shownPanel) return; // parts beside the panel settle as well
  shownPanel = now;
  if (how !== "refreshed") shownAt = performance.now();
  remember(how);
  if (how === "opened" || how === "decided") lead(now);
  else if (focus) keepFocus(now, focus);
  document.dispatchEvent(new CustomEvent("aios:shown", { detail: { panel: now, how } }));
}

// The address and the title of the page are those of what is shown; Back brings back the panel and
// leaves the list alone.
function remember(how) {
  const { address, title } = bar()?.dataset ?? {};
  if (title) document.title = title;
  const moved = how === "opened" || how === "decided";
  if (address && moved && address !== location.pathname + location.search) {
    history.pushState({ panel: address }, "", address);
  }
}

addEventListener("popstate", () => {
  if (location.hash) return; // a jump within the page
  const list = document.getElementById("list");
  const split = new URLSearchParams(location.search).get("split") ?? "all";
  if (!list || !panel()) return;
  if (list.dataset.split !== split || location.pathname === list.dataset.url) location.reload();
  else openPanel(location.pathname + location.search, "restored");
});

// A refresh under the reader's hands leaves the focus where it was.
function keepFocus(now, id) {
  const goal = document.getElementById(id) ?? now.querySelector("h1");
  if (document.activeElement === document.body) goal?.focus({ preventScroll: true });
}

// Focus goes to what has to be read first: why nothing happened, else the heading.
function lead(now) {
  const mishap = now.querySelector("[data-mishap]");
  document.getElementById("stage")?.scrollTo(0, 0);
  if (matchMedia("(max-width: 860px)").matches) scrollTo(0, 0);
  (mishap ?? now.querySelector("h1"))?.focus({ preventScroll: !mishap });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-panel]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || !panel()) return;
  event.preventDefault();
  openPanel(link.getAttribute("href"));
});

define("next", () => step(1) ?? document.getElementById("next")?.click(), { when: hasRows });
define("previous", () => step(-1), { when: hasRows });

function hasRows() {
  return Boolean(panel() && document.querySelector("#list .row"));
}

function step(by) {
  const rows = [...document.querySelectorAll("#list .row")];
  const now = rows.findIndex((row) => row.getAttribute("aria-current") === "true");
  for (let at = now + by; rows[at]; at += by) {
    if (rows[at].hasAttribute("data-gone")) continue;
    rows[at].scrollIntoView({ block: "nearest" });
    openPanel(rows[at].getAttribute("href"));
    return true;
  }
  return undefined;
}
