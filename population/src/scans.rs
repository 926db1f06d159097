//! Scanned sheets find their rows: a folder of PDF (one image a page), PNG and JPEG is read page by page, and each page
//! is filed under the row that its barcode names ([`crate::forms::Slip`]).
//!
//! Nothing is lost and nothing doubled: a page that cannot be read is listed with its reason and stays where it was; the
//! same page again is told and not kept twice; a run that was broken off goes on where it stopped.
//!
//! | module | what |
//! |---|---|
//! | [`picture`] | PNG and JPEG as grey pixels, refused by their size before they are decoded |
//! | [`pdf_images`] | the images of a PDF, and nothing else of it |
//! | [`barcode`] | the slip on a page, through rotation, noise and low contrast |
//! | [`filing`] | a folder into a folder |

pub mod barcode;
pub mod filing;
pub mod pdf_images;
pub mod picture;

use serde::Serialize;

/// What a run may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest file, in octets.
    pub file: u64,
    /// The most pixels of one page: A4 at 600 dots per inch has 35 million.
    pub pixels: u64,
    /// The most pages of one PDF.
    pub pages: usize,
    /// From how many days on a sheet is old.
    pub days: i32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file: 128 << 20, pixels: 60_000_000, pages: 1_000, days: 45 }
    }
}

impl Limits {
    /// Whether a picture of this size is decoded at all.
    #[must_use]
    pub fn allow(&self, width: u32, height: u32) -> bool {
        width > 0 && height > 0 && u64::from(width) * u64::from(height) <= self.pixels
    }
}

/// Why a page is not filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Unreadable {
    /// Neither PDF, PNG nor JPEG.
    #[error("this is no PDF, PNG or JPEG")]
    UnknownFile,
    /// Longer than allowed.
    #[error("the file is too long")]
    TooLong,
    /// More pixels than allowed.
    #[error("the picture has too many pixels")]
    TooManyPixels,
    /// The picture is damaged.
    #[error("the picture is damaged")]
    Damaged,
    /// A PDF without a picture of a page.
    #[error("the PDF holds no scanned page")]
    NoImage,
    /// A PDF under a password.
    #[error("the PDF is encrypted")]
    Encrypted,
    /// Pictures coded in a way that is not read here (JBIG2, JPEG 2000, palettes).
    #[error("the picture in the PDF is coded in a way that is not read here")]
    ImageCoding,
    /// More pages than allowed.
    #[error("the PDF has too many pages")]
    TooManyPages,
    /// So much on it looks like barcodes that the search was ended.
    #[error("too much on the page looks like a barcode")]
    TooBusy,
    /// No barcode found.
    #[error("no barcode was found on the page")]
    NoBarcode,
    /// Barcodes of two sheets on one page.
    #[error("there are barcodes of two sheets on the page")]
    TwoBarcodes,
    /// A barcode, but none of our forms'.
    #[error("the barcode is not one of our forms")]
    ForeignBarcode,
    /// One of our forms', read wrongly or of another version.
    #[error("the barcode of the form cannot be used")]
    BadBarcode,
    /// The file cannot be read.
    #[error("the file cannot be read")]
    File,
}

impl Unreadable {
    /// Every one of them.
    pub const ALL: [Self; 14] = [
        Self::UnknownFile,
        Self::TooLong,
        Self::TooManyPixels,
        Self::Damaged,
        Self::NoImage,
        Self::Encrypted,
        Self::ImageCoding,
        Self::TooManyPages,
        Self::TooBusy,
        Self::NoBarcode,
        Self::TwoBarcodes,
        Self::ForeignBarcode,
        Self::BadBarcode,
        Self::File,
    ];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownFile => "unknown-file",
            Self::TooLong => "too-long",
            Self::TooManyPixels => "too-many-pixels",
            Self::Damaged => "damaged",
            Self::NoImage => "no-image",
            Self::Encrypted => "encrypted",
            Self::ImageCoding => "image-coding",
            Self::TooManyPages => "too-many-pages",
            Self::TooBusy => "too-busy",
            Self::NoBarcode => "no-barcode",
            Self::TwoBarcodes => "two-barcodes",
            Self::ForeignBarcode => "foreign-barcode",
            Self::BadBarcode => "bad-barcode",
            Self::File => "file",
        }
    }

    /// For people.
    #[must_use]
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::UnknownFile => "không phải PDF, PNG hay JPEG",
            Self::TooLong => "tệp quá dài",
            Self::TooManyPixels => "ảnh có quá nhiều điểm",
            Self::Damaged => "ảnh bị hỏng",
            Self::NoImage => "PDF không có trang quét nào",
            Self::Encrypted => "PDF bị khóa bằng mật khẩu",
            Self::ImageCoding => "ảnh trong PDF mã hóa theo cách chưa đọc được",
            Self::TooManyPages => "PDF có quá nhiều trang",
            Self::TooBusy => "trên trang có quá nhiều hình giống mã vạch",
            Self::NoBarcode => "không tìm thấy mã vạch trên trang",
            Self::TwoBarcodes => "trang có mã vạch của hai tờ",
            Self::ForeignBarcode => "mã vạch không phải của biểu mẫu này",
            Self::BadBarcode => "mã vạch của biểu mẫu không dùng được",
            Self::File => "không đọc được tệp",
        }
    }
}
