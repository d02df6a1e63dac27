import { Document, isMap, isPair, isScalar, visit, type YAMLMap } from 'yaml';
import type { Recognised } from './init-recognise.ts';
import { twice, type OwnBackups, type Proposed } from './init-own.ts';

export interface Objectives {
  rto: string;
  rpo: string;
  /** How often backups are made. */
  every: string;
  /** Those that the user did not say. */
  guessed: readonly ('rto' | 'rpo' | 'every')[];
}

/** What is written, but for where. */
export interface Wanted {
  name: string;
  /** Paths of the compose file and of what goes over it, from the strategy. */
  stack: readonly string[];
  /** The project's folder, from the strategy. */
  home: string;
  profiles: readonly string[];
  found: readonly Recognised[];
  objectives: Objectives;
  own: OwnBackups;
}

/** A scenario that could be written; plan says whether it can be carried out. */
export interface Candidate {
  name: string;
  text: string;
}

const methods: Record<string, string> = {
  mysql: 'dump',
  mariadb: 'dump',
  postgres: 'dump',
  redis: 'rdb',
  valkey: 'rdb',
};
const store = 'here';

const componentsOf = (found: readonly Recognised[]): Recognised[] =>
  found.filter(({ driver, leftOut }) => driver !== null && leftOut === null);
const isData = ({ driver }: Recognised): boolean => driver !== null && Object.hasOwn(methods, driver);

/** The strategy as a file, with a comment at each guess. */
export function strategyText(wanted: Wanted, schema: string): string {
  const { name, stack, profiles, found, objectives, own } = wanted;
  const components = componentsOf(found);
  const out = found.filter(({ leftOut }) => leftOut !== null);
  const comments = new Map<string, string[]>();
  const said = (path: string, text: string): void =>
    void comments.set(path, [...(comments.get(path) ?? []), text]);
  const strategy: Record<string, unknown> = { strategy: name, stack: stack.length === 1 ? stack[0] : stack };
  if (profiles.length > 0) strategy['profiles'] = profiles;
  if (out.length > 0) {
    strategy['services'] = found.filter(({ leftOut }) => leftOut === null).map(({ service }) => service);
    for (const { service, leftOut } of out) said('services', `not started: ${service}, ${leftOut}`);
  }
  const guessed = (which: 'rto' | 'rpo' | 'every'): boolean => objectives.guessed.includes(which);
  const written: Record<string, unknown> = {};
  for (const one of components) {
    const component = one.component;
    const at = `components.${component}`;
    for (const guess of one.guesses) said(at, `Guess: ${guess}.`);
    said(at, `Recognised by ${one.by}.${one.login ? ` Login: ${one.login}.` : ''}`);
    if (guessed('rto') || guessed('rpo'))
      said(`${at}.objectives`, 'Guess: what was promised? --rto and --rpo say it.');
    const proposed = own.proposed.get(component);
    for (const guess of proposed?.guesses ?? []) said(`${at}.backups`, guess);
    for (const text of one.accounts ?? []) said(`${at}.config`, text);
    const config = proposed ? withRecords(one, (key, text) => said(`${at}.${key}`, text)) : one.config;
    if (guessed('every') && isData(one) && !proposed?.every)
      said(`${at}.backups`, 'Guess: put the interval of your own backups, and where they go.');
    if (one === ofMostValue(components)) for (const text of own.switches) said(`${at}.backups`, text);
    const dumps = own.existing.get(component);
    if (dumps)
      said(
        `${at}.existing`,
        `Guess: ${dumps.newest} is ${dumps.about}. Say what must be in it under expect: nothing declared is never a pass.`,
      );
    written[component] = {
      driver: one.driver,
      ...(component === one.service ? {} : { service: one.service }),
      ...(one.clientsPort === null ? {} : { clients: { service: one.service, port: one.clientsPort } }),
      objectives: { rto: objectives.rto, ...(isData(one) ? { rpo: rpoOf(objectives, proposed) } : {}) },
      ...(isData(one) ? { backups: backupsOf(one, objectives, proposed) } : {}),
      ...(dumps ? { existing: { from: fromStrategy(wanted, dumps.pattern), expect: {} } } : {}),
      ...(config ? { config } : {}),
    };
  }
  strategy['components'] = written;
  if (components.some(isData)) {
    strategy['stores'] = { [store]: { kind: 'directory' } };
    said(
      'stores',
      "Guess: a folder of the drill's own. `path: ../backups`, from this file, is one that outlives it; `muster list stores` shows others.",
    );
  }
  const document = new Document(strategy);
  for (const [path, lines] of comments) commented(document, path, lines);
  flowInside(document);
  return `# yaml-language-server: $schema=${schema}\n# Written by \`muster init\`: what Muster found, and what it guessed. It is yours to change.\n${document.toString({ lineWidth: 110 })}`;
}

/** As the driver takes it. */
const plainDatabase = /^[A-Za-z0-9_$]{1,64}$/;

/** Scripts of MySQL and MariaDB dump one database as a rule: what Muster writes must be in that one. */
function withRecords(
  { driver, database, config }: Recognised,
  say: (key: 'config' | 'backups', text: string) => void,
): Recognised['config'] {
  if (driver !== 'mysql' && driver !== 'mariadb') return config;
  if (database === null || !plainDatabase.test(database)) {
    say(
      'backups',
      'Guess: it holds every database. Where it is of one: name that under config: { database: … }, so that it holds the records of the load.',
    );
    return config;
  }
  say('config', `The load writes to ${database}, so that a backup of that database alone holds its records.`);
  return { ...config, database };
}

const fromStrategy = ({ home }: Wanted, path: string): string => `${home}/${path}`;

/** Where nobody said it: as much as twice what lies between two of the backups that there are. */
const rpoOf = ({ rpo, guessed }: Objectives, proposed: Proposed | undefined): string =>
  guessed.includes('rpo') && proposed?.every ? twice(proposed.every) : rpo;

function backupsOf(
  { driver }: Recognised,
  { every }: Objectives,
  proposed: Proposed | undefined,
): Record<string, unknown> {
  if (!proposed) return { main: { method: methods[driver!], every, copies: [store] } };
  const { name, options } = proposed;
  return { [name]: { method: 'command', every: proposed.every ?? every, copies: [store], options } };
}

const commentMax = 100;
/** In lines that an editor shows as a whole. */
function wrapped(line: string): string[] {
  const rows: string[] = [];
  let row = '';
  for (const one of line.split(' ')) {
    if (row !== '' && row.length + one.length > commentMax) {
      rows.push(row);
      row = '  ';
    }
    row += ` ${one}`;
  }
  return [...rows, row];
}

/** Before the key that it is about. */
function commented(document: Document, path: string, lines: string[]): void {
  const keys = path.split('.');
  const parent = keys.length === 1 ? document.contents : document.getIn(keys.slice(0, -1), true);
  if (!isMap(parent)) return;
  const pair = parent.items.find(
    (item) => isPair(item) && isScalar(item.key) && item.key.value === keys.at(-1),
  );
  const text = lines.flatMap(wrapped).join('\n');
  if (!pair || !isScalar(pair.key)) return;
  // The first key of a mapping shows what stands before the mapping.
  if (parent.items[0] === pair) (parent as YAMLMap).commentBefore = text;
  else pair.key.commentBefore = text;
}

const lineMax = 100;
const isShort = (value: YAMLMap): boolean => JSON.stringify(value.toJSON()).length <= lineMax;

/** Short mappings on a line, as people write them. */
function flowInside(document: Document): void {
  visit(document, {
    Pair: (_, { key, value }) => {
      const name = isScalar(key) ? String(key.value) : '';
      const short = ['objectives', 'main', 'clients', store, 'home', 'restore', 'produces', 'backup'];
      if ([...short, 'schedule'].includes(name) && isMap(value) && isShort(value)) value.flow = true;
      if (
        ['stack', 'services', 'profiles', 'copies'].includes(name) &&
        value !== null &&
        typeof value === 'object'
      )
        (value as YAMLMap).flow = true;
    },
  });
}

const loadOf = (one: Recognised): string =>
  one.driver === 'http'
    ? `load: { visits: { target: ${one.component}, rate: 5/s, by: probes } }`
    : `load: { records: { target: ${one.component}, rate: 50/s } }`;

const order = ['mysql', 'mariadb', 'postgres', 'redis', 'valkey'];
const byValue = (found: readonly Recognised[]): Recognised[] =>
  found.filter(isData).sort((a, b) => order.indexOf(a.driver!) - order.indexOf(b.driver!));
const ofMostValue = (found: readonly Recognised[]): Recognised | undefined => byValue(found)[0];

/** The worst that may happen to each component, the most valuable first. */
export function lossesOf(
  found: readonly Recognised[],
  schema: string,
  { proposed }: Pick<OwnBackups, 'proposed'>,
): Candidate[] {
  return byValue(componentsOf(found)).map((one) => {
    const component = one.component;
    const { name, points } = proposed.get(component) ?? { name: 'main', points: 2 };
    return scenario(`${component}-volume-lost`, schema, [
      `title: ${component} loses its data under traffic`,
      loadOf(one),
      `protect: [${component}.${name}]`,
      `points: ${points}`,
      '# Just before the next backup is finished: the worst moment.',
      `fault: { wipe-volume: ${component}, at: worst }`,
      `recover: [{ restore: ${component}, from: ${store} }]`,
      `check: [ledger, ${component}.inventory]`,
    ]);
  });
}

/** A crash: of what clients meet first, then of the rest. */
export function crashesOf(found: readonly Recognised[], schema: string): Candidate[] {
  const first = (one: Recognised): number => (one.driver === 'http' ? 0 : isData(one) ? 1 : 2);
  return componentsOf(found)
    .filter(({ restarts }) => restarts)
    .sort((a, b) => first(a) - first(b))
    .map((one) => {
      const component = one.component;
      return scenario(`${component}-crash`, schema, [
        `title: ${component} is killed as by the OOM killer`,
        loadOf(one),
        `fault: { crash: ${component}, at: +5s }`,
        '# Nothing is done: the restart policy of the compose file has to bring it back.',
        'recover: automatic',
        `check: [${one.driver === 'http' ? `${component}.probes` : 'ledger'}]`,
      ]);
    });
}

const scenario = (name: string, schema: string, lines: string[]): Candidate => ({
  name,
  text: `${[`# yaml-language-server: $schema=${schema}`, `scenario: ${name}`, 'strategy: ./strategy.yaml', ...lines].join('\n')}\n`,
});
