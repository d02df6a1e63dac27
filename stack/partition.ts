import { environmentError, messageOf } from '../core/errors.ts';
import type { Helper, Service } from '../core/service.ts';
import type { NetworkTools } from './network-tools.ts';
import type { Inspection } from './runtime.ts';

type Direction = Parameters<Service['partition']>[0];
type Partition = Awaited<ReturnType<Service['partition']>>;

const table = 'inet muster';
/**
 * Before connection tracking and address translation (priority -300 is `raw`, nft(8)): whatever a packet
 * belongs to, it is dropped.
 */
const chains = {
  in: `chain in { type filter hook input priority -300; policy accept; iifname != "lo" counter drop; }`,
  out: `chain out { type filter hook output priority -300; policy accept; oifname != "lo" counter drop; }`,
} as const;
const chainsOf = (direction: Direction): (keyof typeof chains)[] =>
  direction === 'both' ? ['in', 'out'] : [direction];

/**
 * Drops the packets of a container by nftables rules in its network namespace. `inspect` must give the
 * drill's own container.
 */
export async function partition(
  tools: NetworkTools,
  name: string,
  inspect: () => Promise<Inspection>,
  direction: Direction,
): Promise<Partition> {
  const target = await inspect();
  if (!target.State.Running)
    throw environmentError(`${name} has no network to cut`, {
      found: target.State.Status,
      expected: 'running',
    });
  const helper = await tools.inside(target.Id, name);
  try {
    if ((await helper.exec(['nft', 'list', 'table', ...table.split(' ')])).code === 0)
      throw environmentError(`${name} is cut off already`);
    await nft(
      helper,
      name,
      `table ${table} {\n${chainsOf(direction)
        .map((chain) => chains[chain])
        .join('\n')}\n}`,
    );
  } catch (error) {
    await helper.remove();
    throw error;
  }
  const sameNamespace = async (): Promise<boolean> => {
    const now = await inspect().catch(() => null);
    return now?.State.Running === true && now.NetworkSettings.SandboxID === target.NetworkSettings.SandboxID;
  };
  let lifted = false;
  return {
    inPlace: async () =>
      !lifted && (await sameNamespace()) && (await dropping(helper)).join() === chainsOf(direction).join(),
    lift: async () => {
      if (lifted) return;
      // Another namespace never had the rules; the old one goes with the helper.
      if (await sameNamespace()) await deleteTable(tools, helper, target.Id, name);
      await helper.remove();
      lifted = true;
    },
  };
}

async function nft(helper: Helper, name: string, rules: string): Promise<void> {
  const { code, stderr } = await helper.exec(['nft', '-f', '-'], { stdin: rules });
  if (code !== 0)
    throw environmentError(`the packets of ${name} cannot be dropped`, {
      found: stderr.trim() || `nft ended with ${code}`,
      expected: 'an engine whose kernel has nf_tables',
    });
}

/** The rules outlive a helper that somebody removed: then another one takes them away. */
async function deleteTable(
  tools: NetworkTools,
  helper: Helper,
  container: string,
  name: string,
): Promise<void> {
  const undo = `table ${table}\ndelete table ${table}`;
  try {
    await nft(helper, name, undo);
  } catch (error) {
    const other = await tools.inside(container, name).catch((second: unknown) => {
      throw environmentError(`the packets of ${name} are still dropped`, {
        found: `${messageOf(error)}; ${messageOf(second)}`,
        cause: error,
      });
    });
    await nft(other, name, undo).finally(() => other.remove());
  }
}

interface Listed {
  nftables: { rule?: { chain: string; expr: Record<string, unknown>[] } }[];
}

/** Names of the chains that drop packets, as the kernel has them now. */
async function dropping(helper: Helper): Promise<string[]> {
  const { code, stdout } = await helper.exec(['nft', '-j', 'list', 'table', ...table.split(' ')]);
  if (code !== 0) return [];
  return (JSON.parse(stdout) as Listed).nftables
    .flatMap(({ rule }) => (rule?.expr.some((each) => 'drop' in each) ? [rule.chain] : []))
    .sort();
}
