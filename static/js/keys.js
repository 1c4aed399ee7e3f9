// Single keys for reviewers, printed on the buttons; off in a dialog, while typing, and for good
// in the person's menu.
import { defaultKeybindingsHandlerIgnore, tinykeys } from "./vendor/tinykeys.js";
import { shut } from "./drawers.js";

export function listenForKeys() {
  tinykeys(window, always, { ignore: () => false });
  if ("keys" in document.body.dataset) tinykeys(window, single, { ignore: isBusy });
}

function isBusy(event) {
  const busy = document.querySelector("dialog[open], [popover]:popover-open");
  const chip = event.target.matches?.('input[type="checkbox"]');
  return Boolean(busy) || (!chip && defaultKeybindingsHandlerIgnore(event));
}

const single = {
  j: (event) => move(event, 1),
  k: (event) => move(event, -1),
  a: (event) => approve(event),
  e: (event) => press(event, "e"),
  r: (event) => press(event, "r"),
  n: (event) => press(event, "n"),
  u: (event) => press(event, "u"),
  z: (event) => press(event, "z"),
  "g s": (event) => halt(event),
  "[Shift]+?": (event) => sheet(event),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((number) => [String(number), (event) => chip(event, number)])),
};

const always = {
  "$mod+Enter": (event) => send(event),
  Escape: () => shut(),
};

function press(event, key) {
  const button = document.querySelector(`#panel [data-key="${key}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
}

// What cannot be taken back is not approved by one key: it only leads to the button.
function approve(event) {
  const button = document.querySelector('#approve-form [data-key="a"]');
  if (!button) return;
  event.preventDefault();
  if (button.form.dataset.risk === "high") button.focus();
  else button.form.requestSubmit(button);
}

function send(event) {
  const form = document.querySelector(".drawer:not([hidden])")
    ?? (document.activeElement?.closest("#approve-form"));
  if (!form) return;
  event.preventDefault();
  form.requestSubmit();
}

function chip(event, number) {
  const box = document.querySelectorAll("#reject-form:not([hidden]) .chips input")[number - 1];
  if (!box) return;
  event.preventDefault();
  box.click();
}

function move(event, step) {
  const rows = [...document.querySelectorAll("#list .row")];
  if (!rows.length) return;
  event.preventDefault();
  const now = rows.findIndex((row) => row.getAttribute("aria-current") === "true");
  const row = rows[Math.min(Math.max(now + step, 0), rows.length - 1)];
  if (rows.indexOf(row) === now) return;
  row.scrollIntoView({ block: "nearest" });
  row.click();
}

function halt(event) {
  const link = document.querySelector(".halt-link");
  if (!link) return;
  event.preventDefault();
  link.click();
}

function sheet(event) {
  event.preventDefault();
  document.getElementById("keys")?.showModal();
}
