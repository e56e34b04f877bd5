use super::SampleEvent;
use crate::api::{Api, Function};

/// Whom an event is for.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// The route, where it is one that names the function.
    pub route_key: Option<&'a str>,
    /// The function.
    pub function: &'a Function,
}

impl<'a> Recipient<'a> {
    /// The function of the event's route. An event whose `routeKey` is none of the template's, which may be its very fault, is for the
    /// function with the binary that its file is named by: `<binary>.json` or `<binary>.<fault>.json`. `None` if there is no such function
    /// either.
    #[must_use]
    pub fn of(event: &'a SampleEvent, api: &'a Api) -> Option<Self> {
        let of_route =
            |route_key| Some(Self { route_key: Some(route_key), function: api.function_of_route(route_key)? });
        let of_file = || Some(Self { route_key: None, function: api.function_of_binary(event.binary()?)? });
        event.route_key().and_then(of_route).or_else(of_file)
    }

    /// The function that somebody means by `name`, as in [`Api::function_called`].
    #[must_use]
    pub fn called(name: &'a str, api: &'a Api) -> Option<Self> {
        let route_key = api.routes.contains_key(name).then_some(name);
        Some(Self { route_key, function: api.function_called(name)? })
    }

    /// The route key, or else the logical id of the function.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.route_key.unwrap_or(&self.function.logical_id)
    }
}
