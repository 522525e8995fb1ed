//! Typed values out of an [`Environment`], with all errors at once.

use std::{fmt, ops::RangeInclusive, time::Duration};

use reqwest::Url;
use secrecy::SecretString;

use super::{Environment, Variable};

/// Everything that is wrong with the configuration; each line names the variable that the
/// person really set, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The configuration is not usable:")?;
        for line in &self.0 {
            write!(f, "\n  - {line}.")?;
        }
        f.write_str("\n`--help` lists every variable.")
    }
}

impl std::error::Error for ConfigErrors {}

/// Parses variables. A value that is wrong or missing is noted, and a stand-in is returned so
/// that reading goes on; [`finish`](Self::finish) then fails with all that was noted.
#[derive(Debug)]
pub struct Reader<'e> {
    environment: &'e Environment,
    errors: Vec<String>,
}

impl<'e> Reader<'e> {
    /// A reader of that environment.
    pub fn new(environment: &'e Environment) -> Self {
        Self { environment, errors: Vec::new() }
    }

    /// `Ok` when nothing was wrong or missing. What was read must not be used before.
    ///
    /// # Errors
    /// All that was wrong or missing.
    pub fn finish(self) -> Result<(), ConfigErrors> {
        if self.errors.is_empty() { Ok(()) } else { Err(ConfigErrors(self.errors)) }
    }

    /// Notes an error that spans variables. A clause without a full stop that names them.
    pub fn fail(&mut self, message: impl Into<String>) {
        self.errors.push(message.into());
    }

    /// Notes that the value of this variable is not right: "`NAME` `must`".
    pub fn reject(&mut self, variable: &Variable, must: &str) {
        let name =
            self.environment.find(variable).map_or_else(|| variable.name.to_owned(), |found| found.name);
        self.errors.push(format!("{name} {must}"));
    }

    /// Whether the variable is set, under any of its names.
    pub fn is_set(&self, variable: &Variable) -> bool {
        self.environment.is_set(variable)
    }

    /// The text of a variable, or its default.
    pub fn optional_text(&mut self, variable: &Variable) -> Option<String> {
        match self.environment.find(variable) {
            None => variable.default.map(str::to_owned),
            Some(found) => found.value.map_err(|e| self.errors.push(e)).ok(),
        }
    }

    /// A value read by `parse`, or the default read by it; `None` when neither is there.
    /// `must` completes the sentence "`NAME` must ...".
    pub fn optional<T>(
        &mut self,
        variable: &Variable,
        must: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.optional_text(variable)?;
        let value = parse(&text);
        if value.is_none() {
            let shown = if variable.secret { String::new() } else { format!(", not `{text}`") };
            self.reject(variable, &format!("must {must}{shown}"));
        }
        value
    }

    /// As [`optional`](Self::optional), but it must be there.
    pub fn required<T>(
        &mut self,
        variable: &Variable,
        must: &str,
        stand_in: T,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> T {
        if variable.default.is_none() && !self.is_set(variable) {
            let file = if variable.secret { format!(" (or {}_FILE)", variable.name) } else { String::new() };
            let example =
                variable.example.map(|example| format!(", for example `{example}`")).unwrap_or_default();
            self.fail(format!("{}{file} must be set{example}", variable.name));
            return stand_in;
        }
        self.optional(variable, must, parse).unwrap_or(stand_in)
    }

    /// A text that must be there.
    pub fn text(&mut self, variable: &Variable) -> String {
        self.required(variable, "be a text", String::new(), |text| Some(text.to_owned()))
    }

    /// A secret that must be there.
    pub fn secret(&mut self, variable: &Variable) -> SecretString {
        self.text(variable).into()
    }

    /// A secret, where there is one.
    pub fn optional_secret(&mut self, variable: &Variable) -> Option<SecretString> {
        self.optional_text(variable).map(SecretString::from)
    }

    /// A whole number in a range.
    pub fn number(&mut self, variable: &Variable, range: RangeInclusive<u64>) -> u64 {
        let must = number_in(&range, "");
        self.required(variable, &must, *range.start(), |text| in_range(text, &range))
    }

    /// A whole number in a range, where there is one.
    pub fn optional_number(&mut self, variable: &Variable, range: RangeInclusive<u64>) -> Option<u64> {
        let must = number_in(&range, "");
        self.optional(variable, &must, |text| in_range(text, &range))
    }

    /// A whole number in a range, as `usize`.
    pub fn count(&mut self, variable: &Variable, range: RangeInclusive<u64>) -> usize {
        usize::try_from(self.number(variable, range)).unwrap_or(usize::MAX)
    }

    /// A size in bytes.
    pub fn bytes(&mut self, variable: &Variable, range: RangeInclusive<u64>) -> u64 {
        let must = number_in(&range, " of bytes");
        self.required(variable, &must, *range.start(), |text| in_range(text, &range))
    }

    /// A duration in whole seconds.
    pub fn seconds(&mut self, variable: &Variable, range: RangeInclusive<u64>) -> Duration {
        let must = number_in(&range, " of seconds");
        Duration::from_secs(self.required(variable, &must, *range.start(), |text| in_range(text, &range)))
    }

    /// A TCP port; 0 lets the system choose.
    pub fn port(&mut self, variable: &Variable) -> u16 {
        self.required(variable, "be a port (0 to 65535)", 0, |text| text.parse().ok())
    }

    /// A switch: `true`, `yes`, `on`, `1` or `false`, `no`, `off`, `0`.
    pub fn flag(&mut self, variable: &Variable) -> bool {
        self.required(variable, "be true or false", false, |text| match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" => Some(false),
            _ => None,
        })
    }

    /// The parts between commas, trimmed, without empty ones.
    pub fn list(&mut self, variable: &Variable) -> Vec<String> {
        let text = self.optional_text(variable).unwrap_or_default();
        split_list(&text).map(str::to_owned).collect()
    }

    /// The parts between commas, each read by `parse`; `each` completes "`NAME` must be a list of ...".
    pub fn parsed_list<T>(
        &mut self,
        variable: &Variable,
        each: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        let must = format!("be a list of {each}, with commas between");
        self.optional(variable, &must, |text| split_list(text).map(&parse).collect()).unwrap_or_default()
    }

    /// An `http` or `https` URL, where there is one.
    pub fn optional_url(&mut self, variable: &Variable) -> Option<Url> {
        self.optional(variable, "be a URL with http:// or https://", |text| {
            let url = Url::parse(text).ok()?;
            (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
        })
    }

    /// One of some names, whatever their case.
    pub fn choice<T: Copy>(&mut self, variable: &Variable, choices: &[(&str, T)], stand_in: T) -> T {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        let must = format!("be one of {}", names.join(", "));
        self.required(variable, &must, stand_in, |text| {
            choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, value)| *value)
        })
    }
}

fn split_list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn in_range(text: &str, range: &RangeInclusive<u64>) -> Option<u64> {
    text.parse().ok().filter(|number| range.contains(number))
}

fn number_in(range: &RangeInclusive<u64>, unit: &str) -> String {
    match (*range.start(), *range.end()) {
        (low, u64::MAX) => format!("be a whole number{unit}, at least {low}"),
        (low, high) => format!("be a whole number{unit} from {low} to {high}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Alias, *};

    const PORT: Variable = Variable::new("PORT", "").default("8000");
    const SIZE: Variable = Variable::new("MAX_UPLOAD_SIZE", "")
        .default("1000")
        .aliases(&[Alias::mebibytes("MAX_FILE_SIZE_MB"), Alias::kibibytes("MAX_FILE_SIZE_KB")]);
    const BUCKET: Variable = Variable::new("S3_BUCKET_NAME", "").example("documents");
    const KEY: Variable = Variable::new("API_KEY", "").secret();
    const HOOK: Variable = Variable::new("HOOK_URL", "");
    const SWITCH: Variable = Variable::new("SWITCH", "").default("no");

    fn errors<T>(pairs: &[(&str, &str)], read: impl FnOnce(&mut Reader<'_>) -> T) -> Vec<String> {
        let environment = Environment::from_pairs(pairs.iter().copied());
        let mut reader = Reader::new(&environment);
        read(&mut reader);
        reader.finish().map_or_else(|e| e.0, |()| Vec::new())
    }

    #[test]
    fn all_errors_are_collected_and_name_the_name_that_was_used() {
        let found = errors(
            &[("PORT", "http"), ("MAX_FILE_SIZE_KB", "9"), ("HOOK_URL", "ftp://host"), ("SWITCH", "maybe")],
            |reader| {
                reader.port(&PORT);
                reader.bytes(&SIZE, 1..=100);
                reader.text(&BUCKET);
                reader.optional_url(&HOOK);
                reader.flag(&SWITCH);
            },
        );
        assert_eq!(
            found,
            [
                "PORT must be a port (0 to 65535), not `http`",
                "MAX_FILE_SIZE_KB must be a whole number of bytes from 1 to 100, not `9216`",
                "S3_BUCKET_NAME must be set, for example `documents`",
                "HOOK_URL must be a URL with http:// or https://, not `ftp://host`",
                "SWITCH must be true or false, not `maybe`",
            ]
        );
    }

    #[test]
    fn defaults_aliases_and_units() {
        let environment =
            Environment::from_pairs([("MAX_FILE_SIZE_MB", "2"), ("PORT", ""), ("SWITCH", "On")]);
        let mut reader = Reader::new(&environment);
        assert_eq!(reader.bytes(&SIZE, 1..=u64::MAX), 2 * 1024 * 1024);
        assert_eq!(reader.port(&PORT), 8000);
        assert!(reader.flag(&SWITCH));
        reader.finish().unwrap();

        let found = errors(&[("MAX_FILE_SIZE_MB", "2.5")], |reader| reader.bytes(&SIZE, 1..=10));
        assert_eq!(found, ["MAX_FILE_SIZE_MB must be a whole number in MiB"]);
    }

    #[test]
    fn secrets_come_from_files_too_and_are_never_shown() {
        use secrecy::ExposeSecret;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        std::fs::write(&path, "from-a-file\n").unwrap();
        let path = path.to_str().unwrap();

        let environment = Environment::from_pairs([("API_KEY_FILE", path)]);
        let mut reader = Reader::new(&environment);
        assert_eq!(reader.secret(&KEY).expose_secret(), "from-a-file");
        reader.finish().unwrap();

        let both = errors(&[("API_KEY_FILE", path), ("API_KEY", "x")], |r| r.optional_secret(&KEY));
        assert_eq!(both, ["API_KEY and API_KEY_FILE are both set; set one of them"]);
        let missing = errors(&[("API_KEY_FILE", "/no/such/file")], |r| r.secret(&KEY));
        assert_eq!(missing, ["API_KEY_FILE: /no/such/file cannot be read (entity not found)"]);
        let unset = errors(&[], |r| r.secret(&KEY));
        assert_eq!(unset, ["API_KEY (or API_KEY_FILE) must be set"]);
        let wrong = errors(&[("API_KEY", "hunter2")], |r| r.optional(&KEY, "be long", |_| None::<()>));
        assert_eq!(wrong, ["API_KEY must be long"]);
    }
}
