{{- /*
The container, as a list of one member, for `containers` and `initContainers`.

A chart that depends on this one gives the context of the dependency, in which the dependency's values are:
  {{- include "s3-sidecar.nativeSidecar" (index .Subcharts "s3-sidecar") | nindent 8 }}
*/ -}}

{{- /* Kubernetes starts it before the application and ends it after: for `initContainers`. */ -}}
{{- define "s3-sidecar.nativeSidecar" -}}
{{- include "s3-sidecar.checkSidecar" . -}}
- restartPolicy: Always
  {{- include "s3-sidecar.containerBody" . | nindent 2 }}
{{- end -}}

{{- /* For `containers`: it is told to end together with the application, and waits for that to be gone. */ -}}
{{- define "s3-sidecar.container" -}}
{{- include "s3-sidecar.checkSidecar" . -}}
- lifecycle:
    preStop:
      {{- include "s3-sidecar.sleep" (dict "context" . "seconds" .Values.sidecar.preStopSeconds) | nindent 6 }}
  {{- include "s3-sidecar.containerBody" . | nindent 2 }}
{{- end -}}

{{- define "s3-sidecar.checkSidecar" -}}
{{- if not (include "s3-sidecar.isSidecar" .) -}}
{{- fail (printf "%s.mode: must be sidecar where another chart uses the templates; it makes a server of its own otherwise" .Chart.Name) -}}
{{- end -}}
{{- end -}}

{{- /* The kubelet sleeps by itself from 1.30 on. */ -}}
{{- define "s3-sidecar.sleep" -}}
{{- if semverCompare ">=1.30.0-0" .context.Capabilities.KubeVersion.Version -}}
sleep:
  seconds: {{ .seconds }}
{{- else -}}
exec:
  command: [sleep, {{ .seconds | quote }}]
{{- end -}}
{{- end -}}

{{- define "s3-sidecar.containerBody" -}}
name: {{ .Values.sidecar.containerName }}
image: {{ include "s3-sidecar.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  {{- include "s3-sidecar.env" . | nindent 2 }}
ports:
  {{- if not (include "s3-sidecar.isSidecar" .) }}
  - name: http
    containerPort: {{ .Values.listen.port }}
    protocol: TCP
  {{- end }}
  - name: {{ include "s3-sidecar.opsPortName" . }}
    containerPort: {{ .Values.ops.port }}
    protocol: TCP
{{- with .Values.probes }}
startupProbe:
  {{- include "s3-sidecar.probe" (dict "context" $ "path" "/healthz" "timing" .startup) | nindent 2 }}
livenessProbe:
  {{- include "s3-sidecar.probe" (dict "context" $ "path" "/healthz" "timing" .liveness) | nindent 2 }}
{{- if .readiness.enabled }}
readinessProbe:
  {{- include "s3-sidecar.probe" (dict "context" $ "path" "/readyz" "timing" .readiness) | nindent 2 }}
{{- end }}
{{- end }}
resources:
  {{- include "s3-sidecar.resources" . | nindent 2 }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
volumeMounts:
  {{- include "s3-sidecar.mounts" . | nindent 2 }}
{{- end -}}

{{- define "s3-sidecar.probe" -}}
httpGet:
  path: {{ .path }}
  port: {{ include "s3-sidecar.opsPortName" .context }}
periodSeconds: {{ .timing.periodSeconds }}
timeoutSeconds: {{ .timing.timeoutSeconds }}
failureThreshold: {{ .timing.failureThreshold }}
{{- end -}}
