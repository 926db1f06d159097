//! Whole-house stories and the checks that belong to no single room.

mod supply_chain;
