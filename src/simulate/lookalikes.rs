//! What looks like an attack and is daily work: helm, a kubelet, an operator, a controller.

use std::sync::Arc;

use super::attacks::get;
use super::background::issue;
use super::call::{Actor, Call, Target};
use super::clock::{DAY, HOUR, MINUTE, SECOND};
use super::plan::{Plan, spaced};
use super::rng::Rng;
use super::world::{SecretName, World};

/// Releases that one helm run goes through: the most distinct secrets a real one showed was 10.
const HELM_SECRETS: usize = 11;
/// Secrets that the busiest kubelet and operator of real logs read.
const KUBELET_SECRETS: usize = 11;
const OPERATOR_SECRETS: usize = 8;
/// Enough to be far over any threshold, were the controller not excluded.
const CONTROLLER_SECRETS: usize = 200;

/// Plans each look-alike.
pub fn plan(world: &World, seed: u64, plan: &mut Plan) {
    let mut rng = Rng::new(seed, "look-alikes");
    for day in 0..i64::from(plan.days) {
        let start = plan.start + day * DAY + rng.between(8 * HOUR, 17 * HOUR);
        helm_upgrade(world, start, &mut rng, plan);
    }
    let start = plan.some_day(&mut rng) + rng.between(HOUR, 20 * HOUR);
    kubelet(world, start, &mut rng, plan);
    operator(world, start + 5 * MINUTE, &mut rng, plan);
    controller(world, start + 9 * MINUTE, &mut rng, plan);
    // However short the log, it holds secret values for redaction to find.
    for number in 0..3 {
        plan.make(start + number as i64 * SECOND, issue(world, number, "create"));
    }
}

/// Four minutes of looking for release secrets that are mostly not there yet.
fn helm_upgrade(world: &World, start: i64, rng: &mut Rng, plan: &mut Plan) {
    let from = rng.index(world.namespaces.len());
    let releases = world.namespaces.iter().cycle().skip(from).take(HELM_SECRETS).enumerate();
    let times = spaced(rng, start, HELM_SECRETS, 21 * SECOND, 15 * SECOND);
    let reads = releases.zip(times).map(|((i, namespace), time)| {
        let version = rng.between(2, 60);
        let release = SecretName {
            namespace: namespace.clone(),
            name: format!("sh.helm.release.v1.{namespace}.v{version}"),
        };
        (time, get(&world.deployer, &release).code(if i % 4 == 0 { 200 } else { 404 }))
    });
    plan.look_alike(reads.collect());
}

/// A kubelet lists and watches the secrets of its pods by name.
fn kubelet(world: &World, start: i64, rng: &mut Rng, plan: &mut Plan) {
    let node = &world.nodes[rng.index(world.nodes.len())];
    let times = spaced(rng, start, KUBELET_SECRETS, 12 * SECOND, 8 * SECOND);
    let calls = times.into_iter().zip(&world.secrets).flat_map(|(time, secret)| {
        [(time, node_read(node, secret, "list")), (time + 40_000, node_read(node, secret, "watch"))]
    });
    plan.look_alike(calls.collect());
}

/// A kubelet's list or watch of one secret.
pub fn node_read(node: &Arc<Actor>, secret: &SecretName, verb: &'static str) -> Call {
    Call::new(node, verb, Target::core("secrets").namespace(&secret.namespace).name(&secret.name))
}

/// The eight secrets of the operator, which it reads again and again.
pub fn operator_secrets(world: &World) -> impl Iterator<Item = SecretName> + '_ {
    let name = |i| SecretName {
        namespace: "monitoring".to_owned(),
        name: format!("{}-prometheus-{i}", world.cluster),
    };
    (0..OPERATOR_SECRETS).map(name)
}

fn operator(world: &World, start: i64, rng: &mut Rng, plan: &mut Plan) {
    let times = spaced(rng, start, 5 * OPERATOR_SECRETS, 14 * SECOND, 10 * SECOND);
    let secrets: Vec<_> = operator_secrets(world).collect();
    let reads = times
        .into_iter()
        .zip(secrets.iter().cycle())
        .map(|(time, secret)| (time, get(&world.operator, secret)));
    plan.look_alike(reads.collect());
}

/// A controller of kube-system goes through the secrets of every namespace.
fn controller(world: &World, start: i64, rng: &mut Rng, plan: &mut Plan) {
    let times = spaced(rng, start, CONTROLLER_SECRETS, 4 * SECOND, 3 * SECOND);
    let collector = world.garbage_collector();
    let mut reads = vec![(start - SECOND, Call::new(collector, "list", Target::core("secrets")))];
    reads.extend(times.into_iter().zip(&world.secrets).map(|(time, secret)| (time, get(collector, secret))));
    plan.look_alike(reads);
}
