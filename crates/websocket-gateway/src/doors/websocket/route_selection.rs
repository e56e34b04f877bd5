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
