//! What a caller must be allowed, for an operation on a queue.

use serde::Deserialize;

use super::Operation;
use super::refusal::Refusal;
use super::requests::{self, queue_named};
use crate::api::Account;

/// An action, and the resource that it is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) action: String,
    pub(crate) resource: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Named {
    queue_url: Option<String>,
    queue_name: Option<String>,
}

/// What an operation needs. A batch needs what each of its entries does.
/// Source: Amazon SQS developer guide, "Amazon SQS API permissions: Actions and resource reference".
///
/// # Errors
/// If the request does not say which queue it is about.
pub(crate) fn needs(operation: Operation, body: &[u8], account: &Account) -> Result<Need, Refusal> {
    let name = operation.name();
    let action = format!("sqs:{}", name.strip_suffix("Batch").unwrap_or(name));
    let queue = match operation {
        Operation::ListQueues => "*".to_owned(),
        _ => {
            let Named { queue_url, queue_name } = requests::read(body)?;
            queue_named(queue_url.or(queue_name).as_deref())?
        }
    };
    Ok(Need { action, resource: account.arn("sqs", &queue) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_needs_what_its_entries_need() {
        for (operation, body, action, resource) in [
            (Operation::SendMessage, r#"{"QueueUrl":"http://h/1/jobs"}"#, "sqs:SendMessage", "jobs"),
            (Operation::DeleteMessageBatch, r#"{"QueueUrl":"http://h/1/jobs/"}"#, "sqs:DeleteMessage", "jobs"),
            (Operation::GetQueueUrl, r#"{"QueueName":"jobs"}"#, "sqs:GetQueueUrl", "jobs"),
            (Operation::ListQueues, "{}", "sqs:ListQueues", "*"),
        ] {
            let need = needs(operation, body.as_bytes(), &Account::default()).unwrap();
            let resource = format!("arn:aws:sqs:us-east-1:123456789012:{resource}");
            assert_eq!(need, Need { action: action.to_owned(), resource });
        }
        assert!(needs(Operation::SendMessage, b"{}", &Account::default()).is_err());
    }
}
