// The forms under a proposal: one open at a time, what was typed stays.

import { define } from "./commands.js";
import { CLEAR, send } from "./events.js";

export function open(id) {
  const form = document.getElementById(id);
  if (!form) return;
  for (const other of document.querySelectorAll(".drawer")) show(other, other === form);
  form.querySelector("input:not([type=hidden]), textarea, select, [data-digit]")?.focus();
}

export function shut() {
  const form = opened();
  if (!form) return false;
  show(form, false);
  opener(form)?.focus();
  return true;
}

export function opened() {
  return document.querySelector(".drawer:not([hidden])");
}

function opener(form) {
  return document.querySelector(`[data-opens="${form.id}"]`);
}

function show(form, visible) {
  form.hidden = !visible;
  opener(form)?.setAttribute("aria-expanded", String(visible));
}

// Ctrl/Cmd+Enter sends the open form, else the approval whose button has the focus.
define("send", () => {
  const form = opened() ?? document.activeElement?.closest("#approve-form");
  if (!form) return false;
  form.requestSubmit(form.querySelector("[type=submit]:not(:disabled)"));
});

// The digits choose among what is numbered in the open form.
define("digit", ({ key }) => {
  const choice = opened()?.querySelectorAll("[data-digit]")[Number(key) - 1];
  if (!choice) return false;
  choice.click();
});

// Escape first leaves the field (what was typed stays), then closes the form.
define("leave", ({ target }) => {
  if (target.matches?.("textarea, input:not([type=checkbox])") && target.form?.matches(".drawer")) {
    target.form.querySelector("[data-shut]")?.focus();
    return true;
  }
  if (shut()) return true;
  if (target.matches?.("input, textarea")) {
    target.blur();
    return true;
  }
  return !send(CLEAR);
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-opens]");
  if (button?.getAttribute("aria-expanded") === "true") shut();
  else if (button) open(button.dataset.opens);
  if (target.closest("[data-shut]")) shut();
});

// A letter that names the amount follows it, in plain sight: it is edited like everything else.
document.addEventListener("change", ({ target }) => {
  if (target.inputMode !== "decimal" || !target.form?.matches(".drawer")) return;
  const before = target.dataset.last ?? target.defaultValue;
  const after = amountLike(target.value, before);
  if (!before || !after) return;
  const exact = new RegExp(`(?<![\\d.,])${before.replace(".", "\\.")}(?![\\d])`, "g");
  target.dataset.last = after;
  for (const letter of target.form.querySelectorAll("textarea")) {
    letter.value = letter.value.replace(exact, after);
  }
});

// The typed amount with as many decimals as the other has, which are those of its currency. Empty
// where it has more, or could be read in two ways: the server asks, and the letter waits.
function amountLike(typed, other) {
  const places = other.split(".")[1]?.length ?? 0;
  const [, whole, decimals = ""] = typed.trim().match(/^(\d+)(?:[.,](\d+))?$/) ?? [];
  if (!Number(`${whole}.${decimals}`) || decimals.length === 3 || decimals.length > places) return "";
  return places ? `${whole}.${decimals.padEnd(places, "0")}` : whole;
}
