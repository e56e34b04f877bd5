//! `AWS::Lambda::Permission`: whether on AWS API Gateway may call a function.

use super::error::Finding;
use super::kinds::PERMISSION;
use super::stack::{Resource, Stack};

const API_GATEWAY: &str = "apigateway.amazonaws.com";

/// Whether a permission lets API Gateway call `function` for `route`, which is `{api id}/{stage}/{route key}`.
pub(super) fn allow(stack: &Stack, function: &Resource, route: &str) -> Result<bool, Finding> {
    let name = stack.id_of(function)?;
    let source = stack.arn("execute-api", route);
    let permissions = stack.of_kind(PERMISSION)?;
    Ok(permissions.into_iter().any(|permission| {
        let properties = stack.properties(permission);
        // What can't be worked out here may well be right on AWS.
        let fits = |property: &str, test: &dyn Fn(&str) -> bool| match properties.optional(property) {
            Ok(Some(node)) => node.text("").is_ok_and(|text| test(&text)),
            Ok(None) => property == "SourceArn",
            Err(_) => property != "FunctionName",
        };
        fits("FunctionName", &|text| is_function(text, &name))
            && fits("Action", &|action| matches(action, "lambda:InvokeFunction"))
            && fits("Principal", &|principal| principal == "*" || principal.starts_with(API_GATEWAY))
            && fits("SourceArn", &|pattern| matches(pattern, &source))
    }))
}

/// A function can be named by its name, its whole ARN or the end of that, each with a version or alias behind it.
fn is_function(text: &str, name: &str) -> bool {
    let named = text.split_once("function:").map_or(text, |(_, named)| named);
    named.split(':').next() == Some(name)
}

/// Whether `pattern`, in which `*` stands for any text and `?` for any one byte, is all of `text`.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut read) = (0, 0);
    // After the last `*`: where the pattern goes on, and where in the text it was tried last.
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
}
