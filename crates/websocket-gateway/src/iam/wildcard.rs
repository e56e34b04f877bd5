/// Whether `pattern` matches the whole of `text`. In a pattern, `*` stands for any text and `?` for any single byte.
///
/// Source: AWS IAM user guide, "IAM JSON policy elements: Resource".
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut read) = (0, 0);
    // For the last `*`: where the pattern continues, and where in the text that rest was tried last.
    let mut retry: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                retry = Some((at, read));
            }
            Some(byte) if *byte == b'?' || *byte == text[read] => {
                at += 1;
                read += 1;
            }
            _ => match &mut retry {
                Some((after, tried)) => {
                    *tried += 1;
                    (at, read) = (*after, *tried);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        let arn = "arn:aws:execute-api:us-east-1:1:abc/prod/$connect";
        for pattern in
            [arn, "*", "arn:aws:execute-api:*:*:abc/*/*", "arn:aws:execute-api:us-east-?:1:abc/*", "a*$connect*"]
        {
            assert!(matches(pattern, arn), "{pattern}");
        }
        for pattern in ["", "arn", "arn:aws:execute-api:us-east-1:1:xyz/*", "*/dev/*", "*$connect?", "?"] {
            assert!(!matches(pattern, arn), "{pattern}");
        }
        assert!(!matches(&"*a".repeat(5000), &"a".repeat(4999)));
    }

    #[test]
    fn the_usual_pattern_for_rest_apis_does_not_match_a_connect_route() {
        assert!(!matches("arn:aws:execute-api:*:*:abc/prod/*/*", "arn:aws:execute-api:us-east-1:1:abc/prod/$connect"));
    }
}
