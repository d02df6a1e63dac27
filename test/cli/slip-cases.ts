export const scenario = 'scenario: one\nstrategy: ./strategy.yaml\ntitle: One\n';

/** What a gate would miss, and what it would be told. */
export const slips: Record<string, [string, string | Buffer, RegExp]> = {
  'quoted, with a slip': ['a.yaml', '"scenario": one\ncheck: [ledger\n', /does not parse/],
  'in braces, with a slip': ['a.yml', '{ scenario: one, check: [ledger }\n', /does not parse/],
  'indented, with a slip': ['a.yaml', '  scenario: one\n  title: One\n check: x\n', /does not parse/],
  'two documents': ['a.yaml', '---\n"scenario": one\n---\n"scenario": two\n', /second document/],
  'UTF-16, as another shell writes it': [
    'a.yaml',
    Buffer.from(`\uFEFF${scenario}`, 'utf16le'),
    /no text in UTF-8/,
  ],
  'larger than is read': ['a.yaml', `"scenario": one\n#${'x'.repeat(2 ** 20)}`, /larger than 1\.0 MiB/],
  'in a folder that begins with a dot': ['.team/a.yaml', scenario, /begins with a dot/],
  'a file that begins with a dot': ['.a.yaml', scenario, /begins with a dot/],
  'a list of one': ['a.yaml', `- ${scenario.replaceAll('\n', '\n  ')}`, /looks like a scenario/],
  'all of it below its first key, in a folder that begins with a dot': [
    '.team/a.yaml',
    'scenario:\n  name: one\n  strategy: ./s.yaml\n  recover: automatic\n',
    /begins with a dot/,
  ],
  'its first key misspelt': [
    'a.yaml',
    'Scenaro: one\nstrategy: ./s.yaml\nrecover: automatic\n',
    /looks like a scenario/,
  ],
};

/** What is no scenario, and nearly looks like one. */
export const others: Record<string, [string, string]> = {
  'a compose file with a slip': ['compose.yaml', 'services: [a\n'],
  'a document of another kind, with the word': ['openapi.yaml', 'info: { title: A scenario }\n'],
  'a large one': ['openapi.yaml', `#${'x'.repeat(2 ** 20)}`],
  'documents of another kind, with the word in a comment': [
    'k8s.yaml',
    '# manifests for this scenario\nkind: Namespace\n---\nkind: Deployment\n',
  ],
  'a template of another tool, with the word': [
    'deploy.yaml',
    '# of the scenario\nimage: {{ .Values.image }}:{{ .Values.tag }}\n',
  ],
  'what Muster keeps': ['.muster/drills/a/scenario.yaml', scenario],
  'what npm keeps': ['node_modules/a/scenario.yaml', scenario],
  prose: ['README.md', '# Drills\n\n```yaml\nscenario: [one\n```\n'],
};
