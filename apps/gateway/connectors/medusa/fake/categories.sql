-- Where the shop shows a product; one that is nowhere is in no category. A shop that was opened before
-- there were any has none.
CREATE TABLE IF NOT EXISTS categories (id TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS product_categories (
    product_id TEXT NOT NULL REFERENCES products, category_id TEXT NOT NULL REFERENCES categories,
    PRIMARY KEY (product_id, category_id)
);
