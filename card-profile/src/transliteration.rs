//! transliteration
