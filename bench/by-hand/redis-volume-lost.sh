#!/usr/bin/env bash
# The steps of scenarios/reference/redis-volume-lost.yaml as somebody types them: the same stack, data set, traffic,
# schedule, fault, restore, waits and checks, without measuring anything. Called by bench/drill-wall.ts, which gives the
# images, passwords and certificates in the environment.
set -euo pipefail
compose=(docker compose --file "$1" --project-name "$2")
work=$(mktemp -d)
finish() { kill "$(jobs -p)" 2>/dev/null || true; "${compose[@]}" down --volumes --timeout 0 >/dev/null 2>&1 || true; rm -rf "$work"; }
trap finish EXIT

# Not `up --wait`: Docker asks for the health of a container once in thirty seconds only.
"${compose[@]}" up --detach >/dev/null 2>&1
port() { "${compose[@]}" port "$1" "$2" | sed 's/.*://'; }
web="https://localhost:$(port toxiproxy 8443)"
s3="http://127.0.0.1:$(port s3-west 7070)"
printf '%s' "$MUSTER_TLS_CA" > "$work/ca.pem"
ask() { curl --silent --fail --cacert "$work/ca.pem" --header 'content-type: application/json' "$@"; }
put() { curl --silent --fail --aws-sigv4 aws:amz:us-east-1:s3 --user "$S3_ACCESS_KEY:$S3_SECRET_KEY" --header 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@"; }
redis() { "${compose[@]}" exec -T redis "$@"; }

until redis redis-cli ping 2>/dev/null | grep -q PONG; do sleep 0.2; done
until curl --silent --fail --output /dev/null "$s3/health"; do sleep 0.2; done
until ask --output /dev/null "$web/ready"; do sleep 0.2; done

# The data set, and the fifty users that are tried again at the end.
ask --header "authorization: Bearer $ADMIN_TOKEN" --data '{"users":20000}' "$web/admin/seed" >/dev/null
login_all() { for user in $(seq 0 400 19999); do printf 'next\nurl = "%s/login"\ndata = "{\\"email\\":\\"user%s@example.test\\",\\"password\\":\\"correct horse %s\\"}"\nheader = "content-type: application/json"\noutput = "/dev/null"\nfail\nsilent\ncacert = "%s"\n' "$web" "$user" $((user % 16)) "$work/ca.pem"; done | sed 1d | curl --config -; }
login_all
put --request PUT "$s3/backups" >/dev/null

# Traffic as in the scenario: about 200 operations a second on Redis, ten logins a second.
redis sh -c 'i=0; while :; do i=$((i+1)); { for n in 1 2 3 4 5 6 7 8 9 10; do echo "SET hand:$i:$n 0123456789abcdef0123456789abcdef"; echo "GET hand:$i:$n"; done; } | redis-cli >/dev/null || true; sleep 0.1; done' &
( user=0; while :; do user=$((user + 1)); ask --data "{\"email\":\"user$user@example.test\",\"password\":\"correct horse $((user % 16))\"}" "$web/login" >/dev/null || true; sleep 0.1; done ) &

snapshot() {
  redis redis-cli bgsave schedule >/dev/null
  until redis redis-cli info persistence | tr -d '\r' | grep -q '^rdb_bgsave_in_progress:0'; do sleep 0.05; done
  redis cat /data/dump.rdb | tee >(sha256sum > "$work/$1.sha") | zstd -q -3 | openssl enc -aes-256-ctr -pbkdf2 -pass env:BACKUP_PASSWORD > "$work/$1.rdb.zst.enc"
  put --upload-file "$work/$1.rdb.zst.enc" "$s3/backups/$1.rdb.zst.enc"
}
# The schedule: every five seconds.
begun=$SECONDS
snapshot 1; sleep $((5 - (SECONDS - begun)))
snapshot 2; sleep $((10 - (SECONDS - begun)))

# The fault: the volume and the process are gone.
redis sh -c 'rm -rf /data/* ; kill -9 1' || true
container=$("${compose[@]}" ps --all --quiet redis)
docker run --rm --pid=host --entrypoint sh "$HELPER_IMAGE" -c "kill -9 $(docker inspect --format '{{.State.Pid}}' "$container")" 2>/dev/null || true

# The recovery, in the order that Redis really loads.
docker stop --time 10 "$container" >/dev/null
put "$s3/backups/2.rdb.zst.enc" --output "$work/back.enc"
openssl enc -d -aes-256-ctr -pbkdf2 -pass env:BACKUP_PASSWORD < "$work/back.enc" | zstd -dq > "$work/dump.rdb"
docker run --rm --interactive --volumes-from "$container" --entrypoint sh "$HELPER_IMAGE" -c '
  rm -rf /data/*; cat > /data/dump.rdb; cd /data; redis-server --dir /data --appendonly no --daemonize yes --port 6399 >/dev/null
  until redis-cli -p 6399 ping 2>/dev/null | grep -q PONG; do sleep 0.05; done
  redis-cli -p 6399 config set appendonly yes >/dev/null
  until redis-cli -p 6399 info persistence | tr -d "\r" | grep -q "^aof_rewrite_in_progress:0"; do sleep 0.05; done
  sleep 0.2; redis-cli -p 6399 shutdown nosave; chown -R redis:redis /data' < "$work/dump.rdb"
docker start "$container" >/dev/null
until redis redis-cli ping 2>/dev/null | grep -q PONG; do sleep 0.05; done
ask --header "authorization: Bearer $ADMIN_TOKEN" --data '{}' "$web/admin/invalidate-sessions" >/dev/null

# Watching for as long as the drill does, then reading everything back and logging in.
sleep 3
kill "$(jobs -p)" 2>/dev/null || true
redis sh -c 'redis-cli --scan --pattern "hand:*" | xargs -n 1000 redis-cli mget | wc -l' >/dev/null
login_all
