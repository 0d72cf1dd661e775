//! What a GKE method and resource name say about the object: Google writes no objectRef.
//!
//! `io.k8s.core.v1.pods.exec.create` on `core/v1/namespaces/prod/pods/web-0/exec` is the verb `create` on the
//! subresource `exec` of the pod `web-0` in `prod`. A method always names the resource, so the word in it
//! decides where the path leaves two readings: `core/v1/namespaces/prod` is the namespace object, and
//! `core/v1/nodes/n1/proxy/metrics` the subresource `proxy` of a node, not something named by its fifth segment.

use std::borrow::Cow;

/// The object of a request, in the fields of an objectRef, and the URI it was made with.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Request<'a> {
    pub verb: Option<&'a str>,
    /// The core group is the empty string; `None` without an object.
    pub api_group: Option<&'a str>,
    pub api_version: Option<&'a str>,
    pub resource: Option<&'a str>,
    pub subresource: Option<&'a str>,
    pub namespace: Option<&'a str>,
    pub name: Option<&'a str>,
    pub uri: Option<Cow<'a, str>>,
}

/// Reads a methodName and a resourceName; either may be missing.
pub(super) fn parse<'a>(method: Option<&'a str>, path: Option<&'a str>) -> Request<'a> {
    let method = method.map(Method::parse).unwrap_or_default();
    let path = path.filter(|path| !path.is_empty());
    let uri = path.map(|path| request_uri(path, method.is_resource()));
    let mut request = Request { verb: method.verb, uri, ..Request::default() };
    let segments: Vec<&str> = path.map(|path| path.split('/').collect()).unwrap_or_default();
    if method.verb.is_some() && !method.is_resource() {
        return request;
    }
    match segments.as_slice() {
        [group, version, object @ ..] if !object.is_empty() => {
            request.api_group = Some(if *group == "core" { "" } else { group });
            request.api_version = Some(version);
            request.place(object, method.resource);
        }
        _ => {
            request.api_group = method.is_core.then_some("");
            request.api_version = method.version;
            request.resource = method.resource;
            request.subresource = method.subresource;
        }
    }
    request
}

impl<'a> Request<'a> {
    fn place(&mut self, object: &[&'a str], word: Option<&'a str>) {
        let object = match object {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() && word != Some("namespaces") => {
                self.namespace = Some(namespace);
                rest
            }
            _ => object,
        };
        self.resource = object.first().copied();
        self.name = object.get(1).copied().filter(|name| !name.is_empty());
        self.subresource = object.get(2).copied().filter(|name| !name.is_empty());
        if self.resource == Some("namespaces") {
            // As the API server fills in the objectRef of a namespace.
            self.namespace = self.name;
        }
    }
}

#[derive(Debug, Default)]
struct Method<'a> {
    verb: Option<&'a str>,
    is_core: bool,
    version: Option<&'a str>,
    resource: Option<&'a str>,
    subresource: Option<&'a str>,
}

impl<'a> Method<'a> {
    /// `io.k8s.<group, backwards>.<version>.<resource>[.<subresource>].<verb>`, or `io.k8s.<verb>` for a URL
    /// that is no resource.
    fn parse(method: &'a str) -> Self {
        let parts: Vec<&str> = method.split('.').collect();
        let verb = parts.last().copied().filter(|verb| !verb.is_empty());
        let Some(version) = parts.iter().rposition(|part| is_version(part)) else {
            return Self { verb, ..Self::default() };
        };
        let object = parts.get(version + 1..parts.len() - 1).unwrap_or_default();
        Self {
            verb,
            is_core: parts[..version] == ["io", "k8s", "core"],
            version: parts.get(version).copied(),
            resource: object.first().copied(),
            subresource: object.get(1).copied(),
        }
    }

    fn is_resource(&self) -> bool {
        self.resource.is_some()
    }
}

/// `v1`, `v1beta1`, `v2alpha3`.
fn is_version(part: &str) -> bool {
    let Some(rest) = part.strip_prefix('v') else { return false };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let stage = rest.trim_end_matches(|c: char| c.is_ascii_digit());
    part.as_bytes().get(1).is_some_and(u8::is_ascii_digit)
        && (rest.is_empty() || (matches!(stage, "alpha" | "beta") && stage.len() < rest.len()))
}

fn request_uri(path: &str, is_resource: bool) -> Cow<'_, str> {
    Cow::Owned(match (is_resource, path.strip_prefix("core/")) {
        (true, Some(rest)) => format!("/api/{rest}"),
        (true, None) => format!("/apis/{path}"),
        (false, _) => format!("/{}", path.trim_start_matches('/')),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// group|version|resource|subresource|namespace|name|verb|uri
    fn shown(method: &str, path: &str) -> String {
        let none = |text: &str| Some(text).filter(|text| !text.is_empty()).map(str::to_owned);
        let (method, path) = (none(method), none(path));
        let request = parse(method.as_deref(), path.as_deref());
        let parts = [
            request.api_group,
            request.api_version,
            request.resource,
            request.subresource,
            request.namespace,
            request.name,
            request.verb,
            request.uri.as_deref(),
        ];
        parts.map(|part| part.unwrap_or("-")).join("|")
    }

    #[test]
    fn reads_names_of_every_depth() {
        for (method, path, expected) in [
            ("io.k8s.core.v1.secrets.list", "core/v1/secrets", "|v1|secrets|-|-|-|list|/api/v1/secrets"),
            (
                "io.k8s.core.v1.secrets.list",
                "core/v1/namespaces/prod/secrets",
                "|v1|secrets|-|prod|-|list|/api/v1/namespaces/prod/secrets",
            ),
            (
                "io.k8s.core.v1.secrets.get",
                "core/v1/namespaces/prod/secrets/db",
                "|v1|secrets|-|prod|db|get|/api/v1/namespaces/prod/secrets/db",
            ),
            (
                "io.k8s.core.v1.pods.exec.create",
                "core/v1/namespaces/x/pods/p/exec",
                "|v1|pods|exec|x|p|create|/api/v1/namespaces/x/pods/p/exec",
            ),
            (
                "io.k8s.core.v1.nodes.status.patch",
                "core/v1/nodes/n/status",
                "|v1|nodes|status|-|n|patch|/api/v1/nodes/n/status",
            ),
            (
                "io.k8s.core.v1.nodes.proxy.get",
                "core/v1/nodes/n/proxy/metrics/cadvisor",
                "|v1|nodes|proxy|-|n|get|/api/v1/nodes/n/proxy/metrics/cadvisor",
            ),
            (
                "io.k8s.core.v1.namespaces.get",
                "core/v1/namespaces/prod",
                "|v1|namespaces|-|prod|prod|get|/api/v1/namespaces/prod",
            ),
            (
                "io.k8s.core.v1.namespaces.finalize.update",
                "core/v1/namespaces/prod/finalize",
                "|v1|namespaces|finalize|prod|prod|update|/api/v1/namespaces/prod/finalize",
            ),
            (
                "io.k8s.core.v1.namespaces.list",
                "core/v1/namespaces",
                "|v1|namespaces|-|-|-|list|/api/v1/namespaces",
            ),
            (
                "io.k8s.authorization.rbac.v1.clusterroles.get",
                "rbac.authorization.k8s.io/v1/clusterroles/admin",
                "rbac.authorization.k8s.io|v1|clusterroles|-|-|admin|get|/apis/rbac.authorization.k8s.io/v1/clusterroles/admin",
            ),
            (
                "io.k8s.apps.v1.deployments.scale.update",
                "apps/v1/namespaces/n/deployments/d/scale",
                "apps|v1|deployments|scale|n|d|update|/apis/apps/v1/namespaces/n/deployments/d/scale",
            ),
            (
                "io.istio.networking.v1alpha3.virtualservices.list",
                "networking.istio.io/v1alpha3/virtualservices",
                "networking.istio.io|v1alpha3|virtualservices|-|-|-|list|/apis/networking.istio.io/v1alpha3/virtualservices",
            ),
            ("io.k8s.get", "readyz", "-|-|-|-|-|-|get|/readyz"),
            ("io.k8s.get", "api/v1", "-|-|-|-|-|-|get|/api/v1"),
            ("io.k8s.get", "HNAP1", "-|-|-|-|-|-|get|/HNAP1"),
            ("io.k8s.core.v1.pods.create", "", "|v1|pods|-|-|-|create|-"),
            ("", "core/v1/secrets", "|v1|secrets|-|-|-|-|/core/v1/secrets"),
            ("", "", "-|-|-|-|-|-|-|-"),
        ] {
            assert_eq!(shown(method, path), expected, "{method} {path}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(method in "[a-z0-9./]{0,40}", path in "[a-z0-9./]{0,40}") {
            let _ = shown(&method, &path);
        }
    }
}
