import { environmentError, inputError } from '../core/errors.ts';
import type { Service } from '../core/service.ts';
import type { Recorded, Sandbox, Given } from './drill-context.ts';
import { watchedService } from './regions.ts';

/**
 * A secret by name: from the run's generated environment, then from the process's. Throws an input error
 * naming it.
 */
export function secretOf(drill: Given, name: string): string {
  const value = drill.environment[name] ?? process.env[name];
  if (value === undefined || value === '')
    throw inputError(`secret ${name} is not set`, {
      expected: `an environment variable ${name}`,
      hint: `export ${name}=… before the drill`,
    });
  drill.secrets.add(value);
  return value;
}

/** Stands for a service where there is no stack: any use of it is a fault of the strategy. */
function noService(name: string): Service {
  return new Proxy({} as Service, {
    get: (_, property) => {
      throw inputError(
        `component ${name} needs a container (${String(property)}), and the strategy says stack: none`,
        { hint: 'name a compose file' },
      );
    },
  });
}

export function serviceOf(drill: Recorded & Sandbox, name: string): Service {
  if (!drill.stack) return noService(name);
  const service = drill.stack.services.get(name);
  if (!service) throw environmentError(`service ${name} is not in the stack that came up`);
  return watchedService(drill, service);
}
