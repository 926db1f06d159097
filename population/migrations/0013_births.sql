-- Version 11: whose birth date it is: newborns are compared with those of their day before they get a number.

CREATE INDEX IF NOT EXISTS person_birth_date ON person (birth_date);
