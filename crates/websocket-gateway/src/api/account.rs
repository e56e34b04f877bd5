/// The account and the region that the API's ARNs name.
///
/// They are made up: nothing that the gateway serves exists on AWS. Templates see them as pseudo parameters.
/// Source: AWS CloudFormation user guide, "Get AWS values using pseudo parameters".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// The region's partition, the second part of every ARN: the value of `AWS::Partition`.
    pub partition: String,
    /// The region, for example `us-east-1`: the value of `AWS::Region`.
    pub region: String,
    /// The account id, twelve digits: the value of `AWS::AccountId`.
    pub id: String,
    /// The end of the partition's host names: the value of `AWS::URLSuffix`.
    pub url_suffix: String,
}

impl Account {
    /// The ARN of a resource in this account and region: `arn:aws:dynamodb:us-east-1:123456789012:table/Orders` for the service
    /// `dynamodb` and the resource `table/Orders`.
    #[must_use]
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        self.arn_in(&self.region, service, resource)
    }

    /// The ARN of a resource that belongs to no region, such as an IAM role: `arn:aws:iam::123456789012:role/Name`.
    #[must_use]
    pub(crate) fn global_arn(&self, service: &str, resource: &str) -> String {
        self.arn_in("", service, resource)
    }

    /// The host of a service in this region, for example `dynamodb.us-east-1.amazonaws.com`.
    #[must_use]
    pub(crate) fn host_of(&self, service: &str) -> String {
        format!("{service}.{}.{}", self.region, self.url_suffix)
    }

    /// What the URL of every queue in this account and region begins with: `https://sqs.us-east-1.amazonaws.com/123456789012/`.
    #[must_use]
    pub(crate) fn queues_url(&self) -> String {
        format!("https://{}/{}/", self.host_of("sqs"), self.id)
    }

    /// Source: AWS IAM user guide, "Identify AWS resources with Amazon Resource Names (ARNs)".
    fn arn_in(&self, region: &str, service: &str, resource: &str) -> String {
        let Self { partition, id, .. } = self;
        format!("arn:{partition}:{service}:{region}:{id}:{resource}")
    }
}

impl Default for Account {
    /// The account `123456789012` in `us-east-1`, as in the examples of AWS's documentation.
    fn default() -> Self {
        Self {
            partition: "aws".to_owned(),
            region: "us-east-1".to_owned(),
            id: "123456789012".to_owned(),
            url_suffix: "amazonaws.com".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_name_the_account_and_the_region_unless_the_service_is_global() {
        let account = Account::default();
        assert_eq!(account.arn("dynamodb", "table/t"), "arn:aws:dynamodb:us-east-1:123456789012:table/t");
        assert_eq!(account.global_arn("iam", "role/r"), "arn:aws:iam::123456789012:role/r");
    }
}
