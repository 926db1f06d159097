//! `make desk` and `make desk-test`: a house of invented people with an open desk, and a browser that walks through it.

mod camera;
pub mod house;
pub mod walk;
pub mod web_driver;
