//! `keys token`: which token, and what interrupted commands left in it.

use super::args::{Arguments, TokenCommand};
use super::output::Output;
use super::{Failure, confirm};
use cccd_keys::store::{KeyStore, StoreError, UnfinishedKey, read_settings};
use serde_json::json;
use std::path::Path;

pub(super) fn run(command: &TokenCommand, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let dir = &arguments.dir;
    match command {
        TokenCommand::Show => {
            let settings = read_settings(dir)?;
            let token = settings.token.ok_or(StoreError::NotInToken)?;
            let left = KeyStore::unfinished_keys(dir)?;
            let backup = if settings.wrapped_backup {
                output.text(
                    "its keys can leave it wrapped, for a backup",
                    "khoá có thể rời thiết bị ở dạng bọc để sao lưu",
                )
            } else {
                output.text("its keys never leave it", "khoá không bao giờ rời thiết bị")
            };
            output.print(
                &json!({ "token": token, "wrapped_backup": settings.wrapped_backup, "unfinished": left }),
                &format!("{} ({})\n{backup}\n{}", token.label, token.serial, listed(output, &left)),
            );
        }
        TokenCommand::Clear => {
            // Also of a store that an interrupted `init` never finished.
            let expected = match read_settings(dir) {
                Ok(settings) => settings.token,
                Err(StoreError::Missing(_)) => None,
                Err(error) => return Err(error.into()),
            };
            // In a directory where nothing of a token is, most likely --dir was forgotten.
            if expected.is_none() && KeyStore::unfinished_keys(dir)?.is_empty() {
                return Err(match read_settings(dir) {
                    Ok(_) => StoreError::NotInToken,
                    Err(error) => error,
                }
                .into());
            }
            let access = arguments.token.access().ok_or_else(|| {
                StoreError::InToken(expected.as_ref().map(|token| token.label.clone()).unwrap_or_default())
            })?;
            let left = KeyStore::unfinished_keys(dir)?;
            if !left.is_empty() {
                let what = output.text(
                    "destroying these keys in the token for ever",
                    "huỷ vĩnh viễn các khoá này trong thiết bị",
                );
                confirm(arguments, output, format!("{}\n{what}", listed(output, &left)))?;
            }
            let token = access.open(expected.as_ref())?;
            let cleared = KeyStore::clear_unfinished(dir, &token)?;
            output.print(
                &json!({ "cleared": cleared }),
                &format!("{} {}", output.text("Destroyed:", "Đã huỷ:"), cleared.len()),
            );
        }
    }
    Ok(())
}

fn listed(output: &Output, keys: &[UnfinishedKey]) -> String {
    if keys.is_empty() {
        return output.text("nothing is left unfinished", "không còn gì dở dang");
    }
    keys.iter().map(|key| format!("  {}  CKA_ID {}", key.name, key.id)).collect::<Vec<_>>().join("\n")
}

/// Said at every opening of a store in a token.
pub(super) fn warn_of_unfinished(dir: &Path, output: &Output) -> Result<(), StoreError> {
    let left = KeyStore::unfinished_keys(dir)?;
    if !left.is_empty() {
        output.warn(&format!(
            "{}\n{}",
            output.text(
                "an interrupted command left keys in the token that nothing uses; look, then run `keys token clear`",
                "một lệnh bị gián đoạn đã để lại khoá không dùng trong thiết bị; hãy kiểm tra rồi chạy `keys token clear`",
            ),
            listed(output, &left)
        ));
    }
    Ok(())
}
