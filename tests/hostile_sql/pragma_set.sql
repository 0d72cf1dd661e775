-- tries: sets through a pragma
-- expect: refused
PRAGMA enable_profiling
