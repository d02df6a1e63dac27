#!/usr/bin/env bash
# A dump restored and looked at as an operator would: restore-dump.sh COMPOSE_FILE PROJECT DUMP.sql.gz. Says when each part was over.
set -euo pipefail
file=$1 project=$2 dump=$3
compose() { docker compose --file "$file" --project-name "$project" "$@"; }
over() { echo "$1 $EPOCHREALTIME"; }
last=$(mktemp)
trap 'rm -f "$last"; compose down --volumes --timeout 0 >/dev/null 2>&1; over down' EXIT
compose up --detach --wait --quiet-pull db >/dev/null 2>&1
over up
gunzip --stdout "$dump" | tee >(tail --lines 1 >"$last") |
  compose exec --no-TTY db sh -c 'MYSQL_PWD="$MYSQL_ROOT_PASSWORD" mysql --user=root --default-character-set=utf8mb4 shop'
grep --quiet '^-- Dump completed' "$last"
over load
ask() { compose exec --no-TTY db sh -c 'MYSQL_PWD="$MYSQL_ROOT_PASSWORD" mysql --user=root --batch --skip-column-names --execute "$1" shop' ask "$1"; }
test "$(ask 'SELECT COUNT(*) FROM orders')" -ge "$ROWS"
test "$(ask 'SELECT MAX(placed) > UTC_TIMESTAMP() - INTERVAL 26 HOUR FROM orders')" = 1
test "$(ask 'SELECT COUNT(*) = 0 FROM orders WHERE word IS NULL')" = 1
over ask
