{{- /* Sizes and spans that follow from others. */ -}}

{{- /* A quantity as it was given: YAML makes large numbers floats. */ -}}
{{- define "s3-sidecar.quantity" -}}
{{- kindIs "float64" . | ternary (printf "%.0f" (float64 .)) (toString .) -}}
{{- end -}}

{{- /* Bytes of a quantity, and its name in values.yaml for the message: dict "quantity" "2Gi" "name" "cache.size". */ -}}
{{- define "s3-sidecar.bytes" -}}
{{- $text := include "s3-sidecar.quantity" .quantity -}}
{{- if not (regexMatch "^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$" $text) -}}
{{- fail (printf "%s: %q is no size such as 2Gi or 500M" .name $text) -}}
{{- end -}}
{{- $factors := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $factor := get $factors (regexFind "[A-Za-z]+$" $text) -}}
{{- mulf (regexFind "^[0-9.]+" $text | float64) $factor | floor | printf "%.0f" -}}
{{- end -}}

{{- define "s3-sidecar.cacheSize" -}}
{{- include "s3-sidecar.bytes" (dict "quantity" .Values.cache.size "name" "cache.size") -}}
{{- end -}}

{{- define "s3-sidecar.tmpSize" -}}
{{- include "s3-sidecar.bytes" (dict "quantity" .Values.tmp.size "name" "tmp.size") -}}
{{- end -}}

{{- /* CACHE_MAX_SIZE: the kubelet looks now and then, and evicts the whole pod for a byte above the limit. */ -}}
{{- define "s3-sidecar.cacheBound" -}}
{{- $size := include "s3-sidecar.cacheSize" . -}}
{{- if lt (int64 $size) 16777216 -}}
{{- fail (printf "cache.size: %v is too little for a cache; 16Mi is the least" .Values.cache.size) -}}
{{- end -}}
{{- if eq .Values.cache.medium "Memory" -}}
{{- include "s3-sidecar.checkMemory" (dict "context" . "size" $size) -}}
{{- end -}}
{{- mulf (float64 $size) 0.9 | floor | printf "%.0f" -}}
{{- end -}}

{{- /* A tmpfs is the container's memory: above its limit the kernel kills it. */ -}}
{{- define "s3-sidecar.checkMemory" -}}
{{- $values := .context.Values -}}
{{- if $values.cache.storageClassName -}}
{{- fail "cache.medium and cache.storageClassName: give one of them" -}}
{{- end -}}
{{- $limit := dig "limits" "memory" "" $values.resources -}}
{{- if $limit -}}
{{- $bytes := include "s3-sidecar.bytes" (dict "quantity" $limit "name" "resources.limits.memory") -}}
{{- if le (int64 $bytes) (int64 .size) -}}
{{- fail (printf "cache.medium: Memory counts cache.size (%v) as the container's memory, of which resources.limits.memory (%v) allows no more; raise that" $values.cache.size $limit) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* The emptyDirs on the node's disk are asked for too. No limit of ours: the kubelet would count the neighbours' volumes against it. */ -}}
{{- define "s3-sidecar.resources" -}}
{{- $bytes := int64 (include "s3-sidecar.tmpSize" .) -}}
{{- if not (or .Values.cache.medium .Values.cache.storageClassName) -}}
{{- $bytes = add $bytes (int64 (include "s3-sidecar.cacheSize" .)) -}}
{{- end -}}
{{- $mebibytes := printf "%dMi" (add1 (div (sub $bytes 1) 1048576)) -}}
{{- toYaml (mergeOverwrite (dict "requests" (dict "ephemeral-storage" $mebibytes)) (deepCopy .Values.resources)) -}}
{{- end -}}

{{- /* Ten seconds is what the server takes from SIGTERM to its exit, at most. */ -}}
{{- define "s3-sidecar.gracePeriod" -}}
{{- $least := add .Values.shutdown.drainDelaySeconds 10 -}}
{{- $given := int .Values.shutdown.terminationGracePeriodSeconds -}}
{{- if and $given (le $given (int $least)) -}}
{{- fail (printf "shutdown.terminationGracePeriodSeconds: %d is not above drainDelaySeconds and the ten seconds of the drain, %d in all" $given $least) -}}
{{- end -}}
{{- $given | default (add $least 5) -}}
{{- end -}}
