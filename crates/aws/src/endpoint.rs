//! Where a service listens: its usual address in a region, or another one that somebody set. Does not look whether it answers.

use std::collections::BTreeMap;

use crate::outside::Outside;

/// Addresses that stand for the usual ones, by service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints(BTreeMap<String, String>);

/// Every service this crate calls: its name in signatures, and how variables spell it.
const SERVICES: [(&str, &str); 5] = [
    ("sts", "STS"),
    ("sqs", "SQS"),
    ("securityhub", "SECURITYHUB"),
    ("kms", "KMS"),
    ("tagging", "RESOURCE_GROUPS_TAGGING_API"),
];

impl Endpoints {
    /// These addresses, by service; `*` stands for all others.
    pub fn new(set: impl IntoIterator<Item = (String, String)>) -> Self {
        let clean = |url: String| url.trim_end_matches('/').to_owned();
        Self(
            set.into_iter()
                .map(|(service, url)| (service, clean(url)))
                .collect(),
        )
    }

    /// These, and beneath them what `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>` say.
    pub fn with_variables<O: Outside>(mut self, outside: &O) -> Self {
        let names = SERVICES
            .iter()
            .map(|(service, name)| (*service, format!("AWS_ENDPOINT_URL_{name}")));
        for (service, name) in names.chain([("*", "AWS_ENDPOINT_URL".to_owned())]) {
            if let Some(url) = outside.variable(&name).filter(|url| !url.is_empty()) {
                let url = url.trim_end_matches('/').to_owned();
                self.0.entry(service.to_owned()).or_insert(url);
            }
        }
        self
    }

    /// The address of a service in a region, without a slash at its end.
    pub fn of(&self, service: &str, region: &str) -> String {
        match self.0.get(service).or_else(|| self.0.get("*")) {
            Some(url) => url.clone(),
            None => format!("https://{service}.{region}.{}", suffix(region)),
        }
    }

    /// Whether somebody set another address for this service.
    pub fn replaced(&self, service: &str) -> bool {
        self.0.contains_key(service) || self.0.contains_key("*")
    }
}

/// The part of AWS that a region belongs to, as ARNs write it.
pub fn partition(region: &str) -> &'static str {
    match region {
        r if r.starts_with("cn-") => "aws-cn",
        r if r.starts_with("us-gov-") => "aws-us-gov",
        r if r.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

fn suffix(region: &str) -> &'static str {
    match partition(region) {
        "aws-cn" => "amazonaws.com.cn",
        "aws-eusc" => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_address_wins_over_the_usual_one() {
        let none = Endpoints::default();
        assert_eq!(
            none.of("sqs", "eu-west-1"),
            "https://sqs.eu-west-1.amazonaws.com"
        );
        assert_eq!(
            none.of("sts", "cn-north-1"),
            "https://sts.cn-north-1.amazonaws.com.cn"
        );
        let set = Endpoints::new([
            ("sqs".to_owned(), "http://localhost:1/".to_owned()),
            ("*".to_owned(), "http://localhost:2".to_owned()),
        ]);
        assert_eq!(set.of("sqs", "x"), "http://localhost:1");
        assert_eq!(set.of("kms", "x"), "http://localhost:2");
        assert!(set.replaced("kms") && !none.replaced("kms"));
    }
}
