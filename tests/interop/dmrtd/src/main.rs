//! The reader of the crate `dmrtd` as a peer, through PC/SC. It reads one request per line from standard input:
//! `read` and name=value pairs. Each step that succeeded is answered with a line `done STEP NOTE`, the whole with `ok`
//! or `error STEP WORDS`.

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead as _, Write as _};

use chrono::NaiveDate;
use dmrtd::auth::passive::{self, DataGroup, TrustAnchor};
use dmrtd::com::{TransceiveError, Transceiver};
use dmrtd::lds::df1::{efcom::EfCOM, efdg15::EfDG15};
use dmrtd::lds::ef::ElementaryFile as _;
use dmrtd::lds::efcard_access::EfCardAccess;
use dmrtd::passport::Passport;
use dmrtd::proto::{can_key::CanKey, dba_key::DBAKey};
use pcsc::{Card, Context, Disposition, Protocols, Scope, ShareMode};

type Outcome<T> = Result<T, Box<dyn Error>>;

struct Link<'a>(&'a Card);

impl Transceiver for Link<'_> {
    fn transceive(&mut self, command: &[u8]) -> Result<Vec<u8>, TransceiveError> {
        let mut answer = self.send(command)?;
        // PC/SC leaves GET RESPONSE to the program (ISO/IEC 7816-4 §5.3.4); dmrtd leaves it to its transport.
        while let [.., 0x61, more] = *answer {
            answer.truncate(answer.len() - 2);
            answer.extend(self.send(&[0x00, 0xC0, 0x00, 0x00, more])?);
        }
        Ok(answer)
    }
}

impl Link<'_> {
    fn send(&self, command: &[u8]) -> Result<Vec<u8>, TransceiveError> {
        let mut buffer = vec![0; 65_548];
        let answer = self.0.transmit(command, &mut buffer);
        answer.map(<[u8]>::to_vec).map_err(|error| TransceiveError::new(error.to_string()))
    }
}

struct Steps(&'static str);

impl Steps {
    fn begin(&mut self, name: &'static str) {
        self.0 = name;
    }

    fn done(&self, note: &str) {
        println!("{}", format!("done {} {note}", self.0).trim_end());
    }
}

fn main() -> Outcome<()> {
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let given: HashMap<&str, &str> = line.split(' ').filter_map(|word| word.split_once('=')).collect();
        let mut steps = Steps("connect");
        match read(&given, &mut steps) {
            Ok(()) => println!("ok"),
            Err(error) => println!("error {} {}", steps.0, error.to_string().replace('\n', " ")),
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn bytes(given: &HashMap<&str, &str>, name: &str) -> Outcome<Vec<u8>> {
    Ok(hex::decode(given.get(name).ok_or_else(|| format!("{name} is missing"))?)?)
}

fn date(digits: &str, century: i32) -> Outcome<NaiveDate> {
    let number = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default().parse::<u32>();
    let year = century + i32::try_from(number(0..2)?)?;
    NaiveDate::from_ymd_opt(year, number(2..4)?, number(4..6)?).ok_or_else(|| "no such date".into())
}

fn read(given: &HashMap<&str, &str>, steps: &mut Steps) -> Outcome<()> {
    let context = Context::establish(Scope::User)?;
    let name = std::ffi::CString::new(bytes(given, "reader")?)?;
    let card = context.connect(&name, ShareMode::Exclusive, Protocols::ANY)?;
    let outcome = with_card(given, steps, &card);
    let _ = card.disconnect(Disposition::ResetCard);
    outcome
}

fn with_card(given: &HashMap<&str, &str>, steps: &mut Steps, card: &Card) -> Outcome<()> {
    let field = |name| given.get(name).copied().unwrap_or_default();
    let mut passport = Passport::new(Link(card));
    // Only month and day and the last two digits of the year are hashed: the century does not matter.
    let mrz = |pace| -> Outcome<DBAKey> {
        Ok(DBAKey::new(field("number"), date(field("birth"), 2000)?, date(field("expiry"), 2000)?, pace)?)
    };
    if field("pace").is_empty() {
        steps.begin("BAC");
        passport.start_session(mrz(false)?)?;
    } else {
        steps.begin("EF.CardAccess");
        // Its own method selects the master file, which cards like ours do not know: 6D00.
        let bytes = passport.api_mut().read_file_by_sfi(EfCardAccess::SFI)?;
        let access = EfCardAccess::from_bytes(bytes)?;
        steps.done("");
        steps.begin("PACE");
        if field("pace") == "can" {
            passport.start_session_pace(CanKey::new(field("secret"))?, &access)?;
        } else {
            passport.start_session_pace(mrz(true)?, &access)?;
        }
    }
    steps.done("");
    steps.begin("EF.COM");
    let com: EfCOM = passport.read_ef_com()?;
    steps.done(&format!("LDS {}", com.version()));
    steps.begin("files");
    let sod = passport.read_ef_sod()?;
    let (dg1, dg2) = (passport.read_ef_dg1()?, passport.read_ef_dg2()?);
    let (dg13, dg14) = (passport.read_ef_dg13()?, passport.read_ef_dg14()?);
    let dg15: EfDG15 = passport.read_ef_dg15()?;
    let mrz = dg1.mrz();
    if mrz.document_number() != field("number") {
        return Err(format!("DG1 says {}", mrz.document_number()).into());
    }
    steps.done("");
    steps.begin("passive");
    let groups = [
        DataGroup { number: 1, bytes: dg1.to_bytes() },
        DataGroup { number: 2, bytes: dg2.to_bytes() },
        DataGroup { number: 13, bytes: dg13.to_bytes() },
        DataGroup { number: 14, bytes: dg14.to_bytes() },
        DataGroup { number: 15, bytes: dg15.to_bytes() },
    ];
    let mut anchors = Vec::new();
    for certificate in field("csca").split(',') {
        anchors.push(TrustAnchor::from_certificate(&hex::decode(certificate)?)?);
    }
    let verified = passive::verify(sod.to_bytes(), &groups, &anchors)?;
    if !verified.is_authentic() {
        return Err(format!("{verified:?}").into());
    }
    steps.done(&format!("groups {:?}", verified.verified_groups));
    if !field("aa").is_empty() {
        steps.begin("AA");
        passport.verify_active_authentication(&bytes(given, "aa")?)?;
        steps.done("");
    }
    Ok(())
}
