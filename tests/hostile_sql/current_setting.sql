-- tries: reads a setting
-- expect: refused
SELECT current_setting('temp_directory')
