import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FolderRecipe, Service } from '../../core/service.ts';
import { findPrepared, preparedTag, removePrepared } from '../../stack/prepared.ts';
import { imageChoice, provideImages } from '../../stack/images.ts';
import { makeOwnImage, removeImage } from '../../stack/own-image.ts';
import { preparedLabels, labels } from '../../stack/owner.ts';
import { getRuntime, type Runtime } from '../../stack/runtime.ts';
import { attachService } from '../../stack/service.ts';
import { marked, removeMarked } from '../../stack/marked.ts';
import { builtImage } from '../support/built-image.ts';
import { muster, type Ended } from '../support/muster.ts';
import { drillSite } from './drill-site.ts';
import { uniqueDrill } from './small-stack.ts';
import type { DrillSite } from '../../stack/drill-site.ts';

/** No other drill on this engine makes, takes or removes what has such a key. */
const own = randomBytes(8).toString('hex');
const isOwn = async (marks: Readonly<Record<string, string>>): Promise<boolean> =>
  marks[preparedLabels.key]?.startsWith(own) ?? false;
const drill = uniqueDrill('kept');
let runtime: Runtime;
let site: DrillSite;
let service: Service;
/** The ID of its image. */
let image: string;

const serving = async (from: string, where = site): Promise<Service> => {
  const container = await runtime.container.create({
    Image: from,
    Entrypoint: ['sleep'],
    Cmd: ['3600'],
    Labels: where.labels,
  });
  await container.start();
  return attachService(where, 'db', container);
};
const recipe = (key: string, text = 'new'): FolderRecipe => ({
  key: `${own}-${key}`,
  owner: '123:45',
  fill: async (helper, path) => {
    const script = 'cd "$1"; mkdir -m 750 sub; printf %s "$2" > sub/file; chmod 640 sub/file';
    const { code } = await helper.exec(['sh', '-c', script, 'fill', path, text]);
    return { code: String(code), said: '$HOME "quoted" \\ and so on' };
  },
});
const listed = async (key: string): Promise<{ facts: unknown; lines: string } | null> => {
  const helper = await service.helper({ network: 'none', from: `${own}-${key}` });
  try {
    if (!helper.kept) return null;
    const look = `cd "$1"; find . -mindepth 1 -printf '%P %m %U:%G\\n'; cat sub/file`;
    const { stdout } = await helper.exec(['sh', '-c', look, 'look', helper.kept.path]);
    return { facts: helper.kept.facts, lines: stdout };
  } finally {
    await helper.remove();
  }
};

beforeAll(async () => {
  runtime = await getRuntime();
  const wanted = new Map([['redis', 'redis:8.0.2']]);
  const choice = imageChoice(process.env, () => undefined);
  const { reference } = (await provideImages(runtime, wanted, choice)).get('redis')!;
  image = (await runtime.container.dockerode.getImage(reference).inspect()).Id;
  site = await drillSite(drill, reference);
  service = await serving(reference);
}, 120_000);

const removeAll = async (): Promise<void> => {
  const marks = Object.entries(site.labels).map(([key, value]) => `${key}=${value}`);
  await removeMarked(runtime, () => marked(runtime, marks));
};
const plainGc = async (): Promise<Ended> => {
  const ended = await muster(['gc'], { cwd: mkdtempSync(join(tmpdir(), 'muster-gc-')) });
  expect(ended.code, ended.stderr).toBe(0);
  return ended;
};

afterAll(async () => {
  await removeAll();
  await removePrepared(runtime, isOwn);
}, 60_000);

describe('a folder that is kept', { timeout: 120_000 }, () => {
  test('is in every later helper that begins with it, as it was made, and its image is no drill’s', async () => {
    expect(await listed('made')).toBeNull();
    expect(await service.prepareFolder(recipe('made'))).toBe(true);
    expect(await listed('made')).toEqual({
      facts: { code: '0', said: '$HOME "quoted" \\ and so on' },
      lines: 'sub 750 123:45\nsub/file 640 123:45\nnew',
    });
    const { Config } = await runtime.container.dockerode
      .getImage(preparedTag(image, `${own}-made`))
      .inspect();
    expect(Config.Labels).not.toHaveProperty([labels.drill]);
    expect(await service.prepareFolder(recipe('made', 'again')), 'it is there').toBe(true);
    expect((await listed('made'))!.lines).toMatch(/new$/);
  });

  test('is not found under another key, nor for another image', async () => {
    await service.prepareFolder(recipe('mine'));
    expect(await listed('other')).toBeNull();
    expect(await findPrepared(site, `sha256:${'0'.repeat(64)}`, `${own}-mine`)).toBeNull();
    // Another image's, under the name that this one's would have.
    const other = preparedTag(image, `${own}-taken`);
    await makeOwnImage(runtime, {
      from: preparedTag(image, `${own}-mine`),
      tag: other,
      labels: { [preparedLabels.key]: `${own}-taken`, [preparedLabels.of]: 'sha256:0' },
    });
    expect(await listed('taken')).toBeNull();
  });

  test('is whole when two make it at once', async () => {
    const both = [
      service.prepareFolder(recipe('twice', 'one')),
      service.prepareFolder(recipe('twice', 'two')),
    ];
    expect(await Promise.all(both)).toEqual([true, true]);
    expect((await listed('twice'))!.lines).toMatch(/^sub 750 123:45\nsub\/file 640 123:45\n(one|two)$/);
  });

  test('is not there when making it failed', async () => {
    const failing = { ...recipe('failed'), fill: () => Promise.reject(new Error('no room')) };
    await expect(service.prepareFolder(failing)).rejects.toThrow('preparing a folder of db failed');
    expect(await listed('failed')).toBeNull();
  });

  test('goes with gc, but for one that a helper runs from', async () => {
    await service.prepareFolder(recipe('used'));
    await service.prepareFolder(recipe('idle'));
    const helper = await service.helper({ network: 'none', from: `${own}-used` });
    try {
      const removed = await removePrepared(runtime, isOwn);
      expect(removed).toContain(preparedTag(image, `${own}-idle`));
      expect(removed).not.toContain(preparedTag(image, `${own}-used`));
      expect((await helper.exec(['cat', `${helper.kept!.path}/sub/file`])).stdout).toBe('new');
    } finally {
      await helper.remove();
    }
    expect(await removePrepared(runtime, isOwn)).toContain(preparedTag(image, `${own}-used`));
    expect(await listed('used')).toBeNull();
  });

  test('stays beside a drill that is running, which counts on it', async () => {
    await service.prepareFolder(recipe('counted'));
    const ended = await plainGc();
    expect(ended.stdout).toContain(`not touched: ${drill}, which is running`);
    expect((await listed('counted'))!.lines).toMatch(/new$/);
  });
});

/** An engine with which something happens before, or instead of, what is asked of it. */
const meddled = (over: Partial<Runtime['container']>): DrillSite => ({
  ...site,
  runtime: new Proxy(runtime, {
    get: (target, name) =>
      name === 'container'
        ? new Proxy(target.container, {
            get: (container, what) => Reflect.get(over, what) ?? Reflect.get(container, what, container),
          })
        : Reflect.get(target, name),
  }),
});
const beside = async (where: DrillSite, key: string): Promise<Service> => {
  await service.prepareFolder(recipe(key));
  return serving(image, where);
};

const without = async (its: Service, key: string): Promise<string | null> => {
  const helper = await its.helper({ network: 'none', from: `${own}-${key}` });
  try {
    expect(helper.kept).toBeNull();
    expect((await helper.exec(['sh', '-c', 'echo it runs'])).stdout).toBe('it runs\n');
    return helper.missed;
  } finally {
    await helper.remove();
  }
};

describe('a helper is without what is kept, and says why,', { timeout: 120_000 }, () => {
  test('where that goes right after it was found', async () => {
    const gone = meddled({
      create: async (options) => {
        const marks = await runtime.container.dockerode.getImage(options.Image!).inspect();
        if (marks.Config.Labels?.[preparedLabels.key] === `${own}-gone`) await removePrepared(runtime, isOwn);
        return runtime.container.create(options);
      },
    });
    expect(await without(await beside(gone, 'gone'), 'gone')).toMatch(/no such image/i);
  });

  test('where no helper can be started from it', async () => {
    const its = await beside(site, 'broken');
    const tag = preparedTag(image, `${own}-broken`);
    // The engine finds no place for its init process.
    await builtImage(`FROM ${tag}\nRUN rm -rf /sbin && echo x > /sbin\n`, tag);
    expect(await without(its, 'broken')).toMatch(/^no helper can be started beside db/);
  });

  test('where the engine cannot say what it has', async () => {
    const failing = new Proxy(runtime.container.dockerode, {
      get: (docker, name) =>
        name === 'getImage'
          ? (asked: string) =>
              asked === preparedTag(image, `${own}-unsaid`)
                ? { inspect: () => Promise.reject(new Error('the layer store is damaged')) }
                : docker.getImage(asked)
          : Reflect.get(docker, name, docker),
    });
    const its = await beside(meddled({ dockerode: failing }), 'unsaid');
    expect(await without(its, 'unsaid')).toBe('the layer store is damaged');
  });

  test('but there is none where it cannot be started from the image of the service either', async () => {
    const its = await beside(site, 'nobody');
    const options = { network: 'none', from: `${own}-nobody`, user: 'nobody-of-that-name' } as const;
    await expect(its.helper(options)).rejects.toThrow('no helper can be started beside db');
  });

  test('and says nothing where nothing of that key is kept', async () => {
    expect(await without(service, 'never')).toBeNull();
  });
});

describe('what is discarded, because it is not what was made,', { timeout: 120_000 }, () => {
  const idOf = async (name: string): Promise<string | null> =>
    runtime.container.dockerode
      .getImage(name)
      .inspect()
      .then(
        ({ Id }) => Id,
        () => null,
      );

  test('is found no more, goes with the helper that has it, and another is made in its place', async () => {
    const tag = preparedTag(image, `${own}-spoilt`);
    await service.prepareFolder(recipe('spoilt', 'old'));
    const helper = await service.helper({ network: 'none', from: `${own}-spoilt` });
    const old = await idOf(tag);
    try {
      expect(await helper.kept!.discard()).toBe(true);
      expect(await listed('spoilt')).toBeNull();
      expect((await helper.exec(['cat', `${helper.kept!.path}/sub/file`])).stdout).toBe('old');
      expect(await service.prepareFolder(recipe('spoilt'))).toBe(true);
      expect(await helper.kept!.discard(), 'another has its place').toBe(false);
    } finally {
      await helper.remove();
    }
    expect(await idOf(old!)).toBeNull();
    expect((await listed('spoilt'))!.lines).toMatch(/new$/);
  });

  test('is whatever has no shell any more: the helper runs without it, once', async () => {
    const its = await beside(site, 'shell');
    const tag = preparedTag(image, `${own}-shell`);
    await builtImage(`FROM ${tag}\nRUN rm -f /bin/sh /usr/bin/sh\n`, tag);
    const broken = await idOf(tag);
    expect(await without(its, 'shell')).toMatch(
      /^no helper can be started beside db: nothing can be run in it.*It is removed, and a later drill keeps another$/,
    );
    expect([await idOf(tag), await idOf(broken!)]).toEqual([null, null]);
    expect(await without(its, 'shell')).toBeNull();
    await its.prepareFolder(recipe('shell'));
    expect((await listed('shell'))!.lines).toMatch(/new$/);
  });
});

describe('nothing is kept', { timeout: 120_000 }, () => {
  test('nor taken where snapshots are switched off', async () => {
    await service.prepareFolder(recipe('off'));
    const off = await serving(image, { ...site, snapshots: false });
    expect(await off.prepareFolder(recipe('off-too'))).toBe(false);
    const helper = await off.helper({ network: 'none', from: `${own}-off` });
    expect(helper.kept).toBeNull();
    await helper.remove();
    expect(await listed('off-too')).toBeNull();
  });

  test("for an image of the drill's own, which must go with it", async () => {
    const tag = `muster-drill/kept-test:${drill}`;
    await makeOwnImage(runtime, { from: image, tag, labels: site.labels });
    const its = await serving(tag);
    expect(await its.prepareFolder(recipe('own'))).toBe(false);
    await removeImage(runtime, tag);
  });
});

test('what is kept goes with gc where no drill is running', { timeout: 120_000 }, async () => {
  await service.prepareFolder(recipe('last'));
  await removeAll();
  const ended = await plainGc();
  expect(ended.stdout).not.toContain('which is running');
  expect(await findPrepared(site, image, `${own}-last`)).toBeNull();
});
