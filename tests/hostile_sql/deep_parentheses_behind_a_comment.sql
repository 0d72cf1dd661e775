-- tries: nests subqueries until the parser ends the process, behind a quote that is none
-- expect: refused
SELECT /* ' */ * FROM {DEEP} /* ' */
