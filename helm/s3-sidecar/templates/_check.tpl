{{- /* What the schema cannot say: told before anything is made, with what to do. */ -}}

{{- define "s3-sidecar.check" -}}
{{- include "s3-sidecar.checkServer" . -}}
{{- if include "s3-sidecar.isSidecar" . -}}
{{- if and .Values.monitoring.podMonitor.enabled (empty .Values.sidecar.podLabels) -}}
{{- fail "sidecar.podLabels: name the labels of the application's pods, for monitoring.podMonitor" -}}
{{- end -}}
{{- else -}}
{{- include "s3-sidecar.checkStandalone" . -}}
{{- end -}}
{{- end -}}

{{- define "s3-sidecar.checkServer" -}}
{{- $file := or .Values.configFile.content .Values.configFile.existingSecret -}}
{{- if not (or .Values.settings.S3_BUCKET .Values.settings.MOUNTS $file) -}}
{{- fail "settings.S3_BUCKET: name the bucket to serve, as in --set settings.S3_BUCKET=my-site (or give settings.MOUNTS or configFile)" -}}
{{- end -}}
{{- if and .Values.secret.existing .Values.secret.external.enabled -}}
{{- fail "secret.existing and secret.external: give one of them" -}}
{{- end -}}
{{- if and .Values.configFile.content .Values.configFile.existingSecret -}}
{{- fail "configFile.content and configFile.existingSecret: give one of them" -}}
{{- end -}}
{{- if eq (int .Values.listen.port) (int .Values.ops.port) -}}
{{- fail "listen.port and ops.port: two ports are needed" -}}
{{- end -}}
{{- end -}}

{{- define "s3-sidecar.checkStandalone" -}}
{{- if .Values.listen.socket -}}
{{- fail "listen.socket: only a sidecar can listen on a socket; a Service needs a port (mode: sidecar)" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (empty .Values.ingress.hosts) -}}
{{- fail "ingress.hosts: name at least one host" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (empty .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.parentRefs: name the Gateway" -}}
{{- end -}}
{{- if .Values.autoscaling.enabled -}}
{{- include "s3-sidecar.checkAutoscaling" . -}}
{{- end -}}
{{- end -}}

{{- define "s3-sidecar.checkAutoscaling" -}}
{{- if ne .Values.kind "Deployment" -}}
{{- fail "autoscaling.enabled: a DaemonSet has a pod for each node; turn it off, or take kind: Deployment" -}}
{{- end -}}
{{- with .Values.autoscaling -}}
{{- if not (or .cpuPercent .requestsPerSecond.target) -}}
{{- fail "autoscaling: give cpuPercent, requestsPerSecond.target or both" -}}
{{- end -}}
{{- if lt (int .maxReplicas) (int .minReplicas) -}}
{{- fail (printf "autoscaling.maxReplicas: %v is below minReplicas, %v" .maxReplicas .minReplicas) -}}
{{- end -}}
{{- end -}}
{{- end -}}
