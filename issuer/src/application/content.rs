//! The digest by which the ledger knows a request again: two that say or bring different things are two.

use sha2::{Digest, Sha256};

use super::{Application, Ground};

impl Application {
    /// The same request has the same digest: a run after a crash is known by it.
    #[must_use]
    pub fn content_sha256(&self) -> String {
        let mut hash = Sha256::new();
        for part in [
            self.number.as_str().as_bytes(),
            self.reason.as_str().as_bytes(),
            self.ground.map_or("", Ground::as_str).as_bytes(),
            self.template.as_str().as_bytes(),
            &Sha256::digest(&self.portrait),
        ] {
            hash.update(part);
            hash.update([0]);
        }
        if let Some(representative) = &self.representative {
            hash.update(representative.number.as_str());
        }
        // Two files of one person that say or bring different things are two applications.
        let said = &self.asserted;
        let birth_date = said.birth_date.map(|date| date.to_string());
        let sex = said.sex.map(|sex| format!("{sex:?}"));
        let acting = self.representative.as_ref().map(|one| one.full_name.as_str());
        let papers: Vec<String> = self
            .papers
            .iter()
            .map(|one| {
                let day = one.birth_date.map(|date| date.to_string());
                format!(
                    "{}\u{0}{}\u{0}{}",
                    one.paper,
                    one.full_name.as_deref().unwrap_or_default(),
                    day.unwrap_or_default()
                )
            })
            .collect();
        let more: [Option<&str>; 15] = [
            said.full_name.as_deref(),
            birth_date.as_deref(),
            sex.as_deref(),
            said.nationality.as_deref(),
            said.ethnic_group.as_deref(),
            said.religion.as_deref(),
            said.place_of_origin.as_deref(),
            said.residence.as_deref(),
            said.birth_registration_place.as_deref(),
            said.identification_marks.as_deref(),
            said.father.as_deref(),
            said.mother.as_deref(),
            said.spouse.as_deref(),
            said.old_number.as_deref(),
            acting,
        ];
        // An application that says nothing more has the digest that it always had.
        if more.iter().any(Option::is_some) || !papers.is_empty() {
            for text in
                more.into_iter().map(Option::unwrap_or_default).chain(papers.iter().map(String::as_str))
            {
                hash.update([1]);
                hash.update(Sha256::digest(text));
            }
        }
        hex::encode(hash.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const JPEG: &str = "/9j/4AAQSkZJRg==";

    fn digest(json: &str) -> String {
        Application::parse(json.as_bytes(), Path::new("/nonexistent")).unwrap().content_sha256()
    }

    #[test]
    fn the_digest_tells_requests_apart() {
        let base = |ground: &str, number: &str| {
            let reason = ground.parse::<Ground>().unwrap().reason().as_str();
            digest(&format!(
                r#"{{"person":{{"number":"{number}"}},"portrait":"{JPEG}","reason":"{reason}","ground":"{ground}"}}"#
            ))
        };
        assert_eq!(base("lost-or-damaged", "079099000001"), base("lost-or-damaged", "079099000001"));
        assert_ne!(base("age", "079099000001"), base("lost-or-damaged", "079099000001"));
        assert_ne!(base("age", "079099000001"), base("particulars", "079099000001"));
        assert_ne!(base("age", "079099000001"), base("age", "079099000002"));
        let more = |person: &str, papers: &str| {
            digest(&format!(
                r#"{{"person":{{"number":"079099000001"{person}}},"portrait":"{JPEG}","reason":"first-issue"{papers}}}"#
            ))
        };
        let paper = |name: &str| format!(r#","papers":[{{"paper":"giấy khai sinh","full_name":"{name}"}}]"#);
        let told = [
            more("", ""),
            more(r#","full_name":"Nguyễn Văn An""#, ""),
            more(r#","full_name":"Nguyễn Văn Ân""#, ""),
            more(r#","father":"Nguyễn Văn An""#, ""),
            more("", &paper("Nguyễn Văn An")),
            more("", &paper("Nguyễn Văn Ân")),
        ];
        let different: std::collections::BTreeSet<&String> = told.iter().collect();
        assert_eq!(different.len(), told.len(), "what is said and what is brought tell applications apart");
    }
}
