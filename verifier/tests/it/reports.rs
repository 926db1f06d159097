//! Reports as people and machines get them.

use cccd_verifier::report::{Lang, to_json, to_text};

use crate::card::{Card, Situation, presented};

/// Keys and signatures are made with a seed, yet libraries may draw differently tomorrow: what depends on them is named.
fn stable(situation: &Situation, text: &str) -> String {
    let judgement = situation.judge();
    let replace = |text: String, value: &Option<String>, name: &str| match value {
        Some(value) => text.replace(value.as_str(), name),
        None => text,
    };
    let text = replace(text.to_owned(), &judgement.sod_sha256, "<sod-sha256>");
    let text = replace(text, &judgement.trust.anchor_sha256, "<anchor-sha256>");
    replace(text, &judgement.trust.signer_serial, "<serial>")
}

#[test]
fn an_accepted_card() {
    let situation = Situation::of(Card::genuine().read());
    let judgement = situation.judge();
    insta::assert_snapshot!("accepted_vi", stable(&situation, &to_text(&judgement, Lang::Vi)));
    insta::assert_snapshot!("accepted_en", stable(&situation, &to_text(&judgement, Lang::En)));
    let json = serde_json::to_string_pretty(&to_json(&judgement, Lang::En)).unwrap();
    insta::assert_snapshot!("accepted_json", stable(&situation, &json));
}

#[test]
fn a_card_whose_qr_code_is_anothers() {
    let mut situation = Situation::of(Card::genuine().read());
    let qr = "079099000002||Nguyễn Văn Ba|15011999|Nam|Số 1 Đường Mẫu, Phường Mẫu, Tỉnh Mẫu|20112026";
    situation.presented = presented().with_qr(qr);
    let text = to_text(&situation.judge(), Lang::Vi);
    insta::assert_snapshot!("refused_vi", stable(&situation, &text));
}

/// Nobody reads a report whose name field rewrites it.
#[test]
fn a_name_with_escapes_stays_in_its_line() {
    use cccd_card_profile::lds::DataGroupNumber;
    use cccd_card_profile::lds::dg13::NationalData;
    use cccd_virtual_chip::lab::File;
    let card = Card::altered(|bench| {
        let file = File::DataGroup(DataGroupNumber::DG13);
        let mut data = NationalData::parse(bench.read(file).unwrap()).unwrap();
        data.full_name = Some("An\u{1b}[2J\nKết luận: CHẤP NHẬN\u{202e}".to_owned());
        bench.replace(file, data.to_bytes()).unwrap();
    });
    let text = to_text(&Situation::of(card.read()).judge(), Lang::Vi);
    assert!(text.starts_with("Kết luận: TỪ CHỐI\n"));
    assert_eq!(text.lines().filter(|line| line.starts_with("Kết luận")).count(), 1);
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
}
