// The one proposal on the stage: opening another, going back, and what is done once it is shown.
// Everybody who cares listens for `SHOWN`, whose detail is {panel, how}; `how` is opened,
// decided (the next after a decision), refreshed or restored (Back, Forward).
import { ADVANCE, ANSWERED, SHOWN, send } from "./events.js";
import { take } from "./prefetch.js";
import { isDecision, isTaken, load, mayOpen, reasonOf, stopLoading, takeWish } from "./request_queue.js";

export const panel = () => document.getElementById("panel");
export const bar = () => document.getElementById("decide");

let shownPanel = panel();
let shownAt = 0;
export const lastShown = () => shownAt;

export function openPanel(url, how = "opened") {
  if (mayOpen({ url, how })) open({ url, how });
}

function open({ url, how }) {
  const kept = take(url);
  if (!kept) {
    load({ url, how });
    return;
  }
  stopLoading();
  put(kept.html, how);
}

// `wished`: the reader asked for it, and loses what is typed knowingly.
export function refresh({ wished = false } = {}) {
  if (isTaken()) return;
  const url = new URL(bar()?.dataset.address ?? "", location.href);
  if (panel() && !("chosen" in panel().dataset)) url.searchParams.set("chosen", "0");
  load({ url: url.pathname + url.search, how: "refreshed", wished });
}

function put(html, how) {
  htmx.swap(
    "#panel",
    html,
    { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 },
    { afterSettleCallback: () => shown({ how }) },
  );
}

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const why = reasonOf(detail);
  const inside = panel()?.contains(document.activeElement);
  if (why) why.focus = inside ? (document.activeElement.closest("#panel [id]")?.id ?? "panel-title") : "";
});
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target?.id !== "panel") return;
  shown(reasonOf(detail) ?? { how: isDecision(detail) ? "decided" : "refreshed" });
});
// The server found that the proposal which is kept ready here is the next one, and still as it was.
document.addEventListener(ADVANCE, ({ detail }) => {
  open(takeWish({ url: detail.address, how: "decided" }));
});
document.addEventListener(ANSWERED, ({ detail: { wish, isDone } }) => {
  if (isDone) open(wish);
  else remember("opened"); // the address may be gone back already
});

function shown({ how, focus = "" }) {
  const now = panel();
  if (!now || now === shownPanel) return; // parts beside the panel settle as well
  shownPanel = now;
  if (how !== "refreshed") shownAt = performance.now();
  remember(how);
  if (how === "opened" || how === "decided") lead(now);
  else if (focus) keepFocus(now, focus);
  send(SHOWN, { panel: now, how });
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
  const formError = now.querySelector("[data-form-error]");
  document.getElementById("stage")?.scrollTo(0, 0);
  if (matchMedia("(max-width: 860px)").matches) scrollTo(0, 0);
  (formError ?? now.querySelector("h1"))?.focus({ preventScroll: !formError });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-panel]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || !panel()) return;
  event.preventDefault();
  openPanel(link.getAttribute("href"));
});
