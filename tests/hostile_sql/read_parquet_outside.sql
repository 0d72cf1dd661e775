-- tries: reads a Parquet file outside the lake
-- expect: refused
SELECT * FROM read_parquet('{OUTSIDE}/canary.parquet')
