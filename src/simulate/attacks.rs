//! The planted attacks, one function for each kind.

use std::sync::Arc;

use super::body;
use super::call::{Actor, Call, Target};
use super::clock::{HOUR, MINUTE, SECOND};
use super::plan::{Plan, spaced};
use super::rng::Rng;
use super::truth::Expected;
use super::world::{ATTACKERS, SECRETS_PER_NAMESPACE, SHARED_SECRET, SecretName, World};

/// Plans one kind of attack by the given user.
type Kind = fn(&World, &Arc<Actor>, &mut Rng, &mut Plan);

/// Plans an attack of each kind, each by a user of its own.
pub fn plan(world: &World, seed: u64, plan: &mut Plan) {
    let kinds: [Kind; ATTACKERS] =
        [fast, clock_boundary, same_name, denied, impersonation, slow, cluster_wide_list];
    let mut rng = Rng::new(seed, "attacks");
    for (kind, attacker) in kinds.iter().zip(&world.attackers) {
        kind(world, attacker, &mut rng, plan);
    }
}

/// Two dozen secrets in a few minutes, found by asking what is allowed, and a foothold kept afterwards.
fn fast(world: &World, attacker: &Arc<Actor>, rng: &mut Rng, plan: &mut Plan) {
    let start = moment(plan, rng, 1, 21);
    let review = Target::of("authorization.k8s.io", "selfsubjectrulesreviews");
    plan.make(start - 40 * SECOND, Call::new(attacker, "create", review));
    let times = spaced(rng, start, 24, 11 * SECOND, 9 * SECOND);
    let end = times[23];
    let reads =
        times.into_iter().zip(choose(world, rng, 24)).map(|(time, secret)| (time, get(attacker, &secret)));
    plan.attack("fast", Expected::Alert, reads.collect());
    let binding = body::admin_binding("ops-emergency", &attacker.username);
    let bind = Call::new(
        attacker,
        "create",
        Target::of("rbac.authorization.k8s.io", "clusterrolebindings").name("ops-emergency"),
    );
    plan.make(end + 70 * SECOND, bind.bodies(binding.clone(), binding));
    let pod = &world.pods[rng.index(world.pods.len())];
    let exec = Target::core("pods").namespace(&pod.namespace).name(&pod.name).sub("exec");
    let query = format!("command=sh&container={}&stdin=true&stdout=true&tty=true", pod.app);
    plan.make(end + 130 * SECOND, Call::new(attacker, "create", exec).query(&query).code(101));
}

/// Ten secrets before a full or half hour and ten after it: bins that start on the clock see ten.
fn clock_boundary(world: &World, attacker: &Arc<Actor>, rng: &mut Rng, plan: &mut Plan) {
    let boundary = plan.some_day(rng) + rng.between(2, 44) * 30 * MINUTE;
    let secrets = choose(world, rng, 20);
    let mut times = spaced(rng, boundary - 12 * MINUTE, 10, 65 * SECOND, 40 * SECOND);
    times.extend(spaced(rng, boundary + 30 * SECOND, 10, 65 * SECOND, 40 * SECOND));
    let reads = times.into_iter().zip(&secrets).map(|(time, secret)| (time, get(attacker, secret)));
    plan.attack("clock-boundary", Expected::Alert, reads.collect());
}

/// The same name in twenty namespaces: one secret to whoever counts names alone.
fn same_name(world: &World, attacker: &Arc<Actor>, rng: &mut Rng, plan: &mut Plan) {
    let start = moment(plan, rng, 1, 21);
    let times = spaced(rng, start, 20, 35 * SECOND, 25 * SECOND);
    let reads = times.into_iter().zip(&world.namespaces).map(|(time, namespace)| {
        (time, get(attacker, &SecretName { namespace: namespace.clone(), name: SHARED_SECRET.to_owned() }))
    });
    plan.attack("same-name", Expected::Alert, reads.collect());
}

/// Eighteen secrets asked for, none given.
fn denied(world: &World, attacker: &Arc<Actor>, rng: &mut Rng, plan: &mut Plan) {
    let start = moment(plan, rng, 1, 21);
    let times = spaced(rng, start, 18, 20 * SECOND, 15 * SECOND);
    let reads = times
        .into_iter()
        .zip(choose(world, rng, 18))
        .map(|(time, secret)| (time, get(attacker, &secret).code(403)));
    plan.attack("denied", Expected::Alert, reads.collect());
}

/// Seventeen secrets read as a service account; the caller is who did it.
fn impersonation(world: &World, attacker: &Arc<Actor>, rng: &mut Rng, plan: &mut Plan) {
    let start = moment(plan, rng, 1, 21);
    let times = spaced(rng, start, 17, 30 * SECOND, 20 * SECOND);
    let reads = times
        .into_iter()
        .zip(choose(world, rng, 17))
        .map(|(time, secret)| (time, get(attacker, &secret).impersonating(&world.backup)));
    plan.attack("impersonation", Expected::Alert, reads.collect());
}

/// A hundred secrets, 135 s apart to within 2 s: thirty minutes hold 14 at most, since the 15th
/// is at least 14 * 135 - 2 = 1,888 s after the first.
fn slow(world: &World, attacker: &Arc<Actor>, rng: &mut Rng, plan: &mut Plan) {
    let start = moment(plan, rng, 1, 18);
    let times = spaced(rng, start, 100, 135 * SECOND, 2 * SECOND);
    let reads =
        times.into_iter().zip(choose(world, rng, 100)).map(|(time, secret)| (time, get(attacker, &secret)));
    plan.attack("slow", Expected::None, reads.collect());
}

/// One request that returns every secret.
fn cluster_wide_list(_: &World, attacker: &Arc<Actor>, rng: &mut Rng, plan: &mut Plan) {
    let time = moment(plan, rng, 1, 22);
    plan.attack(
        "cluster-wide-list",
        Expected::Exposure,
        vec![(time, Call::new(attacker, "list", Target::core("secrets")))],
    );
}

/// A get of a secret.
pub fn get(actor: &Arc<Actor>, secret: &SecretName) -> Call {
    Call::new(actor, "get", Target::core("secrets").namespace(&secret.namespace).name(&secret.name))
}

/// A time on a random day between two of its hours.
fn moment(plan: &Plan, rng: &mut Rng, from_hour: i64, to_hour: i64) -> i64 {
    plan.some_day(rng) + rng.between(from_hour * HOUR, to_hour * HOUR)
}

/// `count` different secrets, namespace after namespace as a person goes through them.
fn choose(world: &World, rng: &mut Rng, count: usize) -> Vec<SecretName> {
    let from = rng.index(world.secrets.len() / SECRETS_PER_NAMESPACE) * SECRETS_PER_NAMESPACE;
    world.secrets.iter().cycle().skip(from).take(count).cloned().collect()
}
