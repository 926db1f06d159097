-- A person's applications: the newest, and who captured the same before.
CREATE INDEX applications_by_person ON applications (person_number, id);
