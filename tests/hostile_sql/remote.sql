-- tries: reads over the network
-- expect: refused
SELECT * FROM read_csv('https://example.com/x.csv')
