import { environmentError, messageOf } from '../core/errors.ts';
import type { Helper } from '../core/service.ts';
import { countedBy, countingRules, rulesInPlace } from './connection-attempts.ts';
import { createHelper } from './helper.ts';
import { assertOwnNamespace } from './own-namespace.ts';
import { statusOf } from './runtime.ts';
import type { AimedMember, LostMember, Member } from './lost-member.ts';
import type { DrillSite } from './drill-site.ts';

const drop = { drop: false } as const;

/**
 * A container is killed for good and its named volumes are emptied. Another one takes its names: nobody
 * listens there, so the kernel refuses every connection, and counts them. Made ahead, started when the names
 * are free.
 */
export async function refusingStandIn(site: DrillSite, member: Member): Promise<AimedMember> {
  const { name, container, found } = member;
  await assertOwnNamespace(site, name, 'network', found);
  const networks = Object.keys(found.NetworkSettings.Networks);
  const names = [
    ...new Set([
      name,
      found.Name.replace(/^\//, ''),
      ...Object.values(found.NetworkSettings.Networks).flatMap((each) => each.Aliases ?? []),
    ]),
  ].filter((each) => !container.id.startsWith(each));
  const standIn = await site.network.standIn(networks, names, name, { rules: countingRules(drop) });
  const lost = lostMember(member, standIn);
  return {
    release: () => standIn.remove(),
    strike: async () => {
      try {
        await stopForGood(member);
        // Given back only when neither is under way; what was refused says more than what could not start.
        const [gone, started] = await Promise.allSettled([emptied(site, member), standIn.start()]);
        for (const one of [gone, started]) if (one.status === 'rejected') throw one.reason;
      } catch (error) {
        await lost.giveBack().catch(() => undefined);
        throw error;
      }
      return lost;
    },
  };
}

function lostMember({ name, container }: Member, standIn: Helper): LostMember {
  let returned = false;
  return {
    name,
    inPlace: async () =>
      !returned && !(await container.inspect()).State.Running && (await rulesInPlace(standIn, drop)),
    counted: async () => {
      const { State } = await container.inspect();
      if (State.Running)
        throw environmentError(
          `${name} was started while its region was lost: what reached it since is not known`,
          { found: `started at ${State.StartedAt}` },
        );
      return countedBy(standIn, name, drop);
    },
    giveBack: async () => {
      if (returned) return;
      await standIn.remove();
      await container.start().catch((error: unknown) => {
        // 304: it runs already.
        if (statusOf(error) !== 304)
          throw environmentError(`${name} cannot be started again`, {
            found: messageOf(error),
            cause: error,
          });
      });
      returned = true;
    },
  };
}

/** Through the engine, which then leaves it alone whatever its restart policy says. */
async function stopForGood({ name, container }: Member): Promise<void> {
  // 409: it does not run, or not yet again; the stop that follows ends its restarting too.
  await container.kill().catch((error: unknown) => {
    if (statusOf(error) !== 409)
      throw environmentError(`${name} cannot be killed`, { found: messageOf(error), cause: error });
  });
  await container.stop({ t: 0 }).catch((error: unknown) => {
    if (statusOf(error) !== 304)
      throw environmentError(`${name} cannot be stopped`, { found: messageOf(error), cause: error });
  });
}

/** The folder that a further volume is mounted on stays, and those on the way to it; nothing is in them. */
const emptying = 'find "$@" -mindepth 1 -delete || :; find "$@" -mindepth 1 ! -type d';

async function emptied(site: DrillSite, { name, found }: Member): Promise<void> {
  const paths = found.Mounts.filter((mount) => mount.Type === 'volume' && mount.RW).map(
    (mount) => mount.Destination,
  );
  if (paths.length === 0) return;
  const helper: Helper = await createHelper(site, name, found, { network: 'none', volumes: true });
  try {
    const { code, stdout, stderr } = await helper.exec(['sh', '-eu', '-c', emptying, 'damage', ...paths], {
      deadlineMs: 120_000,
    });
    if (code !== 0 || stdout !== '')
      throw environmentError(`the volumes of ${name} cannot be emptied`, {
        found: stderr.trim().slice(-500) || stdout.slice(0, 500),
      });
  } finally {
    await helper.remove();
  }
}
