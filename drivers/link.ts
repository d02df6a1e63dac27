import { z } from 'zod';
import { duration } from '../core/strategy.ts';

/**
 * Where a replica reaches its source: the service itself, or a proxy that stands for it, so that a drill can
 * slow the link.
 */
export const linkParams = {
  source: z.string().min(1).describe('Service of the stack to replicate from'),
  through: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]*:\d{1,5}$/, { error: 'service:port, such as toxiproxy:13306' })
    .optional()
    .describe('service:port through which the source is reached'),
};

/** The service to replicate from, of parameters as they stand in the file; null where these name none. */
export const sourceIn = ({ source }: Record<string, unknown>): string | null =>
  typeof source === 'string' ? source : null;

/** How long a step may wait for a replica to have what its source has. */
export const withinParam = duration.default({ text: '60s', ms: 60_000 });

export const catchUpParams = z.strictObject({
  source: z
    .string()
    .optional()
    .describe('Service of the stack; the one that it replicates from when left out'),
  within: withinParam,
});

export const linkTo = (
  source: string,
  through: string | undefined,
  port: number,
): { host: string; port: number } => {
  if (through === undefined) return { host: source, port };
  const at = through.lastIndexOf(':');
  return { host: through.slice(0, at), port: Number(through.slice(at + 1)) };
};
