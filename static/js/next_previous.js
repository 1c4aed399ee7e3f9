// Next and previous: from row to row, from that which is shown or already on its way.
import { define } from "./commands.js";
import { openPanel, panel } from "./panel_loader.js";
import { headedFor } from "./request_queue.js";

define("next", () => step(1) ?? document.getElementById("next")?.click(), { when: hasRows });
define("previous", () => step(-1), { when: hasRows });

function hasRows() {
  return Boolean(panel() && document.querySelector("#list .row"));
}

function step(by) {
  const rows = [...document.querySelectorAll("#list .row")];
  const goal = rows.findIndex((row) => row.getAttribute("href") === headedFor());
  const now = rows.findIndex((row) => row.getAttribute("aria-current") === "true");
  for (let at = (goal < 0 ? now : goal) + by; rows[at]; at += by) {
    if (rows[at].hasAttribute("data-gone")) continue;
    rows[at].scrollIntoView({ block: "nearest" });
    openPanel(rows[at].getAttribute("href"));
    return true;
  }
  return undefined;
}
