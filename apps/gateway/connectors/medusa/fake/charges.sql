-- What was charged, where the shop knows it: an order planted without these rows tells its total
-- and its payments only. `total` of a line is for all its pieces, discounts off and tax in.
CREATE TABLE IF NOT EXISTS line_charges (
    line_id TEXT PRIMARY KEY REFERENCES lines,
    discount REAL NOT NULL DEFAULT 0, tax REAL NOT NULL DEFAULT 0, total REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS order_charges (
    order_id TEXT PRIMARY KEY REFERENCES orders, shipping REAL NOT NULL
);
-- the orders a demo shop was opened with: whole prices, and 4.90 for shipping
CREATE TEMP TABLE plain_orders AS
    SELECT o.id FROM orders o JOIN lines l ON l.order_id = o.id GROUP BY o.id
    HAVING abs(o.original_total - 4.9 - sum(l.quantity * l.unit_price)) < 0.005;
INSERT OR IGNORE INTO order_charges (order_id, shipping) SELECT id, 4.9 FROM plain_orders;
INSERT OR IGNORE INTO line_charges (line_id, total)
    SELECT l.id, l.quantity * l.unit_price FROM lines l JOIN plain_orders p ON p.id = l.order_id;
DROP TABLE plain_orders;
