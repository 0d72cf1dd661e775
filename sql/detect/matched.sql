-- What each request matches and counts as: for the tests of a rule, whose lake holds one record.
SELECT secret_key
FROM matches('requests', $log_types, $from, $until, $users, $by, $secret_key, $include_system)
WHERE exclusion IS NULL;
