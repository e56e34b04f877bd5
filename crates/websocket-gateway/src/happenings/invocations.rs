use super::{Happenings, Invocation, What};

/// Every invocation of a route's function from now on, in the order in which they end. A test waits here for what a client can't see.
#[derive(Debug)]
#[must_use = "invocations are collected as long as this lives, and have to be read"]
pub struct Invocations(Happenings);

/// Why [`Invocations`] has no next invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoInvocation {
    /// The gateway has stopped.
    #[error("the gateway has stopped")]
    Stopped,
    /// The invocations were not read for so long that some are lost. The next call goes on after them.
    #[error("{count} invocations were missed: read them more often")]
    Missed {
        /// How many invocations were missed.
        count: u64,
    },
}

impl Invocations {
    pub(crate) fn new(happenings: Happenings) -> Self {
        Self(happenings)
    }

    /// Waits for the next invocation to end.
    ///
    /// # Errors
    /// See [`NoInvocation`].
    pub async fn next(&mut self) -> Result<Invocation, NoInvocation> {
        loop {
            let happening = self.0.next().await.ok_or(NoInvocation::Stopped)?;
            match &happening.what {
                What::Invoked(invocation) => return Ok(invocation.clone()),
                What::Missed { count } => return Err(NoInvocation::Missed { count: *count }),
                _ => {}
            }
        }
    }

    /// Waits for the next invocation of this route to end, and skips those of other routes.
    ///
    /// # Errors
    /// See [`NoInvocation`].
    pub async fn next_of(&mut self, route_key: &str) -> Result<Invocation, NoInvocation> {
        loop {
            let invocation = self.next().await?;
            if invocation.route_key == route_key {
                return Ok(invocation);
            }
        }
    }
}
