//! The Admiralty scale: how far a source is to be trusted (A to F) and how likely information is true (1 to 6). Two axes, never one number.

/// Words for the reliability of a source.
pub fn says_reliability(letter: char) -> Option<&'static str> {
    Some(match letter {
        'A' => "completely reliable",
        'B' => "usually reliable",
        'C' => "fairly reliable",
        'D' => "not usually reliable",
        'E' => "unreliable",
        'F' => "reliability cannot be judged",
        _ => return None,
    })
}

/// Words for the credibility of information.
pub fn says_credibility(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "confirmed by other sources",
        2 => "probably true",
        3 => "possibly true",
        4 => "doubtful",
        5 => "improbable",
        6 => "truth cannot be judged",
        _ => return None,
    })
}

/// The confidence that STIX 2.1 gives a credibility; nothing for "cannot be judged".
pub fn confidence(credibility: u8) -> Option<u8> {
    match credibility {
        1 => Some(90),
        2 => Some(70),
        3 => Some(50),
        4 => Some(30),
        5 => Some(10),
        _ => None,
    }
}

/// The credibility that a confidence stands for, by the same table of STIX 2.1.
pub fn credibility(confidence: Option<u8>) -> u8 {
    match confidence {
        Some(80..) => 1,
        Some(60..) => 2,
        Some(40..) => 3,
        Some(20..) => 4,
        Some(_) => 5,
        None => 6,
    }
}

/// Reads a tag of MISP's taxonomy, such as `admiralty-scale:source-reliability="b"`.
pub fn of_tag(tag: &str) -> Option<Axis> {
    let rest = tag.strip_prefix("admiralty-scale:")?;
    let (axis, value) = rest.split_once('=')?;
    let value = value.trim_matches('"');
    match axis {
        "source-reliability" => {
            let letter = value.chars().next()?.to_ascii_uppercase();
            // MISP has "g" for deliberately deceptive sources; the scale ends with F.
            ('A'..='F')
                .contains(&letter)
                .then_some(Axis::Reliability(letter))
        }
        "information-credibility" => {
            let number = value.parse().ok().filter(|n| (1..=6).contains(n))?;
            Some(Axis::Credibility(number))
        }
        _ => None,
    }
}

/// One of the two axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Of the source.
    Reliability(char),
    /// Of the information.
    Credibility(u8),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_stix_goes_both_ways() {
        for n in 1..=6 {
            assert_eq!(credibility(confidence(n)), n);
            assert!(says_credibility(n).is_some());
        }
        assert_eq!(credibility(Some(0)), 5);
        assert_eq!(credibility(Some(100)), 1);
        assert!("ABCDEF".chars().all(|c| says_reliability(c).is_some()));
    }

    #[test]
    fn tags_of_misp_are_read() {
        let r = of_tag("admiralty-scale:source-reliability=\"b\"");
        assert_eq!(r, Some(Axis::Reliability('B')));
        let c = of_tag("admiralty-scale:information-credibility=\"2\"");
        assert_eq!(c, Some(Axis::Credibility(2)));
        assert_eq!(
            of_tag("admiralty-scale:information-credibility=\"9\""),
            None
        );
        assert_eq!(of_tag("tlp:amber"), None);
    }
}
