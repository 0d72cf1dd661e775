-- What each request matches and counts as: for the tests of a rule, whose lake holds one record.
WITH within AS (
  FROM requests_within($log_types, $from, $until, $users)
),

matched AS (
  FROM matches('within')
)

SELECT secret_key
FROM counted('matched', $by, $secret_key, $include_system)
WHERE exclusion IS NULL;
