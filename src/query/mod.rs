//! Questions in SQL: the gate that outside SQL passes, the saved queries, and running them.

pub mod file;
pub mod gate;
pub mod saved;
pub mod value;

pub use file::{Parameter, ParameterError, QueryFile};
pub use gate::GateError;
pub use value::{ParameterType, Value};
