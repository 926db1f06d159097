//! `form`: DC01 and DC02 as PDF for printing, blank or with what the register holds.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::access::Shown;
use cccd_population::forms::{Content, FormKind, FormRenderer, Slip, slip};
use cccd_population::store::{Store as _, StoreError};
use clap::ValueEnum;
use rand_core::Rng as _;
use serde_json::json;

use super::look::{AskedForMany, refuse_kept};
use super::{Db, Setting, data, serve};

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Phiếu thu thập thông tin dân cư
    Dc01,
    /// Phiếu đề nghị giải quyết thủ tục về căn cước
    Dc02,
}

#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  population form dc01 --db sqlite:register.db --out dc01.pdf
  population form dc02 --db sqlite:register.db --number 001090123457 --out an.pdf --officer 'Lê Thị Bình' --case 17/2026/HS

Print at 100 %. The barcode names the form and its row, nothing about the person. A form that is filled in is a look at the
person's record, and logged as one: without --case as a look without a case.")]
pub(super) struct Form {
    #[arg(value_enum)]
    kind: Kind,
    #[command(flatten)]
    db: Db,
    /// Fill in what is known of this person
    #[arg(long, value_parser = PersonalNumber::parse)]
    number: Option<PersonalNumber>,
    /// The PDF to write (mode 0600, replaced when complete)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    asked: AskedForMany,
}

impl Form {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let kind = match self.kind {
            Kind::Dc01 => FormKind::Dc01,
            Kind::Dc02 => FormKind::Dc02,
        };
        let mut store = self.db.open()?;
        let mut rng = serve::randomness();
        let (mut person, mut card, mut row) = (None, None, None);
        if let Some(number) = &self.number {
            // A form that is filled in shows the record: logged before it is made, whoever asks.
            refuse_kept(setting, &store, number, self.asked.case().is_some())?;
            let numbers = std::slice::from_ref(number);
            self.asked.log_each(
                setting,
                &self.db,
                &mut store,
                (self.asked.case(), numbers, Shown::Sensitive),
            )?;
            let known = store.person(number)?;
            person = Some(known.ok_or(StoreError::UnknownPerson)?);
            card = store.card_in_use(number, setting.today())?;
            let named = slip::row_of(&self.db.digest_key(setting, &store)?, number);
            store.claim_form_row(&named, number)?;
            row = Some(named);
        }
        let slip = Slip::new(kind, rng.next_u64(), row, setting.today());
        let content = Content { person: person.as_ref(), card: card.as_ref() };
        let pdf = FormRenderer::new()?.pdf(&slip, &content)?;
        data::whole_file(&self.out, |mut file| {
            file.write_all(&pdf).with_context(|| self.out.display().to_string())?;
            Ok(1)
        })?;
        let json = json!({"out": self.out, "form": slip.kind, "serial": slip.serial, "row": slip.row});
        setting.answer(&json, || {
            let title = slip.kind.title();
            format!("{title} · {} {} → {}", setting.say("số tờ", "serial"), slip.serial, self.out.display())
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
