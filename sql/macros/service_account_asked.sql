-- The service account that a body, as of plain_json, names; an empty text where it names none.
CREATE MACRO service_account_asked(body) AS coalesce(
  nullif(regexp_extract(body, '"serviceAccount(?:Name)?":"([^"]*)"', 1), ''),
  nullif(regexp_extract(body, '"path":"[^"]*/serviceAccount(?:Name)?"[^{}]*"value":"([^"]*)"', 1), ''),
  regexp_extract(body, '"value":"([^"]*)"[^{}]*"path":"[^"]*/serviceAccount(?:Name)?"', 1)
);
