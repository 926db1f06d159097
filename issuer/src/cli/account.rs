//! `issuer account …`: the officers of this station.

use std::collections::BTreeSet;

use cccd_issuer::accounts::{Hardness, NewAccount, Role};
use cccd_issuer::output::{ensure_former, write_private};
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde_json::json;

use super::args::{AccountCommand, OfficerArguments};
use super::connect;
use super::failure::Failure;
use super::output::Output;

pub(crate) fn run(
    command: &AccountCommand,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    match command {
        AccountCommand::Add(add) => {
            let mut ledger = connect::new_ledger(&add.ledger, rng)?;
            let password = connect::password(&add.new_password_file)?;
            let nobody = ledger.accounts().list()?.is_empty() && add.officer.is_empty();
            let by = if nobody { None } else { Some(connect::officer(&mut ledger, &add.officer, at)?) };
            let roles: BTreeSet<Role> = add.roles.iter().copied().collect();
            let new = NewAccount {
                name: &add.name,
                roles: &roles,
                password: &password,
                hardness: Hardness::NORMAL,
            };
            ledger.accounts().add(by.as_ref(), &new, at, rng)?;
            told(output, &add.name, "added", ("đã lập tài khoản", "account made"));
        }
        AccountCommand::List(list) => {
            let mut ledger = connect::ledger(&list.ledger, rng)?;
            connect::officer(&mut ledger, &list.officer, at)?;
            let accounts = ledger.accounts().list()?;
            let words = |roles: &BTreeSet<Role>| roles.iter().map(|role| role.as_str()).collect::<Vec<_>>();
            let value: Vec<_> = accounts
                .iter()
                .map(|account| {
                    json!({
                        "name": account.name, "roles": words(&account.roles), "locked": account.locked, "rests_until": account.rests_until(at),
                        "created_by": account.created_by, "created_at": account.created_at,
                    })
                })
                .collect();
            let lines: Vec<String> = accounts
                .iter()
                .map(|account| {
                    let locked = account.locked.as_ref().map_or_else(String::new, |why| {
                        format!("  {}: {why}", output.say("đã khóa", "locked"))
                    });
                    let rests = account.rests_until(at).map_or_else(String::new, |until| {
                        let words =
                            output.say("tạm nghỉ vì sai mật khẩu, đến", "rests after wrong passwords, until");
                        format!("  {words} {until}")
                    });
                    format!("{:<16} {}{locked}{rests}", account.name, words(&account.roles).join(", "))
                })
                .collect();
            output.result(&json!(value), &lines);
        }
        AccountCommand::Lock(lock) => {
            let mut ledger = connect::ledger(&lock.account.ledger, rng)?;
            let by = connect::officer(&mut ledger, &lock.account.officer, at)?;
            ledger.accounts().lock(&by, &lock.account.name, &lock.reason, at)?;
            told(output, &lock.account.name, "locked", ("đã khóa", "locked"));
        }
        AccountCommand::Unlock(unlock) => {
            let mut ledger = connect::ledger(&unlock.ledger, rng)?;
            let by = connect::officer(&mut ledger, &unlock.officer, at)?;
            ledger.accounts().unlock(&by, &unlock.name, at)?;
            told(output, &unlock.name, "unlocked", ("đã mở khóa", "unlocked"));
        }
        AccountCommand::Password(change) => {
            let mut ledger = connect::ledger(&change.account.ledger, rng)?;
            let by = connect::officer(&mut ledger, &change.account.officer, at)?;
            let password = connect::password(&change.new_password_file)?;
            let name = &change.account.name;
            ledger.accounts().set_password(&by, name, &password, Hardness::NORMAL, at, rng)?;
            told(output, name, "password-changed", ("đã đổi mật khẩu", "new password set"));
        }
        AccountCommand::Login(login) => {
            let mut ledger = connect::ledger(&login.ledger, rng)?;
            let OfficerArguments { officer, password_file, session } = &login.officer;
            let name = officer.as_deref().ok_or(Failure::NoOfficer)?;
            let file = session.as_deref().ok_or(Failure::NoSessionFile)?;
            let password = connect::password(password_file.as_deref().ok_or(Failure::NoOfficer)?)?;
            ensure_former(file, is_session)?;
            let token = ledger.accounts().log_in(name, &password, at, rng)?;
            write_private(file, token.reveal().as_bytes())?;
            told(output, name, "logged-in", ("đã đăng nhập", "logged in"));
        }
        AccountCommand::Logout(logout) => {
            let mut ledger = connect::ledger(&logout.ledger, rng)?;
            let file = logout.officer.session.as_deref().ok_or(Failure::NoSessionFile)?;
            let token = connect::token(file)?;
            ledger.accounts().log_out(&token)?;
            // What is left in the file opens nothing any more.
            let _ = std::fs::remove_file(file);
            output.result(
                &json!({"state": "logged-out"}),
                &[output.say("Đã đăng xuất", "Logged out").to_owned()],
            );
        }
    }
    Ok(())
}

fn told(output: &Output, name: &str, state: &str, (vietnamese, english): (&str, &str)) {
    output.result(
        &json!({"account": name, "state": state}),
        &[format!("{name}: {}", output.say(vietnamese, english))],
    );
}

/// A file as a log-in leaves it: a secret of hexadecimal digits, a dot, the account's name.
fn is_session(begins: &[u8]) -> bool {
    let secret = begins.split(|octet| *octet == b'.').next().unwrap_or_default();
    secret.len() < begins.len() && secret.len() >= 32 && secret.iter().all(u8::is_ascii_hexdigit)
}
