use std::time::Duration;

/// Long enough for any machine, and for everything that API Gateway is given time for. It only keeps a broken system from hanging the
/// test run.
const LIMIT: Duration = Duration::from_secs(60);

/// Waits for what must happen, and fails the test if it does not.
pub(crate) async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> T {
    try_in_time(what, work).await.unwrap_or_else(|why| panic!("{why}"))
}

/// Waits for what must happen, and says so if it does not.
pub(crate) async fn try_in_time<T>(what: &str, work: impl Future<Output = T>) -> Result<T, String> {
    tokio::time::timeout(LIMIT, work).await.map_err(|_| format!("{what}: nothing happened within {LIMIT:?}"))
}
