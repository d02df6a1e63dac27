import { type From, type Instruction, type Onbuild, DockerfileParser } from 'dockerfile-ast';

/** What a Dockerfile stands on. */
export interface StandsOn {
  /** Names of images, as they are written once variables are filled in; stages of its own are none. */
  images: string[];
  /** What names an image in a way that is not read here; null where all of them are read. */
  unread: string | null;
}

interface Given {
  /** `build.args`: what stands in the place of an ARG's own value. */
  args: Readonly<Record<string, string | null>>;
  /** Names of `additional_contexts`, which come before images of the same name. */
  contexts: readonly string[];
}

/** Front ends that read what this file reads: https://docs.docker.com/reference/dockerfile/#syntax. */
const frontEnd = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?::|@|$)/;

/** ARGs that BuildKit fills in, for a build of the machine's own platform. */
const filledIn = (): [string, string][] => {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const values = { PLATFORM: `linux/${arch}`, OS: 'linux', ARCH: arch, VARIANT: '' };
  return Object.entries(values).flatMap(([name, value]): [string, string][] => [
    [`TARGET${name}`, value],
    [`BUILD${name}`, value],
  ]);
};

/**
 * The images that a Dockerfile names in FROM, `--from=` and `--mount=…,from=`, read in order, as a stage has
 * a name from its own FROM on: https://docs.docker.com/reference/dockerfile/.
 */
export function standsOn(text: string, { args, contexts }: Given): StandsOn {
  const file = DockerfileParser.parse(text);
  const images: string[] = [];
  let unread: string | null = null;
  const syntax = file.getDirectives().find((one) => one.getDirective() === 'syntax');
  if (syntax && !frontEnd.test(syntax.getValue() ?? '')) unread = `# syntax=${syntax.getValue()}`;

  const own = new Set(contexts.map((name) => name.toLowerCase()));
  const before = new Map(filledIn());
  let stage: Map<string, string> | null = null;
  const name = (written: string, how: string): void => {
    const filled = expanded(written, stage ?? before);
    if (filled === null) unread ??= how;
    else if (filled !== '' && !own.has(filled.toLowerCase())) images.push(filled);
  };
  for (const one of file.getInstructions()) {
    const keyword = one.getKeyword();
    if (keyword === 'FROM') {
      const from = one as From;
      stage = null;
      name(from.getImage() ?? '', `FROM ${from.getArgumentsContent()}`);
      stage = new Map(before);
      const stageName = from.getBuildStage();
      if (stageName !== null) own.add(stageName.toLowerCase());
    } else if (keyword === 'ARG' || keyword === 'ENV') {
      const known = stage ?? before;
      for (const [variable, value] of assigned(one)) {
        const given = keyword === 'ARG' ? args[variable] : undefined;
        const declared = value === null ? before.get(variable) : expanded(value, known);
        known.set(variable, given ?? (declared === null ? unknown : (declared ?? '')));
      }
    } else {
      const acts = keyword === 'ONBUILD' ? (one as Onbuild).getTriggerInstruction() : one;
      for (const image of acts === null ? [] : flagged(acts))
        name(image, `${acts!.getKeyword()} from ${image}`);
    }
  }
  return { images, unread };
}

type WithFlags = Instruction & { getFlags(): { getName(): string; getValue(): string | null }[] };
type WithProperties = Instruction & {
  getProperties(): { getName(): string; getValue(): string | null }[];
};

const assigned = (one: Instruction): [string, string | null][] =>
  (one as WithProperties).getProperties().map((each) => [each.getName(), each.getValue()]);

/** What `--from=` and `--mount=…,from=` name; a number is a stage. */
function flagged(one: Instruction): string[] {
  if (!('getFlags' in one)) return [];
  return (one as WithFlags)
    .getFlags()
    .flatMap((flag) => {
      const value = flag.getValue() ?? '';
      if (flag.getName() === 'from') return [value];
      return flag.getName() === 'mount' ? [/(?:^|,)from=["']?([^,"']+)/i.exec(value)?.[1] ?? ''] : [];
    })
    .filter((image) => image !== '' && !/^\d+$/.test(image));
}

/** Stands for a value that is not read, nor is what uses it: no image has such a sign in its name. */
const unknown = '$';

/** Variables filled in, innermost first; null where one is written in a way that is not read here. */
function expanded(text: string, values: ReadonlyMap<string, string>): string | null {
  let filled = text.replace(/^["']|["']$/g, '');
  for (let depth = 0; filled.includes('$') && depth < 20; depth++)
    filled = filled.replace(
      /\$(?:(\w+)|\{(\w+)(?:(:?[-+])([^{}$]*))?\})/g,
      (_, bare?: string, braced?: string, how?: string, other = '') => {
        const value = values.get((bare ?? braced)!);
        const isSet = value !== undefined && (value !== '' || how === '-' || how === '+');
        if (how?.endsWith('+')) return isSet ? other : '';
        return isSet ? value : other;
      },
    );
  return filled.includes('$') ? null : filled;
}
