-- What one alert read by cluster and namespace; a null namespace is the whole cluster.
-- alert_evidence  see alert_evidence.sql
SELECT
  cluster, nullif(namespace, '') AS namespace, count(DISTINCT secret_key) AS secrets, count(*) AS requests
FROM alert_evidence
GROUP BY ALL
ORDER BY secrets DESC, requests DESC, cluster NULLS FIRST, namespace NULLS FIRST;
