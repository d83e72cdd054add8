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

{{- /*
Defaults of settings that a Service of the namespace could set: for one called akumuli the kubelet puts
AKUMULI_PORT=tcp://… into every container, unless the pod says enableServiceLinks: false.
*/ -}}
{{- define "s3-sidecar.portsOfServices" -}}
AKUMULI_PORT: 8282
MMDB_PORT: 8010
{{- end -}}

{{- define "s3-sidecar.env" -}}
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
{{- if not (include "s3-sidecar.isSidecar" .) }}
- name: DRAIN_DELAY
  value: {{ .Values.shutdown.drainDelaySeconds | quote }}
{{- end }}
- name: CACHE_DIR
  value: /opt/spt/data
# No other folder has a bound: a volume that cannot be written ends the start.
- name: SPARE_DIR
  value: ""
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
{{- $settings := .Values.settings }}
{{- if include "s3-sidecar.isSidecar" . }}
{{- $settings = merge (dict) $settings (include "s3-sidecar.portsOfServices" . | fromYaml) }}
{{- end }}
{{- range $name, $value := $settings }}
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
