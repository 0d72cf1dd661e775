-- tries: looks into a Parquet file
-- expect: refused
SELECT * FROM parquet_metadata('{OUTSIDE}/canary.parquet')
