use websocket_gateway::{Clock, Gateway, Options};

use super::root;

/// Where a clock that a test moves begins: `06/Nov/2025:11:00:00 +0000`.
pub(crate) const START_MS: u64 = 1_762_426_800_123;

/// A template of this repository, on a free port.
pub(crate) fn options(template: &str) -> Options {
    Options::default().template(root().join(template)).port(0)
}

/// The same with these parameters.
pub(crate) fn options_with(template: &str, parameters: &[(&str, &str)]) -> Options {
    parameters.iter().fold(options(template), |options, (name, value)| options.parameter(*name, *value))
}

/// The same with this API of several.
pub(crate) fn options_of_api(template: &str, api: &str) -> Options {
    options(template).api(api)
}

/// Starts a gateway. The first start builds the functions, so there is no time limit.
pub(crate) async fn start(options: Options) -> Gateway {
    Gateway::start(options).await.unwrap()
}

/// Starts a gateway with a clock that the test moves.
pub(crate) async fn start_with_clock(options: Options) -> (Gateway, Clock) {
    let clock = Clock::manual(START_MS);
    (start(options.clock(clock.clone())).await, clock)
}

/// The example API.
pub(crate) async fn example() -> Gateway {
    start(options("template.yaml")).await
}

/// The example API with these parameters.
pub(crate) async fn example_with(parameters: &[(&str, &str)]) -> Gateway {
    start(options_with("template.yaml", parameters)).await
}

/// The API whose every route is the probe.
pub(crate) async fn probe() -> Gateway {
    start(options("tests/templates/probe.yaml")).await
}
