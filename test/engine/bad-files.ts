/** The three files of a drill. */
export type FileKind = 'scenario' | 'strategy' | 'compose';
type Change = (text: string) => string;

/**
 * Something that is wrong in whichever of the three files it stands; the comment `# here` marks the line that
 * is told. `beside`: nearly the same, and legal in each.
 */
export interface BadFile {
  what: string;
  bad(text: string, kind: FileKind): string;
  says: RegExp;
  beside: { what: string; good: Record<FileKind, Change> };
}

const added =
  (value: string) =>
  (text: string, kind: FileKind): string =>
    `${text}\n${kind === 'compose' ? 'x-more' : 'about'}: ${value}\n`;
const everywhere = (change: Change): Record<FileKind, Change> => ({
  scenario: change,
  strategy: change,
  compose: change,
});

const billions = Array.from({ length: 8 }, (_, i) => `  a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]`).join(
  '\n',
);
const withLoad =
  (loads: string): Change =>
  (text) =>
    text.replace(/^load: .*$/m, `load: ${loads}`);
const withStores =
  (stores: string): Change =>
  (text) =>
    text.replace(/^stores:[^]*/m, `stores:\n  near: &near { kind: directory }\n  far: ${stores}\n`);
const withMore =
  (more: string): Change =>
  (text) =>
    `${text}\nx-base: &base { b: 1 }\nx-more: ${more}\n`;
const first = 'tokens: &first { target: redis, rate: 300/s }';

export const badFiles: BadFile[] = [
  {
    what: 'an alias of nothing',
    bad: added('*nothing # here'),
    says: /^\*nothing refers to nothing$/,
    beside: {
      what: 'an alias of what stands before it',
      good: {
        scenario: withLoad(`{ ${first}, more: *first }`),
        strategy: withStores('*near'),
        compose: withMore('*base'),
      },
    },
  },
  {
    what: 'a list that contains itself',
    bad: added('&own [1, *own] # here'),
    says: /^\*own refers to what it stands in$/,
    beside: {
      what: 'a list with the same twice',
      good: {
        scenario: (text) => text.replace(/^check: .*$/m, 'check: [&one ledger]\nstaysAway: [toxiproxy]'),
        strategy: (text) => text.replace('copies: [near, far]', 'copies: [&one near, far]'),
        compose: withMore('[*base, *base]'),
      },
    },
  },
  {
    what: 'a mapping that contains itself, further in',
    bad: added('&own { b: { c: *own } } # here'),
    says: /^\*own refers to what it stands in$/,
    beside: {
      what: 'two names for one mapping',
      good: {
        scenario: withLoad(`{ ${first}, more: &more { <<: *first } }`),
        strategy: withStores('&far { <<: *near }'),
        compose: withMore('{ c: *base, d: { e: *base } }'),
      },
    },
  },
  {
    what: 'a mapping that is merged into itself',
    bad: added('&own\n  <<: *own # here'),
    says: /^\*own refers to what it stands in$/,
    beside: {
      what: 'a mapping that is merged into another',
      good: {
        scenario: withLoad(`{ ${first}, more: { <<: *first, rate: 100/s } }`),
        strategy: withStores('{ <<: *near, kind: directory }'),
        compose: withMore('{ <<: *base, c: 1 }'),
      },
    },
  },
  {
    what: 'aliases of aliases that come to millions',
    bad: (text, kind) =>
      added(`\n  a0: &a0 [${Array(20).fill('1').join(', ')}]\n${billions} # here`)(text, kind),
    says: /^with this the file comes to too many values$/,
    beside: {
      what: 'a hundred aliases of one value',
      good: {
        scenario: withLoad(
          `{ ${first}, ${Array.from({ length: 7 }, (_, i) => `l${i}: *first`).join(', ')} }`,
        ),
        strategy: withStores(`*near\n${Array.from({ length: 100 }, (_, i) => `  s${i}: *near`).join('\n')}`),
        compose: withMore(`[${Array(100).fill('*base').join(', ')}]`),
      },
    },
  },
  {
    what: 'a merge key that merges a number',
    bad: added('\n  <<: 5 # here'),
    says: /^<< merges nothing$/,
    beside: {
      what: 'a merge key that merges a mapping written there',
      good: {
        scenario: withLoad('{ tokens: { <<: { target: redis }, rate: 300/s } }'),
        strategy: withStores('{ <<: { kind: directory } }'),
        compose: withMore('{ <<: { c: 1 } }'),
      },
    },
  },
  {
    what: 'a merge key without a value',
    bad: added('\n  <<: # here\n  b: 1'),
    says: /^<< merges nothing$/,
    beside: {
      what: 'a merge key that merges an empty mapping',
      good: {
        scenario: withLoad('{ tokens: { <<: {}, target: redis, rate: 300/s } }'),
        strategy: withStores('{ <<: {}, kind: directory }'),
        compose: withMore('{ <<: {}, c: 1 }'),
      },
    },
  },
  {
    what: 'a merge key that merges a list of numbers',
    bad: added('\n  <<: [1, 2] # here'),
    says: /^<< merges nothing$/,
    beside: {
      what: 'a merge key that merges a list of mappings',
      good: {
        scenario: withLoad(`{ ${first}, more: { <<: [*first, { target: redis }] } }`),
        strategy: withStores('{ <<: [*near, { kind: directory }] }'),
        compose: withMore('{ <<: [*base, { c: 1 }] }'),
      },
    },
  },
  {
    what: 'a second document, which nobody would read',
    bad: (text) => `${text}\n--- # here\nmore: 1\n`,
    says: /^a second document begins here$/,
    beside: {
      what: 'one document, with its beginning and its end marked',
      good: everywhere((text) => `---\n${text}\n...\n`),
    },
  },
  {
    what: 'nothing but comments',
    bad: () => '# here\n# and there\n',
    says: /^no services$|^the file is not what is expected here$/,
    beside: {
      what: 'a comment on each line',
      good: everywhere((text) => text.replaceAll(/^( *[a-z].*[^|])$/gm, '$1 # a comment, also with ü')),
    },
  },
  {
    what: 'a list as the whole file',
    bad: () => '[1] # here\n',
    says: /^no services$|^the file is not what is expected here$/,
    beside: { what: 'names in quotes', good: everywhere((text) => text.replaceAll(/^([a-z]+):/gm, '"$1":')) },
  },
  {
    what: 'a name that stands twice',
    bad: (text, kind) => added('1')(added('1 # there')(text, kind), kind).replace(/1\n$/, '1 # here\n'),
    says: /^the same name stands twice$/,
    beside: {
      what: 'lines that end as on Windows',
      good: everywhere((text) => text.replaceAll('\n', '\r\n')),
    },
  },
  {
    what: 'a tab as indentation',
    bad: added('\n\tb: 1 # here'),
    says: /^the file does not parse: Tabs are not allowed as indentation$/,
    beside: {
      what: 'a mark of the byte order at the beginning',
      good: everywhere((text) => `\ufeff${text}`),
    },
  },
  {
    what: 'more brackets than anybody means',
    bad: added(`${'['.repeat(70)}${']'.repeat(70)} # here`),
    says: /^this is nested too deeply$/,
    beside: {
      what: 'names and texts in any script, and long ones',
      good: {
        scenario: (text) =>
          text
            .replace(/^title: .*$/m, `title: "Ausfall über Nacht 夜 🚀 ${'x'.repeat(3_000)}"`)
            .replace(/^scenario: .*$/m, `scenario: ${'s'.repeat(300)}`),
        strategy: (text) =>
          withStores('*near')(text).replace(
            /^strategy: .*$/m,
            `strategy: ${'s'.repeat(63)}\nabout: "über Nacht 夜 🚀"`,
          ),
        compose: (text) => `${text}\nx-über: "夜 🚀"\n`,
      },
    },
  },
];
