//! What a library makes of a damaged file.

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use super::damaged;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// What `read` gives. Where a library panics, the file contradicts itself in a way that the library did not think of: that is
/// an error like any other, and nothing is printed.
pub(super) fn guarded<T, E>(read: impl FnOnce() -> Result<T, E>) -> io::Result<T>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    HOOK.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                others(panic);
            }
        }));
    });
    let before = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(before);
    match result {
        Ok(result) => result.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
        Err(_) => Err(damaged("the data contradicts itself")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_others_stay_panics() {
        let panics = || -> io::Result<()> { panic!("a bug of a library") };
        assert_eq!(guarded(panics).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(guarded(|| Ok::<_, io::Error>(5)).unwrap(), 5);
        assert!(catch_unwind(panics).is_err() && !GUARDED.get());
    }
}
