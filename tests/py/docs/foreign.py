"""Names on our pages that are others' to give, each with whose it is."""

FLAGS = {
    "apt-get": frozenset[str](),
    "aws": frozenset(
        {
            "--bucket",
            "--cluster-name",
            "--exclude",
            "--http-put-response-hop-limit",
            "--instance-id",
            "--key",
            "--namespace",
            "--role-arn",
            "--service-account",
            "--website-redirect-location",
        }
    ),
    "brotli": frozenset({"--keep"}),
    "buildah": frozenset({"--format"}),
    "curl": frozenset[str](),
    "docker": frozenset(
        {
            "--build",
            "--build-arg",
            "--cap-drop",
            "--memory",
            "--read-only",
            "--rm",
            "--security-opt",
            "--tmpfs",
            "--user",
        }
    ),
    "helm": frozenset({"--namespace", "--reuse-values", "--set"}),
    "kubectl": frozenset({"--from-literal", "--namespace"}),
    "pip": frozenset({"--python"}),
    "promtool": frozenset[str](),
    "python": frozenset[str](),
    "python3": frozenset({"--python", "--without-pip"}),  # --python is pip's
    "rclone": frozenset({"--addr", "--auth-key"}),
}
"""Flags of other programs, by program."""

LONE_FLAGS = {
    "--format": "podman's and buildah's",
    "--init": "docker's",
    "--user": "docker's",
    "--build-arg": "docker's",
}
"""Flags that a page speaks of without their program."""

NAMES = {
    "ACCOUNT_ID": "a place to fill in, in Cloudflare's own URLs",
    "AWS_ACCESS_KEY_ID": "the AWS default chain",
    "AWS_SECRET_ACCESS_KEY": "the AWS default chain",
    "AWS_SESSION_TOKEN": "the AWS default chain",
    "HTTPS_PROXY": "read by the HTTP client",
    "IMAGE": "of the Makefile",
    "PYTHON_IMAGE": "of the Makefile and the Dockerfile",
    "RWF_NOWAIT": "of preadv(2)",
    "UPGRADE": "of the Makefile",
}
"""Names in capitals that look like those of the environment."""

PREFIXES = ("OTEL_",)
"""Whole families: OpenTelemetry's."""

WORDS = frozenset(
    {"DELETE", "ERROR", "FILE", "GET", "HEAD", "NAME", "OPTIONS", "POST", "PREFIX", "PUT", "SIGHUP", "SIGTERM"}
)
"""Words in capitals that are no names: methods, signals, levels, places to fill in."""

METRICS = {"s3_sidecar_requests_per_second": "what docs/how-to/kubernetes.md has prometheus-adapter make"}
