use crate::api::{Api, Route};

/// The route for a message: the one that the expression names, else `$default`, else none.
///
/// `$connect` and `$disconnect` are of the connection's life and no message reaches them; that one which asks for them goes to
/// `$default` is a guess.
pub(super) fn select<'a>(api: &'a Api, message: &str) -> Option<(&'a str, &'a Route)> {
    let asked_for = api.route_selection_expression.evaluate(message).filter(|key| !key.starts_with('$'));
    let route = asked_for.and_then(|key| api.routes.get_key_value(&key));
    route.or_else(|| api.routes.get_key_value("$default")).map(|(key, route)| (key.as_str(), route))
}
