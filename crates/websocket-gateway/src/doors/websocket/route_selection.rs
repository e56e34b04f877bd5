use serde::de::IgnoredAny;

use crate::api::Api;
use crate::service::{Deployment, Integration};

/// The route for a message: the one that the expression names, else `$default`, else none. Instead of an integration it has the reason if
/// the gateway can't serve the route.
///
/// `$connect` and `$disconnect` belong to the connection's life, and no message reaches them. That a message which asks for one of them goes
/// to `$default` is a guess.
pub(super) fn select<'d>(
    deployment: &'d Deployment,
    message: &str,
) -> Option<(&'d str, Result<&'d Integration, &'d str>)> {
    let asked_for = deployment.api.route_selection_expression.evaluate(message).filter(|key| !key.starts_with('$'));
    asked_for.and_then(|key| deployment.route(&key)).or_else(|| deployment.route("$default"))
}

/// How much of what a message asks for is shown, in characters.
const SHOWN_CHARACTERS: usize = 100;

/// Why no route takes a message, with the routes that could.
pub(super) fn why_none(api: &Api, message: &str) -> String {
    let expression = &api.route_selection_expression;
    let found = match expression.evaluate(message) {
        Some(key) if key.starts_with('$') => {
            format!("`{expression}` is `{}`, which no message can ask for", shown(&key))
        }
        Some(key) => format!("`{expression}` is `{}`, which is not a route", shown(&key)),
        None if serde_json::from_str::<IgnoredAny>(message).is_err() => {
            format!("the message is not JSON, so it has no `{expression}`")
        }
        None => format!("the message has no `{expression}`"),
    };
    let routes = api.routes.keys().filter(|key| !key.starts_with('$')).map(|key| format!("`{key}`"));
    let routes = match routes.collect::<Vec<_>>().as_slice() {
        [] => "there are no others".to_owned(),
        [route] => format!("the only route is {route}"),
        routes => format!("the routes are {}", routes.join(", ")),
    };
    format!("{found}, and there is no $default; {routes}")
}

fn shown(key: &str) -> String {
    match key.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &key[..end]),
        None => key.to_owned(),
    }
}
