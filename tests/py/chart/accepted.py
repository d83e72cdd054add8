"""What checkov finds in the chart and is meant to be so: check and kind → reason."""

_NO_CPU_LIMIT = (
    "a CPU limit throttles, and makes every answer late; THREADS bounds what can be used, requests what is had"
)
_PULL_POLICY = "tags of releases do not move; image.pullPolicy: Always is there for who has tags that do"
_NO_DIGEST = "the digest is known once the image is in somebody's registry: image.digest"
_ENVIRONMENT = "files are the default; the case secret-environment asks for this"
_ONE_REQUEST = "the pod of helm test makes one request and ends: nothing comes to it, nothing waits for it"

ACCEPTED = {
    ("CKV_K8S_11", "DaemonSet"): _NO_CPU_LIMIT,
    ("CKV_K8S_11", "Deployment"): _NO_CPU_LIMIT,
    ("CKV_K8S_11", "Pod"): _NO_CPU_LIMIT,
    ("CKV_K8S_15", "DaemonSet"): _PULL_POLICY,
    ("CKV_K8S_15", "Deployment"): _PULL_POLICY,
    ("CKV_K8S_15", "Pod"): _PULL_POLICY,
    ("CKV_K8S_43", "DaemonSet"): _NO_DIGEST,
    ("CKV_K8S_43", "Deployment"): _NO_DIGEST,
    ("CKV_K8S_43", "Pod"): _NO_DIGEST,
    ("CKV_K8S_35", "Deployment"): _ENVIRONMENT,
    ("CKV_K8S_8", "Pod"): _ONE_REQUEST,
    ("CKV_K8S_9", "Pod"): _ONE_REQUEST,
    # The example's pods count as pods here too: a policy for them is the business of the application's chart.
    ("CKV2_K8S_6", "Pod"): _ONE_REQUEST,
}
