//! Reloading whenever the template or the sources change.

use std::time::SystemTime;

use websocket_gateway::{Gateway, WatchError};

use super::terminal;

/// Reloads after every change, including changes since `since`. If a reload fails, its error is shown and the gateway goes on as before. This
/// function never returns.
pub(crate) async fn keep_up(gateway: &Gateway, since: SystemTime) {
    if let Err(error) = follow_changes(gateway, since).await {
        tracing::warn!("{error}; stop and start again after a change");
    }
    std::future::pending::<()>().await;
}

async fn follow_changes(gateway: &Gateway, since: SystemTime) -> Result<(), WatchError> {
    let mut changes = gateway.changes(since).await?;
    while let Some(path) = changes.next().await? {
        terminal::show_change(&path);
        match gateway.reload().await {
            Ok(reloaded) => terminal::show_reloaded(&reloaded),
            Err(error) => terminal::show_not_reloaded(error),
        }
    }
    Ok(())
}
