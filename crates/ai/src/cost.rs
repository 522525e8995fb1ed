//! What calls take: tokens and money.

use std::fmt;

use serde::{Serialize, Serializer};

/// Tokens as the provider counted them, summed over all calls that were paid for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TokenUsage {
    /// Tokens sent.
    pub input_tokens: i64,
    /// Of these, tokens the provider had cached.
    pub cached_input_tokens: i64,
    /// Tokens received, thinking included.
    pub output_tokens: i64,
    /// Of these, tokens spent on thinking.
    pub reasoning_tokens: i64,
}

impl std::ops::AddAssign for TokenUsage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.cached_input_tokens = self.cached_input_tokens.saturating_add(other.cached_input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.reasoning_tokens = self.reasoning_tokens.saturating_add(other.reasoning_tokens);
    }
}

/// US dollars, in units of 10⁻¹² (a trillionth): prices per million tokens with up to six decimals
/// are exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost(pub i64);

impl Cost {
    const DECIMALS: usize = 12;
}

impl std::ops::Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Cost {
    /// As a decimal number: `0.000123`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let digits = format!("{:0width$}", self.0.unsigned_abs(), width = Self::DECIMALS + 1);
        let (whole, rest) = digits.split_at(digits.len() - Self::DECIMALS);
        let rest = rest.trim_end_matches('0');
        if rest.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{rest}") }
    }
}

impl Serialize for Cost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_read_as_decimal_numbers() {
        for (cost, text) in
            [(0, "0"), (1, "0.000000000001"), (123_000_000, "0.000123"), (-1_500_000_000_000, "-1.5")]
        {
            assert_eq!(Cost(cost).to_string(), text);
        }
    }
}
