// The rows of the queue: they stay where they are. What is new waits behind a button, what is gone
// says so, and a row that changed is drawn again in its place.

import { define } from "./commands.js";
import { DECIDED, FOLLOWED, INBOX, LISTED, PICKED, RECENT, SHOWN, send } from "./events.js";
import { panel } from "./panel_loader.js";

const list = () => document.getElementById("list");
export const rowOf = (id) => list()?.querySelector(`.row[data-proposal="${CSS.escape(id)}"]`);
const CHANGED = new Set([
  "proposal.claimed",
  "proposal.released",
  "proposal.snoozed",
  "proposal.returned",
  "proposal.asked",
  "proposal.answered",
  "proposal.escalated",
]);
const arrived = new Set();

document.addEventListener(FOLLOWED, ({ detail: event }) => {
  if (event.subject.kind !== "proposal") return;
  const { id } = event.subject;
  if (event.inbox) send(INBOX, null, document.body);
  if (document.querySelector(`#recent a[href*="${CSS.escape(id)}"]`)) recount();
  if (event.inbox === "left") arrived.delete(id);
  if (rowOf(id)) {
    if (event.inbox || CHANGED.has(event.kind)) draw(id);
  } else if (event.inbox === "arrived" || event.kind === "proposal.woken") {
    arrived.add(id);
  }
  showNews();
});

// How the last decisions stand now.
let recounting = 0;
function recount() {
  clearTimeout(recounting);
  recounting = setTimeout(() => htmx.trigger("#recent", RECENT), 400);
}

function showNews() {
  const button = list()?.querySelector("[data-news]");
  if (!button) return;
  button.hidden = arrived.size === 0;
  button.querySelector("[data-text]").textContent = `${arrived.size} new, show`;
}

// One request a row, however many events come at once.
const drawing = new Map();
function draw(id) {
  clearTimeout(drawing.get(id));
  drawing.set(
    id,
    setTimeout(() => redraw(id), 150),
  );
}

async function redraw(id) {
  const row = rowOf(id);
  const turn = drawing.get(id);
  if (!row) {
    drawing.delete(id);
    return;
  }
  const headers = { "HX-Request": "true" };
  const answer = await fetch(row.dataset.row, { headers }).catch(() => null);
  if (!answer?.ok || !answer.headers.get("X-Part")) return;
  const part = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = part.querySelector("li");
  const item = rowOf(id)?.closest("li");
  if (!fresh || !item || drawing.get(id) !== turn) return; // a later answer knows more
  if (item.matches(":active")) {
    // half a click would be lost
    draw(id);
    return;
  }
  drawing.delete(id);
  const focused = item.contains(document.activeElement) && document.activeElement.name;
  const picked = item.querySelector("[name=pick]")?.checked;
  item.replaceWith(fresh);
  const box = fresh.querySelector("[name=pick]");
  if (box && picked) box.checked = true;
  const goal = focused === "pick" && box ? box : fresh.querySelector(".row");
  if (focused !== false) goal.focus({ preventScroll: true });
  mark(panel());
  send(PICKED);
}

// A claim that nobody keeps alive lapses without an event when nobody sweeps: look then.
setInterval(() => {
  for (const holder of list()?.querySelectorAll("[data-until]") ?? []) {
    if (Date.parse(holder.dataset.until) < Date.now()) draw(holder.closest(".row").dataset.proposal);
  }
}, 5000);

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-news]")) showNew();
});
define("new", showNew, { when: () => list()?.querySelector("[data-news]:not([hidden])") });

function showNew() {
  const address = `${list().dataset.url}?split=${list().dataset.split}`;
  const scroll = list().querySelector("ol")?.scrollTop ?? 0;
  const picked = [...list().querySelectorAll("[name=pick]:checked")].map(({ value }) => value);
  const ids = [...arrived];
  htmx
    .ajax("GET", `${address}&selected=${panel()?.dataset.proposal ?? ""}`, {
      target: "#list",
      swap: "outerHTML",
    })
    .then(() => {
      [...drawing.keys()].forEach(draw); // rows that are on their way are from before
      for (const id of [...ids, ...[...arrived].filter(rowOf)]) arrived.delete(id);
      for (const box of list().querySelectorAll("[name=pick]")) box.checked = picked.includes(box.value);
      list().querySelector("ol")?.scrollTo(0, scroll);
      mark(panel());
      const nowhere = document.activeElement === document.body; // it was in the list
      if (nowhere) list().querySelector('[aria-current="true"].row')?.focus({ preventScroll: true });
      showNews();
      send(LISTED);
      send(PICKED);
    })
    .catch(() => {}); // told of by errors.js
}

document.addEventListener(SHOWN, ({ detail: { panel: now, how } }) => {
  mark(now);
  if (how !== "refreshed") rowOf(now.dataset.proposal)?.scrollIntoView({ block: "nearest" });
});

// The row of what is shown is current.
function mark(now) {
  const id = now?.dataset.proposal;
  for (const row of list()?.querySelectorAll('.row[aria-current="true"]') ?? []) {
    if (row.dataset.proposal !== id) row.removeAttribute("aria-current");
  }
  if (id) rowOf(id)?.setAttribute("aria-current", "true");
}

// What was just decided says so at once, before its event arrives.
document.addEventListener(DECIDED, ({ detail: { proposal, words } }) => {
  const row = rowOf(proposal);
  clearTimeout(drawing.get(proposal));
  drawing.delete(proposal); // a row that is on its way is from before
  if (!row) return;
  row.setAttribute("data-gone", "");
  row.querySelector("[data-gone-words]").textContent = words;
});
