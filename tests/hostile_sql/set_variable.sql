-- tries: changes the list of files
-- expect: refused
SET VARIABLE lake_files = ['{OUTSIDE}/canary.parquet']
