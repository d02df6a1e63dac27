import { environmentError, messageOf } from '../core/errors.ts';
import type { Helper } from '../core/service.ts';
import { applyRules, countedBy, countingRules, noRules, rulesInPlace } from './connection-attempts.ts';
import type { Inspection } from './runtime.ts';
import type { AimedMember, LostMember, Member } from './lost-member.ts';
import type { DrillSite } from './drill-site.ts';

const drop = { drop: true } as const;

/**
 * Every packet of a running container vanishes, both ways, and what runs in it goes on. It is not restarted
 * while it is cut off: a container that starts gets a network namespace of its own, without the rules, and
 * would be back from where nothing comes back.
 */
export async function blackhole({ network }: DrillSite, member: Member): Promise<AimedMember> {
  const { name, container, found } = member;
  const helper = await network.inside(container.id, name);
  const lift = async (): Promise<void> => {
    if (sameNamespace(found, await container.inspect())) {
      // The rules outlive a helper that somebody removed: then another one takes them away.
      await applyRules(helper, name, noRules).catch((error: unknown) => liftedByAnother(error));
    }
    await container.update({ RestartPolicy: found.HostConfig.RestartPolicy ?? { Name: 'no' } });
    await helper.remove();
  };
  const liftedByAnother = async (why: unknown): Promise<void> => {
    const other = await network.inside(container.id, name).catch((second: unknown) => {
      throw environmentError(`the packets of ${name} still vanish`, {
        found: `${messageOf(why)}; ${messageOf(second)}`,
        cause: why,
      });
    });
    await applyRules(other, name, noRules).finally(() => other.remove());
  };
  return {
    release: () => helper.remove(),
    strike: async () => {
      try {
        await applyRules(helper, name, countingRules(drop));
        await container.update({ RestartPolicy: { Name: 'no' } });
        if (!sameNamespace(found, await container.inspect()))
          throw environmentError(`${name} was restarted while it was being cut off`);
      } catch (error) {
        await lift().catch(() => undefined);
        throw error;
      }
      return cutOff(member, helper, lift);
    },
  };
}

function cutOff({ name, container, found }: Member, helper: Helper, lift: () => Promise<void>): LostMember {
  let lifted = false;
  return {
    name,
    inPlace: async () => {
      if (lifted) return false;
      const now = await container.inspect();
      return !now.State.Running || (sameNamespace(found, now) && (await rulesInPlace(helper, drop)));
    },
    counted: async () => {
      const now = await container.inspect();
      if (now.State.Running && !sameNamespace(found, now))
        throw environmentError(
          `${name} was started while its region was lost: what reached it since is not known`,
          { found: `started at ${now.State.StartedAt}` },
        );
      if (!(await rulesInPlace(helper, drop)))
        throw environmentError(`the packets of ${name} did not vanish all the while`, {
          expected: 'the rules that drop them',
        });
      return countedBy(helper, name, drop);
    },
    giveBack: async () => {
      if (lifted) return;
      await lift();
      lifted = true;
    },
  };
}

const sameNamespace = (before: Inspection, now: Inspection): boolean =>
  now.State.Running && now.NetworkSettings.SandboxID === before.NetworkSettings.SandboxID;
