// The forms for editing and rejecting: one open at a time, what was typed stays.
export function open(id) {
  const form = document.getElementById(id);
  if (!form) return;
  document.querySelectorAll(".drawer").forEach((other) => show(other, other === form));
  form.querySelector("input:not([type=hidden]), textarea, select")?.focus();
}

export function shut() {
  const form = document.querySelector(".drawer:not([hidden])");
  if (!form) return false;
  show(form, false);
  opener(form)?.focus();
  return true;
}

function opener(form) {
  return document.querySelector(`[data-opens="${form.id}"]`);
}

function show(form, visible) {
  form.hidden = !visible;
  opener(form)?.setAttribute("aria-expanded", String(visible));
}

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
  const after = Number(target.value.trim().replace(",", "."));
  if (!before || !(after > 0)) return;
  const exact = new RegExp(`(?<![\\d.,])${before.replace(".", "\\.")}(?![\\d])`, "g");
  target.dataset.last = after.toFixed(2);
  for (const letter of target.form.querySelectorAll("textarea")) {
    letter.value = letter.value.replace(exact, after.toFixed(2));
  }
});
