//! Mock integrations of `$connect` and `$disconnect`, which decide nothing.

use super::error::Finding;
use super::node::{Node, Value};
use super::properties::Properties;

/// Whether the integration is a mock that lets every client connect: API Gateway then behaves as if the route did not exist.
pub(super) fn says_yes(integration: &Properties<'_>) -> Result<bool, Finding> {
    if integration.required("IntegrationType")?.text("`IntegrationType`")? != "MOCK" {
        return Ok(false);
    }
    let templates = integration.optional("RequestTemplates")?;
    let templates: &[_] = match templates.as_ref().map(|node| &node.value) {
        Some(Value::Map(map)) => &map.0,
        _ => &[],
    };
    Ok(templates.iter().all(|template| answers_2xx(&template.value)))
}

/// Whether every status in a template such as `{"statusCode": 200}`, whose keys are often not quoted, is a 2xx, and there is one.
fn answers_2xx(template: &Node) -> bool {
    let text = template.text("").unwrap_or_default();
    let statuses: Vec<_> = text.split("statusCode").skip(1).map(status).collect();
    !statuses.is_empty() && statuses.iter().all(|status| status.is_some_and(|status| (200..300).contains(&status)))
}

/// The number that follows a key.
fn status(rest: &str) -> Option<u16> {
    let value = rest.trim_start_matches(|c: char| matches!(c, '"' | '\'' | ':') || c.is_whitespace());
    let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
