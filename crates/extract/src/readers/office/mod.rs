//! What office documents have in common: a ZIP package with XML in it.

pub(crate) mod package;
pub(crate) mod properties;
pub(crate) mod relations;

#[cfg(test)]
pub(crate) mod testing;
