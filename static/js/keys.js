// From a key that is pressed to a command. Single keys are off while typing and in dialogs, and for
// good where the person has turned them off; Ctrl or Cmd with a key, and Escape, always work.

import { run } from "./commands.js";
import { commandOf } from "./keymap.js";

const PREFIX = "g";
const PATIENCE = 1200; // ms between the two keys of a sequence
const REPEATING = new Set(["down", "up", "extend-down", "extend-up"]);
let begun = -PATIENCE;

export function listenForKeys() {
  document.addEventListener("keydown", hear);
}

function hear(event) {
  if (event.defaultPrevented || event.isComposing || event.key === "Shift") return;
  const key = strokeOf(event);
  const always = key.startsWith("$mod+") || key === "Escape";
  if (!always && (!("keys" in document.body.dataset) || isTaken(event))) return;
  if (isInDialog() && key !== "$mod+k") return;
  const name = commandOf(inSequence(key)) ?? (/^[1-9]$/.test(key) ? "digit" : undefined);
  if (!name || (event.repeat && !REPEATING.has(name))) return;
  if (run(name, { key, target: event.target })) event.preventDefault();
}

// `g` and the key behind it are one stroke: `g s` is not `s`.
function inSequence(key) {
  const follows = performance.now() - begun < PATIENCE;
  begun = !follows && key === PREFIX ? performance.now() : -PATIENCE;
  return follows ? `${PREFIX} ${key}` : key;
}

// Letters by what they mean, on other alphabets by where they are.
function strokeOf(event) {
  const sign = event.getModifierState("AltGraph");
  const latin = /^[\x20-\x7e]$/.test(event.key) || event.key.length > 1;
  const key = latin ? event.key : event.code.replace(/^Key/, "").toLowerCase();
  const letter = /^[a-z]$/i.test(key);
  if ((event.ctrlKey || event.metaKey) && !sign) return `$mod+${letter ? key.toLowerCase() : key}`;
  if (event.altKey && !sign) return `Alt+${key}`;
  if (letter) return event.shiftKey ? `Shift+${key.toUpperCase()}` : key.toLowerCase();
  return key;
}

function isTaken({ target }) {
  if (target.matches?.('input[type="checkbox"], input[type="radio"]')) return false;
  return Boolean(target.closest?.("input, textarea, select, [contenteditable]"));
}

function isInDialog() {
  return Boolean(document.querySelector("dialog[open], [popover]:popover-open"));
}
