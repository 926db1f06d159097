//! virtual-chip
