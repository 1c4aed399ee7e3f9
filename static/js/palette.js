// Ctrl/Cmd+K: every command that can be given here with its key, every page, and proposals by words.

import { define, isAvailable, run } from "./commands.js";
import { allNames, keyOf, wordsOf } from "./keymap.js";

const LEAST = 2; // characters before proposals are looked for
const WAIT = 180; // ms
const NOT_LISTED = new Set(["palette", "send", "leave", "search"]);
const dialog = document.getElementById("palette");
const field = dialog?.querySelector("input");
const options = dialog?.querySelector("[role=listbox]");
let commands = [];
let asked = 0;
let timer = 0;

define("palette", show, { when: () => Boolean(dialog) });
define(
  "search",
  () => {
    const here = document.querySelector("main [type=search]");
    if (here) here.focus();
    else show();
  },
  { when: () => Boolean(dialog) },
);
define("sheet", () => document.getElementById("keys")?.showModal());

function show() {
  if (dialog.open) {
    dialog.close();
    return;
  }
  commands = [...listCommands(), ...listPages()];
  field.value = "";
  dialog.showModal();
  draw([]);
}

function listCommands() {
  return allNames()
    .filter((name) => !NOT_LISTED.has(name) && isAvailable(name))
    .map((name) => ({
      words: wordsOf(name),
      key: keyOf(name),
      act: () => run(name, { key: "", target: document.body }),
    }));
}

// Links of the navigation and the splits that no command stands for.
function listPages() {
  const links = document.querySelectorAll(".nav a:not([data-command]), .splits a, .menu a");
  return [...links]
    .filter((link) => !link.dataset.command && link.getAttribute("aria-current") !== "page")
    .map((link) => ({
      words: (link.dataset.words ?? link.textContent).trim().replace(/\s+/g, " "),
      key: "",
      act: () => link.click(),
    }));
}

function matching(typed) {
  const parts = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return commands.filter(({ words }) => parts.every((part) => words.toLowerCase().includes(part)));
}

let drawn = [];
function draw(found) {
  drawn = [...matching(field.value), ...found];
  options.replaceChildren(...drawn.map(item));
  dialog.querySelector("[data-none]").hidden = drawn.length > 0;
  point(0);
}

function item({ words, key, detail }, at) {
  const option = document.createElement("li");
  Object.assign(option, { id: `option-${at}`, role: "option" });
  const text = document.createElement("span");
  text.textContent = words;
  option.append(text);
  for (const [tag, content] of [
    ["small", detail],
    ["kbd", key],
  ]) {
    if (!content) continue;
    const extra = document.createElement(tag);
    extra.textContent = content;
    option.append(extra);
  }
  return option;
}

function point(at) {
  options.querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
  const option = options.children[at];
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field.removeAttribute("aria-activedescendant");
}

function pointed() {
  return [...options.children].findIndex((option) => option.ariaSelected === "true");
}

function choose(at) {
  const chosen = drawn[at];
  if (!chosen) return;
  dialog.close();
  chosen.act();
}

field?.addEventListener("input", () => {
  draw([]);
  clearTimeout(timer);
  timer = setTimeout(look, WAIT);
});
field?.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && drawn.length) point((pointed() + step + drawn.length) % drawn.length);
  else if (event.key === "Enter") choose(pointed());
  else return;
  event.preventDefault();
});
options?.addEventListener("click", ({ target }) => {
  const option = target.closest("[role=option]");
  if (option) choose([...options.children].indexOf(option));
});
options?.addEventListener("pointermove", ({ target }) => {
  const option = target.closest("[role=option]");
  if (option) point([...options.children].indexOf(option));
});
dialog?.addEventListener("click", ({ target }) => {
  if (target === dialog) dialog.close();
});
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-palette]")) show();
});

async function look() {
  const typed = field.value.trim();
  const number = ++asked;
  if (typed.length < LEAST) return;
  const answer = await fetch(`${dialog.dataset.url}?q=${encodeURIComponent(typed)}`).catch(() => null);
  if (!answer?.ok || answer.redirected || number !== asked || typed !== field.value.trim()) return;
  const { proposals } = await answer.json();
  const at = pointed(); // perhaps moved on with the arrows meanwhile; what comes is put behind
  draw(
    proposals.map(({ title, detail, address }) => ({
      words: title,
      detail,
      key: "",
      act: () => location.assign(address),
    })),
  );
  if (at > 0) point(at);
}
