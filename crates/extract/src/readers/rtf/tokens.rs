//! The parts that an RTF file is made of (RTF 1.9.1, "Conventions of an RTF Reader").

/// Letters of a control word, and digits of its number, that are read.
const MAX_WORD: usize = 32;
const MAX_DIGITS: usize = 10;

/// One part of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `{`
    Open,
    /// `}`
    Close,
    /// `\word` or `\word123`
    Word(&'a str, Option<i32>),
    /// `\` and a character that is no letter.
    Symbol(u8),
    /// `\'hh`
    Hex(u8),
    /// Characters as they are.
    Plain(&'a [u8]),
}

/// The parts of a file, one after the other.
pub(super) struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, max: usize, is_wanted: impl Fn(&u8) -> bool) -> &'a [u8] {
        let len = self.rest.iter().take(max).take_while(|byte| is_wanted(byte)).count();
        self.take(len)
    }

    /// What follows a backslash.
    fn control(&mut self) -> Option<Token<'a>> {
        let first = *self.rest.first()?;
        if !first.is_ascii_alphabetic() {
            self.take(1);
            if first != b'\'' {
                return Some(Token::Symbol(first));
            }
            let digits = self.take_while(2, u8::is_ascii_hexdigit);
            let digits = std::str::from_utf8(digits).unwrap_or_default();
            return Some(Token::Hex(u8::from_str_radix(digits, 16).unwrap_or(b'?')));
        }
        let word =
            std::str::from_utf8(self.take_while(MAX_WORD, u8::is_ascii_alphabetic)).unwrap_or_default();
        let number = self.number();
        // One space belongs to the word.
        if self.rest.first() == Some(&b' ') {
            self.take(1);
        }
        if word == "bin" {
            self.take(number.and_then(|len| usize::try_from(len).ok()).unwrap_or(0));
        }
        Some(Token::Word(word, number))
    }

    fn number(&mut self) -> Option<i32> {
        let is_negative = self.rest.first() == Some(&b'-');
        if !self.rest.get(usize::from(is_negative)).is_some_and(u8::is_ascii_digit) {
            return None;
        }
        self.take(usize::from(is_negative));
        let digits = self.take_while(MAX_DIGITS, u8::is_ascii_digit);
        // Digits beyond the largest number are no text either.
        self.take_while(usize::MAX, u8::is_ascii_digit);
        let value = digits.iter().fold(0_i64, |value, digit| value * 10 + i64::from(digit - b'0'));
        let value = if is_negative { -value } else { value };
        Some(value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        // Ends of lines are for people who look at the file.
        self.take_while(usize::MAX, |byte| matches!(byte, b'\r' | b'\n' | 0));
        match self.rest.first()? {
            b'{' => {
                self.take(1);
                Some(Token::Open)
            }
            b'}' => {
                self.take(1);
                Some(Token::Close)
            }
            b'\\' => {
                self.take(1);
                self.control()
            }
            _ => Some(Token::Plain(
                self.take_while(usize::MAX, |byte| !matches!(byte, b'{' | b'}' | b'\\' | b'\r' | b'\n' | 0)),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_groups_words_and_characters() {
        let tokens: Vec<_> = Tokens::new(b"{\\b text\\u-12 ?\\'E4\\~\\bin2}}\\x99999999999999}\\").collect();
        let expected = [
            Token::Open,
            Token::Word("b", None),
            Token::Plain(b"text"),
            Token::Word("u", Some(-12)),
            Token::Plain(b"?"),
            Token::Hex(0xe4),
            Token::Symbol(b'~'),
            Token::Word("bin", Some(2)),
            Token::Word("x", Some(i32::MAX)),
            Token::Close,
        ];
        assert_eq!(tokens, expected);
    }
}
