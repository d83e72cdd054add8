#!/bin/sh
# Make the bucket of the demo and copy the sample site into it; may be run again.
set -eu
master="${BUCKET_MASTER:-seaweedfs:9333}"
filer="${BUCKET_FILER:-seaweedfs:8888}"
site="${BUCKET_SITE:-/site}"

echo "s3.bucket.create -name site" | weed shell -master="$master" -filer="$filer"
for entry in "$site"/* "$site"/.[!.]*; do
  [ -e "$entry" ] || continue
  weed filer.copy "$entry" "http://$filer/buckets/site/"
done
