-- Version 19: a page of persons keeps room for the next record of somebody on it (decision 0162): then neither index changes.

-- postgres: ALTER TABLE person SET (fillfactor = 85);
