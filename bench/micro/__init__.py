"""Small measurements of one part, each a program: `python -m bench.micro.NAME`."""
