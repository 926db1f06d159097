CREATE TRIGGER stock_receipts_later_are_append_only BEFORE UPDATE OR DELETE ON stock_receipts_later
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
