//! What models cost: a dated table, which the operator can replace line by line.
//!
//! Prices change by the month. A model that the table does not know has no cost, rather than none at all to
//! pay: what is not known is never published as zero.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde::Deserialize;

use crate::cost::{Cost, TokenUsage};

/// Stands for every model of a provider that has no line of its own.
const ANY_MODEL: &str = "*";
/// US dollars for a million tokens: more is a mistake in the file.
const HIGHEST: f64 = 10_000.0;
/// A price per million tokens with this many units to the dollar is a price per token in units of [`Cost`].
const UNITS: f64 = 1_000_000.0;

/// A price that is known without a file, in millionths of a US dollar for a million tokens.
struct Known {
    provider: &'static str,
    model: &'static str,
    /// Year, month and day.
    since: (i32, u32, u32),
    input: i64,
    output: i64,
    /// From how many input tokens on calls cost more; input, output.
    tier: Option<(i64, i64, i64)>,
}

const fn known(
    provider: &'static str,
    model: &'static str,
    since: (i32, u32, u32),
    input: i64,
    output: i64,
) -> Known {
    Known { provider, model, since, input, output, tier: None }
}

/// Longer calls of Claude Haiku 5.5.
const HAIKU_TIER: Option<(i64, i64, i64)> = Some((100_000, 500_000, 2_500_000));

/// From the vendors' pages of prices (openai.com/api/pricing, claude.com/pricing,
/// ai.google.dev/gemini-api/docs/pricing, aws.amazon.com/bedrock/pricing) as they were on 22 November 2026. Prices
/// for cached input are left to the operator's file: without one, cached input counts as any other, which errs on
/// the dear side.
const BUILT_IN: &[Known] = &[
    known("openai", "gpt-6-luna", (2026, 9, 22), 100_000, 500_000),
    known("openai", "gpt-6.1-terra", (2026, 11, 22), 1_000_000, 5_000_000),
    Known { tier: HAIKU_TIER, ..known("anthropic", "claude-haiku-5-5", (2026, 10, 7), 100_000, 500_000) },
    known("anthropic", "claude-sonnet-5-5", (2026, 11, 22), 2_000_000, 10_000_000),
    known("gemini", "gemini-3.8-flash", (2026, 9, 2), 750_000, 3_750_000),
    known("gemini", "gemini-3.5-flash-lite", (2026, 11, 22), 300_000, 2_500_000),
    Known {
        tier: HAIKU_TIER,
        ..known("bedrock", "anthropic.claude-haiku-5-5", (2026, 10, 7), 100_000, 500_000)
    },
    // Runs on the operator's own machine.
    known("ollama", ANY_MODEL, (2026, 11, 22), 0, 0),
];

/// What models cost, by provider and model.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceTable {
    prices: HashMap<(String, String), Price>,
}

/// What one model costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Price {
    valid_from: NaiveDate,
    rates: Rates,
    /// By rising `above`.
    tiers: Vec<Tier>,
}

/// What one token costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rates {
    input: Cost,
    cached_input: Cost,
    output: Cost,
}

/// A call with more input tokens than `above` is charged by these rates as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tier {
    above: i64,
    rates: Rates,
}

/// Why a file of prices cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// It is no JSON of the agreed form.
    #[error("the file of prices is not of the agreed form: {0}")]
    Form(String),
    /// A line of it makes no sense.
    #[error("the price of `{model}` at `{provider}` cannot be used: {problem}")]
    Line {
        /// The provider it names.
        provider: String,
        /// The model it names.
        model: String,
        /// What is wrong.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileForm {
    prices: Vec<LineForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineForm {
    provider: String,
    model: String,
    valid_from: String,
    input: f64,
    cached_input: Option<f64>,
    output: f64,
    #[serde(default)]
    tiers: Vec<TierForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierForm {
    above: u32,
    input: f64,
    cached_input: Option<f64>,
    output: f64,
}

impl Default for PriceTable {
    /// The prices that are known without a file.
    fn default() -> Self {
        Self { prices: BUILT_IN.iter().filter_map(Known::price).collect() }
    }
}

impl Known {
    /// With its provider and model; `None` if its date were none.
    fn price(&self) -> Option<((String, String), Price)> {
        let rates =
            |input, output| Rates { input: Cost(input), cached_input: Cost(input), output: Cost(output) };
        let (year, month, day) = self.since;
        let tier = self.tier.map(|(above, input, output)| Tier { above, rates: rates(input, output) });
        let price = Price {
            valid_from: NaiveDate::from_ymd_opt(year, month, day)?,
            rates: rates(self.input, self.output),
            tiers: tier.into_iter().collect(),
        };
        Some(((self.provider.to_owned(), self.model.to_owned()), price))
    }
}

impl PriceTable {
    /// The built-in prices with those of a file instead or besides:
    ///
    /// ```json
    /// {"prices": [{
    ///     "provider": "openai", "model": "gpt-6-luna", "valid_from": "2026-09-22",
    ///     "input": 0.10, "cached_input": 0.01, "output": 0.50,
    ///     "tiers": [{"above": 272000, "input": 0.20, "output": 0.75}]
    /// }]}
    /// ```
    ///
    /// Prices are US dollars for a million tokens, with at most six decimals. `*` as the model stands for all
    /// others of the provider. Cached input without a price of its own costs as much as any other. A call with
    /// more input tokens than `above` is charged by that tier as a whole.
    ///
    /// # Errors
    /// What is wrong, and in which line.
    pub fn parse(json: &str) -> Result<Self, PriceError> {
        let form: FileForm =
            serde_json::from_str(json).map_err(|error| PriceError::Form(error.to_string()))?;
        let mut table = Self::default();
        let mut seen = HashSet::new();
        for line in form.prices {
            let name = (line.provider.clone(), line.model.clone());
            let read = if seen.insert(name.clone()) { line.read() } else { Err("it is given twice") };
            let price = read.map_err(|problem| PriceError::Line {
                provider: name.0.clone(),
                model: name.1.clone(),
                problem,
            })?;
            table.prices.insert(name, price);
        }
        Ok(table)
    }

    /// The price of a model. A model with a date at its end costs what the model without it does: that is how
    /// vendors name the states of a model.
    pub(crate) fn find(&self, provider: &str, model: &str) -> Option<&Price> {
        let exact = |model: &str| self.prices.get(&(provider.to_owned(), model.to_owned()));
        exact(model).or_else(|| exact(without_date(model)?)).or_else(|| exact(ANY_MODEL))
    }
}

impl Price {
    /// Since when it is valid.
    pub(crate) fn valid_from(&self) -> NaiveDate {
        self.valid_from
    }

    /// What a call cost; `None` when the provider did not count its tokens, unless they are free.
    pub(crate) fn cost(&self, usage: TokenUsage) -> Option<Cost> {
        let rates = self.rates(usage.input_tokens);
        let is_counted = usage.input_tokens > 0 || usage.output_tokens > 0;
        if !is_counted && rates != Rates::FREE {
            return None;
        }
        let cached = usage.cached_input_tokens.clamp(0, usage.input_tokens.max(0));
        let fresh = usage.input_tokens.max(0) - cached;
        Some(
            times(rates.input, fresh)
                + times(rates.cached_input, cached)
                + times(rates.output, usage.output_tokens.max(0)),
        )
    }

    /// What a call can cost at most.
    pub(crate) fn worst(&self, input_tokens: u32, output_tokens: u32) -> Cost {
        let rates = self.rates(input_tokens.into());
        times(rates.input.max(rates.cached_input), input_tokens.into())
            + times(rates.output, output_tokens.into())
    }

    fn rates(&self, input_tokens: i64) -> Rates {
        let tier = self.tiers.iter().rev().find(|tier| input_tokens > tier.above);
        tier.map_or(self.rates, |tier| tier.rates)
    }
}

impl Rates {
    const FREE: Self = Self { input: Cost(0), cached_input: Cost(0), output: Cost(0) };

    fn read(input: f64, cached_input: Option<f64>, output: f64) -> Result<Self, &'static str> {
        let input = rate(input)?;
        Ok(Self { input, cached_input: cached_input.map_or(Ok(input), rate)?, output: rate(output)? })
    }
}

impl LineForm {
    fn read(&self) -> Result<Price, &'static str> {
        if self.provider.trim().is_empty() || self.model.trim().is_empty() {
            return Err("it names no provider or no model");
        }
        let valid_from = self.valid_from.parse().map_err(|_| "`valid_from` is no date like 2026-09-22")?;
        let tier = |tier: &TierForm| {
            let rates = Rates::read(tier.input, tier.cached_input, tier.output)?;
            Ok(Tier { above: tier.above.into(), rates })
        };
        let tiers = self.tiers.iter().map(tier).collect::<Result<Vec<_>, &'static str>>()?;
        if !tiers.is_sorted_by(|one, next| one.above < next.above) {
            return Err("its tiers do not rise");
        }
        Ok(Price { valid_from, rates: Rates::read(self.input, self.cached_input, self.output)?, tiers })
    }
}

/// US dollars for a million tokens, as the cost of one.
fn rate(dollars: f64) -> Result<Cost, &'static str> {
    if !(0.0..=HIGHEST).contains(&dollars) {
        return Err("a price is not between 0 and 10000 US dollars for a million tokens");
    }
    let units = (dollars * UNITS).round();
    if (units / UNITS - dollars).abs() > f64::EPSILON * HIGHEST {
        return Err("a price has more than six decimals");
    }
    #[expect(clippy::cast_possible_truncation, reason = "a whole number of at most HIGHEST times UNITS")]
    Ok(Cost(units as i64))
}

fn times(rate: Cost, tokens: i64) -> Cost {
    Cost(rate.0.saturating_mul(tokens))
}

/// `model` without `-20261007` or `-2026-10-07` at its end.
fn without_date(model: &str) -> Option<&str> {
    let name = model.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
    let date = &model[name.len()..];
    // The digits before the date may belong to the name: `claude-haiku-5-5-20261007`.
    [9, 11].into_iter().filter(|length| date.len() >= *length).find_map(|length| {
        let (name, date) = model.split_at(model.len() - length);
        let format = if length == 9 { "-%Y%m%d" } else { "-%Y-%m-%d" };
        NaiveDate::parse_from_str(date, format).ok().map(|_| name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(input_tokens: i64, cached_input_tokens: i64, output_tokens: i64) -> TokenUsage {
        TokenUsage { input_tokens, cached_input_tokens, output_tokens, reasoning_tokens: 0 }
    }

    fn problem(line: &str) -> String {
        PriceTable::parse(&format!(r#"{{"prices": [{line}]}}"#)).unwrap_err().to_string()
    }

    #[test]
    fn every_built_in_price_is_found() {
        let table = PriceTable::default();
        assert_eq!(table.prices.len(), BUILT_IN.len());
        let luna = table.find("openai", "gpt-6-luna").unwrap();
        assert_eq!(luna.cost(usage(1_000, 0, 100)).unwrap().to_string(), "0.00015");
        assert_eq!(luna.worst(1_000, 100), luna.cost(usage(1_000, 0, 100)).unwrap());
    }

    #[test]
    fn what_is_not_known_has_no_price_and_what_is_free_costs_nothing() {
        let table = PriceTable::default();
        assert!(table.find("openai", "gpt-7").is_none());
        assert!(table.find("compatible", "gpt-6-luna").is_none());
        let free = table.find("ollama", "llama").unwrap();
        assert_eq!(free.cost(usage(0, 0, 0)), Some(Cost(0)));
        let luna = table.find("openai", "gpt-6-luna").unwrap();
        assert_eq!(luna.cost(usage(0, 0, 0)), None, "tokens that nobody counted are not free");
    }

    #[test]
    fn long_calls_and_cached_input_have_rates_of_their_own() {
        let table = PriceTable::default();
        let haiku = table.find("anthropic", "claude-haiku-5-5").unwrap();
        assert_eq!(haiku.cost(usage(100_000, 0, 0)).unwrap().to_string(), "0.01");
        assert_eq!(haiku.cost(usage(100_001, 0, 0)).unwrap().to_string(), "0.0500005");
        let json = r#"{"prices": [{"provider": "openai", "model": "gpt-6-luna", "valid_from": "2027-01-31",
            "input": 0.2, "cached_input": 0.02, "output": 1, "tiers": []}]}"#;
        let table = PriceTable::parse(json).unwrap();
        let luna = table.find("openai", "gpt-6-luna").unwrap();
        assert_eq!(luna.cost(usage(1_000_000, 900_000, 10)).unwrap().to_string(), "0.03801");
        assert_eq!(luna.valid_from().to_string(), "2027-01-31");
        assert!(table.find("gemini", "gemini-3.8-flash").is_some(), "other lines stay");
    }

    #[test]
    fn dated_states_of_a_model_cost_what_the_model_does() {
        let table = PriceTable::default();
        for model in ["claude-haiku-5-5-20261007", "claude-haiku-5-5-2026-10-07"] {
            assert_eq!(
                table.find("anthropic", model),
                table.find("anthropic", "claude-haiku-5-5"),
                "{model}"
            );
        }
        for model in ["claude-haiku-5-5-20261399", "claude-haiku-5-5-", "-20261007", "ü-2026-10-07"] {
            assert_eq!(table.find("anthropic", model), None, "{model}");
        }
    }

    #[test]
    fn mistakes_in_a_file_are_named() {
        assert!(PriceTable::parse("[]").unwrap_err().to_string().contains("agreed form"));
        let line = |fields: &str| format!(r#"{{"provider": "p", "model": "m", {fields}}}"#);
        let cases = [
            (r#""valid_from": "2026-02-30", "input": 1, "output": 1"#, "valid_from"),
            (r#""valid_from": "2026-02-28", "input": -1, "output": 1"#, "between 0 and"),
            (r#""valid_from": "2026-02-28", "input": 1, "output": 0.0000001"#, "six decimals"),
            (
                r#""valid_from": "2026-02-28", "input": 1, "output": 1, "tiers": [{"above": 2, "input": 1, "output": 1},
                {"above": 2, "input": 1, "output": 1}]"#,
                "do not rise",
            ),
            (r#""valid_from": "2026-02-28", "input": 1"#, "missing field `output`"),
            (r#""valid_from": "2026-02-28", "input": 1, "output": 1, "per": 1000"#, "unknown field `per`"),
        ];
        for (fields, words) in cases {
            let problem = problem(&line(fields));
            assert!(problem.contains(words), "{fields}: {problem}");
        }
        let twice = line(r#""valid_from": "2026-02-28", "input": 1, "output": 1"#);
        assert!(
            problem(&format!("{twice}, {twice}")).contains("`m` at `p` cannot be used: it is given twice")
        );
        assert!(problem(&twice.replace("\"p\"", "\" \"")).contains("names no provider"));
    }
}
