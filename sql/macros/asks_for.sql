-- Whether a body, as of plain_json, sets a field to true: by its name, or as an operation of a JSON patch.
CREATE MACRO asks_for(body, field) AS
  regexp_matches(body, '"' || field || '":true')
  OR regexp_matches(body, '"path":"[^"]*/' || field || '"[^{}]*"value":true')
  OR regexp_matches(body, '"value":true[^{}]*"path":"[^"]*/' || field || '"');
