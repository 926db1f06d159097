//! The desk over HTTP, as a browser speaks to it: the whole way of an application, and everything that must not work.

mod attacks;
mod cards;
mod drawer;
mod house;
mod on_postgres;
mod papers;
mod prints;
mod queue;
mod stock;
mod way;
