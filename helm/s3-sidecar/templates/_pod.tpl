{{- /* The standalone server's pod: metadata and spec of a template. */ -}}

{{- define "s3-sidecar.pod" -}}
metadata:
  labels:
    {{- include "s3-sidecar.selectorLabels" . | nindent 4 }}
    {{- with merge (dict) .Values.podLabels .Values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    {{- include "s3-sidecar.checksums" . | nindent 4 }}
    # The emptyDirs hold nothing that could not be fetched again.
    cluster-autoscaler.kubernetes.io/safe-to-evict: "true"
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  serviceAccountName: {{ include "s3-sidecar.serviceAccountName" . }}
  # Nothing asks the API server. IRSA's and Pod Identity's tokens are volumes of their own, which their webhooks add.
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "s3-sidecar.gracePeriod" . }}
  securityContext:
    {{- toYaml .Values.podSecurityContext | nindent 4 }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  containers:
    - {{- include "s3-sidecar.containerBody" . | nindent 6 | trimPrefix "\n     " }}
  volumes:
    {{- include "s3-sidecar.volumes" . | nindent 4 }}
  {{- include "s3-sidecar.placement" . | nindent 2 }}
{{- end -}}

{{- define "s3-sidecar.placement" -}}
{{- if eq .Values.kind "Deployment" -}}
{{- with .Values.topologySpread.keys -}}
topologySpreadConstraints:
  {{- range . }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: {{ $.Values.topologySpread.whenUnsatisfiable }}
    # Of each ReplicaSet by itself: the old pods of an update do not count.
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- include "s3-sidecar.selectorLabels" $ | nindent 8 }}
  {{- end }}
{{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
