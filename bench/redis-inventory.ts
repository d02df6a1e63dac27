// Memory that the inventory of Redis takes, by the number of keys: node bench/redis-inventory.ts [keys]
// [baseline keys] Each number of keys is read and compared by a process of its own. Prints the peak of each
// above what an empty server takes, in MiB, and their ratio: memory must not grow as the keys do. Fails above
// the bound that drivers/redis/spool.ts states.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../core/clock.ts';
import type { Service } from '../core/service.ts';
import { heldAtMost } from '../drivers/redis/spool.ts';
import { redisStackUp } from './redis-stack.ts';

const keys = Number(process.argv[2] ?? 1_000_000);
const fewer = Number(process.argv[3] ?? 100_000);
/** Of two readings, so many entries each, and what reading itself takes. */
const boundMiB = 64 + (2 * heldAtMost * 300) / 2 ** 20;
const mebibytes = (kilobytes: number): number => Math.round(kilobytes / 1024);

interface Figures {
  peakMiB: number;
  seconds: number;
  verdict: string;
}

/** In a process of its own: what it took at most is then this reading's. */
async function readOnce(host: string, port: number): Promise<Figures> {
  const endpoint = async (): Promise<{ host: string; port: number }> => ({ host, port });
  const { inventoryCheck } = await import('../drivers/redis/inventory.ts');
  const { redis } = await import('../drivers/redis/product.ts');
  const check = inventoryCheck({ endpoint }, { endpoint }, () => false, {
    lent: () => new Map(),
    product: redis,
  });
  const begun = systemClock.nowMs();
  const baseline = await check.before!();
  const { verdict } = await check.after(baseline);
  check.close();
  return {
    peakMiB: mebibytes(process.resourceUsage().maxRSS),
    seconds: (systemClock.nowMs() - begun) / 1000,
    verdict,
  };
}

async function inProcess(service: Service, count: number): Promise<Figures> {
  await service.exec(['redis-cli', 'flushall']);
  for (let from = 0; from < count; from += 100_000) {
    const text = "for i = ARGV[1], ARGV[2] do redis.call('SET', 'user:' .. i, 'value of ' .. i) end";
    await service.exec([
      'redis-cli',
      'eval',
      text,
      '0',
      String(from),
      String(Math.min(from + 100_000, count) - 1),
    ]);
  }
  const { host, port } = await service.endpoint(6379);
  const child = fork(fileURLToPath(import.meta.url), ['--read', host, String(port)]);
  const [figures] = (await once(child, 'message')) as [Figures];
  return figures;
}

async function compared(): Promise<void> {
  const stack = await redisStackUp();
  try {
    const service = stack.services.get('redis')!;
    const empty = await inProcess(service, 1);
    const few = await inProcess(service, fewer);
    const many = await inProcess(service, keys);
    const [least, most] = [few.peakMiB - empty.peakMiB, many.peakMiB - empty.peakMiB];
    console.log(
      JSON.stringify(
        {
          keys,
          fewer,
          empty,
          few,
          many,
          ratioOfKeys: keys / fewer,
          ratioOfMemory: most / Math.max(1, least),
          boundMiB: Math.round(boundMiB),
        },
        null,
        2,
      ),
    );
    if ([empty, few, many].some(({ verdict }) => verdict !== 'pass'))
      throw new Error('an inventory did not pass: this measured nothing');
    if (most > boundMiB) {
      console.error(`${most} MiB above an empty server, expected ${Math.round(boundMiB)} at most`);
      process.exitCode = 1;
    }
  } finally {
    await stack.down();
  }
}

if (process.argv[2] === '--read') {
  process.send!(await readOnce(process.argv[3]!, Number(process.argv[4])));
  process.disconnect();
} else await compared();
