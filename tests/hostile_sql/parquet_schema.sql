-- tries: looks into a Parquet files schema
-- expect: refused
SELECT * FROM parquet_schema('{LAKE}')
