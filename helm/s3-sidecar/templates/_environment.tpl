{{- /* The environment of the server: what the chart decides, the settings, the secrets. */ -}}

{{- define "s3-sidecar.isSidecar" -}}
{{- if eq .Values.mode "sidecar" }}true{{ end -}}
{{- end -}}

{{- define "s3-sidecar.host" -}}
{{- if .Values.listen.socket -}}
unix:/run/s3-sidecar/s3proxy.sock
{{- else if .Values.listen.address -}}
{{- .Values.listen.address -}}
{{- else -}}
{{- eq .Values.mode "sidecar" | ternary "127.0.0.1" "0.0.0.0" -}}
{{- end -}}
{{- end -}}

{{- /* A setting as text: YAML makes large numbers floats, and several values are a line each. */ -}}
{{- define "s3-sidecar.text" -}}
{{- if kindIs "slice" . -}}
{{- join "\n" . -}}
{{- else if kindIs "float64" . -}}
{{- eq . (floor .) | ternary (printf "%.0f" .) (toString .) -}}
{{- else -}}
{{- toString . -}}
{{- end -}}
{{- end -}}

{{- /* What nobody can serve without, told before anything is installed. */ -}}
{{- define "s3-sidecar.checkSettings" -}}
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
{{- if and .Values.listen.socket (not (include "s3-sidecar.isSidecar" .)) -}}
{{- fail "listen.socket: only a sidecar can listen on a socket; a Service needs a port (mode: sidecar)" -}}
{{- end -}}
{{- if eq (int .Values.listen.port) (int .Values.ops.port) -}}
{{- fail "listen.port and ops.port: two ports are needed" -}}
{{- end -}}
{{- end -}}

{{- define "s3-sidecar.env" -}}
{{- include "s3-sidecar.checkSettings" . -}}
- name: HOST
  value: {{ include "s3-sidecar.host" . | quote }}
{{- if not .Values.listen.socket }}
- name: PORT
  value: {{ .Values.listen.port | quote }}
{{- end }}
- name: OPS_HOST
  value: {{ .Values.ops.address | quote }}
- name: OPS_PORT
  value: {{ .Values.ops.port | quote }}
- name: CACHE_DIR
  value: /opt/spt/data
- name: CACHE_MAX_SIZE
  value: {{ include "s3-sidecar.cacheBound" . | quote }}
- name: CONSOLE
  value: "true"
# There is no such folder, so there is no log file: kubectl logs has it all.
- name: LOG_DIR
  value: /nonexistent
{{- if or .Values.configFile.content .Values.configFile.existingSecret }}
- name: CONFIG
  value: /etc/s3-sidecar/s3proxy.toml
{{- end }}
{{- if .Values.routingRules }}
- name: ROUTING_RULES
  value: /etc/s3-sidecar/routing-rules.json
{{- end }}
{{- if .Values.tls.existingSecret }}
- name: TLS_CERT
  value: /etc/s3-sidecar-tls/tls.crt
- name: TLS_KEY
  value: /etc/s3-sidecar-tls/tls.key
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ include "s3-sidecar.text" $value | quote }}
{{- end }}
{{- include "s3-sidecar.secretEnv" . }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "s3-sidecar.secretEnv" -}}
{{- $secret := include "s3-sidecar.secretName" . -}}
{{- if $secret -}}
{{- range .Values.secret.keys }}
{{- if $.Values.secret.asFiles }}
- name: {{ .name }}_FILE
  value: /run/secrets/s3-sidecar/{{ .name }}
{{- else }}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ .key | default .name }}
{{- end }}
{{- end }}
{{- end -}}
{{- end -}}

{{- /* The files that values.yaml holds, and a ConfigMap carries. */ -}}
{{- define "s3-sidecar.files" -}}
{{- with .Values.configFile.content }}
s3proxy.toml: |
  {{- . | nindent 2 }}
{{- end }}
{{- with .Values.routingRules }}
routing-rules.json: |
  {{- toPrettyJson . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "s3-sidecar.externalSecretSpec" -}}
{{- with .Values.secret.external -}}
refreshInterval: {{ .refreshInterval }}
secretStoreRef:
  name: {{ .store.name | required "secret.external.store.name: name the SecretStore" }}
  kind: {{ .store.kind }}
target:
  name: {{ include "s3-sidecar.fullname" $ }}
  creationPolicy: Owner
data:
{{- $remote := .remoteKey | required "secret.external.remoteKey: name the secret in the store" }}
{{- range $.Values.secret.keys }}
  - secretKey: {{ .key | default .name }}
    remoteRef:
      key: {{ $remote }}
      property: {{ .key | default .name }}
{{- end }}
{{- end -}}
{{- end -}}

{{- /* Annotations that start pods anew when what they read at their start has changed; for the application's pods too. */ -}}
{{- define "s3-sidecar.checksums" -}}
checksum/s3-sidecar-files: {{ include "s3-sidecar.files" . | sha256sum }}
{{- if .Values.secret.external.enabled }}
checksum/s3-sidecar-external-secret: {{ include "s3-sidecar.externalSecretSpec" . | sha256sum }}
{{- end }}
{{- end -}}
