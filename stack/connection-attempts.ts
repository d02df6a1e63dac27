import { environmentError } from '../core/errors.ts';
import type { Shell } from '../core/service.ts';
import type { ConnectionAttempt } from '../core/stack.ts';

/** Beside the table of a partition, which may hold for one of the services at the same time. */
const table = 'inet muster_region';

/**
 * Counts every connection attempt (a SYN without ACK, RFC 9293 §3.5) by who makes it and for which port, and
 * every answer that accepts one. With `drop` nothing else gets past: the hooks come before connection
 * tracking and address translation (nft(8), priority -300 is `raw`). The container's own loopback stays, and
 * with it the name server that the engine puts there.
 */
export const countingRules = ({ drop }: { drop: boolean }): string => `table ${table} {
  set attempts { type ipv4_addr . inet_service; size 65535; flags dynamic; counter; }
  set accepted { type ipv4_addr . inet_service; size 65535; flags dynamic; counter; }
  chain in {
    type filter hook input priority -300; policy accept;
    iifname != "lo" tcp flags & (syn|ack) == syn update @attempts { ip saddr . tcp dport counter };
    ${drop ? 'iifname != "lo" counter drop;' : ''}
  }
  chain out {
    type filter hook output priority -300; policy accept;
    ${drop ? 'oifname != "lo" counter drop;' : 'oifname != "lo" tcp flags & (syn|ack) == (syn|ack) update @accepted { ip daddr . tcp sport counter };'}
  }
}
`;

/** Takes the rules away, and does so again where there are none. */
export const noRules = `table ${table}\ndelete table ${table}\n`;

/** Attempts as the kernel counted them, by the address of who made them. */
export interface Counted {
  address: string;
  port: number;
  count: number;
  outcome: ConnectionAttempt['outcome'];
}

interface Element {
  elem: { val: { concat: [string, number] }; counter: { packets: number } };
}
interface Listed {
  nftables: {
    rule?: { chain: string; expr: Record<string, unknown>[] };
    set?: { name: string; elem?: Element[] };
  }[];
}

/** The table as the kernel has it now; null where it is not there. */
async function listed(shell: Shell): Promise<Listed['nftables'] | null> {
  const { code, stdout } = await shell.exec(['nft', '-j', 'list', 'table', ...table.split(' ')], {
    deadlineMs: 30_000,
  });
  return code === 0 ? (JSON.parse(stdout) as Listed).nftables : null;
}

/** Whether the rules are in place, those that drop included where there are such. */
export async function rulesInPlace(shell: Shell, { drop }: { drop: boolean }): Promise<boolean> {
  const found = await listed(shell);
  if (!found) return false;
  const dropping = found.flatMap(({ rule }) =>
    rule?.expr.some((each) => 'drop' in each) ? [rule.chain] : [],
  );
  return !drop || dropping.sort().join() === 'in,out';
}

/** Raises an environment error when the counters are not there: then nothing is known. */
export async function countedBy(shell: Shell, name: string, { drop }: { drop: boolean }): Promise<Counted[]> {
  const found = await listed(shell);
  if (!found)
    throw environmentError(`the counters of connections to ${name} are gone`, { expected: `table ${table}` });
  const elements = (set: string): Element[] => found.find((each) => each.set?.name === set)?.set?.elem ?? [];
  const key = ({ elem }: Element): string => elem.val.concat.join(' ');
  const accepted = new Set(elements('accepted').map(key));
  return elements('attempts').map((one) => {
    const [address, port] = one.elem.val.concat;
    return {
      address,
      port,
      count: one.elem.counter.packets,
      outcome: accepted.has(key(one)) ? 'accepted' : drop ? 'vanished' : 'refused',
    };
  });
}

/** Raises an environment error with nft's own words when the kernel does not take them. */
export async function applyRules(shell: Shell, name: string, rules: string): Promise<void> {
  const { code, stderr } = await shell.exec(['nft', '-f', '-'], { stdin: rules, deadlineMs: 30_000 });
  if (code !== 0)
    throw environmentError(`the packet filter of ${name} cannot be changed`, {
      found: stderr.trim() || `nft ended with ${code}`,
      expected: 'an engine whose kernel has nf_tables',
    });
}
