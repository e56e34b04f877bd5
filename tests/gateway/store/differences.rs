//! Where the embedded DynamoDB answers differently from its crate's server, on purpose.

/// A request that is answered differently.
pub(super) struct Difference {
    /// The request, as the comparison names it.
    pub(super) request: &'static str,
    /// The status and the body of our answer.
    pub(super) ours: &'static str,
    /// Why that is right, or does no harm.
    #[expect(dead_code, reason = "it is for the reader")]
    pub(super) why: &'static str,
}

pub(super) const DIFFERENCES: &[Difference] = &[
    Difference {
        request: r#"PutItem {"TableName":"Plain","Item":{"id":{"S":1}}}"#,
        ours: r#"400 {"Message":"NUMBER_VALUE cannot be converted to String","__type":"com.amazon.coral.service#SerializationException"}"#,
        why: "Their server says `TRUE_VALUE` of every value here; ours is what DynamoDB says of it elsewhere.",
    },
    Difference {
        request: r#"PutItem {"TableName":"Plain","Item":{"id":{"S":{"S":"p"}}}}"#,
        ours: r#"400 {"Message":"Start of structure or map found where not expected","__type":"com.amazon.coral.service#SerializationException"}"#,
        why: "Their server says `TRUE_VALUE` of every value here; ours is what DynamoDB says of it elsewhere.",
    },
    Difference {
        request: r#"PutItem {"TableName":"Plain","Item":{"id":{"S":"p"},"n":{"BOOL":-0}}}"#,
        ours: r#"400 {"Message":"DECIMAL_VALUE cannot be converted to Boolean","__type":"com.amazon.coral.service#SerializationException"}"#,
        why: "Their server reads the numbers of a request a second time for this one word.",
    },
    Difference {
        request: r#"BatchWriteItem {"RequestItems":{"Plain":[{"PutRequest":{"Item":{"id":{"S":"1"},"n":{"N":""}}}}]}}"#,
        ours: r#"400 {"__type":"com.amazon.coral.validate#ValidationException","message":"The parameter cannot be converted to a numeric value: "}"#,
        why: "The colon tells which of DynamoDB's two validation layers looked at the number; which one, only their server can choose.",
    },
    Difference {
        request: r#"DeleteTable {"TableName":"Missing","ReturnConsumedCapacity":"ALL","Limit":"1","ConsistentRead":1}"#,
        ours: r#"400 {"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found: Table: Missing not found"}"#,
        why: "The operation does not have these fields. Types are looked at only when an operation fails to read or validate its request.",
    },
    Difference {
        request: r#"DescribeTimeToLive {"TableName":"Missing","ReturnConsumedCapacity":"ALL","Limit":"1","ConsistentRead":1}"#,
        ours: r#"400 {"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found: Table: Missing not found"}"#,
        why: "The operation does not have these fields. Types are looked at only when an operation fails to read or validate its request.",
    },
    Difference {
        request: r#"ListTables {"TableName":1.5}"#,
        ours: r#"200 {"TableNames":[]}"#,
        why: "The operation does not have this field. Types are looked at only when an operation fails.",
    },
    Difference {
        request: r#"ListTables {"TableName":{}}"#,
        ours: r#"200 {"TableNames":[]}"#,
        why: "The operation does not have this field. Types are looked at only when an operation fails.",
    },
    Difference {
        request: r#"PutItem {"TableName":"Plain","Item":{"id":{"S":["p"]}}}"#,
        ours: r#"400 {"Message":"Unrecognized collection type class java.lang.String","__type":"com.amazon.coral.service#SerializationException"}"#,
        why: "Their server says `TRUE_VALUE` of every value here; ours is what DynamoDB says of it elsewhere.",
    },
    Difference {
        request: r#"PutItem {"TableName":"Plain","Item":{"id":{"S":"p"},"n":{"N":1}}}"#,
        ours: r#"400 {"Message":"NUMBER_VALUE cannot be converted to String","__type":"com.amazon.coral.service#SerializationException"}"#,
        why: "Their server says `TRUE_VALUE` of every value here; ours is what DynamoDB says of it elsewhere.",
    },
    Difference {
        request: r#"BatchWriteItem {"RequestItems":{"Plain":{}}}"#,
        ours: r#"400 {"Message":"Start of structure or map found where not expected","__type":"com.amazon.coral.service#SerializationException"}"#,
        why: "Their server repeats a slip of DynamoDB's, the name of a Java class of the reader.",
    },
    Difference {
        request: r#"BatchGetItem {"RequestItems":{"Plain":{"Keys":["1"]}}}"#,
        ours: r#"400 {"Message":"Unexpected value type in payload","__type":"com.amazon.coral.service#SerializationException"}"#,
        why: "Their server repeats a slip of DynamoDB's, the name of a Java class of the reader.",
    },
    Difference {
        request: r#"DescribeTable {"TableName":"Missing","ReturnConsumedCapacity":"ALL","Limit":"1","ConsistentRead":1}"#,
        ours: r#"400 {"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found: Table: Missing not found"}"#,
        why: "The operation does not have these fields. Types are looked at only when an operation fails to read or validate its request.",
    },
    Difference {
        request: r#"ListTables {"TableName":1}"#,
        ours: r#"200 {"TableNames":[]}"#,
        why: "The operation does not have this field. Types are looked at only when an operation fails.",
    },
    Difference {
        request: r#"ListTables {"TableName":true}"#,
        ours: r#"200 {"TableNames":[]}"#,
        why: "The operation does not have this field. Types are looked at only when an operation fails.",
    },
    Difference {
        request: r#"ListTables {"TableName":[]}"#,
        ours: r#"200 {"TableNames":[]}"#,
        why: "The operation does not have this field. Types are looked at only when an operation fails.",
    },
    Difference {
        request: r#"Query with 100 levels"#,
        ours: r#"400 {"__type":"com.amazon.coral.validate#ValidationException","message":"Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"}"#,
        why: "Their server finds the value that is nested too deeply, and names it.",
    },
    Difference {
        request: r#"PutItem with 3000 levels"#,
        ours: r#"400 {"__type":"com.amazon.coral.validate#ValidationException","message":"Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"}"#,
        why: "DynamoDB can't read so many levels, and says nothing; ours says why.",
    },
    Difference {
        request: r#"Query with 3000 levels"#,
        ours: r#"400 {"__type":"com.amazon.coral.validate#ValidationException","message":"Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"}"#,
        why: "DynamoDB can't read so many levels, and says nothing; ours says why.",
    },
    Difference {
        request: r#"ExecuteStatement with 3000 levels"#,
        ours: r#"400 {"__type":"com.amazon.coral.validate#ValidationException","message":"Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"}"#,
        why: "DynamoDB can't read so many levels, and says nothing; ours says why.",
    },
];
