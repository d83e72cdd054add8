"""s3proxy: serves a private S3 bucket as a website, out of a cache."""
