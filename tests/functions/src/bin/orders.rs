//! `orders`: the caller's own orders, from a database. Who the caller is and what it may do, the `$connect` authorizer has said.

use std::time::Duration;

use deadpool_postgres::{Config, ManagerConfig, Pool, PoolConfig, PoolError, RecyclingMethod, Runtime, Timeouts};
use lambda_websocket::{Error, Json, Message, RouteError, two_way};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use tokio_postgres::NoTls;

#[derive(Deserialize)]
struct Query {
    limit: u8,
}

#[derive(Serialize)]
struct Order {
    number: i32,
    dish: String,
}

/// What the authorizer has said of the caller.
#[derive(Deserialize)]
struct Caller<'e> {
    #[serde(rename = "principalId")]
    customer: &'e str,
    level: u8,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let limit = Some(Duration::from_secs(2));
    let mut config = Config::new();
    config.url = Some(std::env::var("DATABASE_URL")?);
    config.manager = Some(ManagerConfig { recycling_method: RecyclingMethod::Verified });
    let timeouts = Timeouts { wait: limit, create: limit, recycle: limit };
    config.pool = Some(PoolConfig { timeouts, ..PoolConfig::new(1) }); // an instance serves one event at a time
    let pool = config.create_pool(Some(Runtime::Tokio1), NoTls)?; // connects at the first query
    two_way(async |event| orders(&pool, event).await).run().await
}

async fn orders(pool: &Pool, event: Message<Json<Query>>) -> Result<Json<Vec<Order>>, RouteError> {
    let caller: Caller<'_> = event.authorizer_as()?;
    if caller.level < 2 {
        return Err(RouteError::forbidden("You may not read orders"));
    }
    Ok(Json(timeout(Duration::from_secs(5), read(pool, caller.customer, event.body.limit)).await??))
}

async fn read(pool: &Pool, customer: &str, limit: u8) -> Result<Vec<Order>, PoolError> {
    let query = "SELECT number, dish FROM orders WHERE customer = $1 ORDER BY number LIMIT $2";
    let rows = pool.get().await?.query(query, &[&customer, &i64::from(limit)]).await?;
    let order = |row: &tokio_postgres::Row| Ok(Order { number: row.try_get("number")?, dish: row.try_get("dish")? });
    rows.iter().map(order).collect()
}
