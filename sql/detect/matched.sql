-- What each request matches and counts as: for the tests of a rule, whose lake holds one record.
WITH matched AS (
  FROM matches('requests', $log_types, $from, $until, $users)
)

SELECT secret_key
FROM counted('matched', $by, $secret_key, $include_system)
WHERE exclusion IS NULL;
