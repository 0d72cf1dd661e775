//! The traffic of every day: what kinds of calls a cluster's log consists of, and how often.
//!
//! No user of the background can reach the rule's threshold, however many records are asked for:
//! whoever is not a system principal has fewer than ten secrets to read, and never lists the
//! secrets of the cluster.

use std::sync::Arc;

use super::attacks::get;
use super::body;
use super::call::{Actor, Call, Stages, Target};
use super::lookalikes::{node_read, operator_secrets};
use super::rng::Rng;
use super::world::{Pod, SECRETS_PER_NAMESPACE, World};

/// A kind of traffic: how many of a thousand calls, and the calls to draw from.
#[derive(Debug)]
struct Kind {
    weight: usize,
    calls: Vec<Call>,
}

/// All calls that the background draws from.
#[derive(Debug)]
pub struct Background {
    pub calls: Vec<Call>,
    /// The range of `calls` for each of a thousand draws.
    draws: Vec<(u32, u32)>,
    /// The range of `calls` that give one record only.
    single: (u32, u32),
}

impl Background {
    /// The background of a cluster. Shares are after the two largest logs of real clusters at
    /// hand, of which leases and health checks made more than half.
    pub fn new(world: &World) -> Self {
        let kinds = [
            Kind { weight: 280, calls: leases(world) },
            Kind { weight: 120, calls: health(world) },
            Kind { weight: 120, calls: pods(world) },
            Kind { weight: 70, calls: events(world) },
            Kind { weight: 60, calls: slices(world) },
            Kind { weight: 60, calls: workloads(world) },
            Kind { weight: 50, calls: configmaps(world) },
            Kind { weight: 40, calls: watches(world) },
            Kind { weight: 30, calls: tokens(world) },
            Kind { weight: 25, calls: people(world) },
            Kind { weight: 15, calls: system_secrets(world) },
            Kind { weight: 15, calls: user_secrets(world) },
            Kind { weight: 5, calls: issued_secrets(world) },
            Kind { weight: 80, calls: manifests(world) },
            Kind { weight: 30, calls: reviews(world) },
        ];
        let mut background = Self { calls: Vec::new(), draws: Vec::new(), single: (0, 0) };
        for kind in kinds {
            let from = background.calls.len() as u32;
            background.calls.extend(kind.calls);
            background.single = (from, background.calls.len() as u32);
            background.draws.extend(std::iter::repeat_n(background.single, kind.weight));
        }
        background
    }

    /// Draws a call that gives at most `budget` records where it can; the index into `calls`.
    #[inline]
    pub fn draw(&self, rng: &mut Rng, budget: u64) -> usize {
        let (from, to) = if budget < 2 { self.single } else { self.draws[rng.index(self.draws.len())] };
        from as usize + rng.index((to - from) as usize)
    }
}

fn lease(actor: &Arc<Actor>, namespace: &str, name: &str) -> [Call; 2] {
    ["get", "update"].map(|verb| {
        Call::new(actor, verb, Target::of("coordination.k8s.io", "leases").namespace(namespace).name(name))
    })
}

fn leases(world: &World) -> Vec<Call> {
    let nodes = world.nodes.iter().flat_map(|node| {
        let name = node.username.trim_start_matches("system:node:");
        lease(node, "kube-node-lease", name)
    });
    let components = world.components.iter().flat_map(|component| {
        lease(component, "kube-system", component.username.trim_start_matches("system:"))
    });
    nodes.chain(components).chain(lease(&world.issuer, "kube-system", "cert-manager-controller")).collect()
}

fn health(world: &World) -> Vec<Call> {
    let paths =
        [("/readyz", ""), ("/livez", ""), ("/healthz", ""), ("/apis", "timeout=32s"), ("/openapi/v3", "")];
    let server = &world.components[0];
    let mut calls: Vec<_> = paths.map(|(path, query)| Call::non_resource(server, path, query)).to_vec();
    calls.extend(world.controllers.iter().map(|actor| Call::non_resource(actor, "/api", "timeout=32s")));
    calls.extend(world.staff.iter().map(|actor| Call::non_resource(actor, "/apis", "timeout=32s")));
    calls
}

fn pod(pod: &Pod) -> Target {
    Target::core("pods").namespace(&pod.namespace).name(&pod.name)
}

fn pods(world: &World) -> Vec<Call> {
    let of = |p: &Pod| {
        let node = &world.nodes[p.node];
        [
            Call::new(node, "get", pod(p)),
            Call::new(node, "patch", pod(p).sub("status")),
            Call::new(node, "patch", pod(p).sub("status")).code(409),
        ]
    };
    world.pods.iter().flat_map(of).collect()
}

fn events(world: &World) -> Vec<Call> {
    let of = |p: &Pod| {
        let name = format!("{}.{}", p.name, super::template::mark::SUFFIX);
        let target = Target::core("events").namespace(&p.namespace);
        [
            Call::new(&world.nodes[p.node], "create", target.clone().name(&name)),
            Call::new(&world.nodes[p.node], "patch", target.name(&name)),
        ]
    };
    world.pods.iter().flat_map(of).collect()
}

fn slices(world: &World) -> Vec<Call> {
    let controller = &world.controllers[1];
    let of = |namespace: &String| {
        let name = format!("{namespace}-api-x7k2p");
        ["get", "update"].map(|verb| {
            Call::new(
                controller,
                verb,
                Target::of("discovery.k8s.io", "endpointslices").namespace(namespace).name(&name),
            )
        })
    };
    world.namespaces.iter().flat_map(of).collect()
}

fn workloads(world: &World) -> Vec<Call> {
    let of = |namespace: &String| {
        let app =
            |resource| Target::of("apps", resource).namespace(namespace).name(&format!("{namespace}-api"));
        [
            Call::new(&world.controllers[2], "update", app("deployments").sub("status")),
            Call::new(&world.controllers[3], "update", app("replicasets").sub("status")),
            Call::new(&world.controllers[3], "update", app("replicasets").sub("status")).code(409),
            Call::new(&world.gitops, "get", app("deployments")),
            Call::new(&world.controllers[3], "create", Target::core("pods").namespace(namespace)),
            Call::new(
                &world.controllers[6],
                "delete",
                Target::of("batch", "jobs").namespace(namespace).name(&format!("{namespace}-report")),
            ),
        ]
    };
    world.namespaces.iter().flat_map(of).collect()
}

fn configmaps(world: &World) -> Vec<Call> {
    let of = |(namespace, app): (&String, &Arc<Actor>)| {
        let target = Target::core("configmaps").namespace(namespace).name(&format!("{namespace}-settings"));
        ["get", "update"].map(|verb| Call::new(app, verb, target.clone()))
    };
    world.namespaces.iter().zip(&world.apps).flat_map(of).collect()
}

fn watches(world: &World) -> Vec<Call> {
    let resources = ["pods", "services", "configmaps", "nodes", "namespaces", "serviceaccounts"];
    let whole = world.controllers.iter().chain(&world.components).chain([&world.gitops]);
    let whole =
        whole.flat_map(|actor| resources.map(|resource| Call::new(actor, "watch", Target::core(resource))));
    let own = world.namespaces.iter().zip(&world.apps).map(|(namespace, app)| {
        let target = Target::core("configmaps").namespace(namespace).name(&format!("{namespace}-settings"));
        Call::new(app, "watch", target)
    });
    let secrets =
        world.controllers[..2].iter().map(|actor| Call::new(actor, "watch", Target::core("secrets")));
    whole.chain(own).chain(secrets).collect()
}

fn tokens(world: &World) -> Vec<Call> {
    let of = |p: &Pod| {
        let target = Target::core("serviceaccounts").namespace(&p.namespace).name(&p.app).sub("token");
        Call::new(&world.nodes[p.node], "create", target)
    };
    world.pods.iter().map(of).collect()
}

fn people(world: &World) -> Vec<Call> {
    let of = |(i, actor): (usize, &Arc<Actor>)| {
        let p = &world.pods[i * 3 % world.pods.len()];
        let app = Target::of("apps", "deployments").namespace(&p.namespace);
        [
            Call::new(actor, "list", Target::core("pods").namespace(&p.namespace)),
            Call::new(actor, "get", pod(p)),
            Call::new(actor, "get", pod(p).sub("log")).query("container=app&follow=true&tailLines=200"),
            Call::new(actor, "list", app.clone()),
            Call::new(actor, "get", app.name(&p.app)),
            Call::new(actor, "list", Target::core("nodes")),
            Call::new(actor, "delete", pod(p)),
            Call::new(actor, "list", Target::core("events").namespace(&p.namespace)),
            Call::new(actor, "list", Target::core("configmaps").namespace("kube-system")).code(403),
        ]
    };
    world.staff.iter().chain(&world.attackers).enumerate().flat_map(of).collect()
}

/// Reads of secrets by principals that the rule excludes.
fn system_secrets(world: &World) -> Vec<Call> {
    let nodes = world.secrets.iter().zip(world.nodes.iter().cycle());
    let nodes = nodes.flat_map(|(secret, node)| ["list", "watch"].map(|verb| node_read(node, secret, verb)));
    let server = &world.components[0];
    let whole = [Call::new(server, "list", Target::core("secrets"))];
    nodes
        .chain(world.secrets.iter().map(|secret| get(world.garbage_collector(), secret)))
        .chain(whole)
        .collect()
}

/// Reads of secrets by everyone else: an application its own three, a person four and one
/// namespace's list, the operator its eight.
fn user_secrets(world: &World) -> Vec<Call> {
    let namespaces: Vec<_> = world.secrets.chunks(SECRETS_PER_NAMESPACE).collect();
    let apps = world
        .apps
        .iter()
        .zip(&namespaces)
        .flat_map(|(app, secrets)| secrets[..3].iter().map(move |secret| get(app, secret)));
    let staff = world.staff.iter().zip(&namespaces).flat_map(|(actor, secrets)| {
        let list = Call::new(actor, "list", Target::core("secrets").namespace(&secrets[0].namespace));
        secrets[4..8].iter().map(move |secret| get(actor, secret)).chain([list])
    });
    let operator = operator_secrets(world).map(|secret| get(&world.operator, &secret)).collect::<Vec<_>>();
    apps.chain(staff).chain(operator).collect()
}

/// Certificates written as secrets, new and renewed.
fn issued_secrets(world: &World) -> Vec<Call> {
    let numbers = 0..world.namespaces.len();
    numbers.flat_map(|number| ["create", "update"].map(|verb| issue(world, number, verb))).collect()
}

/// A certificate of one namespace written as a secret, with its values in the bodies.
pub fn issue(world: &World, number: usize, verb: &'static str) -> Call {
    let namespace = &world.namespaces[number];
    let name = format!("{namespace}-tls-public");
    let secret = body::secret(namespace, &name, number);
    Call::new(&world.issuer, verb, Target::core("secrets").namespace(namespace).name(&name))
        .bodies(secret.clone(), secret)
}

/// Manifests applied with their bodies.
fn manifests(world: &World) -> Vec<Call> {
    let of = |p: &Pod| {
        let target = Target::of("apps", "deployments").namespace(&p.namespace).name(&p.app);
        Call::new(&world.gitops, "patch", target)
            .query("fieldManager=argocd-controller&force=true")
            .bodies(body::deployment(p, false), body::deployment(p, true))
    };
    world.pods.iter().map(of).collect()
}

/// Access reviews: one record each, with bodies. They come last, as [`Background::draw`] falls back on them.
fn reviews(world: &World) -> Vec<Call> {
    let of = |(actor, namespace): (&Arc<Actor>, &String)| {
        let target = Target::of("authorization.k8s.io", "subjectaccessreviews");
        let question = body::access_review(&actor.username, namespace, None);
        let answer = body::access_review(&actor.username, namespace, Some(&actor.reason));
        Call::new(&world.components[0], "create", target).bodies(question, answer).stages(Stages::Complete)
    };
    world.apps.iter().zip(&world.namespaces).map(of).collect()
}
