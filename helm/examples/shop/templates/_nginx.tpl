{{- define "shop.nginx" -}}
{{- $listen := (index .Values "s3-sidecar").listen -}}
worker_processes 1;
error_log /dev/stderr;
pid /tmp/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  scgi_temp_path /tmp/scgi;
  uwsgi_temp_path /tmp/uwsgi;
  upstream assets {
    {{- if $listen.socket }}
    server unix:/run/s3-sidecar/s3proxy.sock;
    {{- else }}
    server 127.0.0.1:{{ $listen.port }};
    {{- end }}
    keepalive 16;
  }
  server {
    listen {{ .Values.port }};
    location = /healthy { return 200; }
    location /assets/ {
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_pass http://assets;
    }
    location / { return 200 "the shop\n"; }
  }
}
{{- end -}}
