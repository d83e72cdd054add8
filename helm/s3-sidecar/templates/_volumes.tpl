{{- /* What the container writes to and reads from. */ -}}

{{- define "s3-sidecar.hasFiles" -}}
{{- if or .Values.configFile.content .Values.configFile.existingSecret .Values.routingRules }}true{{ end -}}
{{- end -}}

{{- define "s3-sidecar.hasSecretFiles" -}}
{{- if and .Values.secret.asFiles (include "s3-sidecar.secretName" .) }}true{{ end -}}
{{- end -}}

{{- define "s3-sidecar.mounts" -}}
{{- $prefix := .Values.sidecar.containerName -}}
- name: {{ $prefix }}-data
  mountPath: /opt/spt/data
- name: {{ $prefix }}-tmp
  mountPath: /tmp
{{- if include "s3-sidecar.hasFiles" . }}
- name: {{ $prefix }}-files
  mountPath: /etc/s3-sidecar
  readOnly: true
{{- end }}
{{- if .Values.tls.existingSecret }}
- name: {{ $prefix }}-tls
  mountPath: /etc/s3-sidecar-tls
  readOnly: true
{{- end }}
{{- if include "s3-sidecar.hasSecretFiles" . }}
- name: {{ $prefix }}-secret
  mountPath: /run/secrets/s3-sidecar
  readOnly: true
{{- end }}
{{- if .Values.listen.socket }}
{{ include "s3-sidecar.socketMount" . }}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* For the application's container, which finds /run/s3-sidecar/s3proxy.sock by it. */ -}}
{{- define "s3-sidecar.socketMount" -}}
- name: {{ .Values.sidecar.containerName }}-socket
  mountPath: /run/s3-sidecar
{{- end -}}

{{- /* For the pod's `volumes`. */ -}}
{{- define "s3-sidecar.volumes" -}}
{{- $prefix := .Values.sidecar.containerName -}}
- name: {{ $prefix }}-data
  {{- include "s3-sidecar.cacheVolume" . | nindent 2 }}
- name: {{ $prefix }}-tmp
  emptyDir:
    sizeLimit: {{ include "s3-sidecar.quantity" .Values.tmp.size | quote }}
{{- if include "s3-sidecar.hasFiles" . }}
- name: {{ $prefix }}-files
  projected:
    defaultMode: 0444
    sources:
      {{- if or .Values.configFile.content .Values.routingRules }}
      - configMap:
          name: {{ include "s3-sidecar.fullname" . }}
      {{- end }}
      {{- with .Values.configFile.existingSecret }}
      - secret:
          name: {{ . }}
          items:
            - key: s3proxy.toml
              path: s3proxy.toml
      {{- end }}
{{- end }}
{{- with .Values.tls.existingSecret }}
- name: {{ $prefix }}-tls
  secret:
    secretName: {{ . }}
    defaultMode: 0444
{{- end }}
{{- if include "s3-sidecar.hasSecretFiles" . }}
- name: {{ $prefix }}-secret
  secret:
    secretName: {{ include "s3-sidecar.secretName" . }}
    # Readable for all: an application's pod need not have a group for us, and nobody else mounts it.
    defaultMode: 0444
    items:
      {{- range .Values.secret.keys }}
      - key: {{ .key | default .name }}
        path: {{ .name }}
      {{- end }}
{{- end }}
{{- if .Values.listen.socket }}
- name: {{ $prefix }}-socket
  emptyDir:
    medium: Memory
    sizeLimit: 1Mi
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "s3-sidecar.cacheVolume" -}}
{{- with .Values.cache -}}
{{- if .storageClassName -}}
ephemeral:
  volumeClaimTemplate:
    spec:
      accessModes: [ReadWriteOnce]
      storageClassName: {{ .storageClassName }}
      resources:
        requests:
          storage: {{ include "s3-sidecar.quantity" .size | quote }}
{{- else -}}
emptyDir:
  {{- with .medium }}
  medium: {{ . }}
  {{- end }}
  sizeLimit: {{ include "s3-sidecar.quantity" .size | quote }}
{{- end -}}
{{- end -}}
{{- end -}}
