// What is typed under a proposal is kept until it is sent: through a reload, a claim that lapsed, a
// lost connection. It stays in this tab and ends with it.

import { open } from "./drawers.js";
import { DECIDED, SHOWN } from "./events.js";
import { isChanged } from "./live.js";
import { panel } from "./panel_loader.js";

const keyOf = (now) => `draft:${now?.dataset.proposal}`;
const sent = new Set(); // leaving a field as its panel goes is no typing

document.addEventListener("input", keep);
document.addEventListener("change", keep);

function keep({ target }) {
  const form = target.form;
  const now = form?.matches(".drawer, .resolve") && form.closest("#panel");
  if (!now || now !== panel() || sent.has(now.dataset.proposal)) return;
  const fields = [...form.elements].filter((field) => field.name && isChanged(field));
  const values = fields.map((field) => [field.name, field.type === "checkbox" ? [field.value] : field.value]);
  if (values.length) sessionStorage.setItem(keyOf(now), JSON.stringify({ form: form.id, values }));
  else sessionStorage.removeItem(keyOf(now));
}

function restore(now) {
  const { form: id, values } = JSON.parse(sessionStorage.getItem(keyOf(now)) ?? "{}");
  const form = id && document.getElementById(id);
  if (!form || now.querySelector("[data-form-error]")) return;
  for (const [name, value] of values) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (Array.isArray(value)) field.checked ||= value.includes(field.value);
      else field.value = value;
    }
  }
  if (form.matches(".drawer")) open(id);
}

document.addEventListener(DECIDED, ({ detail: { proposal } }) => {
  sent.add(proposal);
  sessionStorage.removeItem(`draft:${proposal}`);
});
document.addEventListener(SHOWN, ({ detail: { panel: now } }) => {
  sent.delete(now.dataset.proposal);
  restore(now);
});
document.addEventListener("click", ({ target }) => {
  if (target.closest("#panel [data-shut]")) sessionStorage.removeItem(keyOf(panel()));
});
if (panel()) restore(panel());
