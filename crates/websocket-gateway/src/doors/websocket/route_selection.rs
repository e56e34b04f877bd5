use crate::service::{Deployment, Integration};

/// The route for a message: the one that the expression names, else `$default`, else none.
///
/// `$connect` and `$disconnect` belong to the connection's life, and no message reaches them. That a message which asks for one of them goes
/// to `$default` is a guess.
pub(super) fn select<'d>(deployment: &'d Deployment, message: &str) -> Option<(&'d str, &'d Integration)> {
    let asked_for = deployment.api.route_selection_expression.evaluate(message).filter(|key| !key.starts_with('$'));
    let route = asked_for.and_then(|key| deployment.routes.get_key_value(&key));
    route.or_else(|| deployment.routes.get_key_value("$default")).map(|(key, route)| (key.as_str(), route))
}
