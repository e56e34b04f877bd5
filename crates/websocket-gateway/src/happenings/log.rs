use tracing::Level as LogLevel;

use super::{Happening, Level, What};

impl Happening {
    /// Logs it through [`tracing`]: a function's own lines with the target `websocket_gateway::function` and the field `function`, everything
    /// else with the target `websocket_gateway` and the ids as fields.
    pub fn log(&self) {
        let (what, suffix, function) = (&self.what, self.suffix(), self.log_of());
        let (connection_id, request_id) = (self.connection_id(), self.request_id());
        let reason = if let What::Closed { reason, .. } = what { Some(reason.as_str()) } else { None };
        // The level of a log line is a part of its macro.
        macro_rules! log {
            ($level:expr) => {
                match function {
                    Some(function) => {
                        tracing::event!(target: "websocket_gateway::function", $level, %function, "{what}");
                    }
                    None => tracing::event!(
                        target: "websocket_gateway",
                        $level,
                        connectionId = connection_id,
                        requestId = request_id,
                        reason,
                        "{what}{suffix}"
                    ),
                }
            };
        }
        match self.level {
            Level::Error => log!(LogLevel::ERROR),
            Level::Warning => log!(LogLevel::WARN),
            Level::Info => log!(LogLevel::INFO),
            Level::Detail => log!(LogLevel::DEBUG),
        }
    }
}

impl Level {
    /// The finest level that the current [`tracing`] subscriber writes; `None` if it writes nothing of a gateway.
    #[must_use]
    pub fn logged() -> Option<Self> {
        macro_rules! writes {
            ($level:expr) => {
                tracing::enabled!(target: "websocket_gateway", $level)
                    || tracing::enabled!(target: "websocket_gateway::function", $level)
            };
        }
        if writes!(LogLevel::DEBUG) {
            Some(Self::Detail)
        } else if writes!(LogLevel::INFO) {
            Some(Self::Info)
        } else if writes!(LogLevel::WARN) {
            Some(Self::Warning)
        } else {
            writes!(LogLevel::ERROR).then_some(Self::Error)
        }
    }
}
