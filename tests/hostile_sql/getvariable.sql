-- tries: reads the list of files
-- expect: refused
SELECT getvariable('lake_files')
