//! Request and response bodies, as they stand in records of level RequestResponse.

use serde_json::{Value, json};

use super::template::mark;
use super::world::Pod;

/// A Secret whose values are base64 of `planted-secret-value-<number>`, so that a search of any
/// output for a planted value finds what redaction missed.
pub fn secret(namespace: &str, name: &str, number: usize) -> Value {
    json!({
        "kind": "Secret", "apiVersion": "v1",
        "metadata": {
            "name": name, "namespace": namespace, "resourceVersion": mark::SUFFIX,
            "annotations": {"cert-manager.io/certificate-name": name},
        },
        "data": {
            "tls.crt": base64(format!("planted-secret-value-{}", 2 * number).as_bytes()),
            "tls.key": base64(format!("planted-secret-value-{}", 2 * number + 1).as_bytes()),
        },
        "type": "kubernetes.io/tls",
    })
}

/// A Secret that is longer than `bytes`.
pub fn long_secret(bytes: usize) -> Value {
    let value = base64("planted-secret-value-7 ".repeat(bytes.div_ceil(23)).as_bytes());
    json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"resourceVersion": mark::SUFFIX}, "data": {"bundle": value}})
}

/// A Deployment of one container with a few environment variables.
pub fn deployment(pod: &Pod, observed: bool) -> Value {
    let environment: Vec<Value> = (0..12)
        .map(|i| json!({"name": format!("{}_SETTING_{i}", pod.namespace.to_uppercase().replace('-', "_")), "value": format!("https://{}.internal.example/endpoint/{i}?retries=3", pod.namespace)}))
        .collect();
    let mut object = json!({
        "kind": "Deployment", "apiVersion": "apps/v1",
        "metadata": {
            "name": pod.app, "namespace": pod.namespace, "generation": 7,
            "labels": {"app.kubernetes.io/name": pod.app, "app.kubernetes.io/managed-by": "argocd"},
        },
        "spec": {
            "replicas": 5,
            "selector": {"matchLabels": {"app.kubernetes.io/name": pod.app}},
            "template": {
                "metadata": {"labels": {"app.kubernetes.io/name": pod.app, "rollout": mark::SUFFIX}},
                "spec": {
                    "containers": [{
                        "name": pod.app,
                        "image": format!("images.example/{}:{}", pod.app, mark::SUFFIX),
                        "env": environment,
                        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
                        "resources": {"limits": {"cpu": "1", "memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}},
                        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10, "failureThreshold": 3},
                        "imagePullPolicy": "IfNotPresent",
                    }],
                    "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "terminationGracePeriodSeconds": 30,
                },
            },
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        },
    });
    if observed {
        object["status"] = json!({
            "observedGeneration": 7, "replicas": 5, "updatedReplicas": 5, "readyReplicas": 5, "availableReplicas": 5,
            "conditions": [{
                "type": "Available", "status": "True", "reason": "MinimumReplicasAvailable",
                "message": "Deployment has minimum availability.",
            }],
        });
    }
    object
}

/// A SubjectAccessReview, answered or not.
pub fn access_review(user: &str, namespace: &str, answer: Option<&str>) -> Value {
    let mut review = json!({
        "kind": "SubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {},
        "spec": {
            "resourceAttributes": {"namespace": namespace, "verb": "get", "version": "v1", "resource": "pods", "subresource": "metrics"},
            "user": user, "groups": ["system:authenticated"],
        },
        "status": {"allowed": answer.is_some()},
    });
    if let Some(reason) = answer {
        review["status"]["reason"] = json!(reason);
    }
    review
}

/// A ClusterRoleBinding that makes a user cluster-admin.
pub fn admin_binding(name: &str, user: &str) -> Value {
    json!({
        "kind": "ClusterRoleBinding", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name},
        "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": user}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
    })
}

/// Base64 with padding; a few hundred bytes a run do not need a crate.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| {
        let bits = (0..3).fold(0, |bits, i| bits << 8 | u32::from(chunk.get(i).copied().unwrap_or(0)));
        let digit = move |i: usize, used: bool| {
            if used { char::from(DIGITS[(bits >> (18 - 6 * i) & 63) as usize]) } else { '=' }
        };
        let len = chunk.len();
        [digit(0, true), digit(1, true), digit(2, len > 1), digit(3, len > 2)]
    };
    bytes.chunks(3).flat_map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_agrees_with_rfc_4648() {
        let cases = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (plain, encoded) in cases {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
