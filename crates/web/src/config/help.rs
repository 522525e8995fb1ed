//! The reference of all variables: for `--help`, and as a file to begin from.

use super::{Section, Variable};

const WIDTH: usize = 79;
const INDENT: &str = "          ";

/// Every variable of these sections with its help, default, example and other names, wrapped
/// at 79 columns. For clap's `after_long_help`.
pub fn help_text(sections: &[Section<'_>]) -> String {
    let mut text = String::from(
        "Environment variables (also read from `.env` in the current directory; the environment wins):\n",
    );
    text = wrapped(&text, "");
    for section in sections {
        text.push_str(&format!("\n{}:\n", section.title));
        for variable in section.variables {
            text.push_str(&entry(variable));
        }
    }
    text
}

/// The same as the lines of an `.env` file, each variable commented out and set to its default
/// or example: what the file says is what happens without it.
pub fn env_example(sections: &[Section<'_>]) -> String {
    let mut text = String::new();
    for section in sections {
        text.push_str(&format!("# ---- {} ----\n\n", section.title));
        for variable in section.variables {
            let value = variable.default.or(variable.example).unwrap_or_default();
            let notes = std::iter::once(variable.help.to_owned()).chain(other_names(variable));
            text.push_str(&wrapped(&notes.collect::<Vec<_>>().join(" "), "# "));
            text.push_str(&format!("#{}={value}\n\n", variable.name));
        }
    }
    text
}

fn entry(variable: &Variable) -> String {
    let mut notes = vec![variable.help.to_owned()];
    if let Some(default) = variable.default {
        notes.push(format!("[default: {default}]"));
    }
    if let Some(example) = variable.example {
        notes.push(format!("[example: {example}]"));
    }
    notes.extend(other_names(variable));
    format!("  {}\n{}", variable.name, wrapped(&notes.join(" "), INDENT))
}

/// The other names, and the file, that the variable can be set by.
fn other_names(variable: &Variable) -> Vec<String> {
    let mut notes = Vec::new();
    let aliases: Vec<_> = variable
        .aliases
        .iter()
        .map(|alias| match alias.note {
            "" => alias.name.to_owned(),
            note => format!("{} ({note})", alias.name),
        })
        .collect();
    if !aliases.is_empty() {
        notes.push(format!("[also: {}]", aliases.join(", ")));
    }
    if variable.secret {
        notes.push(format!("[or the path of a file: {}_FILE]", variable.name));
    }
    notes
}

fn wrapped(text: &str, indent: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > WIDTH {
            out.push('\n');
            column = 0;
        }
        if column == 0 {
            out.push_str(indent);
            column = indent.len();
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::{super::Alias, *};

    #[test]
    fn shows_everything_that_is_declared_within_the_width() {
        const KEY: Variable =
            Variable::new("KEY", "Opens the door, and must be at least as long as the way home.")
                .aliases(&[Alias::same("OLD_KEY"), Alias::kibibytes("KEY_KB")])
                .default("1")
                .example("2")
                .secret();
        let text = help_text(&[Section { title: "Doors", variables: &[KEY] }]);
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            flat.ends_with(
                "Doors: KEY Opens the door, and must be at least as long as the way home. [default: 1] \
                 [example: 2] [also: OLD_KEY, KEY_KB (in KiB)] [or the path of a file: KEY_FILE]"
            ),
            "{flat}"
        );
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn the_example_file_sets_nothing() {
        const NAME: Variable = Variable::new("NAME", "Who.").default("me").secret();
        let text = env_example(&[Section { title: "People", variables: &[NAME] }]);
        assert_eq!(text, "# ---- People ----\n\n# Who. [or the path of a file: NAME_FILE]\n#NAME=me\n\n");
    }
}
