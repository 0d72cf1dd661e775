-- How one alert's requests were answered.
-- alert_evidence  see alert_evidence.sql
SELECT verb, outcome, count(*) AS requests
FROM alert_evidence
GROUP BY ALL
ORDER BY requests DESC, verb, outcome;
