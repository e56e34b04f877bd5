/// What became of a post to one connection. A connection that is gone is an everyday outcome, not an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a connection that is gone should be forgotten"]
pub enum Delivery {
    /// API Gateway has taken the message. It does not report whether the client reads it.
    Sent,
    /// The connection is closed, or not open yet because its `$connect` is still running.
    Gone,
}

impl Delivery {
    /// Whether the connection is closed, or not open yet.
    #[must_use]
    pub fn is_gone(self) -> bool {
        self == Self::Gone
    }
}

/// What became of closing a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a connection that is gone should be forgotten"]
pub enum Closing {
    /// API Gateway closes the connection, and `$disconnect` will run.
    Closed,
    /// The connection was closed before, or is not open yet because its `$connect` is still running.
    AlreadyGone,
}

impl Closing {
    /// Whether the connection was closed before, or is not open yet.
    #[must_use]
    pub fn is_gone(self) -> bool {
        self == Self::AlreadyGone
    }
}
