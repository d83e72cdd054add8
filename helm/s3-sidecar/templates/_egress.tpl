{{- /* Where the server connects to, as JSON lists of ports. */ -}}

{{- define "s3-sidecar.originPorts" -}}
{{- $ports := list -}}
{{- range .Values.networkPolicy.originPorts }}{{ $ports = append $ports (int .) }}{{ end -}}
{{- with .Values.settings.S3_ENDPOINT_URL -}}
{{- $url := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (eq $url.scheme "http" | ternary "80" "443") -}}
{{- $ports = append $ports (int $port) -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}

{{- define "s3-sidecar.sinkPorts" -}}
{{- $settings := merge (dict) .Values.settings (include "s3-sidecar.portsOfServices" . | fromYaml) -}}
{{- $ports := list -}}
{{- if $settings.MMDB_HOST }}{{ $ports = append $ports (int $settings.MMDB_PORT) }}{{ end -}}
{{- if $settings.AKUMULI_HOST }}{{ $ports = append $ports (int $settings.AKUMULI_PORT) }}{{ end -}}
{{- range .Values.secret.keys -}}
{{- if eq .name "MONGO_URI" }}{{ $ports = append $ports 27017 }}{{ end -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}
