//! The built-in methods.

use super::Kind;

pub(super) const KIND: Kind = Kind::BuiltIn;
