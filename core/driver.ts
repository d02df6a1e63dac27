import type { ZodType } from 'zod';
import type { BackupInfo, BackupMethod } from './backup.ts';
import { holdingPositions } from './position.ts';
import type { BegunWith } from './begun-with.ts';
import type { CheckOutcome } from './check-outcome.ts';
import type { Clock } from './clock.ts';
import type { DumpShape } from './dump-shape.ts';
import { environmentError, inputError } from './errors.ts';
import { inPlainWords } from './expected.ts';
import type { ExistingEntry, ExistingRestorer } from './existing.ts';
import type { DataFolder, SystemFault } from './fault.ts';
import type { ServerImages } from './image-name.ts';
import type { DeclaredKnownBad } from './known-bad.ts';
import { ownBackup, ownMethod } from './own-backup.ts';
import type { Endpoint, Service } from './service.ts';
import type { Json } from './timeline.ts';
import type { SustainedEntry, SustainedLoad, SustainedPlan } from './sustained.ts';
import type { DataWorkload, VisitWorkload } from './workload.ts';

export type { CheckOutcome } from './check-outcome.ts';

/** What a driver opens: a running system of its technology. */
export interface System {
  /** Product and version as the server says it: `Redis 8.0.2`. */
  server: string;
  service: Service;
  /** The folder in the container in which the server keeps its data, by its own account. */
  data?: DataFolder;
  workload: DataWorkload | null;
  /** By its settings, its process may end and take writes along that it has acknowledged. */
  forgets?: boolean;
  /** By name: traffic that a load generator of its own makes. */
  generators?: Record<string, VisitWorkload>;
  /** Begins sustained load by the clients' way in. */
  sustain?(plan: SustainedPlan): Promise<SustainedLoad>;
  /** True when the service answers as ready; false when it answers otherwise or not at all. Never throws. */
  ready(): Promise<boolean>;
  close(): Promise<void>;
}

/** A system with everything that its driver declares, at hand by name. */
export interface Attached extends System {
  backups: Record<string, BackupMethod>;
  actions: Record<string, Action>;
  checks: Record<string, Check>;
  /** Made when asked for: most drills never do. Null where its driver restores no backups of others. */
  existing(): Promise<ExistingRestorer | null>;
}

export interface AttachContext<Config> {
  component: string;
  service: Service;
  config: Config;
  /** Where the clients go in: the strategy's `clients`, or the driver's own port of the service. */
  clients(): Promise<Endpoint>;
  /** Another service of the same stack, by its name in the compose file. Rejects an unknown name. */
  peer(name: string): Service;
  /**
   * The service that others of the stack find by that name or address now; null where none is. Left out where
   * there is nobody to ask.
   */
  named?(host: string): Promise<Service | null>;
  /** All that the drill has attached by now. Left out where it is alone. */
  attached?(): readonly System[];
  clock: Clock;
  seed: number;
  /**
   * A secret by name: of the service's own environment (or the file that its `…_FILE` names) first, then of
   * the project's `.env` and the process environment, then one generated for this run. Throws an input error
   * when unknown.
   */
  secret(name: string): string;
  /**
   * What the service says of itself by that name: a variable of its environment, the file that its `…_FILE`
   * names, or an option of its command such as `--requirepass`. Null where it says nothing. Left out where
   * there is nobody to ask.
   */
  own?(name: string): string | null;
  /**
   * The method by which scripts of the user's own back the component up. Left out where none can be run.
   */
  ownBackup?(): BackupMethod;
  note(text: string): void;
  /** A folder of the drill's own, for plain files; it goes with the drill, or with the next start. */
  scratch(): string;
  /** Tells at once what a restore took that no real site would have ready. */
  beganWith(what: BegunWith): void;
}

/** A way to back up, declared ahead of any container; `of` gives it for a system. */
export interface BackupEntry<Opened> extends BackupInfo {
  of(system: Opened): BackupMethod | Promise<BackupMethod>;
}

/**
 * A named thing a component can be told to do: a recovery step (`invalidate-sessions`) or part of seeding.
 * `params` are held against `with:` when the drill is planned.
 */
export interface ActionEntry<Opened, Params = never> {
  about: string;
  params: ZodType<Params>;
  run(system: Opened, params: Params): Promise<Json>;
}
/** Called with the driver's system first, so that its parameters are still inferred. */
export const actionsOf =
  <Opened>() =>
  <Params>(entry: ActionEntry<Opened, Params>): ActionEntry<Opened, Params> =>
    entry;
/** An action of a system at hand. Throws an input error for parameters that it does not take. */
export type Action = (given: Record<string, Json>) => Promise<Json>;

/** `compares`: it has a `before`, so that without what that saw it can say nothing. */
export interface CheckEntry<Opened> {
  about: string;
  /** That it can fail: reports name it, and the driver's suite runs it. */
  knownBad: DeclaredKnownBad;
  compares?: true;
  of(system: Opened): Check | Promise<Check>;
}

// biome-ignore-start lint/suspicious/noExplicitAny: parameters differ, and plan parses them; a registry holds
// drivers of different configurations and systems, and each parses its own before it is opened
/** A technology, as its folder declares it. */
export interface DriverEntry<Config, Opened extends System> {
  about: string;
  config: ZodType<Config>;
  /**
   * Completes a configuration by files that it names, from `folder`, the strategy's; `notes` are for who
   * reads the plan and the report. Rejects with an input error, which the plan gives its place.
   */
  complete?(config: Config, folder: string): Promise<{ config: Config; notes: string[] }>;
  /** The service's own port for clients. */
  port: number;
  /**
   * By name: what only a server of this kind can suffer, or suffers in a way of its own. What any container
   * and any folder of data can suffer needs no word.
   */
  faults: Record<string, SystemFault<Opened, any>>;
  /**
   * By name: why it cannot suffer what any container, or folder of data, can, in words of which the driver is
   * the subject.
   */
  declines?: Record<string, string>;
  /** There is no container: it lives in this process. */
  inProcess?: true;
  /**
   * Where servers of this kind usually keep their data in a container: of a folder of the host there, a drill
   * begins with none.
   */
  dataFolders?: readonly string[];
  /** Images that are known to be of such a server; left out where none is known by its name. */
  images?: ServerImages;
  backups: Record<string, BackupEntry<Opened>>;
  /** How dumps look that tools of this technology write, for scripts of the user's own that run these. */
  dumps?: readonly DumpShape[];
  /** Backups that other tools made; left out where it restores none. */
  existing?: ExistingEntry<Opened>;
  workload: 'data' | null;
  /**
   * Why a component so configured cannot have such a load: its own, or that of the generator `by`. Null where
   * it can; left out where every one can.
   */
  lacksLoad?(config: Config, by: string | undefined): string | null;
  /** Load generators that can drive this component, each with what it does: what a load's `by` may name. */
  generators?: Record<string, string>;
  /** Sustained load that the scenario can put on it. Left out where there is none. */
  sustained?: SustainedEntry<Config>;
  actions: Record<string, ActionEntry<Opened, any>>;
  /** Those of its actions by which this server begins to serve what another one of its kind served. */
  takesOver?: readonly string[];
  /**
   * Those of its actions by which this server holds from then on what another one of its kind holds: the
   * service of that one, by the parameters as they stand in the file; null where these do not say.
   */
  copiesFrom?: Record<string, (params: Record<string, unknown>) => string | null>;
  /**
   * Those of its actions by which clients that come by its service are sent to another server: which, by the
   * parameters as they stand in the file; null where these do not say.
   */
  movesClients?: Record<
    string,
    (params: Record<string, unknown>) => { service: string; port: number } | null
  >;
  checks: Record<string, CheckEntry<Opened>>;
  /** Loads what a drill needs, ahead of it: it keeps a processor busy, and nothing waits for it then. */
  load?(): Promise<unknown>;
  open(context: AttachContext<Config>): Promise<Opened>;
}

/** What it offers is stated ahead of any container, so that plan can refuse what cannot work. */
export interface Driver<Config = any, Opened extends System = any> extends DriverEntry<Config, Opened> {
  /** Opens a system, with everything that is declared at hand. */
  attach(context: AttachContext<Config>): Promise<Opened & Attached>;
}
// biome-ignore-end lint/suspicious/noExplicitAny: as above
export type AnyDriver = Omit<Driver, 'attach'> & {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  attach(context: AttachContext<any>): Promise<Attached>;
};

const cannotRun = (): Promise<never> =>
  Promise.reject(environmentError('no scripts can be run here', { expected: 'a drill' }));
const noOwnBackup: BackupMethod = { backup: cannotRun, restore: cannotRun };

/** Beside what it declares, whatever is defined so can be backed up by scripts of the user's own. */
export const defineDriver = <Config, Opened extends System>(
  entry: DriverEntry<Config, Opened>,
): Driver<Config, Opened> => ({
  ...entry,
  backups: { ...entry.backups, [ownMethod]: { ...ownBackup, of: () => noOwnBackup } },
  attach: async (context) => {
    const system = await entry.open(context);
    try {
      const backups = await each(entry.backups, async (backup, name) =>
        holdingPositions(name, backup, await backup.of(system)),
      );
      const own = context.ownBackup?.() ?? noOwnBackup;
      return Object.assign(system, {
        existing: once(async () => (await entry.existing?.of(system)) ?? null),
        backups: { ...backups, [ownMethod]: holdingPositions(ownMethod, ownBackup, own) },
        checks: await each(entry.checks, async ({ of, compares = false }, name) => {
          const check = await of(system);
          if ((check.before !== undefined) !== compares)
            throw new Error(`the check ${name} does not say whether it compares`);
          return check;
        }),
        actions: await each(
          entry.actions,
          ({ params, run }, name): Action =>
            async (given) =>
              run(system, actionParams(name, params, given)),
        ),
      });
    } catch (error) {
      await system.close();
      throw error;
    }
  },
});

/** Made when it is asked for first, and kept. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

async function each<From, To>(
  entries: Record<string, From>,
  make: (entry: From, name: string) => To | Promise<To>,
): Promise<Record<string, To>> {
  const made: Record<string, To> = {};
  for (const [name, entry] of Object.entries(entries)) made[name] = await make(entry, name);
  return made;
}

/**
 * What an action was given by `with:`, read by its schema. Input error naming each parameter that does not
 * fit.
 */
export function actionParams<Params>(
  action: string,
  schema: ZodType<Params>,
  given: Record<string, Json>,
): Params {
  const parsed = schema.safeParse(given, { error: inPlainWords });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  );
  throw inputError(`${action} cannot be done with these parameters`, {
    found: JSON.stringify(given),
    expected: problems.join('; '),
  });
}

export interface Check {
  /** Run after seeding, before the load: what `after` compares with. */
  before?(): Promise<Json>;
  /**
   * A short look right before the first fault, for what may rightly change after `before` and must not change
   * back unnoticed.
   */
  justBefore?(): Promise<Json>;
  /**
   * `brokenAtMs`: when the first fault began, on the clock's own scale; null when nothing was broken.
   * `justBefore`: null where that look was not had.
   */
  after(baseline: Json, brokenAtMs?: number | null, justBefore?: Json): Promise<CheckOutcome>;
}
