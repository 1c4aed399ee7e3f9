// The entry: everything the console does in the browser. HTML comes from the server.
import "./vendor/relative-time-element.js";
import "./errors.js";
import "./inbox.js";
import "./drawers.js";
import "./hold.js";
import "./stream.js";
import "./operations.js";
import { listenForKeys } from "./keys.js";
import { connect } from "./trace.js";

listenForKeys();
connect();
