//! What people type for lakes, memory and threads.

use std::num::NonZeroUsize;
use std::path::PathBuf;

#[cfg(feature = "engine")]
use crate::query::session::Limits;

/// The least memory that every verb works in: DuckDB gets 256 MiB less than it.
pub const LEAST_MEMORY: u64 = 512 << 20;

/// The budget without `--memory`.
pub const DEFAULT_MEMORY: &str = "1GiB";

/// Disk that queries may use where nobody said how much.
#[cfg(feature = "engine")]
const TEMPORARY: u64 = 16 << 30;

/// Which lake to work on.
#[derive(Debug, Clone, clap::Args)]
pub struct LakeArgs {
    /// Folder of the lake [env: KUBETRAWL_LAKE] [default: ./lake]
    #[arg(long, value_name = "DIR")]
    pub lake: Option<PathBuf>,
}

impl LakeArgs {
    /// The lake of the command line, else of the environment, else `./lake`.
    pub fn folder(&self) -> PathBuf {
        self.lake.clone().unwrap_or_else(|| {
            std::env::var_os("KUBETRAWL_LAKE")
                .filter(|folder| !folder.is_empty())
                .map_or_else(|| PathBuf::from("lake"), PathBuf::from)
        })
    }
}

/// How much of the machine to use.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Resources")]
pub struct ResourceArgs {
    /// Memory that the whole process stays in, such as 512MiB or 4GiB
    #[arg(long, value_name = "SIZE", default_value = DEFAULT_MEMORY, value_parser = memory)]
    pub memory: u64,

    /// Threads to work with [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl ResourceArgs {
    pub fn threads(&self) -> usize {
        self.threads
            .map_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get), usize::from)
    }

    /// What an engine over a lake may use up.
    #[cfg(feature = "engine")]
    pub fn limits(&self) -> Limits {
        Limits { memory: self.memory, threads: self.threads(), temporary: Some(TEMPORARY) }
    }
}

/// Bytes of a size such as `1GiB`, `512 MiB`, `2G`, `1500MB`.
pub fn size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let wrong = || format!("{text:?} is no size: try one such as 512MiB or 1GiB");
    let bytes_per_unit: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kib" => 1024.0,
        "m" | "mib" => 1024.0 * 1024.0,
        "g" | "gib" => 1024.0 * 1024.0 * 1024.0,
        "t" | "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        _ => return Err(wrong()),
    };
    let bytes = digits.parse::<f64>().map_err(|_| wrong())? * bytes_per_unit;
    // Up to 2^53 every whole number of bytes is exact.
    if bytes > 9_007_199_254_740_992.0 {
        return Err(format!("{text:?} is more than any machine has"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked above; no sign is read"
    )]
    Ok(bytes as u64)
}

fn memory(text: &str) -> Result<u64, String> {
    let bytes = size(text)?;
    if bytes < LEAST_MEMORY {
        return Err(format!("{text} is less than kubetrawl works in: give it 512MiB or more"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        assert_eq!(size("1GiB"), Ok(1 << 30));
        assert_eq!(size("512 MiB"), Ok(512 << 20));
        assert_eq!(size("1.5g"), Ok(3 << 29));
        assert_eq!(size("1500MB"), Ok(1_500_000_000));
        assert_eq!(size("4096"), Ok(4096));
        for wrong in ["", "GiB", "1XiB", "-1GiB", "1e9", "9999999999TiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn too_little_memory_is_refused_with_the_least() {
        assert!(memory("100MiB").unwrap_err().contains("512MiB"));
        assert_eq!(memory("512MiB"), Ok(LEAST_MEMORY));
    }
}
