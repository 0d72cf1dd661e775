//! One API request as its caller makes it, before any container shapes it.

use std::sync::Arc;

use serde_json::{Value, json};

/// How an actor authenticates, which decides the `extra` that a cloud adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    Person,
    ServiceAccount,
    Node,
    Component,
}

/// Who calls, from where, with what.
#[derive(Debug)]
pub struct Actor {
    pub kind: ActorKind,
    pub username: String,
    pub uid: String,
    pub groups: Vec<String>,
    pub user_agent: String,
    pub ip: String,
    /// The annotation `authorization.k8s.io/reason` of an allowed request.
    pub reason: String,
}

/// The value of `level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Metadata,
    RequestResponse,
}

/// The value of `stage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    RequestReceived,
    ResponseStarted,
    ResponseComplete,
}

impl Stage {
    pub const ALL: [Self; 3] = [Self::RequestReceived, Self::ResponseStarted, Self::ResponseComplete];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequestReceived => "RequestReceived",
            Self::ResponseStarted => "ResponseStarted",
            Self::ResponseComplete => "ResponseComplete",
        }
    }
}

/// The records that an API server's own policy writes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stages {
    /// ResponseComplete alone: the policy omits RequestReceived.
    Complete,
    /// RequestReceived and ResponseComplete.
    Both,
    /// All three; ResponseComplete is missing while the watch is open.
    Watch,
}

/// What a call is about: `objectRef`.
#[derive(Debug, Clone)]
pub struct Target {
    /// The core group is the empty string.
    pub group: &'static str,
    pub version: &'static str,
    pub resource: &'static str,
    pub subresource: Option<&'static str>,
    pub namespace: Option<String>,
    pub name: Option<String>,
}

impl Target {
    pub fn core(resource: &'static str) -> Self {
        Self::of("", resource)
    }

    pub fn of(group: &'static str, resource: &'static str) -> Self {
        Self { group, version: "v1", resource, subresource: None, namespace: None, name: None }
    }

    pub fn sub(mut self, subresource: &'static str) -> Self {
        self.subresource = Some(subresource);
        self
    }

    pub fn namespace(mut self, namespace: &str) -> Self {
        self.namespace = Some(namespace.to_owned());
        self
    }

    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }
}

/// One API request. Times and ids are not part of it: one call can be made many times.
#[derive(Debug, Clone)]
pub struct Call {
    pub actor: Arc<Actor>,
    pub impersonated: Option<Arc<Actor>>,
    pub verb: &'static str,
    /// None for non-resource URLs.
    pub target: Option<Target>,
    /// The path of a non-resource URL.
    pub path: &'static str,
    /// The query of the URI, without its question mark.
    pub query: String,
    /// HTTP
    pub code: u16,
    pub level: Level,
    pub request: Option<Value>,
    pub response: Option<Value>,
    pub stages: Stages,
}

impl Call {
    /// A successful call at level Metadata.
    pub fn new(actor: &Arc<Actor>, verb: &'static str, target: Target) -> Self {
        let watch = verb == "watch";
        let query = match (verb, &target.name) {
            ("list", Some(name)) => {
                format!("fieldSelector=metadata.name%3D{name}&limit=500&resourceVersion=0")
            }
            ("watch", Some(name)) => format!(
                "allowWatchBookmarks=true&fieldSelector=metadata.name%3D{name}&resourceVersion=3680615&timeoutSeconds=480&watch=true"
            ),
            ("list", None) => "limit=500".to_owned(),
            ("watch", None) => {
                "allowWatchBookmarks=true&resourceVersion=3680615&timeout=8m50s&timeoutSeconds=530&watch=true"
                    .to_owned()
            }
            _ => String::new(),
        };
        Self {
            actor: Arc::clone(actor),
            impersonated: None,
            verb,
            target: Some(target),
            path: "",
            query,
            code: if verb == "create" { 201 } else { 200 },
            level: Level::Metadata,
            request: None,
            response: None,
            stages: if watch { Stages::Watch } else { Stages::Both },
        }
    }

    /// A get of a non-resource URL.
    pub fn non_resource(actor: &Arc<Actor>, path: &'static str, query: &str) -> Self {
        let mut call = Self::new(actor, "get", Target::core(""));
        call.target = None;
        call.path = path;
        call.query = query.to_owned();
        call
    }

    pub fn code(mut self, code: u16) -> Self {
        self.code = code;
        self
    }

    pub fn query(mut self, query: &str) -> Self {
        self.query = query.to_owned();
        self
    }

    pub fn stages(mut self, stages: Stages) -> Self {
        self.stages = stages;
        self
    }

    pub fn impersonating(mut self, effective: &Arc<Actor>) -> Self {
        self.impersonated = Some(Arc::clone(effective));
        self
    }

    /// Logged at level RequestResponse, with these bodies.
    pub fn bodies(mut self, request: Value, response: Value) -> Self {
        self.level = Level::RequestResponse;
        self.request = Some(request);
        self.response = Some(response);
        self
    }

    /// How many records an API server writes of the call, where `open` is a watch that never completes.
    pub fn records(&self, open: bool) -> u64 {
        match self.stages {
            Stages::Complete => 1,
            Stages::Both => 2,
            Stages::Watch => 3 - u64::from(open),
        }
    }

    /// The value of `requestURI`.
    pub fn uri(&self) -> String {
        let mut uri =
            self.target.as_ref().map_or_else(|| self.path.to_owned(), |t| resource_path(t, self.verb));
        if !self.query.is_empty() {
            uri.push('?');
            uri.push_str(&self.query);
        }
        uri
    }

    /// Whether the caller was not allowed to.
    pub fn is_denied(&self) -> bool {
        self.code == 403
    }

    /// The message of a failed call, as the API server words it.
    pub fn message(&self) -> Option<String> {
        let target = self.target.as_ref()?;
        let name = target.name.as_deref().unwrap_or_default();
        match self.code {
            403 => Some(denial(self, target, name)),
            404 => Some(format!("{} \"{name}\" not found", target.resource)),
            409 => Some(format!(
                "Operation cannot be fulfilled on {} \"{name}\": the object has been modified; please apply your changes to the latest version and try again",
                target.resource
            )),
            _ => None,
        }
    }

    /// The value of `responseStatus.reason`.
    pub fn failure_reason(&self) -> Option<&'static str> {
        match self.code {
            403 => Some("Forbidden"),
            404 => Some("NotFound"),
            409 => Some("Conflict"),
            _ => None,
        }
    }

    /// The value of `responseStatus`.
    pub fn status(&self) -> Value {
        match (self.message(), self.failure_reason(), &self.target) {
            (Some(message), Some(reason), Some(target)) => json!({
                "metadata": {}, "status": "Failure", "message": message, "reason": reason,
                "details": {"name": target.name, "kind": target.resource}, "code": self.code,
            }),
            _ => json!({"metadata": {}, "code": self.code}),
        }
    }
}

fn resource_path(target: &Target, verb: &str) -> String {
    let mut path = match target.group {
        "" => format!("/api/{}", target.version),
        group => format!("/apis/{group}/{}", target.version),
    };
    if let Some(namespace) = &target.namespace {
        path.push_str("/namespaces/");
        path.push_str(namespace);
    }
    path.push('/');
    path.push_str(target.resource);
    let named = !matches!(verb, "list" | "watch") && (verb != "create" || target.subresource.is_some());
    if let (true, Some(name)) = (named, &target.name) {
        path.push('/');
        path.push_str(name);
    }
    if let Some(subresource) = target.subresource {
        path.push('/');
        path.push_str(subresource);
    }
    path
}

fn denial(call: &Call, target: &Target, name: &str) -> String {
    let user = &call.impersonated.as_ref().unwrap_or(&call.actor).username;
    let place = match &target.namespace {
        Some(namespace) => format!("in the namespace \"{namespace}\""),
        None => "at the cluster scope".to_owned(),
    };
    format!(
        "{resource} \"{name}\" is forbidden: User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{group}\" {place}",
        resource = target.resource,
        verb = call.verb,
        group = target.group,
    )
}
