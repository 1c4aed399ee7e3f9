// One key approves what is low or medium risk; high risk takes the button and Ctrl/Cmd+Enter.
import { controlOf, define } from "./commands.js";
import { lastShown } from "./stage.js";

const UNSEEN = 300; // ms: nobody has read what was shown less than this ago

define("approve", () => {
  const button = controlOf("approve");
  if (button.form.dataset.risk === "high") button.focus();
  else if (performance.now() - lastShown() > UNSEEN) button.form.requestSubmit(button);
}, { when: () => Boolean(controlOf("approve")) });
