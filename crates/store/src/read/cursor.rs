//! Where a page ends, as opaque text that the next request brings back. Checked like everything from outside.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use midwatch_domain::Refusal;

/// Most characters of a cursor.
const MAX: usize = 200;

/// Writes a position of the list `what`.
pub(crate) fn write(what: &str, position: &[i64]) -> String {
    let numbers: Vec<String> = position.iter().map(i64::to_string).collect();
    URL_SAFE_NO_PAD.encode(format!("1 {what} {}", numbers.join(" ")))
}

/// Reads a position of the list `what`. A forged one can only name another place of the same list, since each read asks
/// again what the viewer may see.
pub(crate) fn read<const N: usize>(what: &str, cursor: &str) -> Result<[i64; N], Refusal> {
    let damaged = || {
        Refusal::invalid(
            "cursor",
            "This is not a cursor of this list. Use the one of the last page as it is, or leave it out to begin anew.",
        )
    };
    if cursor.len() > MAX {
        return Err(damaged());
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| damaged())?;
    let text = String::from_utf8(bytes).map_err(|_| damaged())?;
    let mut words = text.split(' ');
    if words.next() != Some("1") {
        return Err(damaged());
    }
    if words.next() != Some(what) {
        return Err(Refusal::invalid(
            "cursor",
            "This cursor belongs to another list or another order. Leave it out to begin anew.",
        ));
    }
    let mut out = [0; N];
    for slot in &mut out {
        let number = words.next().and_then(|w| w.parse::<i64>().ok());
        *slot = number.filter(|n| *n >= 0).ok_or_else(damaged)?;
    }
    if words.next().is_some() {
        return Err(damaged());
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_a_forged_one_refused() {
        let cursor = write("tickets", &[3, 1042]);
        assert_eq!(read::<2>("tickets", &cursor).unwrap(), [3, 1042]);
        assert!(
            read::<2>("record", &cursor)
                .unwrap_err()
                .message
                .contains("another")
        );
        let forged = ["", "x", "é", "MSB0aWNrZXRz", &cursor[1..], &"A".repeat(300)];
        for bad in forged.into_iter().map(str::to_owned).chain([
            write("tickets", &[3]),
            write("tickets", &[3, -1]),
            write("tickets", &[3, 1, 1]),
        ]) {
            let refusal = read::<2>("tickets", &bad).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some("cursor"), "{bad}");
        }
    }
}
