#!/usr/bin/env bash
# Runs the README's first command in a clean copy of the checkout and says how long a newcomer waits for the first page.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
copy="$(mktemp -d)"
trap 'kill -- -"${demo:-0}" 2>/dev/null || true; rm -rf "$copy"' EXIT
git -C "$root" archive HEAD | tar -x -C "$copy"
cd "$copy"
port=$((20000 + RANDOM % 20000))
begun=$(date +%s%N)
set -m
PORT=$port HOST=127.0.0.1 INSTANCE="$copy/instance/demo" make demo >demo.log 2>&1 &
demo=$!
set +m
for _ in $(seq 1 600); do
  if curl --silent --fail --output /dev/null "http://127.0.0.1:$port/healthz"; then
    echo "A newcomer waits $(( ($(date +%s%N) - begun) / 1000000 )) ms from \`make demo\` to the first page."
    curl --silent --fail --output /dev/null "http://127.0.0.1:$port/sign-ins"
    exit 0
  fi
  kill -0 "$demo" 2>/dev/null || break
  sleep 0.2
done
cat demo.log
echo "make demo did not answer."
exit 1
