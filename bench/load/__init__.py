"""Those who ask: wrk, ab, httperf, and connections of our own where none of them will do."""
