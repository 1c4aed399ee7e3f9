// One key approves what is low or medium risk; high risk takes the button and Ctrl/Cmd+Enter.
import { controlOf, define } from "./commands.js";
import { lastShown } from "./panel_loader.js";

const UNSEEN = 300; // ms: nobody has read what was shown less than this ago
const DOUBLE = 600; // ms: a second click this soon was meant for what was there before

define(
  "approve",
  () => {
    const button = controlOf("approve");
    if (button.form.dataset.risk === "high") button.focus();
    else if (performance.now() - lastShown() > UNSEEN) button.form.requestSubmit(button);
  },
  { when: () => Boolean(controlOf("approve")) },
);

document.addEventListener(
  "click",
  (event) => {
    const isSecond = event.detail > 1 && performance.now() - lastShown() < DOUBLE;
    if (isSecond && event.target.closest("#decide")) event.preventDefault();
  },
  { capture: true },
);
