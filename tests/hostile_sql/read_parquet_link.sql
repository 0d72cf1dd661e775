-- tries: leaves the lake through a link
-- expect: refused
SELECT * FROM read_parquet('{LINK}')
