//! file_system
