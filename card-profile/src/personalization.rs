//! personalization
