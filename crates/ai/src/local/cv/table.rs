//! Tables of phrases, kept as text beside the code.

/// The phrases under `[name]` in a file, divided by commas and line ends. A line that begins with `#` is a remark.
pub(super) fn phrases(file: &'static str, name: &str) -> impl Iterator<Item = &'static str> {
    let mut lines = file.lines();
    let found =
        lines.any(|line| line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) == Some(name));
    let lines = lines.take_while(move |line| found && !line.starts_with('['));
    let phrases = lines.filter(|line| !line.starts_with('#')).flat_map(|line| line.split(','));
    phrases.map(str::trim).filter(|phrase| !phrase.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_stand_under_their_name() {
        let file = "# remark\n[a]\none, two words,\nthree\n\n[b]\nfour\n";
        assert_eq!(phrases(file, "a").collect::<Vec<_>>(), ["one", "two words", "three"]);
        assert_eq!(phrases(file, "c").count(), 0);
    }
}
