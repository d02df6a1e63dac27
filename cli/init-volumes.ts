import type { ComposeConfig } from '../stack/compose.ts';
import { isBelowOne } from './init-left.ts';
import type { Recognised, Service } from './init-recognise.ts';
import { plainOf, usualOf, writtenBy, type Schedule } from './init-service.ts';

/** offen/docker-volume-backup, which packs volumes by a schedule of its own: its manual says where. */
export const packsVolumes = (image: string): boolean => /(^|\/)docker-volume-backup(:|@|$)/.test(image);

/** The component that keeps its data on a volume that the sidecar packs; null for none, or several. */
export function packedIn(
  config: ComposeConfig,
  sidecar: string,
  data: readonly Recognised[],
): Recognised | null {
  const volumesOf = (service: string): string[] =>
    ((config.services[service] as Service).volumes ?? []).flatMap(({ source }) => source ?? []);
  const packed = volumesOf(sidecar);
  const found = data.filter(({ service }) => volumesOf(service).some((one) => packed.includes(one)));
  return found.length === 1 ? found[0]! : null;
}

const stops = /^docker-volume-backup\.stop-(?:service-)?during-backup/;

/** What it leaves and when, by its variables; or why no drill follows it. */
export function packedBy(
  sidecar: Service,
  of: Service,
  name: string,
): { files: string[]; schedule: Schedule } | string {
  const env = plainOf(sidecar);
  const stopped = Object.keys(of.labels ?? {}).find((label) => stops.test(label));
  const hasSocket = (sidecar.volumes ?? []).some(({ source = '' }) => source.endsWith('docker.sock'));
  if (hasSocket)
    return `it acts on containers by the engine's socket, which no drill gives it${stopped ? `: nobody would stop ${name} (${stopped}) while it packs, and what it makes would be torn where yours is whole` : ''}`;
  if (stopped !== undefined)
    return `the label ${stopped} of ${name} has it stopped meanwhile, which nobody does in a drill: what it packs would be torn where yours is whole`;
  const bucket = env['AWS_S3_BUCKET_NAME'];
  if (bucket)
    return `it puts them into the bucket ${bucket}: a drill follows it there where a store of the strategy is that bucket, produces: { objects: ${env['AWS_S3_PATH'] ?? "''"}, in: … } (docs/your-own-system.md)`;
  const archive = (env['BACKUP_ARCHIVE'] ?? '/archive').replace(/\/$/, '');
  const written = writtenBy(sidecar);
  if (!written.includes(archive) && !isBelowOne(archive, written))
    return `it leaves them in ${archive}, which is on no volume`;
  const cron = env['BACKUP_CRON_EXPRESSION'] ?? '@daily';
  const schedule = { env: 'BACKUP_CRON_EXPRESSION', drill: '* * * * *', every: '1m', usual: usualOf(cron) };
  return { files: [`${archive}/${patternOf(env)}`], schedule };
}

/** Its time and its ending are put into the name: `%Y`, `{{ .Extension }}`. */
const patternOf = (env: Record<string, string>): string =>
  (env['BACKUP_FILENAME'] ?? 'backup-*.tar.*')
    .replaceAll(/%[A-Za-z]|\{\{[^}]*\}\}/g, '*')
    .replaceAll(/\*[-_T:.]?(?=\*)/g, '');
