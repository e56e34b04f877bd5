//! `@connections`, signed by the AWS SDK, with every answer as it came.

use std::sync::{Arc, Mutex};

use aws_sdk_apigatewaymanagement::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_apigatewaymanagement::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_apigatewaymanagement::error::BoxError;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use serde_json::Value;

use super::pattern::Places;
use super::row::{Call, Method};
use super::target::Target;
use crate::support::try_in_time;

/// Makes a call and checks its answer.
pub(crate) async fn call(target: &Target, call: &Call, places: &mut Places) -> Result<(), String> {
    let sdk = target.connections();
    let id = places.get("connectionId").unwrap_or("none");
    let seen = Seen::default();
    let uri = call.path.as_ref().map(|path| target.origin() + &places.fill(path));
    let redirect = move |request: &mut aws_sdk_apigatewaymanagement::config::http::HttpRequest| {
        if let Some(uri) = &uri {
            request.set_uri(uri.as_str()).unwrap();
        }
    };
    // What the SDK makes of the answer is its own affair.
    match call.method {
        Method::Get => {
            let operation = sdk.get_connection().connection_id(id);
            drop(
                try_in_time(
                    "a call of @connections",
                    operation.customize().mutate_request(redirect).interceptor(seen.clone()).send(),
                )
                .await?,
            );
        }
        Method::Delete => {
            let operation = sdk.delete_connection().connection_id(id);
            drop(
                try_in_time(
                    "a call of @connections",
                    operation.customize().mutate_request(redirect).interceptor(seen.clone()).send(),
                )
                .await?,
            );
        }
        Method::Post => {
            let data = call.bytes.map(|bytes| "x".repeat(bytes)).or_else(|| call.data.clone()).unwrap_or_default();
            let operation = sdk.post_to_connection().connection_id(id).data(Blob::new(data));
            drop(
                try_in_time(
                    "a call of @connections",
                    operation.customize().mutate_request(redirect).interceptor(seen.clone()).send(),
                )
                .await?,
            );
        }
    }
    let answer = seen.0.lock().unwrap().take().ok_or("no answer")?;
    check(call, &answer, places)
}

fn check(call: &Call, answer: &Answer, places: &mut Places) -> Result<(), String> {
    if answer.status != call.status || call.error.as_ref().is_some_and(|error| answer.error.as_ref() != Some(error)) {
        return Err(format!("seen {answer:?}"));
    }
    match &call.body {
        None => Ok(()),
        Some(Value::String(text)) => places.text(text, &answer.body),
        Some(fields) => {
            let body = serde_json::from_str(&answer.body).map_err(|error| format!("{error}: {}", answer.body))?;
            places.json(fields, &body, false)
        }
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    error: Option<String>,
    body: String,
}

/// Keeps the HTTP answer, which the SDK's own types show only in part.
#[derive(Clone, Debug, Default)]
struct Seen(Arc<Mutex<Option<Answer>>>);

impl Intercept for Seen {
    fn name(&self) -> &'static str {
        "Seen"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let body = response.body().bytes().unwrap_or_default();
        *self.0.lock().unwrap() = Some(Answer {
            status: response.status().as_u16(),
            error: response.headers().get("x-amzn-errortype").map(str::to_owned),
            body: String::from_utf8_lossy(body).into_owned(),
        });
        Ok(())
    }
}
