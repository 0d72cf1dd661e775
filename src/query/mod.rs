//! Questions in SQL: the gate that outside SQL passes, the saved queries, and running them.

mod extent;
pub mod file;
pub mod gate;
#[cfg(feature = "engine")]
pub mod run;
pub mod saved;
#[cfg(feature = "engine")]
pub mod session;
pub(crate) mod tokens;
pub mod value;

#[cfg(all(test, feature = "engine"))]
pub mod test_lake;
#[cfg(all(test, feature = "engine"))]
mod tests;

pub use file::{Parameter, ParameterError, QueryFile};
pub use gate::GateError;
#[cfg(feature = "engine")]
pub use run::{Gate, QueryError, run};
pub use value::{ParameterType, Value};
