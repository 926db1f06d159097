CREATE TRIGGER stock_receipts_later_are_append_only_1 BEFORE UPDATE ON stock_receipts_later
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_receipts_later_are_append_only_2 BEFORE DELETE ON stock_receipts_later
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
