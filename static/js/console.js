// The entry: everything the console does in the browser. HTML comes from the server.
import "./vendor/relative-time-element.js";
import "./errors.js";
import "./panel_loader.js";
import "./next_previous.js";
import "./panel.js";
import "./rows.js";
import "./selection.js";
import "./live.js";
import "./claim.js";
import "./drawers.js";
import "./drafts.js";
import "./approve.js";
import "./hold.js";
import "./palette.js";
import "./trace.js";
import "./operations.js";
import { connect } from "./event_stream.js";
import { listenForKeys } from "./keys.js";

listenForKeys();
connect();
