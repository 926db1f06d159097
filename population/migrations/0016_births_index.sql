-- Version 16: the index of people knows newborns by day and name and by day and parent. One that was made before does not; then
-- births are compared by reading everybody of the day, until it is made again.

ALTER TABLE search_index_claim ADD COLUMN form INTEGER NOT NULL DEFAULT 1 CHECK (form >= 1);
