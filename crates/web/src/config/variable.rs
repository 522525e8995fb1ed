//! The declaration of one variable.

/// One environment variable: declared once, parsed and documented from the declaration.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// The canonical name.
    pub name: &'static str,
    /// What it sets, in a sentence or two, with the unit.
    pub help: &'static str,
    /// The value when it is not set, as it would be written.
    pub default: Option<&'static str>,
    /// A value, to show what one looks like.
    pub example: Option<&'static str>,
    /// Other names that are accepted, in order of preference.
    pub aliases: &'static [Alias],
    /// Whether the value is secret: never shown, and readable from the file `<NAME>_FILE`.
    pub secret: bool,
}

impl Variable {
    /// A variable without default, example or aliases.
    pub const fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help, default: None, example: None, aliases: &[], secret: false }
    }

    /// With a default.
    #[must_use]
    pub const fn default(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    /// With an example.
    #[must_use]
    pub const fn example(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }

    /// With other accepted names.
    #[must_use]
    pub const fn aliases(self, aliases: &'static [Alias]) -> Self {
        Self { aliases, ..self }
    }

    /// As a secret.
    #[must_use]
    pub const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }
}

/// Another name for a variable, perhaps in another unit.
#[derive(Debug, Clone, Copy)]
pub struct Alias {
    /// The name.
    pub name: &'static str,
    /// How its value differs, for people (`in MiB`); empty when it does not.
    pub note: &'static str,
    /// Turns its value into one for the canonical name; `None` for a value that cannot be.
    pub convert: fn(&str) -> Option<String>,
}

impl Alias {
    /// A name for the same value.
    pub const fn same(name: &'static str) -> Self {
        Self { name, note: "", convert: |value| Some(value.to_owned()) }
    }

    /// A name for a whole number of mebibytes, where the variable counts bytes.
    pub const fn mebibytes(name: &'static str) -> Self {
        Self { name, note: "in MiB", convert: |value| multiply(value, 1024 * 1024) }
    }

    /// A name for a whole number of kibibytes, where the variable counts bytes.
    pub const fn kibibytes(name: &'static str) -> Self {
        Self { name, note: "in KiB", convert: |value| multiply(value, 1024) }
    }

    /// A name for a whole number in another unit (`note`), which `convert` turns into a value
    /// for the canonical name.
    pub const fn converted(
        name: &'static str,
        note: &'static str,
        convert: fn(&str) -> Option<String>,
    ) -> Self {
        Self { name, note, convert }
    }
}

fn multiply(value: &str, unit: u64) -> Option<String> {
    let bytes = value.parse::<u64>().ok()?.checked_mul(unit)?;
    Some(bytes.to_string())
}

/// Variables that belong together, for the help.
#[derive(Debug, Clone, Copy)]
pub struct Section<'a> {
    /// The heading.
    pub title: &'a str,
    /// The variables, in the order of the help.
    pub variables: &'a [Variable],
}
