//! Values of an Event that stand as JSON of their own, in columns and in strings, on their way into the Event that the rest
//! of the record makes.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::quick;
use super::wire::{Failure, Parts, Raw, part};

/// Reads the values of one Event. What is no JSON is no value.
#[derive(Debug, Default)]
pub(super) struct Nested<'a> {
    parts: Parts<'a>,
    /// Something was left to serde.
    is_unusual: bool,
}

impl<'a> Nested<'a> {
    /// Reads a value with `quick`, or else with serde.
    pub(super) fn read<T: Deserialize<'a> + Default>(
        &mut self,
        json: Option<&'a str>,
        quick: impl Fn(&'a str) -> Option<T>,
        field: &str,
    ) -> Result<Option<T>, Failure> {
        let Some(json) = json else { return Ok(None) };
        match quick(json) {
            Some(value) => Ok(Some(value)),
            None => self.unusual(json).map(|json| part(Some(json), field)).transpose(),
        }
    }

    /// A body.
    pub(super) fn body(&mut self, json: Option<&'a str>) -> Option<Raw<'a>> {
        let json = json?;
        if quick::is_value(json) { Some(as_it_stands(json)) } else { self.unusual(json) }
    }

    /// The annotations, which are read as well.
    pub(super) fn annotations(&mut self, json: Option<&'a str>) -> Option<Raw<'a>> {
        let json = json?;
        let Some(annotations) = quick::annotations_of(json) else { return self.unusual(json) };
        self.parts.annotations = annotations;
        Some(as_it_stands(json))
    }

    /// The response's status, which is read as well.
    pub(super) fn status(&mut self, json: Option<&'a str>) -> Option<Raw<'a>> {
        let json = json?;
        let Some(status) = quick::status_of(json) else { return self.unusual(json) };
        self.parts.status = status;
        Some(as_it_stands(json))
    }

    /// What the Event keeps of them beside their text, where all of them were usual.
    pub(super) fn parts(self) -> Option<Parts<'a>> {
        (!self.is_unusual).then_some(self.parts)
    }

    fn unusual(&mut self, json: &'a str) -> Option<Raw<'a>> {
        self.is_unusual = true;
        serde_json::from_str::<&RawValue>(json).ok().map(Raw::from)
    }
}

/// A value without blanks around it.
fn as_it_stands(json: &str) -> Raw<'_> {
    Raw(json.trim_ascii())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::decode::testing::fields;
    use crate::decode::wire::{Annotations, Status, User};

    fn values() -> serde_json::Value {
        json!({
            "username": "ann", "groups": ["a", "b"], "extra": {"x": [1]}, "code": 403, "reason": "Forbidden",
            "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "\"",
        })
    }

    /// What there is of a value where serde reads all of it.
    fn parsed<'a, T: Deserialize<'a> + Default + std::fmt::Debug>(json: &'a str) -> String {
        let value = serde_json::from_str::<&RawValue>(json).ok();
        format!("{:?}", value.map(|value| part::<T>(Some(value), "x")).transpose())
    }

    proptest! {
        #[test]
        fn gives_what_the_parser_gives(json in fields(values()), cut in 0..2_usize, blank in "[ \n]?") {
            let json = format!("{}{blank}", &json[..json.len() - cut]);
            let text = serde_json::from_str::<&RawValue>(&json).ok().map(RawValue::get);
            let mut nested = Nested::default();
            prop_assert_eq!(format!("{:?}", nested.read(Some(&json), quick::user_of, "x")), parsed::<User<'_>>(&json));
            for raw in [nested.body(Some(&json)), nested.annotations(Some(&json)), nested.status(Some(&json))] {
                prop_assert_eq!(raw.map(|raw| raw.0), text);
            }
            if let Some(Parts { annotations, status }) = nested.parts() {
                prop_assert_eq!(format!("Ok(Some({annotations:?}))"), parsed::<Annotations<'_>>(&json));
                prop_assert_eq!(format!("Ok(Some({status:?}))"), parsed::<Status<'_>>(&json));
            }
        }
    }
}
