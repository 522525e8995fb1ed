//! Latencies, and tables of them.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::Result;

/// Times that something took: microseconds, to three digits.
#[derive(Debug, Clone)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet. What takes longer than an hour counts as an hour.
    pub(crate) fn new() -> Result<Self> {
        const HOUR: u64 = 3_600_000_000;
        Ok(Self(Histogram::new_with_bounds(1, HOUR, 3)?))
    }

    /// Adds one.
    pub(crate) fn record(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Adds all of `other`.
    pub(crate) fn add(&mut self, other: &Self) -> Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The headings of [`columns`](Self::columns).
    pub(crate) const HEADINGS: [&'static str; 4] = ["p50 ms", "p90 ms", "p99 ms", "max ms"];

    /// The median, two percentiles and the maximum, in milliseconds.
    pub(crate) fn columns(&self) -> [String; 4] {
        let at = |quantile| milliseconds(self.0.value_at_quantile(quantile));
        [at(0.5), at(0.9), at(0.99), milliseconds(self.0.max())]
    }
}

fn milliseconds(micros: u64) -> String {
    format!("{:.1}", micros as f64 / 1000.0)
}

/// So many in that time, per second.
pub(crate) fn rate(count: u64, time: Duration) -> String {
    format!("{:.0}", count as f64 / time.as_secs_f64())
}

/// So many bytes in that time, in units of 10⁶ per second.
pub(crate) fn megabytes_per_second(bytes: u64, time: Duration) -> String {
    format!("{:.0} MB/s", bytes as f64 / 1e6 / time.as_secs_f64())
}

/// Prints a table in Markdown, aligned for reading on a terminal.
pub(crate) fn print_table(title: &str, headings: &[&str], rows: &[Vec<String>]) {
    println!("{title}\n\n{}", table(headings, rows));
}

fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([headings[column].chars().count(), 3]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let cells = cells.into_iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
            0 => format!(" {cell:<width$} "),
            _ => format!(" {cell:>width$} "),
        });
        format!("|{}|\n", cells.collect::<Vec<_>>().join("|"))
    };
    let rule = widths.iter().enumerate().map(|(column, &width)| match column {
        0 => "-".repeat(width + 2),
        _ => format!("{}:", "-".repeat(width + 1)),
    });
    let mut text = line(headings.to_vec());
    text += &format!("|{}|\n", rule.collect::<Vec<_>>().join("|"));
    for row in rows {
        text += &line(row.iter().map(String::as_str).collect());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned_markdown() {
        let rows = [vec!["long name".to_owned(), "1".to_owned()], vec!["b".to_owned(), "22.5".to_owned()]];
        let wanted = "\
            | what      |   ms |\n\
            |-----------|-----:|\n\
            | long name |    1 |\n\
            | b         | 22.5 |\n";
        assert_eq!(table(&["what", "ms"], &rows), wanted);
    }

    #[test]
    fn latencies_are_told_in_milliseconds() {
        let mut latencies = Latencies::new().unwrap();
        for millis in 1..=100 {
            latencies.record(Duration::from_millis(millis));
        }
        let mut twice = latencies.clone();
        twice.add(&latencies).unwrap();
        assert_eq!(twice.count(), 200);
        let numbers: Vec<f64> = twice.columns().iter().map(|text| text.parse().unwrap()).collect();
        for (number, wanted) in numbers.iter().zip([50.0, 90.0, 99.0, 100.0]) {
            assert!((number - wanted).abs() < 0.15, "{numbers:?}");
        }
    }

    #[test]
    fn rates_are_per_second() {
        assert_eq!(rate(300, Duration::from_secs(2)), "150");
        assert_eq!(megabytes_per_second(3_000_000, Duration::from_secs(2)), "2 MB/s");
    }
}
