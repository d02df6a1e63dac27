import { listed, type ProbeStep } from './request-shape.ts';
import type { HttpConfig } from './shape.ts';
import { namesIn, type Values } from './template.ts';

/** One asking of a probe. `sample` is null where its templates do not ask for one. */
export interface Probe {
  name: string;
  sample: number | null;
  steps: readonly ProbeStep[];
  values: Values;
}

type Configured = Pick<HttpConfig, 'probes' | 'samples'>;

function probeOf({ probes, samples }: Configured, name: string, number: number): Probe {
  const steps = listed<ProbeStep>(probes[name]);
  const sample = namesIn(steps).some((asked) => asked.name === 'sample') ? number % samples : null;
  return { name, sample, steps, values: sample === null ? {} : { sample: String(sample) } };
}

/** Of clients that ask the probes in turn, the one that is asked as number so and so. */
export function probeAt(configured: Configured, number: number): Probe {
  const names = Object.keys(configured.probes);
  return probeOf(configured, names[number % names.length]!, Math.floor(number / names.length));
}

/** Every probe, with every sample. */
export const probesOf = (configured: Configured): Probe[] =>
  Object.keys(configured.probes).flatMap((name) => {
    const first = probeOf(configured, name, 0);
    const others = first.sample === null ? 0 : configured.samples - 1;
    return [first, ...Array.from({ length: others }, (_, i) => probeOf(configured, name, i + 1))];
  });

/** As messages name it. */
export const namedProbe = ({ name, sample }: Probe): string => (sample === null ? name : `${name} ${sample}`);
