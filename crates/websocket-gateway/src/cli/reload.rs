//! Serving what the template and the sources say, as often as they change.

use std::time::SystemTime;

use websocket_gateway::{Gateway, WatchError};

use super::terminal;

/// Reloads after every change, also after one since `since`. What can't be served is shown, and what was served before goes on. This
/// never ends.
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
