CREATE TRIGGER card_changes_are_append_only BEFORE UPDATE OR DELETE ON card_changes
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
CREATE TRIGGER card_change_outcomes_are_append_only BEFORE UPDATE OR DELETE ON card_change_outcomes
  FOR EACH ROW EXECUTE FUNCTION station_refuses();
