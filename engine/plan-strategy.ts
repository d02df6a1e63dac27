import { payloadOf, type BackupInfo } from '../core/backup.ts';
import { parseAs, unknownName, type Source } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import type { DeclaredService } from '../core/declared-service.ts';
import type { Registries } from '../core/registries.ts';
import type { StackDescription } from '../core/stack.ts';
import type { BackupPlan, Strategy } from '../core/strategy.ts';
import type { PlannedComponent } from '../core/planned.ts';
import { owned, type Problems } from './plan-input.ts';
import { withSharers } from './plan-shared.ts';

/** What the compose file says of each service that will be there. */
export const declaredServices = (stack: StackDescription | null): Map<string, DeclaredService> =>
  new Map(
    [...(stack?.services ?? [])].map(([name, { volumes, restart, accounts }]) => [
      name,
      { volumes, ownFileSystems: stack!.ownFileSystems, restart, accounts },
    ]),
  );

/** Regions that services of the stack are labelled with. */
export const regionsOf = (stack: StackDescription | null): string[] => [
  ...new Set([...(stack?.services.values() ?? [])].flatMap(({ region }) => region ?? [])),
];

export function planComponents(
  source: Source,
  strategy: Strategy,
  registries: Registries,
  stack: StackDescription | null,
  problems: Problems,
): Map<string, PlannedComponent> {
  const planned = new Map<string, PlannedComponent>();
  const inStack = declaredServices(stack);
  const services = [...inStack.keys()];
  for (const [name, declared] of Object.entries(strategy.components)) {
    const at = ['components', name];
    const service = declared.service ?? name;
    const driver = registries.drivers[declared.driver]!;
    if (stack && !stack.services.has(service))
      problems.add(
        unknownName(
          source,
          declared.service ? [...at, 'service'] : at,
          'service',
          service,
          services,
          !declared.service,
        ),
      );
    if (stack && declared.clients && !stack.services.has(declared.clients.service)) {
      problems.add(
        unknownName(source, [...at, 'clients', 'service'], 'service', declared.clients.service, services),
      );
    }
    const config = problems.gather(() => parseAs(source, driver.config, [...at, 'config'], {}));
    const described = stack?.services.get(service);
    const compose = inStack.get(service) ?? null;
    planned.set(name, {
      name,
      service,
      driver,
      declared,
      config,
      compose,
      region: described?.region ?? null,
      shares: [],
    });
  }
  return withSharers(planned, stack);
}

export function checkBackups(
  source: Source,
  strategy: Strategy,
  components: Map<string, PlannedComponent>,
  stack: StackDescription | null,
  problems: Problems,
): void {
  const stores = Object.keys(strategy.stores);
  for (const component of components.values()) {
    for (const [name, backup] of Object.entries(component.declared.backups)) {
      const at = ['components', component.name, 'backups', name];
      const info = component.driver.backups[backup.method];
      if (!info) {
        problems.add(
          unknownName(
            source,
            [...at, 'method'],
            `method of driver ${component.declared.driver}`,
            backup.method,
            Object.keys(component.driver.backups),
          ),
        );
        continue;
      }
      checkRefused(source, [...at, 'method'], component, name, problems);
      if (info.kind === 'snapshot' && !backup.every) {
        problems.add(
          inputError(`backup "${name}" takes snapshots and says no interval`, {
            at: source.place(at, true),
            expected: 'every: a duration',
            hint: `${backup.method} is not continuous: add e.g. every: 15m`,
          }),
        );
      }
      if (info.kind === 'continuous' && backup.every) {
        problems.add(
          inputError(`backup "${name}" follows a log and has no interval`, {
            at: source.place([...at, 'every'], true),
            found: backup.every.text,
            expected: 'no every',
            hint: 'remove it',
          }),
        );
      }
      if (payloadOf(info, backup.options) === 'external') checkKeptBy(source, at, backup, problems);
      backup.copies.forEach((copy, i) => {
        if (!stores.includes(copy))
          problems.add(unknownName(source, [...at, 'copies', i], 'store', copy, stores));
      });
      problems.gather(() => parseAs(source, info.options, [...at, 'options'], {}));
      for (const one of info.stores?.(backup.options) ?? [])
        if (!stores.includes(one))
          problems.add(unknownName(source, [...at, 'options', 'produces', 'in'], 'store', one, stores));
      checkFollowed(source, at, { backup, info, egress: strategy.egress }, stack, problems);
      const services = [...(stack?.services.keys() ?? []), 'host'];
      for (const { command } of info.commands?.(backup.options) ?? [])
        if (!services.includes(command.in))
          problems.add(unknownName(source, [...at, 'options'], 'service', command.in, services, true));
    }
  }
}

/** Who makes it must be there, and leave it alone for long enough. */
function checkFollowed(
  source: Source,
  at: (string | number)[],
  { backup, info, egress }: { backup: BackupPlan; info: BackupInfo; egress: Strategy['egress'] },
  stack: StackDescription | null,
  problems: Problems,
): void {
  const options = [...at, 'options'];
  const follows = info.follows?.(backup.options) ?? null;
  const services = [...(stack?.services.keys() ?? [])];
  if (follows?.service && !services.includes(follows.service))
    problems.add(
      unknownName(source, [...options, 'follow', 'service'], 'service', follows.service, services),
    );
  const out = follows && wayOutOf(follows.service, egress);
  if (out)
    problems.add(
      inputError('a backup that is followed could write to, and remove from, where your own backups lie', {
        at: source.place(out, true),
        found: egress === 'open' ? 'egress: open' : `hosts that ${follows.service ?? 'a service'} may reach`,
        expected: 'egress: closed, and a store in the stack where it needs one',
      }),
    );
  const every = follows?.schedule?.every ?? backup.every;
  if (follows && every && follows.settles.ms * 2 > every.ms)
    problems.add(
      inputError('a backup would hardly be left alone before the next one begins', {
        at: source.place([...options, 'follow'], true),
        found: `settles: ${follows.settles.text}, and one every ${every.text}`,
        expected: 'a time to settle of at most half the interval',
      }),
    );
}

/** Where the strategy lets a sidecar out; null where it does not. One that is not named may be any. */
function wayOutOf(service: string | null, egress: Strategy['egress']): string[] | null {
  if (typeof egress === 'string') return egress === 'open' ? ['egress'] : null;
  const name = service ?? Object.keys(egress)[0];
  return name !== undefined && Object.hasOwn(egress, name) ? ['egress', name] : null;
}

/** By what the compose file says of the component's service. */
function checkRefused(
  source: Source,
  at: (string | number)[],
  { name, driver, declared, config, compose }: PlannedComponent,
  backup: string,
  problems: Problems,
): void {
  const why = compose && driver.backups[declared.backups[backup]!.method]?.refuses?.(config, compose);
  if (!why) return;
  const { what, expected, hint } = why;
  problems.add(
    inputError(`backup "${backup}" of ${name} cannot be made: ${what}`, {
      at: source.place(at, true),
      expected,
      hint,
    }),
  );
}

/** What a method keeps by itself passes through none of our hands: nobody here can encrypt or remove it. */
function checkKeptBy(
  source: Source,
  at: (string | number)[],
  { method, encrypt, keep }: BackupPlan,
  problems: Problems,
): void {
  const refuse = (key: string, found: string, expected: string): void =>
    problems.add(
      inputError(
        `${method} keeps its backups by itself: Muster does not ${key === 'keep' ? 'remove' : key} them`,
        {
          at: source.place([...at, key], true),
          found,
          expected,
        },
      ),
    );
  if (encrypt !== 'none') refuse('encrypt', encrypt, 'encrypt: none');
  if (keep) refuse('keep', 'points' in keep ? `{ points: ${keep.points} }` : keep.text, 'no keep');
}

/** Alerts and the availability target may name the component whose clients they are about. */
export function checkWatched(source: Source, strategy: Strategy, problems: Problems): void {
  const named: [(string | number)[], string | undefined][] = [
    ...Object.entries(strategy.alerts).map(([name, { of }]): [string[], string | undefined] => [
      ['alerts', name, 'of'],
      of,
    ]),
    [['slo', 'of'], strategy.slo?.of],
  ];
  for (const [path, of] of named)
    if (of !== undefined && !owned(strategy.components, of))
      problems.add(unknownName(source, path, 'component', of, Object.keys(strategy.components)));
}
