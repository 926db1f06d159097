//! The register over HTTP: an answer is believed only under a pinned key, for this nonce, this question, this time.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cccd_keys::detached::sign_register_answer;
use cccd_keys::signer::Signer as _;
use cccd_keys::trust::TrustStore;
use cccd_verifier::Policy;
use cccd_verifier::register::answer::AnswerError;
use cccd_verifier::register::http::HttpRegister;
use cccd_verifier::register::{
    CardStatus, MatchQuestion, Register as _, RegisterError, subject_of_card_status, subject_of_match,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::card::{NOW, at, rng, vietnam};

/// Serves one request on loopback with what `answer` makes of its body; gives the URL and the request's head.
fn serve(
    answer: impl FnOnce(Value) -> (u16, Vec<u8>) + Send + 'static,
) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let (status, answer) = answer(serde_json::from_slice(&body).unwrap());
        write!(
            stream,
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            answer.len()
        )
        .unwrap();
        stream.write_all(&answer).unwrap();
        head
    });
    (url, served)
}

fn seal(key: &dyn cccd_keys::signer::Signer, inner: &Value) -> Vec<u8> {
    let bytes = inner.to_string();
    let signature = sign_register_answer(key, bytes.as_bytes()).unwrap();
    json!({
        "answer": STANDARD.encode(&bytes),
        "signature": STANDARD.encode(signature),
        "key": key.public_key().fingerprint(),
    })
    .to_string()
    .into_bytes()
}

fn ask<T>(url: &str, trust: &TrustStore, ask: impl FnOnce(&mut HttpRegister<'_>) -> T) -> T {
    let (policy, mut rng, clock) = (Policy::default(), rng(31), || at(NOW));
    let token = Zeroizing::new("t".repeat(32));
    let mut register =
        HttpRegister::new(url, token, Duration::from_secs(5), trust, &policy, &clock, &mut rng);
    ask(&mut register)
}

const SOD: [u8; 32] = [7; 32];

/// A card-status answer, altered.
fn status_with(change: impl FnOnce(&mut Value) + Send + 'static) -> Result<CardStatus, RegisterError> {
    let (url, served) = serve(|request| {
        let mut inner = json!({
            "kind": "card-status", "nonce": request["nonce"], "time": NOW,
            "subject": subject_of_card_status(&SOD), "status": "active", "a-later-member": 1,
        });
        change(&mut inner);
        (200, seal(&vietnam().keys.register_key().unwrap(), &inner))
    });
    let answer = ask(&url, &vietnam().trust(), |register| register.card_status(&SOD));
    let head = served.join().unwrap().to_ascii_lowercase();
    assert!(head.starts_with("post /v1/card-status http/1.1"), "{head}");
    assert!(head.contains(&format!("authorization: bearer {}", "t".repeat(32))));
    answer.map(|answer| answer.status)
}

#[test]
fn a_signed_answer_to_this_question_is_believed() {
    assert_eq!(status_with(|_| {}), Ok(CardStatus::Active));
    assert_eq!(status_with(|inner| inner["status"] = "lost".into()), Ok(CardStatus::Lost));
}

#[test]
fn every_other_answer_is_not() {
    let not = |error| Err(RegisterError::NotBelieved(error));
    assert_eq!(status_with(|inner| inner["nonce"] = "AAAA".into()), not(AnswerError::Nonce));
    assert_eq!(status_with(|inner| inner["kind"] = "match".into()), not(AnswerError::Kind));
    let other = subject_of_card_status(&[8; 32]);
    assert_eq!(status_with(move |inner| inner["subject"] = other.into()), not(AnswerError::Subject));
    assert_eq!(status_with(|inner| inner["time"] = "2026-11-21T02:54:00Z".into()), not(AnswerError::Time));
    assert_eq!(status_with(|inner| inner["time"] = "2026-11-21T03:03:00Z".into()), not(AnswerError::Time));
    assert_eq!(status_with(|inner| inner["status"] = "splendid".into()), not(AnswerError::Malformed));
}

#[test]
fn a_key_that_comes_with_its_answer_is_not_believed() {
    let (url, served) = serve(|_| (200, seal(&vietnam().keys.station_key().unwrap(), &json!({}))));
    let answer = ask(&url, &vietnam().trust(), |register| register.card_status(&SOD));
    assert_eq!(answer, Err(RegisterError::NotBelieved(AnswerError::UnknownKey)));
    served.join().unwrap();
    // The pinned key's name over another key's signature.
    let (url, served) = serve(|_| {
        let mut answer: Value =
            serde_json::from_slice(&seal(&vietnam().keys.station_key().unwrap(), &json!({}))).unwrap();
        answer["key"] = vietnam().keys.register_key().unwrap().public_key().fingerprint().into();
        (200, answer.to_string().into_bytes())
    });
    let answer = ask(&url, &vietnam().trust(), |register| register.card_status(&SOD));
    assert_eq!(answer, Err(RegisterError::NotBelieved(AnswerError::Signature)));
    served.join().unwrap();
}

#[test]
fn a_match_binds_all_that_was_asked() {
    let question = MatchQuestion {
        number: "079099000001".into(),
        full_name: "Nguyễn Văn An".into(),
        birth_date: "1999-01-15".into(),
        also: [("residence".to_owned(), "Tổ 1".to_owned())].into(),
    };
    let subject = subject_of_match(&question);
    let (url, served) = serve(move |request| {
        assert_eq!(request["number"], "079099000001");
        assert_eq!(request["also"]["residence"], "Tổ 1");
        let inner = json!({
            "kind": "match", "nonce": request["nonce"], "time": NOW, "subject": subject,
            "result": "match", "agree": { "residence": "differs" },
        });
        (200, seal(&vietnam().keys.register_key().unwrap(), &inner))
    });
    let answer = ask(&url, &vietnam().trust(), |register| register.match_person(&question)).unwrap();
    assert!(answer.matches);
    assert_eq!(answer.agree["residence"], "differs");
    served.join().unwrap();
}

#[test]
fn refusals_and_silence_are_not_no_match() {
    let refusal = br#"{"error":{"code":"wrong-role","message":"","hint":""}}"#.to_vec();
    let (url, served) = serve(|_| (403, refusal));
    let answer = ask(&url, &vietnam().trust(), |register| register.card_status(&SOD));
    assert_eq!(answer, Err(RegisterError::Refused("wrong-role".into())));
    served.join().unwrap();
    let (url, served) = serve(|_| (429, b"{}".to_vec()));
    let answer = ask(&url, &vietnam().trust(), |register| register.card_status(&SOD));
    assert_eq!(answer, Err(RegisterError::TooManyAttempts));
    served.join().unwrap();
    let silent = ask("http://127.0.0.1:1", &vietnam().trust(), |register| register.card_status(&SOD));
    assert!(matches!(silent, Err(RegisterError::Unreachable(_))));
}
