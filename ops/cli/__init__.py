"""s3ops, the operator's command line over the management endpoints of s3proxy."""
