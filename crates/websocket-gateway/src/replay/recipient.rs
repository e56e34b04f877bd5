use super::SampleEvent;
use crate::api::{Api, Function};

/// The function that an event is for.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// The route key, if the function was found by its route.
    pub route_key: Option<&'a str>,
    /// The function.
    pub function: &'a Function,
}

impl<'a> Recipient<'a> {
    /// Finds the function of the event's route. If the template does not have the event's `routeKey`, perhaps because the event tests exactly
    /// this fault, it finds the function with the binary that the file is named after: `<binary>.json` or `<binary>.<fault>.json`. Returns `None`
    /// if there is no such function either.
    #[must_use]
    pub fn of(event: &'a SampleEvent, api: &'a Api) -> Option<Self> {
        let of_route =
            |route_key| Some(Self { route_key: Some(route_key), function: api.function_of_route(route_key)? });
        let of_file = || Some(Self { route_key: None, function: api.function_of_binary(event.binary()?)? });
        event.route_key().and_then(of_route).or_else(of_file)
    }

    /// Finds the function that `name` stands for, as [`Api::function_called`] does.
    #[must_use]
    pub fn called(name: &'a str, api: &'a Api) -> Option<Self> {
        let route_key = api.routes.contains_key(name).then_some(name);
        Some(Self { route_key, function: api.function_called(name)? })
    }

    /// The route key if the function was found by its route, otherwise the function's logical id.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.route_key.unwrap_or(&self.function.logical_id)
    }
}
