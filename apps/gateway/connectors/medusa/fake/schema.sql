CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE products (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, subtitle TEXT, description TEXT,
    status TEXT NOT NULL, handle TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE TABLE variants (
    id TEXT PRIMARY KEY, product_id TEXT NOT NULL REFERENCES products, sku TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL, metadata TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE INDEX variants_product ON variants (product_id);
-- no unique (variant, currency): parallel writes leave two prices, as in Medusa
CREATE TABLE prices (
    id TEXT PRIMARY KEY, variant_id TEXT NOT NULL REFERENCES variants,
    currency_code TEXT NOT NULL, amount REAL NOT NULL, min_quantity INTEGER, max_quantity INTEGER,
    rules TEXT NOT NULL DEFAULT '{}', created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE INDEX prices_variant ON prices (variant_id);
CREATE TABLE levels (
    id TEXT PRIMARY KEY, item_id TEXT NOT NULL UNIQUE, variant_id TEXT NOT NULL REFERENCES variants,
    location_id TEXT NOT NULL, stocked REAL NOT NULL, reserved REAL NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE INDEX levels_variant ON levels (variant_id);
CREATE TABLE orders (
    id TEXT PRIMARY KEY, display_id INTEGER NOT NULL UNIQUE, email TEXT NOT NULL,
    currency_code TEXT NOT NULL, status TEXT NOT NULL, fulfillment_status TEXT NOT NULL,
    original_total REAL NOT NULL, version INTEGER NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE TABLE lines (
    id TEXT PRIMARY KEY, order_id TEXT NOT NULL REFERENCES orders, variant_id TEXT NOT NULL,
    variant_sku TEXT NOT NULL, title TEXT NOT NULL, subtitle TEXT NOT NULL,
    quantity INTEGER NOT NULL, unit_price REAL NOT NULL
);
CREATE INDEX lines_order ON lines (order_id);
CREATE TABLE payments (
    id TEXT PRIMARY KEY, order_id TEXT NOT NULL REFERENCES orders, collection_id TEXT NOT NULL,
    amount REAL NOT NULL, captured_at TEXT NOT NULL
);
CREATE INDEX payments_order ON payments (order_id);
CREATE TABLE refunds (
    id TEXT PRIMARY KEY, payment_id TEXT NOT NULL REFERENCES payments, amount REAL NOT NULL,
    note TEXT, refund_reason_id TEXT, created_at TEXT NOT NULL
);
CREATE INDEX refunds_payment ON refunds (payment_id);
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE, sender TEXT NOT NULL,
    subject TEXT NOT NULL, body TEXT NOT NULL, order_number TEXT, received_at TEXT NOT NULL
);
CREATE TABLE competitor_prices (
    sku TEXT NOT NULL, currency TEXT NOT NULL, amount TEXT NOT NULL, source TEXT NOT NULL,
    seen_at TEXT NOT NULL
);
CREATE TABLE mails (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL, sender TEXT NOT NULL,
    recipient TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, received_at TEXT NOT NULL
);
CREATE TABLE ledger (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, action TEXT NOT NULL,
    target TEXT NOT NULL, amount TEXT, currency TEXT, params TEXT NOT NULL, key TEXT
);
CREATE TRIGGER ledger_keeps BEFORE UPDATE ON ledger
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_stays BEFORE DELETE ON ledger
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
