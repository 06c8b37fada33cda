//! What a customer sets up on the AWS side: the least policy, and the rule, queues and role as templates. Makes no call.

use serde_json::{Value, json};

use crate::endpoint::partition;

/// What the templates are about.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The region of the queue and of Security Hub.
    pub region: String,
    /// The account of both.
    pub account: String,
    /// The name of the queue.
    pub queue: String,
    /// Who may take the role: a user or role of the account that Midwatch runs in.
    pub trusted: String,
    /// What is agreed on with whoever takes the role.
    pub external_id: String,
    /// Whether findings are written to.
    pub write_back: bool,
}

/// The events that come to the queue. Not narrower: closing and reopening must be seen as well.
const DETAIL_TYPES: [&str; 4] = [
    "Security Hub Findings - Imported",
    "Security Hub Findings - Custom Action",
    "Security Hub Insight Results",
    "Findings Imported V2",
];
/// What is done to the queue.
pub const ON_QUEUE: [&str; 4] = [
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
];
/// What is done to Security Hub without writing.
pub const ON_HUB: [&str; 2] = ["securityhub:GetFindings", "securityhub:DescribeHub"];
/// What writing to findings needs.
pub const ON_FINDINGS: &str = "securityhub:BatchUpdateFindings";

impl Setup {
    fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:{}:{service}:{}:{}:{resource}",
            partition(&self.region),
            self.region,
            self.account
        )
    }

    /// The least that Midwatch needs to be allowed.
    pub fn policy(&self) -> Value {
        let mut hub = ON_HUB.to_vec();
        if self.write_back {
            hub.push(ON_FINDINGS);
        }
        json!({ "Version": "2012-10-17", "Statement": [
            { "Sid": "TakeEvents", "Effect": "Allow", "Action": ON_QUEUE, "Resource": self.arn("sqs", &self.queue) },
            { "Sid": "Findings", "Effect": "Allow", "Action": hub, "Resource": self.arn("securityhub", "hub/default") },
        ]})
    }

    /// Rule, queue, queue for what cannot be read, and role, as a template of CloudFormation.
    pub fn cloudformation(&self) -> Value {
        let dead = format!("{}-dead", self.queue);
        let allow = |resource: &str| {
            json!({
                "Effect": "Allow", "Principal": { "Service": "events.amazonaws.com" }, "Action": "sqs:SendMessage",
                "Resource": { "Fn::GetAtt": [resource, "Arn"] },
                "Condition": { "ArnEquals": { "aws:SourceArn": { "Fn::GetAtt": ["Rule", "Arn"] } } },
            })
        };
        let mut policy = self.policy();
        policy["Statement"][0]["Resource"] = json!({ "Fn::GetAtt": ["Queue", "Arn"] });
        policy["Statement"][1]["Resource"] = json!({ "Fn::Sub":
            "arn:${AWS::Partition}:securityhub:${AWS::Region}:${AWS::AccountId}:hub/default" });
        json!({
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": "Brings findings of Security Hub to a queue that Midwatch reads, and lets it write back",
            "Resources": {
                "DeadLetters": { "Type": "AWS::SQS::Queue", "Properties": {
                    "QueueName": dead, "MessageRetentionPeriod": 1_209_600, "SqsManagedSseEnabled": true } },
                "Queue": { "Type": "AWS::SQS::Queue", "Properties": {
                    "QueueName": self.queue, "MessageRetentionPeriod": 1_209_600, "SqsManagedSseEnabled": true,
                    "VisibilityTimeout": 60, "ReceiveMessageWaitTimeSeconds": 20,
                    "RedrivePolicy": { "deadLetterTargetArn": { "Fn::GetAtt": ["DeadLetters", "Arn"] }, "maxReceiveCount": 20 } } },
                "Rule": { "Type": "AWS::Events::Rule", "Properties": {
                    "Description": "Findings of Security Hub, new and changed",
                    "EventPattern": { "source": ["aws.securityhub"], "detail-type": DETAIL_TYPES },
                    "Targets": [{ "Id": "midwatch", "Arn": { "Fn::GetAtt": ["Queue", "Arn"] },
                        "DeadLetterConfig": { "Arn": { "Fn::GetAtt": ["DeadLetters", "Arn"] } } }] } },
                "QueuePolicy": { "Type": "AWS::SQS::QueuePolicy", "Properties": {
                    "Queues": [{ "Ref": "Queue" }, { "Ref": "DeadLetters" }],
                    "PolicyDocument": { "Version": "2012-10-17", "Statement": [allow("Queue"), allow("DeadLetters")] } } },
                "Role": { "Type": "AWS::IAM::Role", "Properties": {
                    "AssumeRolePolicyDocument": { "Version": "2012-10-17", "Statement": [{
                        "Effect": "Allow", "Principal": { "AWS": self.trusted }, "Action": "sts:AssumeRole",
                        "Condition": { "StringEquals": { "sts:ExternalId": self.external_id } } }] },
                    "Policies": [{ "PolicyName": "midwatch", "PolicyDocument": policy }] } },
            },
            "Outputs": {
                "QueueUrl": { "Value": { "Ref": "Queue" } },
                "RoleArn": { "Value": { "Fn::GetAtt": ["Role", "Arn"] } },
            },
        })
    }

    /// The same for Terraform, in its JSON form (a file that ends in `.tf.json`).
    pub fn terraform(&self) -> Value {
        let document = |value: &Value| Value::String(value.to_string());
        let send = |queue: &str| {
            json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "Service": "events.amazonaws.com" }, "Action": "sqs:SendMessage",
            "Resource": format!("${{aws_sqs_queue.{queue}.arn}}"),
            "Condition": { "ArnEquals": { "aws:SourceArn": "${aws_cloudwatch_event_rule.midwatch.arn}" } } }] })
        };
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "AWS": self.trusted }, "Action": "sts:AssumeRole",
            "Condition": { "StringEquals": { "sts:ExternalId": self.external_id } } }] });
        let pattern = json!({ "source": ["aws.securityhub"], "detail-type": DETAIL_TYPES });
        let redrive =
            json!({ "deadLetterTargetArn": "${aws_sqs_queue.dead.arn}", "maxReceiveCount": 20 });
        json!({
            "terraform": { "required_providers": { "aws": { "source": "hashicorp/aws" } } },
            "provider": { "aws": { "region": self.region, "allowed_account_ids": [self.account] } },
            "resource": {
                "aws_sqs_queue": {
                    "dead": { "name": format!("{}-dead", self.queue), "message_retention_seconds": 1_209_600,
                        "sqs_managed_sse_enabled": true },
                    "midwatch": { "name": self.queue, "message_retention_seconds": 1_209_600, "sqs_managed_sse_enabled": true,
                        "visibility_timeout_seconds": 60, "receive_wait_time_seconds": 20,
                        "redrive_policy": document(&redrive) },
                },
                "aws_cloudwatch_event_rule": { "midwatch": { "name": "midwatch", "event_pattern": document(&pattern) } },
                "aws_cloudwatch_event_target": { "midwatch": {
                    "rule": "${aws_cloudwatch_event_rule.midwatch.name}", "arn": "${aws_sqs_queue.midwatch.arn}",
                    "dead_letter_config": { "arn": "${aws_sqs_queue.dead.arn}" } } },
                "aws_sqs_queue_policy": {
                    "midwatch": { "queue_url": "${aws_sqs_queue.midwatch.url}", "policy": document(&send("midwatch")) },
                    "dead": { "queue_url": "${aws_sqs_queue.dead.url}", "policy": document(&send("dead")) },
                },
                "aws_iam_role": { "midwatch": { "name": "midwatch", "assume_role_policy": document(&trust) } },
                "aws_iam_role_policy": { "midwatch": { "name": "midwatch", "role": "${aws_iam_role.midwatch.id}",
                    "policy": document(&self.policy()) } },
            },
            "output": {
                "queue_url": { "value": "${aws_sqs_queue.midwatch.url}" },
                "role_arn": { "value": "${aws_iam_role.midwatch.arn}" },
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_is_allowed_only_where_it_is_wanted_and_nothing_else_is() {
        let mut setup = Setup {
            region: "cn-north-1".into(),
            account: "111122223333".into(),
            queue: "q".into(),
            trusted: "arn:aws-cn:iam::111122223333:root".into(),
            external_id: "x".into(),
            write_back: false,
        };
        assert!(!setup.policy().to_string().contains(ON_FINDINGS));
        setup.write_back = true;
        let policy = setup.policy();
        assert!(policy.to_string().contains(ON_FINDINGS));
        assert_eq!(
            policy["Statement"][0]["Resource"],
            "arn:aws-cn:sqs:cn-north-1:111122223333:q"
        );
        assert!(!policy.to_string().contains('*'));
    }
}
