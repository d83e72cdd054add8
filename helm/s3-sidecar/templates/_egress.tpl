{{- /* Where the server connects to, as JSON lists of ports. */ -}}

{{- define "s3-sidecar.originPorts" -}}
{{- $ports := list -}}
{{- range .Values.networkPolicy.originPorts }}{{ $ports = append $ports (int .) }}{{ end -}}
{{- with .Values.settings.S3_ENDPOINT_URL -}}
{{- $ports = append $ports (include "s3-sidecar.portOfURL" . | int) -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}

{{- define "s3-sidecar.sinkPorts" -}}
{{- $settings := merge (dict) .Values.settings (include "s3-sidecar.portsOfServices" . | fromYaml) -}}
{{- $ports := list -}}
{{- if $settings.MMDB_HOST }}{{ $ports = append $ports (int $settings.MMDB_PORT) }}{{ end -}}
{{- if $settings.AKUMULI_HOST }}{{ $ports = append $ports (int $settings.AKUMULI_PORT) }}{{ end -}}
{{- range concat (include "s3-sidecar.mongoPorts" . | fromJsonArray) (include "s3-sidecar.collectorPorts" . | fromJsonArray) -}}
{{- $ports = append $ports (int .) -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}

{{- /* Of MongoDB: as networkPolicy says, unless the URI stands in extraEnv, where its ports can be read. */ -}}
{{- define "s3-sidecar.mongoPorts" -}}
{{- $ports := list -}}
{{- if include "s3-sidecar.secretName" . -}}
{{- range .Values.secret.keys -}}
{{- if eq .name "MONGO_URI" }}{{ $ports = concat $ports $.Values.networkPolicy.mongoPorts }}{{ end -}}
{{- end -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- if or (eq .name "MONGO_URI") (eq .name "MONGO_URI_FILE") -}}
{{- $hosts := regexFind "^mongodb://[^/?]+" (.value | default "") -}}
{{- if $hosts -}}
{{- range splitList "," (regexReplaceAll "^mongodb://(.*@)?" $hosts "") -}}
{{- $ports = append $ports (regexFind ":[0-9]+$" . | trimPrefix ":" | default "27017") -}}
{{- end -}}
{{- else -}}
{{- $ports = concat $ports $.Values.networkPolicy.mongoPorts -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $ports | toJson -}}
{{- end -}}

{{- /* Of what takes traces, where extraEnv names it in so many words. */ -}}
{{- define "s3-sidecar.collectorPorts" -}}
{{- $ports := list -}}
{{- range .Values.extraEnv -}}
{{- if and .value (has .name (list "OTEL_EXPORTER_OTLP_ENDPOINT" "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")) -}}
{{- $ports = append $ports (include "s3-sidecar.portOfURL" .value) -}}
{{- end -}}
{{- end -}}
{{- $ports | toJson -}}
{{- end -}}

{{- define "s3-sidecar.portOfURL" -}}
{{- $url := urlParse . -}}
{{- regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (eq $url.scheme "http" | ternary "80" "443") -}}
{{- end -}}
