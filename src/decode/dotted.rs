//! Fields of a record whose keys are paths (`user.username`, `sourceIPs.0`), and the JSON that they were made of.
//!
//! Keys hold dots of their own, so that a path alone does not tell what it was made of: it takes the names of what it
//! leads through.

use std::borrow::Cow;
use std::collections::BTreeMap;

use memchr::{memchr, memchr3};

use super::fields::{Fields, Object, elements, is_json, list, quoted, scalar};
use super::strings::quote;

/// Levels in a body that are put together again. Its JSON is written by calls in calls.
const DEEPEST: usize = 32;

/// Objects in bodies whose keys are not Kubernetes' own names, and hold dots.
const MAPS: [&str; 12] = [
    "annotations",
    "labels",
    "matchLabels",
    "nodeSelector",
    "data",
    "stringData",
    "binaryData",
    "limits",
    "requests",
    "capacity",
    "allocatable",
    "hard",
];

/// What an export writes where there is no value.
const NOTHING: &str = "\"-\"";

/// Values that memory is taken for at once: Events without bodies have 20 to 30.
const USUAL_PATHS: usize = 32;

/// Values by their paths. Of several with one path the first one counts. They are few and looked for by few names: most are
/// told apart by their length, which takes less time than an order.
pub(super) struct Paths<'f>(Vec<(Cow<'f, str>, Cow<'f, str>)>);

impl<'f> Paths<'f> {
    /// The fields whose keys begin so, without that. Objects at `parents` are gone into, also where they are text.
    pub(super) fn of<'a: 'f>(fields: &'f Fields<'a>, prefix: &str, parents: &[&str]) -> Self {
        let mut paths = Self(Vec::with_capacity(USUAL_PATHS));
        for (key, value) in fields.all() {
            // An empty text's address need not exist, and comparing there took longer than all else that is done here.
            let path = if prefix.is_empty() { Some(key) } else { key.strip_prefix(prefix) };
            if let Some(path) = path {
                paths.put(Cow::Borrowed(own_name(path)), Cow::Borrowed(value), parents);
            }
        }
        paths
    }

    fn put(&mut self, path: Cow<'f, str>, value: Cow<'f, str>, parents: &[&str]) {
        let may_be_object = matches!(value.as_bytes(), [b'{', ..] | [b'"', b'{' | b'\\', ..]);
        if may_be_object && parents.contains(&path.as_ref()) {
            let text = if value.starts_with('"') { scalar(&value) } else { None };
            let object = text.as_deref().unwrap_or(&value);
            if let Ok(inside) = Fields::of(object)
                && inside.all().next().is_some()
            {
                for (key, value) in inside.all() {
                    self.put(Cow::Owned(format!("{path}.{key}")), Cow::Owned(value.to_owned()), parents);
                }
                return;
            }
        }
        self.0.push((path, value));
    }

    fn get(&self, path: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == path).map(|(_, value)| value.as_ref())
    }

    /// What a text at a path says, where it says something.
    pub(super) fn word(&self, path: &str) -> Option<Cow<'_, str>> {
        self.single(path).filter(|json| *json != NOTHING).and_then(scalar)
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.get(path).is_some_and(says_something)
    }

    /// Whether something stands at a path or behind it.
    pub(super) fn lead_through(&self, path: &str) -> bool {
        self.0.iter().any(|(known, _)| {
            known.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// Makes the number of a text at a path that says one.
    pub(super) fn make_number(&mut self, path: &str) {
        if let Some((_, value)) = self.0.iter_mut().find(|(known, _)| known == path)
            && let Some(number) = single(value).and_then(scalar)
            && place_of(&number).is_some()
        {
            *value = Cow::Owned(number.into_owned());
        }
    }

    /// The JSON of the value at a path, also where a list holds nothing else.
    pub(super) fn single(&self, path: &str) -> Option<&str> {
        single(self.get(path)?)
    }

    /// The text at a path as a JSON string; what is no text as it is, so that it is refused where it is read.
    pub(super) fn text(&self, path: &str) -> Option<Cow<'_, str>> {
        text(self.single(path)?)
    }

    /// A list of texts: written as one, a value for each of its places, or as a text that an export made of it.
    pub(super) fn texts(&self, path: &str, separator: Option<&str>) -> Option<String> {
        if let Some(value) = self.get(path) {
            return texts(value, separator);
        }
        let mut places: Vec<(usize, &str)> = self
            .below(path)
            .into_iter()
            .filter_map(|(place, value)| Some((place.parse().ok()?, value)))
            .collect();
        places.sort_unstable();
        list(places.into_iter().filter_map(|(_, value)| text(single(value)?)))
    }

    /// An object of texts whose keys may hold dots; without those that are JSON themselves where they must be `plain`.
    pub(super) fn map(&self, path: &str, plain: bool) -> Option<String> {
        let is_json = |text: &str| text.trim_start_matches(['"', ' ']).starts_with(['{', '[', '\\']);
        let below = self.below(path).into_iter();
        let fields = below.filter_map(|(key, value)| Some((with_dots(key), text(single(value)?)?)));
        let fields = fields.filter(|(_, value)| !plain || !is_json(value));
        fields.fold(Object::new(), |map, (key, value)| map.json(&key, Some(value))).some()
    }

    /// An object of lists of texts whose keys may hold dots, and the place in the list behind them.
    pub(super) fn map_of_lists(&self, path: &str) -> Option<String> {
        let mut lists: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
        for (key, value) in self.below(path) {
            let (key, place) = at_place(key).unwrap_or((key, 0));
            lists.entry(key).or_default().push((place, value));
        }
        let mut map = Object::new();
        for (key, mut values) in lists {
            values.sort_unstable();
            let whole = if let [(_, value)] = values[..] { texts(value, None) } else { None };
            let joined = || list(values.iter().filter_map(|(_, value)| text(single(value)?)));
            map = map.json(key, whole.or_else(joined));
        }
        map.some()
    }

    /// The object or list that stands at a path, or that the paths behind it were made of; `None` where these do not tell.
    /// What is not `of_a_secret` has no `data` without the kind that tells whose they are: they could not be masked.
    pub(super) fn body(&self, path: &str, of_a_secret: bool) -> Option<Cow<'_, str>> {
        if let Some(whole) = self.get(path) {
            let whole = if whole.starts_with('"') { scalar(whole)? } else { Cow::Borrowed(whole) };
            return Some(whole).filter(|json| is_json(json));
        }
        let mut values: Vec<Value<'_>> =
            self.below(path).into_iter().map(|(path, value)| (by_dots(path), value)).collect();
        if values.is_empty() {
            return None;
        }
        values.sort_by(|(one, _), (other, _)| by_keys(one).cmp(by_keys(other)));
        let mut json = Vec::new();
        Level { values: &values, from: 0, depth: 0, is_map: false }.write(of_a_secret, &mut json)?;
        String::from_utf8(json).ok().map(Cow::Owned)
    }

    /// What stands behind a path, in the order of the rest of its own.
    fn below(&self, path: &str) -> Vec<(&str, &str)> {
        let values = self.0.iter().filter_map(|(known, value)| {
            let rest = known.strip_prefix(path)?.strip_prefix('.')?;
            Some((rest, value.as_ref()))
        });
        let mut inside: Vec<_> = values.collect();
        inside.sort_by_key(|(rest, _)| *rest);
        inside.dedup_by_key(|(rest, _)| *rest);
        inside
    }
}

/// A key without what log stores add to it: Splunk's `{}` behind a list, Datadog's `@` before an attribute.
pub(super) fn own_name(key: &str) -> &str {
    let key = key.strip_suffix("{}").unwrap_or(key);
    key.strip_prefix('@').unwrap_or(key)
}

/// The key of an annotation or a label: Elastic's integration writes underscores for dots. In the domain before a slash
/// there can be none.
fn with_dots(key: &str) -> Cow<'_, str> {
    match key.split_once('/') {
        Some((domain, name)) if domain.contains('_') => {
            Cow::Owned(format!("{}/{name}", domain.replace('_', ".")))
        }
        _ => Cow::Borrowed(key),
    }
}

/// Whether a value is one.
pub(super) fn says_something(json: &str) -> bool {
    single(json).is_some_and(|value| value != NOTHING)
}

fn single(json: &str) -> Option<&str> {
    let value = match json.starts_with('[').then(|| elements(json)).as_deref() {
        Some([]) => return None,
        Some([only]) => only,
        _ => json,
    };
    (value != "null").then_some(value)
}

fn text(json: &str) -> Option<Cow<'_, str>> {
    if json.starts_with(['"', '{', '[']) {
        return (json != NOTHING).then_some(Cow::Borrowed(json));
    }
    scalar(json).map(|number| Cow::Owned(quoted(&number)))
}

fn texts(json: &str, separator: Option<&str>) -> Option<String> {
    if json == "null" || json == NOTHING {
        return None;
    }
    if !json.starts_with('"') {
        return Some(json.to_owned());
    }
    let text = scalar(json)?;
    if text.starts_with('[') && is_json(&text) {
        return Some(text.into_owned());
    }
    let separator = if text.contains('\n') { Some("\n") } else { separator };
    match separator {
        Some(separator) => {
            let each = text.split(separator).map(str::trim_ascii).filter(|text| !text.is_empty());
            list(each.map(quoted))
        }
        None => list([json]),
    }
}

/// A path that ends with a place in a list, and that place.
fn at_place(path: &str) -> Option<(&str, usize)> {
    let (path, place) = path.rsplit_once('.')?;
    Some((path, place_of(place)?))
}

fn place_of(name: &str) -> Option<usize> {
    let is_usual = name == "0" || (!name.starts_with('0') && name.bytes().all(|byte| byte.is_ascii_digit()));
    if is_usual { name.parse().ok() } else { None }
}

/// `containers[0].name` in the way of the others.
fn by_dots(path: &str) -> Cow<'_, str> {
    if path.contains('[') { Cow::Owned(path.replace('[', ".").replace(']', "")) } else { Cow::Borrowed(path) }
}

/// What orders paths by their keys, one after another.
fn by_keys(path: &str) -> impl Iterator<Item = Option<u8>> {
    path.bytes().map(|byte| Some(byte).filter(|byte| *byte != b'.'))
}

/// A value's path, and its JSON.
type Value<'v> = (Cow<'v, str>, &'v str);

/// Values in an object or a list of a body, whose paths are the same up to `from`.
struct Level<'v> {
    /// In the order of their paths.
    values: &'v [Value<'v>],
    from: usize,
    depth: usize,
    /// Keys are what is left of a path.
    is_map: bool,
}

impl<'v> Level<'v> {
    /// Writes the object or list; `None` where it cannot be told what the paths were made of.
    fn write(&self, of_a_secret: bool, json: &mut Vec<u8>) -> Option<()> {
        if self.depth > DEEPEST {
            return None;
        }
        let mut groups = self.groups()?;
        let has = |name: &str| groups.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
        if has("data") && !has("kind") && !has("@type") && !of_a_secret && !self.is_map {
            return None;
        }
        let is_list = !self.is_map && by_place(&mut groups);
        json.push(if is_list { b'[' } else { b'{' });
        for (number, (key, inside)) in groups.into_iter().enumerate() {
            if number > 0 {
                json.push(b',');
            }
            if !is_list {
                quote(key, json);
                json.push(b':');
            }
            let behind = self.from + key.len();
            match inside {
                [(path, value)] if path.len() == behind => json.extend_from_slice(value.as_bytes()),
                // A value, and others inside it.
                [(path, _), ..] if path.len() == behind => return None,
                values => {
                    let is_map = MAPS.contains(&key);
                    let (from, depth) = (behind + 1, self.depth + 1);
                    Level { values, from, depth, is_map }.write(of_a_secret, json)?;
                }
            }
        }
        json.push(if is_list { b']' } else { b'}' });
        Some(())
    }

    /// The values by their keys here.
    fn groups(&self) -> Option<Vec<(&'v str, &'v [Value<'v>])>> {
        let mut groups = Vec::new();
        let mut rest = self.values;
        while let Some((path, _)) = rest.first() {
            let key = self.key(path);
            let is_here = |(path, _): &&(Cow<'_, str>, _)| {
                let behind = self.rest(path).strip_prefix(key);
                behind.is_some_and(|rest| rest.is_empty() || (!self.is_map && rest.starts_with('.')))
            };
            let (inside, others) = rest.split_at(rest.iter().take_while(is_here).count());
            // No name of Kubernetes has a slash in it: it is the end of a key with dots.
            if key.is_empty() || (!self.is_map && memchr3(b'/', b'{', b'[', key.as_bytes()).is_some()) {
                return None;
            }
            groups.push((key, inside));
            rest = others;
        }
        Some(groups)
    }

    fn rest<'p>(&self, path: &'p str) -> &'p str {
        path.get(self.from..).unwrap_or_default()
    }

    fn key<'p>(&self, path: &'p str) -> &'p str {
        let rest = self.rest(path);
        let end = if self.is_map { None } else { memchr(b'.', rest.as_bytes()) };
        end.map_or(rest, |end| &rest[..end])
    }
}

/// Whether keys are the places of a list; in their order then.
fn by_place<T>(groups: &mut [(&str, T)]) -> bool {
    if groups.first().is_some_and(|(key, _)| place_of(key).is_none()) {
        return false;
    }
    let mut places: Vec<_> = groups.iter().filter_map(|(key, _)| place_of(key)).collect();
    places.sort_unstable();
    let are_all =
        places.len() == groups.len() && places.into_iter().enumerate().all(|(number, place)| number == place);
    if are_all {
        groups.sort_by_key(|(key, _)| place_of(key));
    }
    are_all
}
