//! The cluster that the logs are of: its people, nodes, workloads and secrets.
//!
//! Every name that is not the system's own holds the cluster's name, so that logs of two
//! simulated clusters share no user.

use std::sync::Arc;

use super::call::{Actor, ActorKind};
use super::rng::Rng;

const NAMESPACES: [&str; 24] = [
    "accounts",
    "analytics",
    "audit",
    "billing",
    "cart",
    "catalog",
    "checkout",
    "data-platform",
    "fraud",
    "gateway",
    "identity",
    "inventory",
    "ledger",
    "messaging",
    "notifications",
    "orders",
    "payments",
    "pricing",
    "reporting",
    "risk",
    "search",
    "shipping",
    "staging",
    "web",
];

const GIVEN_NAMES: [&str; 32] = [
    "ada", "alan", "anita", "barbara", "bjarne", "carol", "dennis", "donald", "dorothy", "edsger", "elena",
    "frances", "grace", "guido", "hedy", "ivan", "jean", "john", "joan", "karen", "ken", "leslie", "linus",
    "margaret", "mary", "niklaus", "peter", "radia", "robin", "shafi", "sophie", "tony",
];

const SECRET_NAMES: [&str; 13] = [
    "db-credentials",
    "api-key",
    "tls-internal",
    "tls-public",
    "oauth-client",
    "registry-pull",
    "smtp-relay",
    "redis-auth",
    "kafka-sasl",
    "signing-key",
    "webhook-token",
    "s3-backup",
    "session-salt",
];

/// People who take part in attacks, one for each kind.
pub const ATTACKERS: usize = 7;
const STAFF: usize = 14;
const NODES: usize = 12;
const PODS_PER_NAMESPACE: usize = 5;

/// A secret's place.
#[derive(Debug, Clone)]
pub struct SecretName {
    pub namespace: String,
    pub name: String,
}

/// A pod and the node it runs on (an index into `World::nodes`).
#[derive(Debug)]
pub struct Pod {
    pub namespace: String,
    pub app: String,
    pub name: String,
    pub node: usize,
}

/// Everyone and everything in the cluster.
#[derive(Debug)]
pub struct World {
    pub cluster: String,
    pub namespaces: Vec<String>,
    pub secrets: Vec<SecretName>,
    pub pods: Vec<Pod>,
    /// Kubelets.
    pub nodes: Vec<Arc<Actor>>,
    /// People who read no secrets in their daily work.
    pub attackers: Vec<Arc<Actor>>,
    /// People with a few secrets of their own.
    pub staff: Vec<Arc<Actor>>,
    /// The pipeline that runs helm.
    pub deployer: Arc<Actor>,
    /// A non-system service account that reads its eight secrets again and again.
    pub operator: Arc<Actor>,
    /// A non-system service account that writes secrets.
    pub issuer: Arc<Actor>,
    /// A non-system service account that applies manifests.
    pub gitops: Arc<Actor>,
    /// A service account whom an attacker impersonates.
    pub backup: Arc<Actor>,
    /// One service account for each namespace.
    pub apps: Vec<Arc<Actor>>,
    /// Service accounts of kube-system.
    pub controllers: Vec<Arc<Actor>>,
    /// system:apiserver, system:kube-scheduler, system:kube-controller-manager
    pub components: Vec<Arc<Actor>>,
}

impl World {
    /// Builds the cluster that `seed` gives.
    pub fn new(seed: u64, cluster: &str) -> Self {
        let mut rng = Rng::new(seed, "world");
        let mut namespaces: Vec<String> = NAMESPACES.map(str::to_owned).to_vec();
        rng.shuffle(&mut namespaces);
        let mut given = GIVEN_NAMES;
        rng.shuffle(&mut given);
        let mut people = given.iter().map(|name| person(&mut rng, cluster, name));
        let attackers = people.by_ref().take(ATTACKERS).collect();
        let staff = people.take(STAFF).collect();
        let nodes = (0..NODES).map(|_| node(&mut rng, cluster)).collect();
        let pods = namespaces.iter().flat_map(|namespace| pods(&mut rng, namespace)).collect();
        let apps = namespaces.iter().map(|n| account(&mut rng, n, &format!("{cluster}-{n}-api"))).collect();
        let mut release =
            |namespace: &str, app: &str| account(&mut rng, namespace, &format!("{cluster}-{app}"));
        Self {
            cluster: cluster.to_owned(),
            operator: release("monitoring", "kube-prometheus-operator"),
            issuer: release("cert-manager", "cert-manager"),
            gitops: release("argocd", "argocd-application-controller"),
            backup: release("velero", "velero"),
            deployer: person(&mut rng, cluster, "ci-deployer"),
            controllers: CONTROLLERS.map(|name| controller(&mut rng, name)).to_vec(),
            components: COMPONENTS.map(|(name, agent)| component(&mut rng, name, agent)).to_vec(),
            secrets: secrets(&namespaces),
            namespaces,
            pods,
            nodes,
            attackers,
            staff,
            apps,
        }
    }

    /// The controller that reads every secret.
    pub fn garbage_collector(&self) -> &Arc<Actor> {
        &self.controllers[0]
    }
}

const CONTROLLERS: [&str; 8] = [
    "generic-garbage-collector",
    "endpointslice-controller",
    "deployment-controller",
    "replicaset-controller",
    "namespace-controller",
    "resourcequota-controller",
    "cronjob-controller",
    "coredns",
];

const COMPONENTS: [(&str, &str); 3] = [
    ("system:apiserver", "kube-apiserver"),
    ("system:kube-scheduler", "kube-scheduler"),
    ("system:kube-controller-manager", "kube-controller-manager"),
];

const VERSION: &str = "v1.33.4 (linux/amd64) kubernetes/74cdb42";

fn person(rng: &mut Rng, cluster: &str, name: &str) -> Arc<Actor> {
    let pipeline = name == "ci-deployer";
    Arc::new(Actor {
        kind: ActorKind::Person,
        username: format!("{name}@{cluster}.example"),
        uid: rng.uuid(),
        groups: vec!["platform-engineers".to_owned(), "system:authenticated".to_owned()],
        user_agent: match (pipeline, rng.below(3)) {
            (true, _) => "Helm/3.18.4".to_owned(),
            (false, 0) => "kubectl/v1.33.2 (darwin/arm64) kubernetes/a57b6f7".to_owned(),
            (false, 1) => "kubectl/v1.32.6 (linux/amd64) kubernetes/8adc0f0".to_owned(),
            (false, _) => "k9s/v0.50.9 (darwin/arm64) kubernetes/$Format".to_owned(),
        },
        ip: format!("203.0.113.{}", rng.between(2, 250)),
        reason: rbac(
            "ClusterRoleBinding",
            "platform-engineers",
            "ClusterRole",
            "edit",
            "Group \"platform-engineers\"",
        ),
    })
}

fn account(rng: &mut Rng, namespace: &str, name: &str) -> Arc<Actor> {
    Arc::new(Actor {
        kind: ActorKind::ServiceAccount,
        username: format!("system:serviceaccount:{namespace}:{name}"),
        uid: rng.uuid(),
        groups: account_groups(namespace),
        user_agent: format!("{name}/v2.14.0 (linux/amd64) client-go/v0.33.1"),
        ip: format!("10.244.{}.{}", rng.between(0, 31), rng.between(2, 250)),
        reason: rbac("RoleBinding", &format!("{name}/{namespace}"), "Role", name, &subject(namespace, name)),
    })
}

fn controller(rng: &mut Rng, name: &str) -> Arc<Actor> {
    let role = format!("system:controller:{name}");
    Arc::new(Actor {
        kind: ActorKind::ServiceAccount,
        username: format!("system:serviceaccount:kube-system:{name}"),
        uid: rng.uuid(),
        groups: account_groups("kube-system"),
        user_agent: format!("kube-controller-manager/{VERSION}/system:serviceaccount:kube-system:{name}"),
        ip: "10.0.0.10".to_owned(),
        reason: rbac("ClusterRoleBinding", &role, "ClusterRole", &role, &subject("kube-system", name)),
    })
}

fn component(rng: &mut Rng, username: &str, agent: &str) -> Arc<Actor> {
    Arc::new(Actor {
        kind: ActorKind::Component,
        username: username.to_owned(),
        uid: rng.uuid(),
        groups: vec!["system:masters".to_owned(), "system:authenticated".to_owned()],
        user_agent: format!("{agent}/{VERSION}"),
        ip: "10.0.0.10".to_owned(),
        reason: String::new(),
    })
}

fn node(rng: &mut Rng, cluster: &str) -> Arc<Actor> {
    Arc::new(Actor {
        kind: ActorKind::Node,
        username: format!("system:node:{cluster}-pool-{}", rng.hex(8)),
        uid: String::new(),
        groups: vec!["system:nodes".to_owned(), "system:authenticated".to_owned()],
        user_agent: format!("kubelet/{VERSION}"),
        ip: format!("10.0.{}.{}", rng.between(1, 8), rng.between(2, 250)),
        reason: String::new(),
    })
}

fn account_groups(namespace: &str) -> Vec<String> {
    vec![
        "system:serviceaccounts".to_owned(),
        format!("system:serviceaccounts:{namespace}"),
        "system:authenticated".to_owned(),
    ]
}

fn subject(namespace: &str, name: &str) -> String {
    format!("ServiceAccount \"{name}/{namespace}\"")
}

fn rbac(binding_kind: &str, binding: &str, role_kind: &str, role: &str, subject: &str) -> String {
    format!("RBAC: allowed by {binding_kind} \"{binding}\" of {role_kind} \"{role}\" to {subject}")
}

fn pods(rng: &mut Rng, namespace: &str) -> Vec<Pod> {
    let template = rng.hex(9);
    (0..PODS_PER_NAMESPACE)
        .map(|_| Pod {
            namespace: namespace.to_owned(),
            app: format!("{namespace}-api"),
            name: format!("{namespace}-api-{template}-{}", rng.hex(5)),
            node: rng.index(NODES),
        })
        .collect()
}

fn secrets(namespaces: &[String]) -> Vec<SecretName> {
    let of = |namespace: &String| {
        let namespace = namespace.clone();
        SECRET_NAMES.map(|name| SecretName {
            name: if name == SHARED_SECRET { name.to_owned() } else { format!("{namespace}-{name}") },
            namespace: namespace.clone(),
        })
    };
    namespaces.iter().flat_map(of).collect()
}

/// The name that a secret has in every namespace.
pub const SHARED_SECRET: &str = SECRET_NAMES[0];
/// How many secrets `World::secrets` holds of each namespace, one namespace after the other.
pub const SECRETS_PER_NAMESPACE: usize = SECRET_NAMES.len();
