//! DG13: the national data of the CCCD. Vietnam's own structure, published by nobody; as independent readers found it.
//!
//! ```text
//! 6D { SEQUENCE {
//!   version  INTEGER (1),
//!   encoding OBJECT IDENTIFIER (1.0.10646.1.0.8),
//!   fields   SET OF SEQUENCE { number INTEGER, value … OPTIONAL } } }
//! ```
//!
//! The fields stand in ascending number, which is not the order that DER demands of a SET OF: they are read and
//! written in the order of the wire. An absent value may be omitted, an empty string, or its field missing; all read
//! as `None`, the first is written. Hash and keep the file, never a re-encoding.

mod encode;
mod parse;

use core::fmt;

/// The contents octets of 1.0.10646.1.0.8, which seems to declare the text as UTF-8 (ISO/IEC 10646).
const ENCODING_OID: [u8; 6] = [0x28, 0xD3, 0x16, 0x01, 0x00, 0x08];

/// The fields of DG13 as text, as on the card. Dates are `dd/mm/yyyy`; the expiry may be `Không thời hạn`.
/// Personal data: `Debug` shows which fields are present, not what they say.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NationalData {
    /// 1 Số CCCD / định danh.
    pub number: Option<String>,
    /// 2 Họ, chữ đệm và tên.
    pub full_name: Option<String>,
    /// 3 Ngày sinh.
    pub birth_date: Option<String>,
    /// 4 Giới tính.
    pub sex: Option<String>,
    /// 5 Quốc tịch.
    pub nationality: Option<String>,
    /// 6 Dân tộc.
    pub ethnic_group: Option<String>,
    /// 7 Tôn giáo.
    pub religion: Option<String>,
    /// 8 Quê quán.
    pub place_of_origin: Option<String>,
    /// 9 Nơi thường trú.
    pub residence: Option<String>,
    /// 10 Đặc điểm nhận dạng.
    pub identification_marks: Option<String>,
    /// 11 Ngày cấp.
    pub issue_date: Option<String>,
    /// 12 Có giá trị đến.
    pub expiry: Option<String>,
    /// 13 Cha, first.
    pub father: Option<String>,
    /// 13 Mẹ, second.
    pub mother: Option<String>,
    /// 14 Vợ hoặc chồng.
    pub spouse: Option<String>,
    /// 15 Số CMND.
    pub old_number: Option<String>,
    /// 16: 16 characters, probably the chip's serial (meaning unconfirmed).
    pub chip_id: Option<String>,
}

/// DG13 as read.
#[derive(Clone, PartialEq, Eq)]
pub struct Dg13 {
    /// The version; 1 is the only one seen.
    pub version: u32,
    /// Contents octets of the object identifier.
    pub encoding: Vec<u8>,
    /// The known fields.
    pub data: NationalData,
    /// Fields of another number, or of a form that is not understood: number and the whole data object.
    pub unknown: Vec<(u32, Vec<u8>)>,
    /// Numbers that stand more than once; the first one counts.
    pub duplicates: Vec<u32>,
}

impl NationalData {
    /// The fields by number; 13 is absent, it has two values.
    fn single(&self, number: u32) -> Option<&Option<String>> {
        Some(match number {
            1 => &self.number,
            2 => &self.full_name,
            3 => &self.birth_date,
            4 => &self.sex,
            5 => &self.nationality,
            6 => &self.ethnic_group,
            7 => &self.religion,
            8 => &self.place_of_origin,
            9 => &self.residence,
            10 => &self.identification_marks,
            11 => &self.issue_date,
            12 => &self.expiry,
            14 => &self.spouse,
            15 => &self.old_number,
            16 => &self.chip_id,
            _ => return None,
        })
    }

    fn single_mut(&mut self, number: u32) -> Option<&mut Option<String>> {
        Some(match number {
            1 => &mut self.number,
            2 => &mut self.full_name,
            3 => &mut self.birth_date,
            4 => &mut self.sex,
            5 => &mut self.nationality,
            6 => &mut self.ethnic_group,
            7 => &mut self.religion,
            8 => &mut self.place_of_origin,
            9 => &mut self.residence,
            10 => &mut self.identification_marks,
            11 => &mut self.issue_date,
            12 => &mut self.expiry,
            14 => &mut self.spouse,
            15 => &mut self.old_number,
            16 => &mut self.chip_id,
            _ => return None,
        })
    }
}

impl fmt::Debug for NationalData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut present: Vec<u32> =
            (1..=16).filter(|number| self.single(*number).is_some_and(Option::is_some)).collect();
        if self.father.is_some() || self.mother.is_some() {
            present.push(13);
        }
        present.sort_unstable();
        f.debug_struct("NationalData").field("present", &present).finish_non_exhaustive()
    }
}

impl fmt::Debug for Dg13 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unknown: Vec<u32> = self.unknown.iter().map(|(number, _)| *number).collect();
        f.debug_struct("Dg13")
            .field("version", &self.version)
            .field("data", &self.data)
            .field("unknown", &unknown)
            .field("duplicates", &self.duplicates)
            .finish_non_exhaustive()
    }
}
