//! What only an authorizer's event has. The authorizer types of `aws_lambda_events` leave out the connection, so they don't help here.

use serde::Deserialize;

use super::BadEvent;

#[derive(Deserialize)]
struct Question {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(rename = "methodArn")]
    method_arn: Option<String>,
}

pub(super) fn of(json: &str) -> Result<String, BadEvent> {
    let question: Question = serde_json::from_str(json).map_err(|error| BadEvent::Malformed(error.to_string()))?;
    let arn = question.method_arn.filter(|arn| !arn.is_empty()).ok_or(BadEvent::MissingMethodArn)?;
    if question.kind.as_deref() != Some("REQUEST") {
        return Err(BadEvent::WrongAuthorizerType);
    }
    if is_method_arn(&arn) { Ok(arn) } else { Err(BadEvent::MalformedMethodArn) }
}

/// `arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/$connect`. It becomes the resource of a policy, where `*` and `?` stand
/// for anything and `${` begins a variable: with any of them the answer would cover more than was asked.
fn is_method_arn(arn: &str) -> bool {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    let is_arn = matches!(parts[..], ["arn", _, "execute-api", _, _, resource] if resource.contains('/'));
    is_arn && !arn.contains(['*', '?']) && !arn.contains("${")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcd123456/prod/$connect";

    #[test]
    fn the_resource_is_the_one_that_the_event_names() {
        for arn in [ARN, "arn:aws-cn:execute-api:cn-north-1:123456789012:abcd123456/prod/$connect"] {
            let event = json!({ "type": "REQUEST", "methodArn": arn, "headers": {} });
            assert_eq!(of(&event.to_string()), Ok(arn.to_owned()));
        }
    }

    #[test]
    fn an_event_that_does_not_ask_about_exactly_one_resource_is_refused() {
        let cases = [
            (json!({ "type": "REQUEST" }), BadEvent::MissingMethodArn),
            (json!({ "type": "REQUEST", "methodArn": null }), BadEvent::MissingMethodArn),
            (json!({ "type": "REQUEST", "methodArn": "" }), BadEvent::MissingMethodArn),
            (json!({ "methodArn": ARN }), BadEvent::WrongAuthorizerType),
            (json!({ "type": "TOKEN", "methodArn": ARN }), BadEvent::WrongAuthorizerType),
        ];
        for (event, why) in cases {
            assert_eq!(of(&event.to_string()), Err(why), "{event}");
        }
        let foreign = ARN.replace("execute-api", "s3");
        let variable = ARN.replace("$connect", "${aws:username}");
        for arn in ["*", "arn", "arn:aws:execute-api:::*", "arn:aws:execute-api:eu-west-1:1:a", &foreign, &variable] {
            let event = json!({ "type": "REQUEST", "methodArn": arn });
            assert_eq!(of(&event.to_string()), Err(BadEvent::MalformedMethodArn), "{arn}");
        }
        for (letter, with) in [("$connect", "*"), ("prod", "pro?")] {
            let event = json!({ "type": "REQUEST", "methodArn": ARN.replace(letter, with) });
            assert_eq!(of(&event.to_string()), Err(BadEvent::MalformedMethodArn), "{event}");
        }
        for json in [r#"{"methodArn":7}"#, r#"{"methodArn":"a","methodArn":"b"}"#, "7"] {
            assert!(matches!(of(json), Err(BadEvent::Malformed(_))), "{json}");
        }
    }
}
