//! The managed policies of AWS that the gateway knows.

/// The actions that a managed policy of AWS allows on every resource, for the services that the gateway guards. `None` if the policy is not
/// known here.
///
/// Source: AWS managed policy reference guide.
pub(super) fn actions(text: &str) -> Option<&'static [&'static str]> {
    let name = match text.split_once(":iam::aws:policy/") {
        Some((_, path)) => path.rsplit('/').next()?,
        None if text.contains(':') => return None,
        None => text,
    };
    Some(match name {
        "AdministratorAccess" | "PowerUserAccess" => &["*"],
        "AmazonAPIGatewayInvokeFullAccess" => &["execute-api:Invoke", "execute-api:ManageConnections"],
        "AmazonDynamoDBFullAccess" | "AmazonDynamoDBFullAccess_v2" => &["dynamodb:*"],
        "AmazonDynamoDBReadOnlyAccess" => &[
            "dynamodb:BatchGetItem",
            "dynamodb:Describe*",
            "dynamodb:GetItem",
            "dynamodb:List*",
            "dynamodb:PartiQLSelect",
            "dynamodb:Query",
            "dynamodb:Scan",
        ],
        "AWSLambdaDynamoDBExecutionRole" => {
            &["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
        }
        "AWSLambdaBasicExecutionRole"
        | "AWSLambdaKinesisExecutionRole"
        | "AWSLambdaSQSQueueExecutionRole"
        | "AWSLambdaVPCAccessExecutionRole"
        | "AWSXRayDaemonWriteAccess"
        | "AWSXrayWriteOnlyAccess"
        | "AmazonAPIGatewayAdministrator"
        | "AmazonS3FullAccess"
        | "AmazonS3ReadOnlyAccess"
        | "AmazonSSMReadOnlyAccess"
        | "CloudWatchLambdaInsightsExecutionRolePolicy" => &[],
        _ => return None,
    })
}
