-- The sources that one alert's records came from.
-- alert_records  see alert_records.sql
SELECT source_uri
FROM alert_records
GROUP BY source_uri
ORDER BY source_uri;
