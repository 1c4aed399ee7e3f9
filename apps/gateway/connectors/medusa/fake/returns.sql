CREATE TABLE returns (
    id TEXT PRIMARY KEY, order_id TEXT NOT NULL REFERENCES orders, location_id TEXT,
    status TEXT NOT NULL, metadata TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    canceled_at TEXT, requested_at TEXT, received_at TEXT
);
CREATE INDEX returns_order ON returns (order_id);
CREATE TABLE return_lines (
    id TEXT PRIMARY KEY, return_id TEXT NOT NULL REFERENCES returns,
    line_id TEXT NOT NULL REFERENCES lines, quantity INTEGER NOT NULL,
    received INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX return_lines_return ON return_lines (return_id);
CREATE TABLE changes (
    id TEXT PRIMARY KEY, order_id TEXT NOT NULL REFERENCES orders, return_id TEXT NOT NULL,
    change_type TEXT NOT NULL, status TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE INDEX changes_order ON changes (order_id);
-- no unique (change, line): the same call twice lists the goods twice, as in Medusa
CREATE TABLE change_actions (
    id TEXT PRIMARY KEY, change_id TEXT NOT NULL REFERENCES changes ON DELETE CASCADE,
    action TEXT NOT NULL, line_id TEXT NOT NULL, quantity INTEGER NOT NULL
);
CREATE INDEX change_actions_change ON change_actions (change_id);
