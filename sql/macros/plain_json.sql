-- A JSON text without escapes that it does not need and without spaces, so that a pattern finds its names; one that is no
-- JSON as it is.
CREATE MACRO plain_json(body) AS coalesce(CAST(json_extract(TRY_CAST(body AS JSON), '$') AS VARCHAR), body);
