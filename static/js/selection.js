// Moving through the rows with keys, and choosing several that are decided together.

import { define } from "./commands.js";
import { CLEAR, PICKED } from "./events.js";

const rows = () => [...document.querySelectorAll("#list .row")];
const boxOf = (row) => row?.closest("li").querySelector("[name=pick]:not(:disabled)");
const picked = () => [...document.querySelectorAll("#list [name=pick]:checked")];
const inList = () => Boolean(rows().length);

define("down", () => go(1), { when: inList });
define("up", () => go(-1), { when: inList });
define("extend-down", () => extend(1), { when: inList });
define("extend-up", () => extend(-1), { when: inList });
define("select", () => toggle(here()), { when: inList });

// The row with the focus, else that of what is shown.
function here() {
  const focused = document.activeElement?.closest?.("#list li")?.querySelector(".row");
  return focused ?? document.querySelector('#list .row[aria-current="true"]') ?? rows()[0];
}

function go(by) {
  const all = rows();
  const focused = document.activeElement?.closest?.("#list li");
  const at = all.indexOf(here()) + (focused ? by : 0);
  const row = all[Math.min(Math.max(at, 0), all.length - 1)];
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  return row;
}

function extend(by) {
  const from = boxOf(here());
  if (from) from.checked = true;
  const to = boxOf(go(by));
  if (to) to.checked = true;
  tell();
}

function toggle(row) {
  const box = boxOf(row);
  if (!box) return false;
  box.checked = !box.checked;
  tell();
  return true;
}

document.addEventListener("change", ({ target }) => {
  if (target.name === "pick") tell();
});
document.addEventListener(PICKED, tell);
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-unpick]")) clear();
});
document.addEventListener(CLEAR, (event) => {
  if (clear()) event.preventDefault();
});

function clear() {
  const boxes = picked();
  boxes.forEach((box) => {
    box.checked = false;
  });
  tell();
  return boxes.length > 0;
}

function tell() {
  const count = picked().length;
  const tray = document.querySelector("[data-tray]");
  if (!tray) return;
  tray.hidden = count === 0;
  tray.querySelector("[data-text]").textContent = `${count} selected`;
}
tell();
