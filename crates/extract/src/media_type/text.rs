//! Which kind of text a text is.

use serde::de::IgnoredAny;
use serde_json::error::Category;

use super::{EMAIL, RTF, TEXT, WINDOW, email, markup};
use crate::encoding;

/// Text, and the formats that are read as they are written.
pub(crate) const PLAIN_TEXT: &[&str] = &[
    TEXT,
    "text/csv",
    "text/markdown",
    "text/tab-separated-values",
    "application/json",
    SHELL,
    PYTHON,
    PERL,
    RUBY,
    PHP,
    JAVASCRIPT,
    BATCH,
    POWERSHELL,
    VBSCRIPT,
    OTHER_SCRIPT,
];

const SHELL: &str = "text/x-shellscript";
const PYTHON: &str = "text/x-python";
const PERL: &str = "text/x-perl";
const RUBY: &str = "text/x-ruby";
const PHP: &str = "text/x-php";
const JAVASCRIPT: &str = "text/javascript";
const BATCH: &str = "text/x-msdos-batch";
const POWERSHELL: &str = "text/x-powershell";
const VBSCRIPT: &str = "text/vbscript";
const OTHER_SCRIPT: &str = "text/x-script";

/// The media type of a text, by its first [`WINDOW`] bytes; `None` if the bytes are not text.
pub(super) fn detect(window: &[u8], extension: &str) -> Option<&'static str> {
    // These two are ASCII with anything in between.
    if window.starts_with(b"{\\rtf") {
        return Some(RTF);
    }
    if email::is_email(window, extension) {
        return Some(EMAIL);
    }
    let (text, _) = encoding::decode(window)?;
    let of_content = script(&text)
        .or_else(|| markup::detect(&text, extension))
        .or_else(|| is_json(&text, window.len() >= WINDOW).then_some("application/json"));
    Some(of_content.unwrap_or_else(|| of_extension(extension)))
}

/// The language of a script that names its interpreter in the first line, or switches off its echo.
fn script(text: &str) -> Option<&'static str> {
    let first = text.lines().next().unwrap_or_default();
    if first.starts_with("<?php") {
        return Some(PHP);
    }
    if first.trim().to_ascii_lowercase().starts_with("@echo off") {
        return Some(BATCH);
    }
    let command = first.strip_prefix("#!")?.trim_start().strip_prefix('/')?;
    let names = command.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
    // `env` and its options stand before the interpreter.
    let interpreter = names.into_iter().find(|name| *name != "env" && !name.starts_with('-'))?;
    let interpreter = interpreter.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    Some(match interpreter {
        "sh" | "bash" | "dash" | "zsh" | "ksh" | "csh" | "tcsh" | "fish" | "ash" => SHELL,
        "python" | "pypy" => PYTHON,
        "perl" => PERL,
        "ruby" => RUBY,
        "php" => PHP,
        "node" | "nodejs" | "deno" | "bun" => JAVASCRIPT,
        "pwsh" => POWERSHELL,
        _ => OTHER_SCRIPT,
    })
}

/// Whether a text is one JSON object or array, or, if it `is_cut`, the beginning of one.
fn is_json(text: &str, is_cut: bool) -> bool {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return false;
    }
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => true,
        Err(error) => is_cut && error.classify() == Category::Eof,
    }
}

/// What a text is that could be any text.
fn of_extension(extension: &str) -> &'static str {
    match extension {
        "csv" => "text/csv",
        "tsv" | "tab" => "text/tab-separated-values",
        "md" | "markdown" => "text/markdown",
        "json" => "application/json",
        "sh" | "bash" | "zsh" | "ksh" => SHELL,
        "py" | "pyw" => PYTHON,
        "pl" | "pm" => PERL,
        "rb" => RUBY,
        "php" => PHP,
        "js" | "mjs" | "cjs" => JAVASCRIPT,
        "bat" | "cmd" => BATCH,
        "ps1" | "psm1" => POWERSHELL,
        "vbs" | "vbe" => VBSCRIPT,
        _ => TEXT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_apart_by_its_extension() {
        let table = b"name,city\nAda,London\n";
        for (extension, expected) in [
            ("csv", "text/csv"),
            ("tsv", "text/tab-separated-values"),
            ("md", "text/markdown"),
            ("json", "application/json"),
            ("ps1", POWERSHELL),
            ("exe", TEXT),
            ("", TEXT),
        ] {
            assert_eq!(detect(table, extension), Some(expected));
        }
        assert_eq!(detect(&[0, 1, 2, 3], "csv"), None);
    }

    #[test]
    fn scripts_are_named_whatever_they_are_called() {
        for (text, expected) in [
            ("#!/bin/sh\nrm -r x\n", SHELL),
            ("#! /usr/bin/env -S python3.11 -u\nprint()\n", PYTHON),
            ("#!/usr/bin/perl -w\n", PERL),
            ("#!/opt/odd/thing\n", OTHER_SCRIPT),
            ("@ECHO OFF\r\ndel x\r\n", BATCH),
            ("<?php echo 1;", PHP),
            ("#!important note\n", TEXT),
        ] {
            assert_eq!(detect(text.as_bytes(), "txt"), Some(expected), "{text}");
        }
    }

    #[test]
    fn json_is_known_by_its_content() {
        assert_eq!(detect(b" {\"a\": [1, 2, {\"b\": null}]}\n", "txt"), Some("application/json"));
        for text in ["[1] The first note", "{not json}", "{\"a\": 1", "12", "[a](b)"] {
            assert_eq!(detect(text.as_bytes(), "txt"), Some(TEXT), "{text}");
        }
    }

    #[test]
    fn the_beginning_of_a_long_json_is_enough() {
        let long = format!("[{}0]", "\"z\u{e4}hlen\", ".repeat(WINDOW / 8));
        for len in WINDOW..WINDOW + 12 {
            assert_eq!(detect(&long.as_bytes()[..len], ""), Some("application/json"));
        }
        let deep = "[".repeat(WINDOW);
        assert_eq!(detect(deep.as_bytes(), ""), Some("application/json"));
    }

    #[test]
    fn markup_in_any_encoding_is_markup() {
        let page = "\u{feff}<!DOCTYPE html><title>\u{e4}</title>";
        let utf16: Vec<u8> = page.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(detect(&utf16, "txt"), Some("text/html"));
        assert_eq!(detect(b"{\\rtf1 \x00\x01\x02 }", "txt"), Some(RTF));
    }
}
