//! The accounting of an ingest, as lines for a person.
