// What a key, the palette or a button makes happen. A command without a function of its own presses
// the control of the page that carries its name in `data-command`.
const own = new Map();

export function define(name, run, { when = () => true } = {}) {
  own.set(name, { run, when });
}

export function run(name, event) {
  const command = own.get(name);
  if (command?.when()) return command.run(event) !== false;
  const control = controlOf(name);
  if (!control) return false;
  if (control.matches("input, textarea")) control.select();
  else control.click();
  return true;
}

export function isAvailable(name) {
  return own.has(name) ? own.get(name).when() : Boolean(controlOf(name));
}

export function controlOf(name) {
  const found = [...document.querySelectorAll(`[data-command="${name}"]:not(:disabled)`)];
  return found.find((element) => element.closest("#panel") && isShown(element)) ?? found.find(isShown);
}

// A link in the closed menu can be followed; what is hidden on purpose, or on its way out, can not.
function isShown(control) {
  return !control.closest("[hidden], [inert]") && (control.closest("[popover]") || control.checkVisibility());
}
