import { tmpdir } from 'node:os';
/**
 * A real backup of a running MySQL into two real S3 servers: our pipe (dump, hash, compress, encrypt, hash,
 * two multipart uploads, manifests) against `mysqldump | zstd | openssl` into a file and two uploads of it by
 * curl, in turn.
 *
 *   node bench/backup-live.ts [rounds] [users]
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../core/clock.ts';
import { drivers } from '../drivers/index.ts';
import { openTransport } from '../drivers/http/transport.ts';
import { createStackProvider } from '../stack/provider.ts';
import { createRunEnvironment } from '../stack/run-environment.ts';
import { stores } from '../stores/index.ts';
import { createRepository } from '../stores/repository.ts';

const rounds = Number(process.argv[2] ?? 5);
const users = Number(process.argv[3] ?? 150_000);
const { environment, ca } = await createRunEnvironment();
const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const drill = `bench-backup-${randomBytes(3).toString('hex')}`;
const stack = await createStackProvider({ progress }).up({
  file: join(import.meta.dirname, '../docker-compose.yml'),
  // The second bucket server stands in the other region.
  profiles: ['regions'],
  drill,
  environment,
  progress,
});
const service = (name: string) => stack.services.get(name)!;
const secret = (name: string): string => environment[name]!;
const key = randomBytes(32);

async function open() {
  const clients = () => service('toxiproxy').endpoint(3306);
  const config = drivers.mysql.config.parse({});
  const mysql = await drivers.mysql.attach({
    component: 'mysql',
    service: service('mysql'),
    config,
    clients,
    peer: service,
    clock: systemClock,
    seed: 1,
    secret,
    note: progress,
    scratch: tmpdir,
    beganWith: () => undefined,
  });
  const opened = ['s3-west', 's3-east'].map(
    async (name) =>
      [
        name,
        await stores.s3.open({
          name,
          config: stores.s3.config.parse({ service: name, bucket: 'backups' }),
          service,
          secret,
          folder: '',
        }),
      ] as const,
  );
  const repository = createRepository({
    stores: new Map(await Promise.all(opened)),
    key: () => key,
    clock: systemClock,
    originMs: 0,
    drill,
  });
  return { mysql, repository };
}

async function byMuster({ mysql, repository }: Awaited<ReturnType<typeof open>>): Promise<number> {
  const begunMs = systemClock.nowMs();
  const writer = await repository.begin({
    component: 'mysql',
    backup: 'daily',
    method: 'dump',
    copies: ['s3-west', 's3-east'],
    encrypt: true,
  });
  const options = drivers.mysql.backups['dump']!.options.parse({});
  const consistency = await mysql.backups['dump']!.backup!(writer, {
    options,
    signal: new AbortController().signal,
    now: systemClock.nowMs,
  });
  await writer.commit(consistency);
  return systemClock.nowMs() - begunMs;
}

const script = `set -euo pipefail
docker exec --env MYSQL_PWD "$CONTAINER" mysqldump --user=root --all-databases --single-transaction --source-data=2 --routines --events --triggers --hex-blob --flush-privileges \
  | zstd -q -3 | openssl enc -aes-256-ctr -pbkdf2 -pass env:BACKUP_PASSWORD > "$FILE"
for port in $WEST $EAST; do
  curl --silent --fail --aws-sigv4 aws:amz:us-east-1:s3 --user "$S3_ACCESS_KEY:$S3_SECRET_KEY" --header 'x-amz-content-sha256: UNSIGNED-PAYLOAD' --upload-file "$FILE" "http://127.0.0.1:$port/backups/by-hand" &
done
wait`;

async function byHand(): Promise<number> {
  const ports = await Promise.all(['s3-west', 's3-east'].map((name) => service(name).endpoint(7070)));
  const env = {
    ...process.env,
    ...environment,
    MYSQL_PWD: secret('MYSQL_ROOT_PASSWORD'),
    BACKUP_PASSWORD: key.toString('hex'),
    CONTAINER: `${stack.project}-mysql-1`,
    FILE: `/tmp/${drill}.enc`,
    WEST: String(ports[0]!.port),
    EAST: String(ports[1]!.port),
  };
  const begunMs = systemClock.nowMs();
  await promisify(execFile)('bash', ['-c', script], { env });
  return systemClock.nowMs() - begunMs;
}

try {
  const way = openTransport({
    clients: () => service('toxiproxy').endpoint(8443),
    nowMs: () => systemClock.nowMs(),
    host: undefined,
    tls: { name: 'localhost', ca },
  });
  const seeded = await way.send({
    method: 'POST',
    path: '/admin/seed',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret('ADMIN_TOKEN')}` },
    body: JSON.stringify({ users }),
    follow: false,
    deadlineMs: 120_000,
  });
  if (seeded.kind !== 'answer' || seeded.status !== 200)
    throw new Error(`not seeded: ${JSON.stringify(seeded)}`);
  await way.close();
  const opened = await open();
  await byMuster(opened);
  await byHand();
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const hand = await byHand();
    const muster = await byMuster(opened);
    ratios.push(muster / hand);
    console.log(
      `round ${round}: by Muster ${muster.toFixed(0)} ms, by hand ${hand.toFixed(0)} ms, ratio ${(muster / hand).toFixed(2)}`,
    );
  }
  console.log(
    `median ratio ${ratios.sort((a, b) => a - b)[Math.floor(rounds / 2)]!.toFixed(2)} (at most 1.1 is asked for)`,
  );
  await opened.mysql.close();
  await opened.repository.close();
} finally {
  await promisify(execFile)('rm', ['-f', `/tmp/${drill}.enc`]);
  await stack.down();
}
