-- Every value of every column of a lake, read once. {files} is a glob.
SELECT max(COLUMNS(*)) FROM read_parquet('{files}', hive_partitioning = true);
