-- tries: runs the SQL files of a folder
-- expect: refused
IMPORT DATABASE '{OUTSIDE}'
