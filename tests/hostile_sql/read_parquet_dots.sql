-- tries: leaves the lake through ..
-- expect: refused
SELECT * FROM read_parquet('{LAKE}/../../../../outside/canary.parquet')
