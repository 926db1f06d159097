//! The register's own keys, as commands need them. One that is missing, or is another register's, is told before anything
//! rests on it: what is written under a wrong key nobody can mend.

use anyhow::Context as _;
use cccd_population::access::{LOGS, is_key_of};
use cccd_population::matching::DigestKey;
use cccd_population::numbers::{Allocator, DEFAULT_LEASE, Digits, Withheld};
use cccd_population::register_key::{beside, digest_key, number_key};
use cccd_population::store::{SqlStore, Store as _, StoreError};

use super::failure::Failure;
use super::{Db, Setting, serve};

impl Db {
    /// The register, to write persons: where items lie sealed, theirs are sealed too, or nothing is written.
    pub(super) fn open_to_write(&self, setting: &Setting) -> anyhow::Result<SqlStore> {
        let store = self.open()?;
        if self.seal_keys()?.is_empty() && store.holds_sealed().with_context(|| self.db.to_string())? {
            return Err(no_seal_key(setting).into());
        }
        Ok(store)
    }

    /// The key of the logs: made for a register that has logged nothing yet, else the one under which it logs.
    pub(super) fn digest_key(&self, setting: &Setting, store: &SqlStore) -> anyhow::Result<DigestKey> {
        let key = self.digest_key_as_it_is(setting, store)?;
        for log in LOGS {
            if !is_key_of(store, &key, log)? {
                return Err(Failure::could_not(
                    "other-digest-key",
                    setting.say(
                        "Khóa .digest-key này không phải khóa của nhật ký tra cứu (hoặc nhật ký đã bị sửa)",
                        "This .digest-key is not the one under which looks are logged (or the log was altered)",
                    ),
                    setting.say(
                        "Chỉ đúng chỗ bằng --secrets ĐƯỜNG_DẪN; kiểm tra bằng population access-log --verify.",
                        "Name its place by --secrets PATH; population access-log --verify tells about the log.",
                    ),
                )
                .into());
            }
        }
        Ok(key)
    }

    /// The same, whether the logs are under it or not: to say so.
    pub(super) fn digest_key_as_it_is(
        &self,
        setting: &Setting,
        store: &SqlStore,
    ) -> anyhow::Result<DigestKey> {
        let secrets = self.secrets(setting)?;
        if !beside(&secrets, "digest-key").exists() {
            for log in LOGS {
                if store.access_head(log)?.is_some_and(|head| head.link > 0) {
                    return Err(missing(setting, ".digest-key").into());
                }
            }
        }
        Ok(digest_key(&secrets, &mut serve::randomness())?)
    }

    /// Gives personal numbers: the key is made for a register that has given none yet.
    pub(super) fn allocator(&self, setting: &Setting, store: &SqlStore) -> anyhow::Result<Allocator> {
        let secrets = self.secrets(setting)?;
        if !beside(&secrets, "number-key").exists() && store.has_given_numbers()? {
            return Err(missing(setting, ".number-key").into());
        }
        let key = number_key(&secrets, &mut serve::randomness())?;
        let digits = Digits::new(&key, Withheld::default());
        let digits = digits.ok_or(StoreError::Inconsistent("the key of numbers"))?;
        Ok(Allocator::new(digits, DEFAULT_LEASE))
    }
}

/// What a register says that holds sealed items, and whose keys are not at hand.
pub(super) fn no_seal_key(setting: &Setting) -> Failure {
    Failure::could_not(
        "no-seal-key",
        setting.say(
            "Sổ này có mục đã mã hóa, nhưng không thấy tệp khóa .seal-key",
            "This register holds sealed items, and the file of their keys, .seal-key, is missing",
        ),
        setting.say(
            "Đưa tệp khóa về chỗ cũ, hoặc chỉ chỗ bằng --secrets ĐƯỜNG_DẪN.",
            "Put the file back, or name its place by --secrets PATH.",
        ),
    )
}

fn missing(setting: &Setting, file: &str) -> Failure {
    let english = "is missing, and this register has worked with it";
    Failure::could_not(
        "no-register-key",
        format!("{file} {}", setting.say("không có, mà sổ này đã dùng nó", english)),
        setting.say(
            "Đưa tệp khóa về chỗ cũ, hoặc chỉ chỗ bằng --secrets ĐƯỜNG_DẪN. Không có gì bị thay đổi.",
            "Put the file back, or name its place by --secrets PATH. Nothing was changed.",
        ),
    )
}
