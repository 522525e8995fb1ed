//! The operands of an operator.

use hayro::hayro_syntax::{
    content::Instruction,
    object::{Array, Dict, Name, Object, Stream, String as PdfString},
};

/// The last `N` operands, if they are numbers: what precedes them is a slip of the writer.
pub(super) fn numbers<const N: usize>(instruction: &Instruction<'_, '_>) -> Option<[f64; N]> {
    let given = instruction.operands().count();
    let mut values = [0.0; N];
    let operands = instruction.operands().skip(given.checked_sub(N)?);
    for (value, operand) in values.iter_mut().zip(operands) {
        let Object::Number(number) = operand else { return None };
        *value = number.as_f64();
    }
    Some(values)
}

/// The first operand that is a name.
pub(super) fn name<'b, 'x>(instruction: &Instruction<'b, 'x>) -> Option<&'b Name<'x>> {
    instruction.operands().find_map(|operand| match operand {
        Object::Name(name) => Some(name),
        _ => None,
    })
}

/// The last operand that is a name: the properties of marked content, or a pattern.
pub(super) fn last_name<'b, 'x>(instruction: &Instruction<'b, 'x>) -> Option<&'b Name<'x>> {
    match instruction.operands().last() {
        Some(Object::Name(name)) => Some(name),
        _ => None,
    }
}

pub(super) fn string<'b, 'x>(instruction: &Instruction<'b, 'x>) -> Option<&'b PdfString<'x>> {
    match instruction.operands().last() {
        Some(Object::String(string)) => Some(string),
        _ => None,
    }
}

pub(super) fn array<'b, 'x>(instruction: &Instruction<'b, 'x>) -> Option<&'b Array<'x>> {
    match instruction.operands().last() {
        Some(Object::Array(array)) => Some(array),
        _ => None,
    }
}

pub(super) fn dict<'b, 'x>(instruction: &Instruction<'b, 'x>) -> Option<&'b Dict<'x>> {
    match instruction.operands().last() {
        Some(Object::Dict(dict)) => Some(dict),
        _ => None,
    }
}

pub(super) fn stream<'b, 'x>(instruction: &Instruction<'b, 'x>) -> Option<&'b Stream<'x>> {
    match instruction.operands().last() {
        Some(Object::Stream(stream)) => Some(stream),
        _ => None,
    }
}
