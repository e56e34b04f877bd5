/// Where an API is, as far as ARNs say: the account and the region.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// `aws` in most regions.
    pub partition: String,
    /// What `AWS::Region` stands for.
    pub region: String,
    /// What `AWS::AccountId` stands for: twelve digits.
    pub id: String,
}

impl Account {
    /// The ARN of something in this account and region.
    #[must_use]
    pub fn arn(&self, service: &str, resource: &str) -> String {
        let Self { partition, region, id } = self;
        format!("arn:{partition}:{service}:{region}:{id}:{resource}")
    }
}

impl Default for Account {
    /// What templates are read with unless their reader says otherwise.
    fn default() -> Self {
        Self { partition: "aws".to_owned(), region: "us-east-1".to_owned(), id: "123456789012".to_owned() }
    }
}
