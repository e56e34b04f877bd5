use std::time::Duration;

use crate::connect::Connect;
use crate::connections::Connections;
use crate::disconnect::Disconnect;
use crate::message::Message;

/// What a broadcast is made from: an event, which knows `@connections` and how long the function may run, or [`Connections`], for a function that is
/// not a route.
pub trait CanPost: sealed::CanPost {}
impl<B> CanPost for Message<B> {}
impl CanPost for Connect {}
impl CanPost for Disconnect {}
impl CanPost for Connections {}

/// What API Gateway waits for a function.
/// Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API": integration timeout.
const INTEGRATION: Duration = Duration::from_secs(29);

/// How long posts may go on if nobody says.
const UNKNOWN: Duration = Duration::from_secs(10);

mod sealed {
    use super::{Connect, Connections, Disconnect, Duration, INTEGRATION, Message, UNKNOWN};
    use crate::context::RequestContext;

    pub trait CanPost {
        fn api(&self) -> Connections;

        fn time_left(&self) -> Duration;
    }

    impl<B> CanPost for Message<B> {
        fn api(&self) -> Connections {
            self.connections()
        }

        fn time_left(&self) -> Duration {
            of_event(self)
        }
    }

    impl CanPost for Connect {
        fn api(&self) -> Connections {
            self.connections()
        }

        fn time_left(&self) -> Duration {
            of_event(self)
        }
    }

    impl CanPost for Disconnect {
        fn api(&self) -> Connections {
            self.connections()
        }

        fn time_left(&self) -> Duration {
            of_event(self)
        }
    }

    impl CanPost for Connections {
        fn api(&self) -> Connections {
            self.clone()
        }

        fn time_left(&self) -> Duration {
            UNKNOWN
        }
    }

    fn of_event(event: &RequestContext) -> Duration {
        event.remaining().map_or(UNKNOWN, |left| left.min(INTEGRATION))
    }
}
